import type { Dtype } from '../../shared/tensor/dtype.ts';
import { smallFloat } from '../../shared/tensor/smallFloat.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { numbers } from './value.ts';

type Float16 = keyof typeof smallFloat;

export const isFloat16 = (dtype: Dtype): dtype is Float16 => dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16';

const tables = new Map<Float16, Float32Array>();

/** All 65 536 values of a type by their bits. */
function tableOf(dtype: Float16): Float32Array {
  const table = tables.get(dtype) ?? Float32Array.from({ length: 65_536 }, (_, bits) => smallFloat[dtype].value(bits));
  tables.set(dtype, table);
  return table;
}

/** The values behind the bits of float16 and bfloat16. */
export function decodeFloat16(dtype: Float16, bits: Uint16Array): Float32Array {
  const table = tableOf(dtype);
  return Float32Array.from(bits, (one) => table[one]!);
}

/** Rounded to nearest, ties to even; values beyond the range become infinite. */
export function encodeFloat16(dtype: Float16, values: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(values, smallFloat[dtype].bits);
}

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
