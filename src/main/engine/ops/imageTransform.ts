import { StatusError } from '../../tfserving/status.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { floatsOf, narrowed, widened } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, bigints, integers, invalid, isFloating, isWide, numbers, shapeText, tensorOf } from '../value.ts';

/** Images resampled under a scale and a shift, or under a projection. */

const { fround } = Math;

interface Sampling {
  readonly radius: number;
  readonly weight: (x: number) => number;
}

const lanczos = (radius: number): Sampling => ({
  radius,
  weight: (x) =>
    x > radius ? 0 : x <= 1e-3 ? 1 : (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x),
});

/** Weights by the distance from a pixel's centre. Sources: Keys 1981; Mitchell and Netravali 1988; Turkowski 1990. */
const samplings: Readonly<Record<string, Sampling>> = {
  lanczos1: lanczos(1),
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: 1.5, weight: (x) => (x >= 1.5 ? 0 : Math.exp(-x * x * 2)) },
  box: { radius: 1, weight: (x) => (x < 0.5 ? 1 : x === 0.5 ? 0.5 : 0) },
  triangle: { radius: 1, weight: (x) => Math.max(0, 1 - x) },
  keyscubic: {
    radius: 2,
    weight: (x) => (x >= 2 ? 0 : x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1),
  },
  mitchellcubic: {
    radius: 2,
    weight: (x) => (x >= 2 ? 0 : x >= 1 ? (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9 : ((7 / 6) * x - 2) * x * x + 8 / 9),
  },
};

interface Span {
  readonly start: number;
  readonly weights: readonly number[];
}

/** Which input pixels make each output pixel of one axis, and how much; none where it lies outside of the image. */
function spansOf(
  { radius, weight }: Sampling,
  output: number,
  input: number,
  scale: number,
  shift: number,
  antialias: boolean,
): readonly Span[] {
  const inverse = fround(1 / scale);
  const offset = fround(-inverse * shift);
  const spread = antialias ? Math.max(inverse, 1) : 1;
  const narrowing = fround(1 / spread);
  const inside = (at: number): number => Math.min(input - 1, Math.max(0, at));
  return Array.from({ length: output }, (_, at): Span => {
    const centre = fround(fround((at + 0.5) * inverse) + offset);
    if (!(centre >= 0 && centre <= input)) return { start: 0, weights: [] };
    const reach = fround(radius * spread);
    const start = inside(Math.ceil(fround(fround(centre - reach) - 0.5)));
    const end = inside(Math.floor(fround(fround(centre + reach) - 0.5))) + 1;
    const weights = Array.from({ length: end - start }, (_, step) =>
      fround(weight(Math.abs(fround(fround(start + step + 0.5 - centre) * narrowing)))),
    );
    const sum = weights.reduce((total, one) => total + one, 0);
    return { start, weights: Math.abs(sum) < 1000 * 2 ** -126 ? [] : weights.map((one) => one / sum) };
  });
}

function pairOf(value: Tensor): readonly [number, number] {
  if (value.shape.length !== 1) throw invalid(`t must be 1-dimensional${shapeText(value.shape)}`);
  if (value.shape[0] !== 2) throw invalid(`t must have two elements${shapeText(value.shape)}`);
  return [numbers(value)[0]!, numbers(value)[1]!];
}

function sizeOfOutput(value: Tensor, name: string): readonly [number, number] {
  if (value.shape.length !== 1) throw invalid(`${name} must be 1-dimensional${shapeText(value.shape)}`);
  if (value.shape[0] !== 2) throw invalid(`${name} must have two elements${shapeText(value.shape)}`);
  const [height, width] = integers(value) as [number, number];
  if (height <= 0 || width <= 0) throw invalid('output dimensions must be positive');
  return [height, width];
}

/** The pixels as float32 has them, of integers too. */
const realsOf = (x: Tensor): ArrayLike<number> => (isWide(x.dtype) ? Float32Array.from(x.data as BigInt64Array, Number) : floatsOf(x));

const scaleAndTranslate: MakeKernel = ({ attributes }) => {
  const [kernelType, antialias] = [attributes.text('kernel_type'), attributes.bool('antialias')];
  const sampling = samplings[kernelType];
  return (inputs) => {
    if (sampling === undefined) throw invalid(`Unrecognized kernel type: ${kernelType}`);
    const x = tensorOf(inputs[0]);
    if (x.shape.length !== 4) throw invalid(`input must be 4-dimensional${shapeText(x.shape)}`);
    const [outHeight, outWidth] = sizeOfOutput(tensorOf(inputs[1]), 'output_shape_t');
    const [batch, height, width, channels] = x.shape as unknown as readonly [number, number, number, number];
    if (channels <= 0) throw invalid('image must have at least one channel');
    if (height <= 0 || width <= 0) throw invalid('input image must be of non-zero size');
    const [scale, shift] = [pairOf(tensorOf(inputs[2])), pairOf(tensorOf(inputs[3]))];
    if (!(scale[0] > 0 && scale[1] > 0)) throw invalid('Scale must be greater than zero.');
    const rows = spansOf(sampling, outHeight, height, scale[0], shift[0], antialias);
    const columns = spansOf(sampling, outWidth, width, scale[1], shift[1], antialias);
    const into = allocate('DT_FLOAT', [batch, outHeight, outWidth, channels]);
    const [from, to] = [realsOf(x), numbers(into)];
    const line = new Float32Array(width * channels);
    let at = 0;
    for (let image = 0; image < batch; image += 1)
      for (const row of rows) {
        line.fill(0);
        for (const [step, weight] of row.weights.entries()) {
          const start = (image * height + row.start + step) * line.length;
          for (let i = 0; i < line.length; i += 1) line[i]! += from[start + i]! * weight;
        }
        for (const column of columns)
          for (let c = 0; c < channels; c += 1, at += 1) {
            let sum = 0;
            for (const [step, weight] of column.weights.entries()) sum += line[(column.start + step) * channels + c]! * weight;
            to[at] = sum;
          }
      }
    return into;
  };
};

/** Halves go away from zero. */
const rounded = (at: number): number => Math.sign(at) * Math.round(Math.abs(at));

const clamped = (at: number, size: number): number => Math.min(Math.max(at, 0), size - 1);

/** A place beyond the image as one within it; `CONSTANT` leaves it outside. Sizes and places are float32. */
const placings: Readonly<Record<string, (at: number, size: number) => number>> = {
  CONSTANT: (at) => at,
  NEAREST: clamped,
  REFLECT: (at, size) => {
    if (size <= 1) return at < 0 || at > size - 1 ? 0 : clamped(at, size);
    const double = 2 * size;
    let place = at;
    if (at < 0) {
      place = fround(fround(double * Math.trunc(fround(-at / double))) + at);
      place = place < -size ? fround(place + double) : fround(-place - 1);
    } else if (at > size - 1) {
      place = fround(at - fround(double * Math.trunc(fround(at / double))));
      if (place >= size) place = fround(double - place - 1);
    }
    return clamped(place, size);
  },
  WRAP: (at, size) => {
    if (size <= 1) return at < 0 || at > size - 1 ? 0 : clamped(at, size);
    let place = at;
    if (at < 0) place = fround(at + size * (Math.trunc(fround(-at / (size - 1))) + 1));
    else if (at > size - 1) place = fround(at - size * Math.trunc(fround(at / (size - 1))));
    return clamped(place, size);
  },
};

const projected: MakeKernel = ({ attributes }) => {
  const [interpolation, placing] = [attributes.text('interpolation'), placings[attributes.text('fill_mode')]];
  return (inputs) => {
    if (placing === undefined || (interpolation !== 'NEAREST' && interpolation !== 'BILINEAR'))
      throw new StatusError(
        'UNIMPLEMENTED',
        `Interpolation ${interpolation} with fill mode ${attributes.text('fill_mode')} is not supported`,
      );
    const given = tensorOf(inputs[0]);
    const transforms = tensorOf(inputs[1]);
    if (given.shape.length !== 4) throw invalid('Input images must have rank 4');
    const [batch, height, width, channels] = given.shape as unknown as readonly [number, number, number, number];
    const [count, size] = transforms.shape;
    if (transforms.shape.length !== 2 || (count !== batch && count !== 1) || size !== 8)
      throw invalid('Input transform should be num_images x 8 or 1 x 8');
    const [outHeight, outWidth] = sizeOfOutput(tensorOf(inputs[2]), 'output shape');
    const filling = inputs[3] === undefined ? undefined : tensorOf(inputs[3]);
    if (filling !== undefined && filling.shape.length > 0) throw invalid(`fill_value must be a scalar${shapeText(filling.shape)}`);
    const isReal = isFloating(given.dtype);
    const fill = filling === undefined ? 0 : isReal ? numbers(filling)[0]! : Math.trunc(numbers(filling)[0]!);
    const x = widened(given);
    const into = allocate(x.dtype, [batch, outHeight, outWidth, channels]);
    const from: ArrayLike<number> = isWide(x.dtype) ? Array.from(x.data as BigInt64Array, Number) : (x.data as Float32Array);
    const t = numbers(transforms);
    let at = 0;
    const put = (value: number): void => {
      if (isWide(x.dtype)) bigints(into)[at] = BigInt(Math.trunc(value));
      else numbers(into)[at] = isReal ? value : Math.trunc(value);
      at += 1;
    };
    for (let image = 0; image < batch; image += 1) {
      const base = count === 1 ? 0 : image * 8;
      const linear = (a: number, b: number, c: number, px: number, py: number): number =>
        fround(fround(fround(a * px) + fround(b * py)) + c);
      const pixel = (py: number, px: number, c: number): number =>
        py >= 0 && py < height && px >= 0 && px < width ? from[((image * height + py) * width + px) * channels + c]! : fill;
      for (let oy = 0; oy < outHeight; oy += 1)
        for (let ox = 0; ox < outWidth; ox += 1) {
          const depth = linear(t[base + 6]!, t[base + 7]!, 1, ox, oy);
          const px = placing(fround(linear(t[base]!, t[base + 1]!, t[base + 2]!, ox, oy) / depth), width);
          const py = placing(fround(linear(t[base + 3]!, t[base + 4]!, t[base + 5]!, ox, oy) / depth), height);
          const [left, top] = [Math.floor(px), Math.floor(py)];
          const mixed = (row: number, c: number): number =>
            fround(fround(fround(left + 1 - px) * pixel(row, left, c)) + fround(fround(px - left) * pixel(row, left + 1, c)));
          for (let c = 0; c < channels; c += 1) {
            if (depth === 0) put(fill);
            else if (interpolation === 'NEAREST') put(pixel(rounded(py), rounded(px), c));
            else put(fround(fround(fround(top + 1 - py) * mixed(top, c)) + fround(fround(py - top) * mixed(top + 1, c))));
          }
        }
    }
    return narrowed(into, given.dtype);
  };
};

export const imageTransformOps: OpFamily = {
  ScaleAndTranslate: scaleAndTranslate,
  ImageProjectiveTransformV2: projected,
  ImageProjectiveTransformV3: projected,
};
