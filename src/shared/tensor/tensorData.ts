import type { Dtype } from './dtype.ts';
import { smallFloat } from './smallFloat.ts';
import type { TensorData } from './tensor.ts';

/** The elements of every type but strings. */
export type NumberData = Exclude<TensorData, readonly Uint8Array[]>;

/** Whether the elements are byte strings. */
export function isStrings(data: TensorData): data is readonly Uint8Array[] {
  return Array.isArray(data);
}

/** Elements of a known shape; 1 for a scalar's. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Zeros of a type; null where elements are not numbers (string, resource, variant). A complex element takes two. */
export function newNumbers(dtype: Dtype, count: number): NumberData | null {
  switch (dtype) {
    case 'DT_FLOAT':
      return new Float32Array(count);
    case 'DT_DOUBLE':
      return new Float64Array(count);
    case 'DT_COMPLEX64':
      return new Float32Array(count * 2);
    case 'DT_COMPLEX128':
      return new Float64Array(count * 2);
    case 'DT_INT8':
    case 'DT_QINT8':
    case 'DT_INT4':
      return new Int8Array(count);
    case 'DT_INT16':
    case 'DT_QINT16':
      return new Int16Array(count);
    case 'DT_INT32':
    case 'DT_QINT32':
      return new Int32Array(count);
    case 'DT_INT64':
      return new BigInt64Array(count);
    case 'DT_UINT64':
      return new BigUint64Array(count);
    case 'DT_UINT32':
      return new Uint32Array(count);
    case 'DT_UINT16':
    case 'DT_QUINT16':
    case 'DT_HALF':
    case 'DT_BFLOAT16':
      return new Uint16Array(count);
    case 'DT_BOOL':
    case 'DT_UINT8':
    case 'DT_QUINT8':
    case 'DT_UINT4':
    case 'DT_FLOAT8_E5M2':
    case 'DT_FLOAT8_E4M3FN':
      return new Uint8Array(count);
    default:
      return null;
  }
}

/** The same memory as bytes; little-endian, as every machine is that Slipway runs on. */
export function bytesOf(data: NumberData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Puts a number that was written as text; whole numbers of 64 bits stay exact, a half is rounded to the nearest. */
export function putText(data: NumberData, index: number, dtype: Dtype, text: string): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(text);
  else if (dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128') data[index * 2] = numberOf(text);
  else if (dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16') data[index] = smallFloat[dtype].bits(numberOf(text));
  else data[index] = numberOf(text);
}

const numberOf = (text: string): number => (text.endsWith('Inf') ? Number(`${text}inity`) : Number(text));
