import type { Dtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { bytesOf, isStrings } from '../../shared/tensor/tensorData.ts';

/** NumPy's name of each type; bfloat16 as ml_dtypes writes it, two bytes without a meaning. */
const descr: Partial<Readonly<Record<Dtype, string>>> = {
  DT_HALF: '<f2',
  DT_FLOAT: '<f4',
  DT_DOUBLE: '<f8',
  DT_INT8: '|i1',
  DT_INT16: '<i2',
  DT_INT32: '<i4',
  DT_INT64: '<i8',
  DT_UINT8: '|u1',
  DT_UINT16: '<u2',
  DT_UINT32: '<u4',
  DT_UINT64: '<u8',
  DT_BOOL: '|b1',
  DT_COMPLEX64: '<c8',
  DT_COMPLEX128: '<c16',
  DT_BFLOAT16: '<V2',
};

/** An .npy file of format 1.0; strings as bytes of one length, padded with zeros. Null for a type that NumPy has not. Source: numpy.lib.format. */
export function writeNpy({ dtype, shape, data }: Tensor): Buffer | null {
  const width = isStrings(data) ? Math.max(1, ...data.map(({ length }) => length)) : 0;
  const type = isStrings(data) ? `|S${width}` : descr[dtype];
  if (type === undefined) return null;
  const dims = shape.length === 1 ? `${shape[0] ?? 0},` : shape.join(', ');
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': (${dims}), }`;
  // Magic, version, length and text together end at a multiple of 64.
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(length, 8);
  const text = Buffer.from(`${dictionary.padEnd(length - 1)}\n`, 'latin1');
  if (!isStrings(data)) return Buffer.concat([head, text, bytesOf(data)]);
  const items = Buffer.alloc(data.length * width);
  for (const [index, value] of data.entries()) items.set(value, index * width);
  return Buffer.concat([head, text, items]);
}
