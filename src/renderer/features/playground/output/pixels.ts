import { extentOf, part } from './numbersOf.ts';

/** How values become 0 to 255: what stands at each end. */
export const valueRanges = ['bytes', 'unit', 'signed', 'own'] as const;
export type ValueRange = (typeof valueRanges)[number];

/** Pixels for a canvas, four bytes each. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** The range that values look like: bytes as they are, 0..1, −1..1, 0..255, else their own least and largest. */
export function guessRange(values: ArrayLike<number>, isByte: boolean): ValueRange {
  if (isByte) return 'bytes';
  const [least, largest] = extentOf(values);
  if (least >= 0 && largest <= 1) return 'unit';
  if (least >= -1 && largest <= 1) return 'signed';
  return least >= 0 && largest <= 255 ? 'bytes' : 'own';
}

export function endsOf(range: ValueRange, values: ArrayLike<number>): readonly [low: number, high: number] {
  if (range === 'own') return extentOf(values);
  return { unit: [0, 1], signed: [-1, 1], bytes: [0, 255] }[range] as [number, number];
}

/** [height, width, channels] as pixels; 1, 3 or 4 channels, of others the first is shown. What is no number is transparent. */
export function picturePixels(
  values: ArrayLike<number>,
  [height, width, channels]: readonly [number, number, number],
  [low, high]: readonly [number, number],
): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  const scale = 255 / (high - low || 1);
  const coloured = channels === 3 || channels === 4;
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const [from, to] = [pixel * channels, pixel * 4];
    const red = ((values[from] as number) - low) * scale;
    const hasNaN = Number.isNaN(red);
    data[to] = red;
    data[to + 1] = coloured ? ((values[from + 1] as number) - low) * scale : red;
    data[to + 2] = coloured ? ((values[from + 2] as number) - low) * scale : red;
    data[to + 3] = hasNaN ? 0 : channels === 4 ? ((values[from + 3] as number) - low) * scale : 255;
  }
  return { width, height, data };
}

/** Okabe and Ito's colours for categories, told apart with any sight; then their darker kin, round and round. */
const okabeIto = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
  [120, 120, 120],
] as const;

/** The colour of a class, whatever the theme: the mask lies over a picture. */
export function classColor(index: number): readonly [red: number, green: number, blue: number] {
  const [red, green, blue] = okabeIto[index % okabeIto.length] as (typeof okabeIto)[number];
  const dark = 0.6 ** (Math.floor(index / okabeIto.length) % 3);
  return [Math.round(red * dark), Math.round(green * dark), Math.round(blue * dark)];
}

export const cssColor = ([red, green, blue]: readonly number[]): string => `rgb(${red}, ${green}, ${blue})`;

/** Cividis at equal distances: rises in lightness, and looks alike with and without red-green blindness. Source: Nuñez, Anderton, Renslow 2018. */
const cividis = [
  [0, 34, 78],
  [18, 53, 112],
  [59, 73, 108],
  [87, 93, 109],
  [112, 113, 115],
  [138, 134, 120],
  [165, 156, 116],
  [195, 179, 105],
  [225, 204, 85],
  [254, 232, 56],
] as const;

/** 256 steps of the scale, three bytes each. */
const scaleTable: Uint8Array = Uint8Array.from({ length: 768 }, (_, at) => {
  const place = (Math.floor(at / 3) / 255) * (cividis.length - 1);
  const step = Math.min(cividis.length - 2, Math.floor(place));
  const [from = 0, to = 0] = [cividis[step]?.[at % 3], cividis[step + 1]?.[at % 3]];
  return Math.round(from + (to - from) * (place - step));
});

/** The scale as a background that runs from the low to the high end. */
export const scaleGradient = `linear-gradient(to right, ${cividis.map(cssColor).join(', ')})`;

/** A matrix as pixels of the scale, every `step`th row and column. What is no number is transparent. */
export function heatPixels(
  values: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
  [low, high]: readonly [number, number],
  step: number,
): Pixels {
  const [height, width] = [Math.ceil(rows / step), Math.ceil(columns / step)];
  const data = new Uint8ClampedArray(width * height * 4);
  const scale = 255 / (high - low || 1);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const value = values[y * step * columns + x * step] as number;
      if (Number.isNaN(value)) continue;
      const at = Math.max(0, Math.min(255, Math.round((value - low) * scale))) * 3;
      const to = (y * width + x) * 4;
      data[to] = scaleTable[at] as number;
      data[to + 1] = scaleTable[at + 1] as number;
      data[to + 2] = scaleTable[at + 2] as number;
      data[to + 3] = 255;
    }
  return { width, height, data };
}

/** Which class each pixel is of: the largest of its channels, or of one channel 1 where it is at least `threshold`, else 0. */
export function maskOf(values: ArrayLike<number>, channels: number, threshold: number): Uint16Array {
  const classes = new Uint16Array(values.length / channels);
  for (let pixel = 0; pixel < classes.length; pixel += 1) {
    if (channels === 1) {
      classes[pixel] = (values[pixel] as number) >= threshold ? 1 : 0;
      continue;
    }
    const from = pixel * channels;
    let best = 0;
    for (let channel = 1; channel < channels; channel += 1)
      if ((values[from + channel] as number) > (values[from + best] as number)) best = channel;
    classes[pixel] = best;
  }
  return classes;
}

/** A mask in the colours of its classes; `hidden` ones are left out. */
export function maskPixels(classes: ArrayLike<number>, [height, width]: readonly [number, number], hidden: ReadonlySet<number>): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < classes.length; pixel += 1) {
    const own = classes[pixel] as number;
    if (hidden.has(own)) continue;
    const [red, green, blue] = classColor(own);
    data[pixel * 4] = red;
    data[pixel * 4 + 1] = green;
    data[pixel * 4 + 2] = blue;
    data[pixel * 4 + 3] = 255;
  }
  return { width, height, data };
}

/** How many pixels are of each class, the most first. */
export function classShares(classes: ArrayLike<number>): readonly { readonly index: number; readonly pixels: number }[] {
  const counts = new Map<number, number>();
  for (let pixel = 0; pixel < classes.length; pixel += 1) {
    const own = classes[pixel] as number;
    counts.set(own, (counts.get(own) ?? 0) + 1);
  }
  return [...counts].map(([index, pixels]) => ({ index, pixels })).toSorted((a, b) => b.pixels - a.pixels);
}

/** A line of many samples as the least and the largest of each of so many columns. */
export function envelopeOf(samples: ArrayLike<number>, columns: number): readonly (readonly [least: number, largest: number])[] {
  const count = Math.min(columns, samples.length);
  return Array.from({ length: count }, (_, column) => {
    const from = Math.floor((column * samples.length) / count);
    return extentOf(part(samples, from, Math.max(1, Math.floor(((column + 1) * samples.length) / count) - from)));
  });
}
