import type { Dtype } from './dtype.ts';

/**
 * The elements of a tensor in row-major order. `DT_HALF` and `DT_BFLOAT16` are their bits in a Uint16Array, `DT_BOOL` is 0 or 1 in a
 * Uint8Array, complex numbers are pairs of real and imaginary part, strings are their bytes.
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | readonly Uint8Array[];

/** A value with its type and shape; `data` holds as many elements as the shape says. A scalar has the shape `[]`. */
export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}
