import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { floatsOf, narrowed, widened } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { StatusError } from '../../tfserving/status.ts';
import { allocate, cells, integers, invalid, isWide, numbers, shapeText, tensorOf } from '../value.ts';

/** Ops on images, [batch, height, width, channels]. */

type Dims = readonly [batch: number, height: number, width: number, channels: number];

function dimsOf(x: Tensor): Dims {
  if (x.shape.length !== 4) throw invalid(`input must be 4-dimensional${shapeText(x.shape)}`);
  return x.shape as unknown as Dims;
}

/** Values as float32 has them, of integers too. */
const realsOf = (x: Tensor): ArrayLike<number> => (isWide(x.dtype) ? Float32Array.from(x.data as BigInt64Array, Number) : floatsOf(x));

function targetSize(value: Tensor, what = 'output'): readonly [number, number] {
  const [height, width, ...more] = integers(value);
  if (height === undefined || width === undefined || more.length > 0)
    throw invalid(`shape_t must have two elements${shapeText(value.shape)}`);
  if (height <= 0 || width <= 0) throw invalid(`${what} dimensions must be positive`);
  return [height, width];
}

const { fround } = Math;

interface Placing {
  readonly alignCorners: boolean;
  readonly halfPixel: boolean;
}

function checkPlacing({ alignCorners, halfPixel }: Placing): void {
  if (alignCorners && halfPixel) throw invalid('If half_pixel_centers is True, align_corners must be False.');
}

/** Input cells for each output cell along one axis. */
const scaleOf = (input: number, output: number, { alignCorners }: Placing): number =>
  alignCorners && output > 1 ? (input - 1) / (output - 1) : input / output;
const sourceOf = (at: number, scale: number, { halfPixel }: Placing): number => (halfPixel ? (at + 0.5) * scale - 0.5 : at * scale);

/** Weights of input cells for each output cell of one axis. */
type Taps = readonly (readonly (readonly [place: number, weight: number])[])[];

function linearTaps(input: number, output: number, placing: Placing): Taps {
  const scale = fround(scaleOf(input, output, placing));
  return Array.from({ length: output }, (_, at) => {
    const source = fround(sourceOf(at, scale, placing));
    const low = Math.max(0, Math.floor(source));
    const high = Math.min(input - 1, Math.ceil(source));
    const part = source - Math.floor(source);
    return [
      [Math.min(low, input - 1), 1 - part],
      [high, part],
    ];
  });
}

/** Keys' cubic kernel: a = -0.75 where pixels are placed by their corner, -0.5 by their centre, whose edge taps are left out and the rest scaled. */
function cubicTaps(input: number, output: number, placing: Placing): Taps {
  const scale = fround(scaleOf(input, output, placing));
  const a = placing.halfPixel ? -0.5 : -0.75;
  const near = (x: number): number => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x: number): number => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return Array.from({ length: output }, (_, at) => {
    const source = fround(sourceOf(at, scale, placing));
    const base = Math.floor(source);
    // TensorFlow looks the weights up in a table of 1024 steps.
    const part = Math.round((source - base) * 1024) / 1024;
    const weights = [far(part + 1), near(part), near(1 - part), far(2 - part)];
    const taps = weights.map((weight, index): readonly [number, number] => {
      const place = base - 1 + index;
      const inside = place >= 0 && place < input;
      return [Math.min(input - 1, Math.max(0, place)), placing.halfPixel && !inside ? 0 : weight];
    });
    const sum = taps.reduce((total, [, weight]) => total + weight, 0);
    return placing.halfPixel && Math.abs(sum) > 1e-6 ? taps.map(([place, weight]) => [place, weight / sum] as const) : taps;
  });
}

/** A resize that is a weighted sum along each axis. The result is float32. */
const resampled =
  (taps: (input: number, output: number, placing: Placing) => Taps): MakeKernel =>
  ({ attributes }) => {
    const placing = { alignCorners: attributes.bool('align_corners'), halfPixel: attributes.bool('half_pixel_centers') };
    return (inputs) => {
      checkPlacing(placing);
      const x = tensorOf(inputs[0]);
      const [batch, height, width, channels] = dimsOf(x);
      const [outHeight, outWidth] = targetSize(tensorOf(inputs[1]));
      if (height === 0 || width === 0) throw invalid('input image must be of non-zero size');
      const [rows, columns] = [taps(height, outHeight, placing), taps(width, outWidth, placing)];
      const into = allocate('DT_FLOAT', [batch, outHeight, outWidth, channels]);
      const [from, to] = [realsOf(x), numbers(into)];
      let at = 0;
      for (let b = 0; b < batch; b += 1)
        for (const row of rows)
          for (const column of columns)
            for (let c = 0; c < channels; c += 1, at += 1) {
              let sum = 0;
              for (const [y, wy] of row) {
                let line = 0;
                for (const [place, wx] of column) line += from[((b * height + y) * width + place) * channels + c]! * wx;
                sum += line * wy;
              }
              to[at] = sum;
            }
      return into;
    };
  };

/** Takes the nearest cell: rounded down, or by centres, or with aligned corners rounded. */
const nearest: MakeKernel = ({ attributes }) => {
  const placing = { alignCorners: attributes.bool('align_corners'), halfPixel: attributes.bool('half_pixel_centers') };
  const places = (input: number, output: number): readonly number[] => {
    const scale = fround(scaleOf(input, output, placing));
    return Array.from({ length: output }, (_, at) => {
      const source = fround(placing.halfPixel ? (at + 0.5) * scale : at * scale);
      const place = placing.alignCorners ? Math.round(source) : Math.floor(source);
      return Math.max(0, Math.min(place, input - 1));
    });
  };
  return (inputs) => {
    checkPlacing(placing);
    const x = tensorOf(inputs[0]);
    const [batch, height, width, channels] = dimsOf(x);
    const [outHeight, outWidth] = targetSize(tensorOf(inputs[1]));
    if (height === 0 || width === 0) throw invalid('input image must be of non-zero size');
    const [rows, columns] = [places(height, outHeight), places(width, outWidth)];
    const into = allocate(x.dtype, [batch, outHeight, outWidth, channels]);
    const [from, to] = [cells(x.data), cells(into.data)];
    let at = 0;
    for (let b = 0; b < batch; b += 1)
      for (const y of rows)
        for (const place of columns)
          for (let c = 0; c < channels; c += 1, at += 1) to[at] = from[((b * height + y) * width + place) * channels + c];
    return into;
  };
};

const cropAndResize: MakeKernel = ({ attributes }) => {
  const [method, outside] = [attributes.text('method'), attributes.float('extrapolation_value')];
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    const [batch, height, width, channels] = dimsOf(x);
    if (inputs[1]?.shape[1] !== 4) throw invalid('boxes must have 4 columns');
    const boxes = numbers(tensorOf(inputs[1]));
    const which = integers(tensorOf(inputs[2]));
    const [cropHeight, cropWidth] = targetSize(tensorOf(inputs[3]), 'crop');
    const into = allocate('DT_FLOAT', [which.length, cropHeight, cropWidth, channels]);
    const [from, to] = [realsOf(x), numbers(into)];
    const along = (low: number, high: number, at: number, size: number, limit: number): number =>
      size > 1
        ? fround(fround(low * (limit - 1)) + fround(at * fround(fround(fround(high - low) * (limit - 1)) / (size - 1))))
        : 0.5 * (low + high) * (limit - 1);
    for (const [box, image] of which.entries()) {
      if (image < 0 || image >= batch) throw new StatusError('OUT_OF_RANGE', 'box_index has values outside [0, batch_size)');
      const [y1, x1, y2, x2] = [0, 1, 2, 3].map((side) => boxes[box * 4 + side]!) as [number, number, number, number];
      const cell = (y: number, column: number, c: number): number => from[((image * height + y) * width + column) * channels + c]!;
      for (let oy = 0; oy < cropHeight; oy += 1) {
        const y = along(y1, y2, oy, cropHeight, height);
        for (let ox = 0; ox < cropWidth; ox += 1) {
          const column = along(x1, x2, ox, cropWidth, width);
          const place = ((box * cropHeight + oy) * cropWidth + ox) * channels;
          const isOutside = y < 0 || y > height - 1 || column < 0 || column > width - 1;
          for (let c = 0; c < channels; c += 1) {
            if (isOutside) to[place + c] = outside;
            else if (method === 'nearest') to[place + c] = cell(Math.round(y), Math.round(column), c);
            else {
              const [top, bottom, left, right] = [Math.floor(y), Math.ceil(y), Math.floor(column), Math.ceil(column)];
              const upper = cell(top, left, c) + (cell(top, right, c) - cell(top, left, c)) * (column - left);
              const lower = cell(bottom, left, c) + (cell(bottom, right, c) - cell(bottom, left, c)) * (column - left);
              to[place + c] = upper + (lower - upper) * (y - top);
            }
          }
        }
      }
    }
    return into;
  };
};

function overlap(boxes: ArrayLike<number>, a: number, b: number): number {
  const side = (box: number, low: boolean, axis: 0 | 1): number =>
    low ? Math.min(boxes[box * 4 + axis]!, boxes[box * 4 + axis + 2]!) : Math.max(boxes[box * 4 + axis]!, boxes[box * 4 + axis + 2]!);
  const area = (box: number): number => (side(box, false, 0) - side(box, true, 0)) * (side(box, false, 1) - side(box, true, 1));
  const [areaA, areaB] = [area(a), area(b)];
  if (areaA <= 0 || areaB <= 0) return 0;
  const length = (axis: 0 | 1): number =>
    Math.max(0, Math.min(side(a, false, axis), side(b, false, axis)) - Math.max(side(a, true, axis), side(b, true, axis)));
  const common = length(0) * length(1);
  return common / (areaA + areaB - common);
}

/** Boxes by falling score, each that overlaps a chosen one too much left out; with `sigma`, its score is lowered instead. */
function suppressed(
  boxes: ArrayLike<number>,
  scores: readonly number[],
  most: number,
  iouThreshold: number,
  scoreThreshold: number,
  sigma: number,
): { readonly chosen: readonly number[]; readonly chosenScores: readonly number[] } {
  const waiting = scores.map((score, box) => ({ box, score, checked: 0 })).filter(({ score }) => score > scoreThreshold);
  const byScore = (a: (typeof waiting)[number], b: (typeof waiting)[number]): number => b.score - a.score || a.box - b.box;
  waiting.sort(byScore);
  const chosen: number[] = [];
  const chosenScores: number[] = [];
  const factor = sigma > 0 ? -0.5 / sigma : 0;
  while (chosen.length < most) {
    const next = waiting.shift();
    if (next === undefined) break;
    const before = next.score;
    let isOut = false;
    for (let index = chosen.length - 1; index >= next.checked; index -= 1) {
      const iou = overlap(boxes, next.box, chosen[index]!);
      if (sigma > 0) next.score *= Math.exp(factor * iou * iou);
      else if (iou > iouThreshold) {
        isOut = true;
        break;
      }
      if (next.score <= scoreThreshold) break;
    }
    next.checked = chosen.length;
    if (isOut) continue;
    if (next.score === before) {
      chosen.push(next.box);
      chosenScores.push(next.score);
    } else if (next.score > scoreThreshold) {
      waiting.push(next);
      waiting.sort(byScore);
    }
  }
  return { chosen, chosenScores };
}

const nonMaxSuppression: MakeKernel = ({ node, attributes }) => {
  const version = Number(/V(\d)$/.exec(node.op)?.[1] ?? 1);
  const padded = version >= 4 && attributes.bool('pad_to_max_output_size');
  const fixed = version === 1 ? attributes.float('iou_threshold') : 0;
  return (inputs) => {
    const [boxes, scoresTensor] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    if (boxes.shape.length !== 2 || boxes.shape[1] !== 4) throw invalid(`boxes must have 4 columns`);
    if (scoresTensor.shape[0] !== boxes.shape[0])
      throw invalid(`scores has incompatible shape (Dimensions must be equal, but are ${boxes.shape[0]} and ${scoresTensor.shape[0]})`);
    const scalar = (at: number, fallback: number): number => (inputs[at] === undefined ? fallback : floatsOf(tensorOf(inputs[at]))[0]!);
    const most = integers(tensorOf(inputs[2]))[0]!;
    const threshold = scalar(3, fixed);
    if (!(threshold >= 0 && threshold <= 1)) throw invalid('iou_threshold must be in [0, 1]');
    const scores = Array.from(floatsOf(scoresTensor));
    const decoded = floatsOf(boxes);
    const { chosen, chosenScores } = suppressed(decoded, scores, Math.max(0, most), threshold, scalar(4, -Infinity), scalar(5, 0));
    const fill = padded ? Math.max(0, most) : chosen.length;
    const selected: Tensor = { dtype: 'DT_INT32', shape: [fill], data: Int32Array.from({ length: fill }, (_, at) => chosen[at] ?? 0) };
    const valid: Tensor = { dtype: 'DT_INT32', shape: [], data: Int32Array.of(chosen.length) };
    if (version < 4) return selected;
    if (version === 4) return [selected, valid];
    return [
      selected,
      { dtype: 'DT_FLOAT', shape: [fill], data: Float32Array.from({ length: fill }, (_, at) => chosenScores[at] ?? 0) },
      valid,
    ];
  };
};

/** Per pixel, three channels. */
const colour =
  (f: (a: number, b: number, c: number) => readonly [number, number, number]): MakeKernel =>
  () =>
  (inputs) => {
    const given = tensorOf(inputs[0]);
    const x = widened(given);
    if (x.shape.at(-1) !== 3)
      throw new StatusError('FAILED_PRECONDITION', `input must have 3 channels but input only has ${x.shape.at(-1) ?? 0} channels.`);
    const into = allocate(x.dtype, x.shape);
    const [from, to] = [numbers(x), numbers(into)];
    for (let i = 0; i < to.length; i += 3)
      [to[i], to[i + 1], to[i + 2]] = f(from[i]!, from[i + 1]!, from[i + 2]!) as [number, number, number];
    return narrowed(into, given.dtype);
  };

function hsv(r: number, g: number, b: number): readonly [number, number, number] {
  const value = Math.max(r, g, b);
  const spread = value - Math.min(r, g, b);
  const saturation = value > 0 ? spread / value : 0;
  if (spread === 0) return [0, saturation, value];
  const hue = r === value ? (g - b) / spread : g === value ? 2 + (b - r) / spread : 4 + (r - g) / spread;
  return [hue < 0 ? hue / 6 + 1 : hue / 6, saturation, value];
}

function rgb(h: number, s: number, v: number): readonly [number, number, number] {
  const channel = (shift: number): number => {
    const place = (((h * 6 + shift) % 6) + 6) % 6;
    return v - v * s * Math.max(0, Math.min(place, 4 - place, 1));
  };
  return [channel(5), channel(3), channel(1)];
}

export const imageOps: OpFamily = {
  ResizeBilinear: resampled(linearTaps),
  ResizeBicubic: resampled(cubicTaps),
  ResizeNearestNeighbor: nearest,
  CropAndResize: cropAndResize,
  NonMaxSuppression: nonMaxSuppression,
  NonMaxSuppressionV2: nonMaxSuppression,
  NonMaxSuppressionV3: nonMaxSuppression,
  NonMaxSuppressionV4: nonMaxSuppression,
  NonMaxSuppressionV5: nonMaxSuppression,
  RGBToHSV: colour(hsv),
  HSVToRGB: colour(rgb),
  AdjustContrastv2: () => (inputs) => {
    const given = tensorOf(inputs[0]);
    const [x, factor] = [widened(given), floatsOf(tensorOf(inputs[1]))[0]!];
    if (x.shape.length < 3) throw invalid(`input must be at least 3-D, got shape${shapeText(x.shape)}`);
    const [height, width, channels] = x.shape.slice(-3) as [number, number, number];
    const into = allocate(x.dtype, x.shape);
    const [from, to] = [numbers(x), numbers(into)];
    const size = height * width * channels;
    for (let image = 0; image < to.length; image += size)
      for (let c = 0; c < channels; c += 1) {
        let sum = 0;
        for (let i = c; i < size; i += channels) sum += from[image + i]!;
        const mean = sum / (height * width);
        for (let i = c; i < size; i += channels) to[image + i] = (from[image + i]! - mean) * factor + mean;
      }
    return narrowed(into, given.dtype);
  },
};
