import type { ImageStep } from '../../shared/contract/processing.ts';
import type { Pixels } from './decodeImage.ts';

/** A picture of values from 0 to 255 that need not be whole. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float64Array;
}

type Method = ImageStep['method'];

/** How much a pixel at a distance counts, in pixels of the coarser side; and how far it reaches. Source: Keys 1981 for bicubic, a = −0.5. */
const kernels: Readonly<Record<Exclude<Method, 'nearest'>, readonly [reach: number, weight: (distance: number) => number]>> = {
  bilinear: [1, (x) => Math.max(0, 1 - x)],
  bicubic: [2, (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0)],
  area: [0.5, (x) => (x < 0.5 ? 1 : x === 0.5 ? 0.5 : 0)],
};

interface Weights {
  readonly start: number;
  readonly weights: Float64Array;
}

/** Weights of one axis, widened where the picture shrinks so that every pixel counts (as tf.image.resize with antialias). */
function axisWeights(from: number, to: number, method: Method): readonly Weights[] {
  const ratio = from / to;
  if (method === 'nearest')
    return Array.from({ length: to }, (_, place) => ({
      start: Math.min(from - 1, Math.floor((place + 0.5) * ratio)),
      weights: Float64Array.of(1),
    }));
  const [radius, weight] = kernels[method];
  const stretch = Math.max(1, ratio);
  const reach = radius * stretch;
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * ratio - 0.5;
    const start = Math.max(0, Math.ceil(centre - reach));
    const end = Math.max(start, Math.min(from - 1, Math.floor(centre + reach)));
    const weights = Float64Array.from({ length: end - start + 1 }, (_unused, index) => weight(Math.abs(start + index - centre) / stretch));
    const sum = weights.reduce((total, one) => total + one, 0);
    return { start, weights: sum === 0 ? weights.fill(1 / weights.length) : weights.map((one) => one / sum) };
  });
}

/** First along the rows, then along the columns. Bicubic may leave 0..255 a little, as in TensorFlow. */
function scaled({ width, height, channels, data }: Picture, toWidth: number, toHeight: number, method: Method): Picture {
  if (width === toWidth && height === toHeight) return { width, height, channels, data };
  const rows = new Float64Array(height * toWidth * channels);
  const across = axisWeights(width, toWidth, method);
  for (let row = 0; row < height; row += 1)
    for (let place = 0; place < toWidth; place += 1) {
      const { start, weights } = across[place] as Weights;
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        let from = (row * width + start) * channels + channel;
        for (let index = 0; index < weights.length; index += 1) {
          sum += (weights[index] as number) * (data[from] as number);
          from += channels;
        }
        rows[(row * toWidth + place) * channels + channel] = sum;
      }
    }
  const made = new Float64Array(toHeight * toWidth * channels);
  const line = toWidth * channels;
  for (const [place, { start, weights }] of axisWeights(height, toHeight, method).entries())
    for (let index = 0; index < weights.length; index += 1) {
      const weight = weights[index] as number;
      const from = (start + index) * line;
      for (let at = 0; at < line; at += 1)
        made[place * line + at] = (made[place * line + at] as number) + weight * (rows[from + at] as number);
    }
  return { width: toWidth, height: toHeight, channels, data: made };
}

function part({ width, channels, data }: Picture, left: number, top: number, toWidth: number, toHeight: number): Picture {
  const made = new Float64Array(toWidth * toHeight * channels);
  for (let row = 0; row < toHeight; row += 1) {
    const from = ((top + row) * width + left) * channels;
    made.set(data.subarray(from, from + toWidth * channels), row * toWidth * channels);
  }
  return { width: toWidth, height: toHeight, channels, data: made };
}

function padded(picture: Picture, toWidth: number, toHeight: number, value: number): Picture {
  const { width, height, channels, data } = picture;
  const made = new Float64Array(toWidth * toHeight * channels).fill(value);
  const [left, top] = [Math.floor((toWidth - width) / 2), Math.floor((toHeight - height) / 2)];
  for (let row = 0; row < height; row += 1)
    made.set(data.subarray(row * width * channels, (row + 1) * width * channels), ((top + row) * toWidth + left) * channels);
  return { width: toWidth, height: toHeight, channels, data: made };
}

/** A picture of another size: stretched, its middle cut out, or with a border. */
export function resizePixels(
  { width, height, channels, data }: Pixels,
  to: { readonly width: number; readonly height: number },
  { method, fit, padValue }: Pick<ImageStep, 'method' | 'fit' | 'padValue'>,
): Picture {
  const picture: Picture = { width, height, channels, data: Float64Array.from(data) };
  if (fit === 'crop') {
    const wide = Math.min(width, Math.max(1, Math.round((height * to.width) / to.height)));
    const high = Math.min(height, Math.max(1, Math.round((width * to.height) / to.width)));
    const middle = part(picture, Math.floor((width - wide) / 2), Math.floor((height - high) / 2), wide, high);
    return scaled(middle, to.width, to.height, method);
  }
  if (fit === 'pad') {
    const ratio = Math.min(to.width / width, to.height / height);
    const [wide, high] = [width, height].map((size) => Math.max(1, Math.round(size * ratio)));
    const inner = scaled(picture, Math.min(to.width, wide ?? 1), Math.min(to.height, high ?? 1), method);
    return padded(inner, to.width, to.height, padValue);
  }
  return scaled(picture, to.width, to.height, method);
}
