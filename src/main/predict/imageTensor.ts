import type { TensorInfo } from '../../shared/contract/savedModel.ts';
import { dtypeLabel, valueDtype } from '../../shared/tensor/dtype.ts';
import { smallFloat } from '../../shared/tensor/smallFloat.ts';
import { newNumbers } from '../../shared/tensor/tensorData.ts';
import { decodeImage, type Pixels } from './decodeImage.ts';
import { mismatch, shapeText } from './fitTensor.ts';
import type { FileReading, InputTensors } from './inputTensors.ts';

/** The values that a pixel's 0 and 255 become. */
export type Scale = readonly [low: number, high: number];

/** Where height, width and channels are in a shape, and what they are; -1 where the picture decides. */
interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly order: 'channels last' | 'channels first' | 'no channels';
  readonly batched: boolean;
}

function layoutOf(input: string, { shape }: TensorInfo): Layout {
  const picture = shape !== null && shape.length >= 3 && (shape.length === 4 || !isBatch(shape)) ? shape.slice(-3) : null;
  const batched = shape?.length === 4 || (shape?.length === 3 && isBatch(shape));
  const [first = -1, second = -1, third = -1] = picture ?? [];
  if (picture !== null && shape !== null && shape.length <= 4) {
    if ([1, 3, 4].includes(first) && ![1, 3, 4, -1].includes(third))
      return { height: second, width: third, channels: first, order: 'channels first', batched };
    if ([1, 3, 4, -1].includes(third)) return { height: first, width: second, channels: third, order: 'channels last', batched };
  }
  if (shape?.length === 3 || shape?.length === 2) {
    const [height = -1, width = -1] = shape.slice(-2);
    return { height, width, channels: 1, order: 'no channels', batched };
  }
  throw mismatch(`${input} is ${shape === null ? 'of unknown rank' : shapeText(shape)}: an image needs height, width and channels.`);
}

/** `[?, 28, 28]` is a batch of pictures without channels; `[28, 28, 1]` is one picture. */
const isBatch = (shape: readonly number[]): boolean => shape.length === 3 && (shape[0] ?? 0) <= 1 && ![1, 3, 4].includes(shape[2] ?? -1);

/** Grey by ITU-R BT.601, as JPEG and Pillow have it; alpha is dropped or opaque. */
function withChannels({ width, height, channels, data }: Pixels, wanted: number): Pixels {
  if (channels === wanted) return { width, height, channels, data };
  const made = new Uint8Array(width * height * wanted);
  const colour = channels >= 3;
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const [from, to] = [pixel * channels, pixel * wanted];
    const red = data[from] ?? 0;
    const [green, blue] = colour ? [data[from + 1] ?? 0, data[from + 2] ?? 0] : [red, red];
    if (wanted === 1) made[to] = colour ? Math.round(0.299 * red + 0.587 * green + 0.114 * blue) : red;
    else {
      made[to] = red;
      made[to + 1] = green;
      made[to + 2] = blue;
      if (wanted === 4) made[to + 3] = channels === 2 ? (data[from + 1] ?? 255) : 255;
    }
  }
  return { width, height, channels: wanted, data: made };
}

/** Weights of one axis: bilinear, widened where the picture shrinks so that every pixel counts (as tf.image.resize with antialias). */
function axisWeights(from: number, to: number): readonly { readonly start: number; readonly weights: Float64Array }[] {
  const ratio = from / to;
  const reach = Math.max(1, ratio);
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * ratio - 0.5;
    const start = Math.max(0, Math.ceil(centre - reach));
    const end = Math.min(from - 1, Math.floor(centre + reach));
    const weights = Float64Array.from({ length: end - start + 1 }, (_unused, index) =>
      Math.max(0, 1 - Math.abs(start + index - centre) / reach),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}

/** Values from 0 to 255, not rounded: first along the rows, then along the columns. */
function resized({ width, height, channels, data }: Pixels, toWidth: number, toHeight: number): Float64Array {
  if (width === toWidth && height === toHeight) return Float64Array.from(data);
  const rows = new Float64Array(height * toWidth * channels);
  const across = axisWeights(width, toWidth);
  for (let row = 0; row < height; row += 1)
    for (const [place, { start, weights }] of across.entries())
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (const [index, weight] of weights.entries()) sum += weight * (data[(row * width + start + index) * channels + channel] ?? 0);
        rows[(row * toWidth + place) * channels + channel] = sum;
      }
  const made = new Float64Array(toHeight * toWidth * channels);
  const line = toWidth * channels;
  for (const [place, { start, weights }] of axisWeights(height, toHeight).entries())
    for (const [index, weight] of weights.entries())
      for (let at = 0; at < line; at += 1)
        made[place * line + at] = (made[place * line + at] ?? 0) + weight * (rows[(start + index) * line + at] ?? 0);
  return made;
}

/**
 * A picture as the sole input of a signature: its bytes as they are for a string; else decoded, brought to the signature's height,
 * width and channels, and scaled: 0…1 for floats, 0…255 for whole numbers, unless `scale` says otherwise. Each step is said.
 */
export async function imageTensor(
  bytes: Buffer,
  path: string,
  { signature: { inputs }, say, scale }: FileReading & { readonly scale: Scale | undefined },
): Promise<InputTensors> {
  const entries = Object.entries(inputs);
  const [only] = entries;
  if (only === undefined || entries.length > 1)
    throw mismatch(
      `An image is one tensor; the signature has ${entries.map(([name]) => name).join(', ') || 'no input'}. Give an .npz file with all of them.`,
    );
  const [name, info] = only;
  const dtype = valueDtype(info.dtype);
  if (dtype === 'DT_STRING') {
    say(`${name}: the file’s own ${bytes.length} bytes`);
    return { [name]: { dtype, shape: (info.shape ?? [1]).map(() => 1), data: [new Uint8Array(bytes)] } };
  }
  const layout = layoutOf(name, info);
  const source = await decodeImage(bytes, path);
  const natural = source.channels === 2 ? 1 : source.channels === 4 ? 3 : source.channels;
  const channels = layout.channels < 0 ? natural : layout.channels;
  const [height, width] = [layout.height < 0 ? source.height : layout.height, layout.width < 0 ? source.width : layout.width];
  const values = resized(withChannels(source, channels), width, height);
  const isFloat = ['DT_FLOAT', 'DT_DOUBLE', 'DT_HALF', 'DT_BFLOAT16'].includes(dtype);
  const [low, high] = scale ?? (isFloat ? [0, 1] : [0, 255]);
  const data = newNumbers(dtype, values.length);
  if (data === null) throw mismatch(`${name} is ${dtypeLabel(dtype)}, which no image is.`);
  for (const [index, value] of values.entries()) {
    const pixel = index % (width * height * channels);
    // From rows of pixels to planes of one channel.
    const at = layout.order === 'channels first' ? (pixel % channels) * width * height + Math.floor(pixel / channels) : index;
    const scaled = low + (value / 255) * (high - low);
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[at] = BigInt(Math.round(scaled));
    else if (dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16') data[at] = smallFloat[dtype].bits(scaled);
    else data[at] = isFloat ? scaled : Math.round(scaled);
  }
  const size =
    source.width === width && source.height === height
      ? `${width}×${height}`
      : `resized ${source.width}×${source.height} → ${width}×${height}`;
  const colours = { 1: 'grey', 3: 'RGB', 4: 'RGBA' }[channels] ?? `${channels} channels`;
  say(`${name}: ${size}, ${colours}${layout.order === 'channels first' ? ', channels first' : ''}, values ${low}..${high}`);
  const row = { 'channels last': [height, width, channels], 'channels first': [channels, height, width], 'no channels': [height, width] }[
    layout.order
  ];
  return { [name]: { dtype, shape: layout.batched ? [1, ...row] : row, data } };
}
