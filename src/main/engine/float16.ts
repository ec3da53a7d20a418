import type { Dtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { numbers } from './value.ts';

const word = new DataView(new ArrayBuffer(4));

function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const magnitude =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** `value / 2` rounded to the nearest integer, ties to even. */
function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

function numberToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  const exact = magnitude >= 2 ** (exponent + 1) ? exponent + 1 : magnitude < 2 ** exponent ? exponent - 1 : exponent;
  return sign | (((exact + 15) << 10) + roundEven((magnitude / 2 ** exact - 1) * 1024));
}

function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits * 65536);
  return word.getFloat32(0);
}

function numberToBfloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  return Math.floor((bits + 0x7fff + ((bits >>> 16) & 1)) / 65536) & 0xffff;
}

const halves = (() => {
  let table: Float32Array | undefined;
  return (): Float32Array => (table ??= Float32Array.from({ length: 65536 }, (_, bits) => halfToNumber(bits)));
})();

/** The values behind the bits of float16 and bfloat16. */
export function decodeFloat16(dtype: Dtype, bits: Uint16Array): Float32Array {
  if (dtype === 'DT_BFLOAT16') return Float32Array.from(bits, bfloatToNumber);
  const table = halves();
  return Float32Array.from(bits, (one) => table[one]!);
}

/** Rounded to nearest, ties to even; values beyond the range become infinite. */
export function encodeFloat16(dtype: Dtype, values: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(values, dtype === 'DT_BFLOAT16' ? numberToBfloat : numberToHalf);
}

export const isFloat16 = (dtype: Dtype): boolean => dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16';

/** A tensor's numbers, half precision decoded; otherwise the tensor's own buffer. */
export function floatsOf(tensor: Tensor): ArrayLike<number> {
  return isFloat16(tensor.dtype) ? decodeFloat16(tensor.dtype, tensor.data as Uint16Array) : numbers(tensor);
}

/** float16 and bfloat16 as float32; any other tensor as it is. */
export function widened(tensor: Tensor): Tensor {
  return isFloat16(tensor.dtype)
    ? { dtype: 'DT_FLOAT', shape: tensor.shape, data: decodeFloat16(tensor.dtype, tensor.data as Uint16Array) }
    : tensor;
}

/** A float32 tensor as `dtype`, where that is a half precision type. */
export function narrowed(tensor: Tensor, dtype: Dtype): Tensor {
  return isFloat16(dtype) && tensor.dtype === 'DT_FLOAT'
    ? { dtype, shape: tensor.shape, data: encodeFloat16(dtype, tensor.data as Float32Array) }
    : tensor;
}
