import { AppError } from '../../../shared/contract/errors.ts';
import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { decodeImage, imageKind } from '../../predict/decodeImage.ts';
import { StatusError } from '../../tfserving/status.ts';
import { decodeJpeg, type JpegWindow } from '../jpeg/decodeJpeg.ts';
import { MalformedJpeg } from '../jpeg/readJpeg.ts';
import type { Kernel, MakeKernel, OpContext, OpFamily } from '../kernel.ts';
import { allocate, integers, invalid, numbers, shapeText, strings, tensorOf } from '../value.ts';

/** Images in bytes to [height, width, channels]. */

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Of 8 bits, or of 16. */
  readonly data: Uint8Array | Uint16Array;
}

/** The same image with so many channels: grey is repeated, colour is weighed to grey, alpha is added full or left out. */
function withChannels({ width, height, channels, data }: Pixels, wanted: number, full: number): Pixels {
  if (wanted === channels) return { width, height, channels, data };
  const made = data instanceof Uint16Array ? new Uint16Array(width * height * wanted) : new Uint8Array(width * height * wanted);
  const hasColour = channels >= 3;
  const hasAlpha = channels === 2 || channels === 4;
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const from = pixel * channels;
    const [r, g, b] = hasColour ? [data[from]!, data[from + 1]!, data[from + 2]!] : [data[from]!, data[from]!, data[from]!];
    const alpha = hasAlpha ? data[from + channels - 1]! : full;
    const colours = wanted >= 3 ? [r, g, b] : [r === g && g === b ? r : greyOf(r, g, b, data instanceof Uint16Array)];
    const cells = wanted === 2 || wanted === 4 ? [...colours, alpha] : colours;
    for (const [index, cell] of cells.entries()) made[pixel * wanted + index] = cell;
  }
  return { width, height, channels: wanted, data: made };
}

/** The PNG library's weights, in parts of 32768; it rounds only what has 16 bits. */
const greyOf = (r: number, g: number, b: number, isWide: boolean): number =>
  (9798 * r + 19235 * g + 3735 * b + (isWide ? 16384 : 0)) >>> 15;

/** Bytes as the op's type. Of 8 bits TensorFlow makes 16 with zeros below, and floats up to 1. */
function asType({ width, height, channels, data }: Pixels, dtype: Dtype): Tensor {
  const shape = [height, width, channels];
  if (dtype === 'DT_UINT8') return { dtype, shape, data: data as Uint8Array };
  const into = allocate(dtype, shape);
  const [most, to] = [data instanceof Uint16Array ? 65535 : 255, numbers(into)];
  const unit = Math.fround(1 / most);
  for (let i = 0; i < data.length; i += 1) to[i] = dtype === 'DT_FLOAT' ? data[i]! * unit : most === 65535 ? data[i]! : data[i]! * 256;
  return into;
}

/** A PNG's pixels, of 16 bits where it has them and more than 8 are asked for. */
async function readPng(bytes: Buffer, name: string, isWide: boolean): Promise<Pixels> {
  if (!isWide || bytes[24] !== 16) return decodeImage(bytes, name);
  const { decode } = await import('fast-png');
  const { width, height, channels, data } = decode(bytes);
  return { width, height, channels, data: data as Uint16Array };
}

/** A bitmap of 1, 3 or 4 bytes a pixel, row by row from below. Source: BITMAPINFOHEADER; palettes and packing are not looked at, as by TensorFlow. */
function readBitmap(bytes: Buffer, wanted: number): Pixels {
  if (bytes.length < 32)
    throw invalid(
      `Incomplete bmp content, requires at least 32 bytes to find the header size, width, height, and bpp, got ${bytes.length} bytes`,
    );
  const [start, width, signedHeight] = [bytes.readInt32LE(10), bytes.readInt32LE(18), bytes.readInt32LE(22)];
  const channels = Math.trunc(bytes.readInt16LE(28) / 8);
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw invalid(`Number of channels inherent in the image must be 1, 3 or 4, was ${channels}`);
  if (width <= 0) throw invalid('Width must be positive');
  if (signedHeight === 0) throw invalid('Height must be nonzero');
  if (start < 0) throw invalid('header size must be nonnegative');
  const height = Math.abs(signedHeight);
  if (width * height >= Math.floor((2 ** 31 - 1) / 8)) throw invalid('Total possible pixel bytes must be less than 2^30');
  const rowBytes = Math.ceil((channels * width) / 4) * 4;
  const beyond = bytes.length - start - rowBytes * height;
  if (beyond !== 0) throw invalid(`Input size should match (header_size + row_size * abs_height) but they differ by ${beyond}`);
  const made = wanted === 0 ? channels : wanted;
  const data = new Uint8Array(width * height * made);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const from = start + (signedHeight < 0 ? y : height - 1 - y) * rowBytes + x * channels;
      const to = (y * width + x) * made;
      for (let c = 0; c < Math.min(made, 3); c += 1) data[to + c] = bytes[channels === 1 ? from : from + 2 - c]!;
      if (made === 4) data[to + 3] = channels === 4 ? bytes[from + 3]! : 255;
    }
  return { width, height, channels: made, data };
}

function windowOf(window: Tensor): JpegWindow {
  if (window.shape.length !== 1) throw invalid(`crop_window must be 1-D, got shape ${shapeText(window.shape)}`);
  if (window.shape[0] !== 4) throw invalid(`crop_size must have four elements ${shapeText(window.shape)}`);
  const [y, x, height, width] = integers(window) as [number, number, number, number];
  return { x, y, width, height };
}

/** What the op's attributes ask of a JPEG. */
function jpegReader({ node, attributes }: OpContext): (bytes: Buffer, channels: number, window: Tensor | undefined) => Pixels {
  const isOwn = node.op === 'DecodeJpeg' || node.op === 'DecodeAndCropJpeg';
  const [ratio, isSmooth, method] = isOwn
    ? [attributes.int('ratio'), attributes.bool('fancy_upscaling'), attributes.text('dct_method')]
    : [1, true, ''];
  if (![1, 2, 4, 8].includes(ratio)) throw invalid(`ratio must be 1, 2, 4, or 8, got ${ratio}`);
  if (!['', 'INTEGER_FAST', 'INTEGER_ACCURATE'].includes(method))
    throw invalid("dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}");
  return (bytes, channels, windowTensor) => {
    if (channels !== 0 && channels !== 1 && channels !== 3) throw invalid('JPEG does not support 4 channels');
    if (ratio !== 1) throw new StatusError('UNIMPLEMENTED', 'The embedded engine does not decode a JPEG at a smaller scale');
    const window = windowTensor === undefined ? undefined : windowOf(windowTensor);
    try {
      return decodeJpeg(bytes, { channels, isSmooth, window, method: method === 'INTEGER_ACCURATE' ? 'accurate' : 'fast' });
    } catch (error) {
      if (error instanceof MalformedJpeg) throw invalid('jpeg::Uncompress failed. Invalid JPEG data or crop window.');
      throw error;
    }
  };
}

const decode: MakeKernel = (context): Kernel => {
  const { node, attributes } = context;
  const channels = attributes.int('channels');
  if (![0, 1, 3, 4].includes(channels)) throw invalid(`\`channels\` must be 0, 1, 3 or 4 but got ${channels}`);
  const dtype = attributes.has('dtype') ? attributes.type('dtype') : 'DT_UINT8';
  const readJpeg = jpegReader(context);
  const isCropped = node.op === 'DecodeAndCropJpeg';
  const refuse = (kind: string): StatusError =>
    isCropped
      ? invalid(`DecodeAndCropJpeg operation can run on JPEG only, but detected ${kind}.`)
      : invalid(
          kind === 'BMP'
            ? `Trying to decode BMP format using a wrong op. Use \`decode_bmp\` or \`decode_image\` instead. Op used: ${node.op}`
            : `Trying to decode ${kind} format using DecodeBmp op. Use \`decode_${kind.toLowerCase()}\` or \`decode_image\` instead.`,
        );
  return async (inputs) => {
    const contents = tensorOf(inputs[0]);
    if (contents.shape.length > 0) throw invalid(`\`contents\` must be scalar but got shape${shapeText(contents.shape)}`);
    const bytes = Buffer.from(strings(contents)[0]!);
    if (bytes.length === 0) throw invalid('Input is empty.');
    const kind = imageKind(bytes);
    if (kind === null) throw invalid('Unknown image file format. One of JPEG, JPEG XL, PNG, GIF, BMP, WebP required.');
    if (kind === 'GIF' || kind === 'WebP') throw new StatusError('UNIMPLEMENTED', `The embedded engine does not decode ${kind}`);
    if ((node.op === 'DecodeBmp' && kind !== 'BMP') || (isCropped && kind !== 'JPEG')) throw refuse(kind);
    if (kind === 'JPEG') return asType(readJpeg(bytes, channels, isCropped ? tensorOf(inputs[1]) : undefined), dtype);
    if (kind === 'BMP') {
      if (channels === 1) throw invalid('`channels` must be 0, 3 or 4 for BMP, but got 1');
      if (node.op !== 'DecodeBmp' && node.op !== 'DecodeImage') throw refuse(kind);
      return asType(readBitmap(bytes, channels), dtype);
    }
    try {
      const pixels = await readPng(bytes, node.name, dtype !== 'DT_UINT8');
      // TensorFlow adds as alpha the most that the file's own bits hold, even where they are fewer than eight.
      const full = 2 ** (pixels.data instanceof Uint16Array ? 16 : Math.min(8, bytes[24]!)) - 1;
      const made = channels === 0 ? pixels : withChannels(pixels, channels, full);
      const isWidened = dtype !== 'DT_UINT8' && made.data instanceof Uint8Array;
      return asType(isWidened ? { ...made, data: Uint16Array.from(made.data, (value) => value * 257) } : made, dtype);
    } catch (error) {
      if (error instanceof AppError) throw invalid(`Invalid PNG data, size ${bytes.length}`);
      throw error;
    }
  };
};

export const decodeImageOps: OpFamily = {
  DecodePng: decode,
  DecodeJpeg: decode,
  DecodeAndCropJpeg: decode,
  DecodeImage: decode,
  DecodeBmp: decode,
};
