import type { ImageStep, PixelScale } from '../../shared/contract/processing.ts';
import type { TensorInfo } from '../../shared/contract/savedModel.ts';
import { dtypeLabel, valueDtype } from '../../shared/tensor/dtype.ts';
import { smallFloat } from '../../shared/tensor/smallFloat.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { newNumbers } from '../../shared/tensor/tensorData.ts';
import { decodeImage, type Pixels } from './decodeImage.ts';
import { mismatch, shapeText } from './fitTensor.ts';
import type { PictureFacts } from './prepareInputs.ts';
import { resizePixels } from './resizePixels.ts';

/** Where height, width and channels are in a shape, and what they are; -1 where the picture decides. */
interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly layout: 'hwc' | 'chw' | 'hw';
  readonly batched: boolean;
}

function layoutOf(input: string, { shape }: TensorInfo, step: ImageStep): Layout {
  // Of unknown rank: a batch of pictures, as the step wants them.
  if (shape === null) return { height: -1, width: -1, channels: -1, layout: step.layout ?? 'hwc', batched: true };
  const picture = shape.length >= 3 && (shape.length === 4 || !isBatch(shape)) ? shape.slice(-3) : null;
  const batched = shape.length === 4 || (shape.length === 3 && isBatch(shape));
  const [first = -1, second = -1, third = -1] = picture ?? [];
  if (picture !== null && shape.length <= 4) {
    if ([1, 3, 4].includes(first) && ![1, 3, 4, -1].includes(third))
      return { height: second, width: third, channels: first, layout: 'chw', batched };
    if ([1, 3, 4, -1].includes(third)) return { height: first, width: second, channels: third, layout: 'hwc', batched };
  }
  if (shape.length === 3 || shape.length === 2) {
    const [height = -1, width = -1] = shape.slice(-2);
    return { height, width, channels: 1, layout: 'hw', batched };
  }
  throw mismatch(`${input} is ${shapeText(shape)}: an image needs height, width and channels.`);
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

/** What 0 and 255 of each channel become. Sources: torchvision's and Keras's `preprocess_input` in mode torch and caffe. */
function ends(scale: PixelScale, channels: number): { readonly low: readonly number[]; readonly high: readonly number[] } {
  const each = (low: number, high: number) => ({
    low: Array.from({ length: channels }, () => low),
    high: Array.from({ length: channels }, () => high),
  });
  switch (scale.kind) {
    case 'none':
      return each(0, 255);
    case 'unit':
      return each(0, 1);
    case 'signed':
      return each(-1, 1);
    case 'custom':
      return each(scale.low, scale.high);
    case 'imagenet': {
      const [mean, deviation] = [
        [0.485, 0.456, 0.406, 0],
        [0.229, 0.224, 0.225, 1],
      ];
      const at = (value: number) => (channel: number) => (value - (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
      const all = Array.from({ length: channels }, (_, channel) => channel);
      return { low: all.map(at(0)), high: all.map(at(1)) };
    }
    case 'caffe': {
      const mean = [103.939, 116.779, 123.68];
      const all = Array.from({ length: channels }, (_, channel) => channel);
      return { low: all.map((channel) => -(mean[channel] ?? 0)), high: all.map((channel) => 255 - (mean[channel] ?? 0)) };
    }
  }
}

const colours = { 1: 'grey', 3: 'RGB', 4: 'RGBA' } as const;
const channelCount = { grey: 1, rgb: 3, rgba: 4 } as const;
const number = (value: number): string => String(Number(value.toPrecision(6)));

/** A picture as one input, and what was done to it. */
export interface ImageInput {
  readonly tensor: Tensor;
  readonly note: string;
  readonly picture: PictureFacts;
}

/**
 * A picture as an input of numbers: decoded, brought to the signature's height, width and channels or to the step's, and scaled: 0…1
 * for floats, 0…255 for whole numbers, unless the step says otherwise. A batch of one where the signature has a batch.
 * REQUEST_MISMATCH where the input is no picture, FILE_UNREADABLE where the file is none.
 */
export async function imageTensor(bytes: Buffer, path: string, name: string, info: TensorInfo, step: ImageStep): Promise<ImageInput> {
  const dtype = valueDtype(info.dtype);
  const wanted = layoutOf(name, info, step);
  const layout = step.layout ?? wanted.layout;
  const source = await decodeImage(bytes, path);
  const natural = source.channels === 2 ? 1 : source.channels === 4 ? 3 : source.channels;
  const channels =
    layout === 'hw' ? 1 : step.channels !== null ? channelCount[step.channels] : wanted.channels < 0 ? natural : wanted.channels;
  const height = step.size?.height ?? (wanted.height < 0 ? source.height : wanted.height);
  const width = step.size?.width ?? (wanted.width < 0 ? source.width : wanted.width);
  const { data: values } = resizePixels(withChannels(source, channels), { width, height }, step);
  const isFloat = ['DT_FLOAT', 'DT_DOUBLE', 'DT_HALF', 'DT_BFLOAT16'].includes(dtype);
  const scale = step.scale ?? { kind: isFloat ? 'unit' : 'none' };
  const order = scale.kind === 'caffe' ? 'bgr' : step.order;
  const { low, high } = ends(scale, channels);
  const data = newNumbers(dtype, values.length);
  if (data === null) throw mismatch(`${name} is ${dtypeLabel(dtype)}, which no image is.`);
  const bits = dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16' ? smallFloat[dtype].bits : null;
  const pixels = width * height;
  for (let pixel = 0; pixel < pixels; pixel += 1)
    for (let channel = 0; channel < channels; channel += 1) {
      // The channel that is written here comes from the other end in BGR; alpha stays last.
      const from = order === 'bgr' && channels >= 3 && channel < 3 ? 2 - channel : channel;
      const least = low[channel] ?? 0;
      const scaled = ((values[pixel * channels + from] ?? 0) * ((high[channel] ?? 0) - least)) / 255 + least;
      const at = layout === 'chw' ? channel * pixels + pixel : pixel * channels + channel;
      if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[at] = BigInt(Math.round(scaled));
      else data[at] = bits !== null ? bits(scaled) : isFloat ? scaled : Math.round(scaled);
    }
  const resized =
    source.width === width && source.height === height
      ? `${width}×${height}`
      : `resized ${source.width}×${source.height} → ${width}×${height}${step.fit === 'stretch' ? '' : ` (${step.fit})`}`;
  const colour = order === 'bgr' && channels >= 3 ? 'BGR' : (colours[channels as 1 | 3 | 4] ?? `${channels} channels`);
  const range = `${number(Math.min(...low))}..${number(Math.max(...high))}`;
  const row = { hwc: [height, width, channels], chw: [channels, height, width], hw: [height, width] }[layout];
  return {
    tensor: { dtype, shape: wanted.batched ? [1, ...row] : row, data },
    note: `${name}: ${resized}, ${colour}${layout === 'chw' ? ', channels first' : ''}, values ${range}`,
    picture: { layout, order, low, high },
  };
}
