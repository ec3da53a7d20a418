import type { Dtype } from '../../shared/tensor/dtype.ts';
import { dtypeSizeBytes } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { bytesOf, elementCount, newNumbers } from '../../shared/tensor/tensorData.ts';

/** The bytes are no .npy file, or one of a type that no tensor has. The message follows the file's name. */
export class BadNpy extends Error {
  override readonly name = 'BadNpy';
}

const magic = Buffer.from('\x93NUMPY', 'latin1');

/** Whether bytes begin as a .npy file does. */
export const looksLikeNpy = (bytes: Uint8Array): boolean => magic.equals(bytes.subarray(0, magic.length));

/** By NumPy's kind and size; `V2` is how ml_dtypes writes bfloat16. */
const dtypes: Readonly<Record<string, Dtype>> = {
  f2: 'DT_HALF',
  f4: 'DT_FLOAT',
  f8: 'DT_DOUBLE',
  i1: 'DT_INT8',
  i2: 'DT_INT16',
  i4: 'DT_INT32',
  i8: 'DT_INT64',
  u1: 'DT_UINT8',
  u2: 'DT_UINT16',
  u4: 'DT_UINT32',
  u8: 'DT_UINT64',
  b1: 'DT_BOOL',
  c8: 'DT_COMPLEX64',
  c16: 'DT_COMPLEX128',
  V2: 'DT_BFLOAT16',
};

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly dataAt: number;
}

/** Magic, version, length, and a Python dictionary as text. Source: numpy.lib.format's documentation. */
function readHeader(bytes: Buffer): Header {
  if (!looksLikeNpy(bytes) || bytes.length < 12) throw new BadNpy('is no .npy file');
  const long = (bytes[6] ?? 0) >= 2;
  const start = long ? 12 : 10;
  const dataAt = start + (long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  if (dataAt > bytes.length) throw new BadNpy('ends within its header');
  const text = bytes.toString('utf8', start, dataAt);
  const descr = /'descr':\s*'([^']+)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const dims = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || dims === undefined)
    throw new BadNpy(
      /'descr':\s*\[/.test(text) ? 'holds records of several fields, which are no tensor' : 'has a header that is not understood',
    );
  const shape = dims.split(',').flatMap((dim) => (dim.trim() === '' ? [] : [Number(dim)]));
  return { descr, fortran: order === 'True' && shape.length > 1, shape, dataAt };
}

/** The places in a file of Fortran's order, one for each element in row-major order. */
function* fortranPlaces(shape: readonly number[]): Generator<number> {
  const steps: number[] = [];
  let step = 1;
  for (const size of shape) {
    steps.push(step);
    step *= size;
  }
  const index = shape.map(() => 0);
  let place = 0;
  for (let left = step; left > 0; left -= 1) {
    yield place;
    for (let dim = shape.length - 1; dim >= 0; dim -= 1) {
      const [size, by, at] = [shape[dim] ?? 0, steps[dim] ?? 0, index[dim] ?? 0];
      if (at + 1 < size) {
        index[dim] = at + 1;
        place += by;
        break;
      }
      index[dim] = 0;
      place -= at * by;
    }
  }
}

function rowMajor(bytes: Buffer, itemBytes: number, shape: readonly number[]): Buffer {
  const sorted = Buffer.allocUnsafe(bytes.length);
  let to = 0;
  for (const place of fortranPlaces(shape)) {
    bytes.copy(sorted, to, place * itemBytes, (place + 1) * itemBytes);
    to += itemBytes;
  }
  return sorted;
}

function swapped(bytes: Buffer, unit: number): Buffer {
  return unit === 2 ? bytes.swap16() : unit === 4 ? bytes.swap32() : unit === 8 ? bytes.swap64() : bytes;
}

/** `S` is padded with zeros; `U` is four bytes a character. */
function stringsOf(bytes: Buffer, kind: string, itemBytes: number, count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const item = bytes.subarray(index * itemBytes, (index + 1) * itemBytes);
    let end = item.length;
    if (kind === 'S') {
      while (end > 0 && item[end - 1] === 0) end -= 1;
      return new Uint8Array(item.subarray(0, end));
    }
    let text = '';
    for (let at = 0; at < end; at += 4) text += String.fromCodePoint(item.readUInt32LE(at));
    return new Uint8Array(Buffer.from(text.replace(/\0+$/, '')));
  });
}

/** One array as a tensor in row-major order, of the file's own type and shape. Throws BadNpy. */
export function readNpy(file: Uint8Array): Tensor {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const { descr, fortran, shape, dataAt } = readHeader(bytes);
  const [, order = '|', kind = '', size = ''] = /^([<>=|]?)([a-zA-Z])(\d*)/.exec(descr) ?? [];
  if (kind === 'O') throw new BadNpy('holds Python objects; save it with a type of its own, such as array.astype("S") for strings');
  const text = kind === 'S' || kind === 'U';
  const dtype = text ? 'DT_STRING' : dtypes[`${kind}${size}`];
  if (dtype === undefined) throw new BadNpy(`is of NumPy’s type ${descr}, which no tensor has`);
  const itemBytes = text ? Number(size) * (kind === 'U' ? 4 : 1) : dtypeSizeBytes(dtype);
  const count = elementCount(shape);
  if (!Number.isSafeInteger(count) || count * itemBytes > bytes.length - dataAt)
    throw new BadNpy(`ends too early for the shape [${shape.join(', ')}]`);
  // A copy: typed arrays must begin at a multiple of their element.
  let data: Buffer = Buffer.from(bytes.subarray(dataAt, dataAt + count * itemBytes));
  if (fortran) data = rowMajor(data, itemBytes, shape);
  if (order === '>') data = swapped(data, kind === 'U' ? 4 : kind === 'c' ? itemBytes / 2 : text ? 1 : itemBytes);
  if (text) return { dtype, shape, data: stringsOf(data, kind, itemBytes, count) };
  const numbers = newNumbers(dtype, count);
  if (numbers === null) throw new BadNpy(`is of NumPy’s type ${descr}, which no tensor has`);
  bytesOf(numbers).set(data);
  return { dtype, shape, data: numbers };
}
