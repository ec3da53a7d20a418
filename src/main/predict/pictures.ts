import { encode } from 'fast-png';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { plainNumbers } from '../../shared/tensor/tensorStats.ts';
import type { PictureFacts } from './prepareInputs.ts';

/** More are not drawn. */
const most = 16;

interface Planes {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly count: number;
}

function planesOf(shape: readonly number[], layout: PictureFacts['layout']): Planes | null {
  const own = layout === 'hw' ? 2 : 3;
  if (shape.length < own) return null;
  const [a = 0, b = 0, c = 1] = shape.slice(-own);
  const count = shape.slice(0, -own).reduce((product, size) => product * size, 1);
  return layout === 'chw' ? { channels: a, height: b, width: c, count } : { height: a, width: b, channels: layout === 'hw' ? 1 : c, count };
}

/** What a model gets, as pictures: its values brought back to 0..255 by what 0 and 255 had become. */
export function picturesOf(tensor: Tensor, { layout, order, low, high }: PictureFacts): readonly Buffer[] {
  const planes = planesOf(tensor.shape, layout);
  const values = plainNumbers(tensor) ?? (Array.isArray(tensor.data) ? null : Array.from(tensor.data as BigInt64Array, Number));
  if (planes === null || values === null) return [];
  const { width, height, channels, count } = planes;
  const shown = channels === 1 || channels === 3 || channels === 4 ? channels : 1;
  const pixels = width * height;
  return Array.from({ length: pixels === 0 ? 0 : Math.min(count, most) }, (_, picture) => {
    const data = new Uint8ClampedArray(pixels * shown);
    for (let pixel = 0; pixel < pixels; pixel += 1)
      for (let channel = 0; channel < shown; channel += 1) {
        const from = layout === 'chw' ? channel * pixels + pixel : pixel * channels + channel;
        const [least, greatest] = [low[channel] ?? 0, high[channel] ?? 255];
        const to = order === 'bgr' && shown >= 3 && channel < 3 ? 2 - channel : channel;
        data[pixel * shown + to] = (((values[picture * pixels * channels + from] ?? 0) - least) / (greatest - least || 1)) * 255;
      }
    return Buffer.from(encode({ width, height, channels: shown, depth: 8, data: new Uint8Array(data.buffer) }));
  });
}

/**
 * An output as one picture: [height, width], or with 1, 3 or 4 channels last, batches of one left out. Whole numbers of 8 bits as they
 * are, 0..1 and −1..1 by those ends, others by their least and largest. Null where its shape is none.
 */
export function outputPicture(tensor: Tensor): Buffer | null {
  let shape = tensor.shape;
  while (shape.length > 2 && shape[0] === 1) shape = shape.slice(1);
  const last = shape.at(-1) ?? 0;
  const layout = shape.length === 2 ? 'hw' : shape.length === 3 && (last === 1 || last === 3 || last === 4) ? 'hwc' : null;
  const values = plainNumbers(tensor);
  if (layout === null || values === null) return null;
  let [least, greatest] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    if (Number.isFinite(value)) [least, greatest] = [Math.min(least, value), Math.max(greatest, value)];
  }
  const eight = tensor.dtype === 'DT_UINT8';
  const [low, high] = eight
    ? [0, 255]
    : least >= 0 && greatest <= 1
      ? [0, 1]
      : least >= -1 && greatest <= 1
        ? [-1, 1]
        : least >= 0 && greatest <= 255 && greatest > 1
          ? [0, 255]
          : [least, greatest];
  const each = (value: number): readonly number[] => [value, value, value, value];
  return picturesOf({ ...tensor, shape }, { layout, order: 'rgb', low: each(low), high: each(high) })[0] ?? null;
}
