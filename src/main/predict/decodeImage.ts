import { AppError } from '../../shared/contract/errors.ts';

/** Pixels of 8 bits, row by row, `channels` values each: grey, grey and alpha, RGB, or RGBA. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

const maxPixels = 100_000_000;

/** What bytes begin like; null for anything but an image that is known. */
export function imageKind(bytes: Uint8Array): 'PNG' | 'JPEG' | 'GIF' | 'BMP' | 'WebP' | null {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (head.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (head.startsWith('GIF8')) return 'GIF';
  if (head.startsWith('BM')) return 'BMP';
  return head.startsWith('RIFF') && head.endsWith('WEBP') ? 'WebP' : null;
}

/** Decodes a PNG or JPEG of at most 100 megapixels. FILE_UNREADABLE where it is neither or is broken. */
export async function decodeImage(bytes: Buffer, path: string): Promise<Pixels> {
  const kind = imageKind(bytes);
  const refuse = (detail: string, cause?: unknown): never => {
    throw new AppError('FILE_UNREADABLE', { path, detail }, { cause });
  };
  try {
    if (kind === 'PNG') return await decodePng(bytes, refuse);
    if (kind === 'JPEG') {
      const { decode } = (await import('jpeg-js')).default;
      const { width, height, data } = decode(bytes, { useTArray: true, formatAsRGBA: false, maxResolutionInMP: maxPixels / 1e6 });
      return { width, height, channels: 3, data };
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    refuse(`It is no whole ${kind ?? ''}: ${error instanceof Error ? error.message : String(error)}.`, error);
  }
  return refuse(`${kind === null ? 'It is no image that is known' : `It is a ${kind}`}: save it as PNG or JPEG.`);
}

async function decodePng(bytes: Buffer, refuse: (detail: string) => never): Promise<Pixels> {
  if (bytes.length < 33 || bytes.readUInt32BE(16) * bytes.readUInt32BE(20) > maxPixels)
    refuse('It is cut short or has more than 100 megapixels.');
  const { decode, convertIndexedToRgb } = await import('fast-png');
  const image = decode(bytes);
  const { width, height, depth, data } = image;
  if (image.palette !== undefined) {
    const rgb = convertIndexedToRgb(image);
    return { width, height, channels: rgb.length / (width * height), data: new Uint8Array(rgb) };
  }
  if (depth === 16) return { width, height, channels: image.channels, data: Uint8Array.from(data, (value) => value >>> 8) };
  if (depth === 8) return { width, height, channels: image.channels, data: new Uint8Array(data) };
  // Grey of fewer bits: several pixels a byte, each row from a byte of its own.
  const [rowBytes, most] = [Math.ceil((width * depth) / 8), 2 ** depth - 1];
  const grey = new Uint8Array(width * height);
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1) {
      const bit = column * depth;
      const value = ((data[row * rowBytes + (bit >>> 3)] ?? 0) >>> (8 - depth - (bit & 7))) & most;
      grey[row * width + column] = Math.round((value * 255) / most);
    }
  return { width, height, channels: 1, data: grey };
}
