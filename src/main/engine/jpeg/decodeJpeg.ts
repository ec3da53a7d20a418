import { samplesOf, type DctMethod } from './inverseDct.ts';
import { MalformedJpeg, readJpeg, type JpegComponent, type JpegImage } from './readJpeg.ts';

/** Pixels as TensorFlow's DecodeJpeg answers them, to the last bit: its transforms, its smoothing of halved colours, its tables of colours. */
export interface JpegPixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** A part of an image. */
export interface JpegWindow {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** `channels` 0: as many as the file has. Throws MalformedJpeg, also for a window that is not within the image. */
export function decodeJpeg(
  bytes: Uint8Array,
  {
    channels,
    method,
    isSmooth,
    window,
  }: { readonly channels: 0 | 1 | 3; readonly method: DctMethod; readonly isSmooth: boolean; readonly window?: JpegWindow | undefined },
): JpegPixels {
  const image = readJpeg(bytes);
  const { components } = image;
  const part = window ?? { x: 0, y: 0, width: image.width, height: image.height };
  const { x, y, width, height } = part;
  if (width <= 0 || height <= 0 || x < 0 || y < 0 || x + width > image.width || y + height > image.height)
    throw new MalformedJpeg('a window that is not within the image');
  const wanted = channels === 0 ? (components.length === 1 ? 1 : 3) : channels;
  const kind = colourKind(image);
  if (wanted === 1 && components.length === 4) throw new MalformedJpeg('four colours to grey');
  // Of brightness and colours, grey is the first.
  const needed = wanted === 1 && kind !== 'RGB' ? components.slice(0, 1) : components;
  const planes = needed.map((component) => plane(image, component, part, method, isSmooth));
  const data = new Uint8Array(width * height * wanted);
  convert(kind, planes, data, wanted, image.adobe !== undefined);
  return { width, height, channels: wanted, data };
}

type ColourKind = 'grey' | 'YCbCr' | 'RGB' | 'CMYK' | 'YCCK';

/** What the components are, by their markers, or else by their names. */
function colourKind({ components, hasJfif, adobe }: JpegImage): ColourKind {
  if (components.length === 1) return 'grey';
  if (components.length === 4) return adobe === 2 ? 'YCCK' : 'CMYK';
  if (hasJfif) return 'YCbCr';
  if (adobe !== undefined) return adobe === 0 ? 'RGB' : 'YCbCr';
  return components.map(({ id }) => String.fromCharCode(id)).join('') === 'RGB' ? 'RGB' : 'YCbCr';
}

/**
 * A part of one component at the size of the image. Halved ones are weighed 3 to 1 with their neighbours, where they are more than two
 * columns wide. A window has none beyond its right side, nor left of the unit of blocks that it begins in.
 */
function plane(
  { width, height, components }: JpegImage,
  component: JpegComponent,
  window: JpegWindow,
  method: DctMethod,
  isSmooth: boolean,
): Uint8Array {
  const [maxH, maxV] = [Math.max(...components.map(({ h }) => h)), Math.max(...components.map(({ v }) => v))];
  const [wide, high] = [maxH / component.h, maxV / component.v];
  if (!Number.isInteger(wide) || !Number.isInteger(high)) throw new MalformedJpeg('fractional sampling');
  const samples = samplesOf(component, method);
  const stride = component.columns * 8;
  const rows = Math.ceil((height * component.v) / maxV);
  const left = window.x % (8 * maxH);
  const [start, columns] = [(window.x - left) / wide, Math.ceil(((left + window.width) * component.h) / maxH)];
  const into = new Uint8Array(window.width * window.height);
  const smoothX = isSmooth && wide === 2 && high <= 2 && Math.ceil((width * component.h) / maxH) > 2 && columns >= 2;
  const smoothY = isSmooth && high === 2 && (wide === 1 || smoothX);
  const line = new Int32Array(columns);
  for (let at = 0, y = window.y; at < into.length; at += window.width, y += 1) {
    const row = Math.floor(y / high);
    const isUpper = y % 2 === 0;
    const near = smoothY ? Math.min(rows - 1, Math.max(0, isUpper ? row - 1 : row + 1)) : row;
    for (let x = 0; x < columns; x += 1)
      line[x] = smoothY ? samples[row * stride + start + x]! * 3 + samples[near * stride + start + x]! : samples[row * stride + start + x]!;
    for (let x = 0; x < window.width; x += 1) {
      const from = left + x;
      if (smoothX) into[at + x] = stretched(line, from, smoothY);
      else if (smoothY) into[at + x] = (line[from]! + (isUpper ? 1 : 2)) >> 2;
      else into[at + x] = line[Math.floor(from / wide)]!;
    }
  }
  return into;
}

/** One of the two pixels of each value of a line, which is four times as large where it comes of two rows. The rounding alternates. */
function stretched(line: Int32Array, x: number, isOfTwo: boolean): number {
  const [here, isLeft] = [x >> 1, x % 2 === 0];
  // At the ends there is no neighbour: the value itself.
  const near = Math.min(line.length - 1, Math.max(0, isLeft ? here - 1 : here + 1));
  return (line[here]! * 3 + line[near]! + (isOfTwo ? (isLeft ? 8 : 7) : isLeft ? 1 : 2)) >> (isOfTwo ? 4 : 2);
}

const fixed = (factor: number): number => Math.floor(factor * 65536 + 0.5);
const [redOfCr, greenOfCr, greenOfCb, blueOfCb] = [fixed(1.402), fixed(0.71414), fixed(0.34414), fixed(1.772)];
const [greyOfRed, greyOfGreen, greyOfBlue] = [fixed(0.299), fixed(0.587), fixed(0.114)];
const bounded = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);

function convert(kind: ColourKind, planes: readonly Uint8Array[], into: Uint8Array, channels: 1 | 3, isAdobe: boolean): void {
  const [a, b, c, k] = planes as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  if (channels === 1) {
    if (kind !== 'RGB') into.set(a);
    else for (let i = 0; i < a.length; i += 1) into[i] = (greyOfRed * a[i]! + greyOfGreen * b[i]! + greyOfBlue * c[i]! + 32768) >> 16;
    return;
  }
  for (let i = 0, at = 0; i < a.length; i += 1, at += 3) {
    if (kind === 'grey') into.fill(a[i]!, at, at + 3);
    else {
      let [red, green, blue] = [a[i]!, b[i]!, c[i]!];
      if (kind === 'YCbCr' || kind === 'YCCK') {
        const [y, cb, cr] = [red, green - 128, blue - 128];
        red = bounded(y + ((redOfCr * cr + 32768) >> 16));
        green = bounded(y + ((-greenOfCb * cb - greenOfCr * cr + 32768) >> 16));
        blue = bounded(y + ((blueOfCb * cb + 32768) >> 16));
      }
      if (kind === 'YCCK') [red, green, blue] = [255 - red, 255 - green, 255 - blue];
      if (kind === 'CMYK' || kind === 'YCCK') {
        // Adobe's programs write inks the other way round.
        const ink = (value: number): number => Math.floor((isAdobe ? k[i]! * value : (255 - k[i]!) * (255 - value)) / 255);
        [red, green, blue] = [ink(red), ink(green), ink(blue)];
      }
      into[at] = red;
      into[at + 1] = green;
      into[at + 2] = blue;
    }
  }
}
