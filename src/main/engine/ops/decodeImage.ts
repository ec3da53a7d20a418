import { AppError } from '../../../shared/contract/errors.ts';
import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { decodeImage, imageKind, type Pixels } from '../../predict/decodeImage.ts';
import { StatusError } from '../../tfserving/status.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, invalid, numbers, shapeText, strings, tensorOf, typeText } from '../value.ts';

/** PNG and JPEG in bytes to [height, width, channels]. */

/** What a JPEG's frame header tells of its components. Source: ITU T.81, B.2.2. */
function jpegFrame(bytes: Uint8Array): { readonly components: number; readonly isSubsampled: boolean } {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const components = bytes[at + 9]!;
      const factors = Array.from({ length: components }, (_, index) => bytes[at + 11 + index * 3]);
      return { components, isSubsampled: factors.some((factor) => factor !== factors[0]) };
    }
    at += 2 + bytes[at + 2]! * 256 + bytes[at + 3]!;
  }
  return { components: 3, isSubsampled: false };
}

/** The same image with so many channels: grey is repeated, colour is weighed to grey, alpha is added full or left out. */
function withChannels({ width, height, channels, data }: Pixels, wanted: number): Pixels {
  if (wanted === channels) return { width, height, channels, data };
  const made = new Uint8Array(width * height * wanted);
  const hasColour = channels >= 3;
  const hasAlpha = channels === 2 || channels === 4;
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const from = pixel * channels;
    const [r, g, b] = hasColour ? [data[from]!, data[from + 1]!, data[from + 2]!] : [data[from]!, data[from]!, data[from]!];
    const alpha = hasAlpha ? data[from + channels - 1]! : 255;
    const colours = wanted >= 3 ? [r, g, b] : [hasColour ? Math.round(0.299 * r + 0.587 * g + 0.114 * b) : r];
    const cells = wanted === 2 || wanted === 4 ? [...colours, alpha] : colours;
    for (const [index, cell] of cells.entries()) made[pixel * wanted + index] = cell;
  }
  return { width, height, channels: wanted, data: made };
}

/** Bytes as the op's type: whole range for 16 bits, 0 to 1 for floats. */
function asType(pixels: Tensor, dtype: Dtype): Tensor {
  if (dtype === 'DT_UINT8') return pixels;
  const into = allocate(dtype, pixels.shape);
  const [from, to] = [numbers(pixels), numbers(into)];
  if (dtype === 'DT_UINT16') for (let i = 0; i < to.length; i += 1) to[i] = from[i]! * 257;
  else if (dtype === 'DT_FLOAT') for (let i = 0; i < to.length; i += 1) to[i] = from[i]! / 255;
  else throw new StatusError('UNIMPLEMENTED', `Images as ${typeText(dtype)} are not supported`);
  return into;
}

const decode: MakeKernel = ({ node, attributes }) => {
  const channels = attributes.int('channels');
  const dtype = attributes.has('dtype') ? attributes.type('dtype') : 'DT_UINT8';
  return async (inputs) => {
    const contents = tensorOf(inputs[0]);
    if (contents.shape.length > 0) throw invalid(`\`contents\` must be scalar but got shape ${shapeText(contents.shape)}`);
    const bytes = Buffer.from(strings(contents)[0]!);
    const kind = imageKind(bytes);
    if (kind === null) throw invalid('Unknown image file format. One of JPEG, PNG, GIF, BMP required.');
    if (kind !== 'PNG' && kind !== 'JPEG') throw new StatusError('UNIMPLEMENTED', `The embedded engine does not decode ${kind}`);
    const frame = jpegFrame(bytes);
    // TensorFlow smooths halved colours and the library that reads JPEG here repeats them: other numbers, so none.
    if (kind === 'JPEG' && frame.isSubsampled)
      throw new StatusError('UNIMPLEMENTED', 'The embedded engine does not decode a JPEG with subsampled colours; send it as PNG');
    let pixels: Pixels;
    try {
      pixels = await decodeImage(bytes, node.name);
    } catch (error) {
      if (error instanceof AppError)
        throw invalid(
          kind === 'PNG' ? 'Invalid PNG data, size ' + String(bytes.length) : `Invalid JPEG data or crop window, data size ${bytes.length}`,
        );
      throw error;
    }
    // A grey JPEG comes decoded as three equal channels.
    const own = kind === 'JPEG' ? withChannels(pixels, frame.components === 1 && pixels.channels === 3 ? 1 : pixels.channels) : pixels;
    const { width, height, data, channels: made } = withChannels(own, channels === 0 ? own.channels : channels);
    return asType({ dtype: 'DT_UINT8', shape: [height, width, made], data }, dtype);
  };
};

export const decodeImageOps: OpFamily = {
  DecodePng: decode,
  DecodeJpeg: decode,
  DecodeImage: decode,
};
