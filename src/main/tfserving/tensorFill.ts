import type { Dtype } from '../../shared/tensor/dtype.ts';
import type { Tensor, TensorData } from '../../shared/tensor/tensor.ts';

/** Element types that TensorFlow Serving reads from JSON, and what holds them. */
const arrays = {
  DT_FLOAT: Float32Array,
  DT_DOUBLE: Float64Array,
  DT_INT32: Int32Array,
  DT_INT16: Int16Array,
  DT_INT8: Int8Array,
  DT_UINT8: Uint8Array,
  DT_UINT32: Uint32Array,
  DT_INT64: BigInt64Array,
  DT_UINT64: BigUint64Array,
  DT_BOOL: Uint8Array,
} as const satisfies Partial<Record<Dtype, unknown>>;

export type NumericJsonDtype = keyof typeof arrays;
export type NumericArray = InstanceType<(typeof arrays)[NumericJsonDtype]>;

export const isNumericJson = (dtype: Dtype): dtype is NumericJsonDtype => Object.hasOwn(arrays, dtype);

/** Elements of one input in the order they come, in an array that grows as what was read so far makes likely. */
export class TensorFill {
  readonly dtype: Dtype;
  /** Where the next element goes; written by the readers themselves, since a call an element costs more than the element. */
  length = 0;
  values: NumericArray;
  readonly strings: Uint8Array[] = [];
  readonly #isString: boolean;

  /** `expected` elements have room at first. */
  constructor(dtype: Dtype, expected: number) {
    this.dtype = dtype;
    this.#isString = dtype === 'DT_STRING';
    this.values = new arrays[isNumericJson(dtype) ? dtype : 'DT_UINT8'](this.#isString ? 0 : Math.max(expected, 4));
  }

  /** Makes room for `expected` elements in all. */
  grow(expected: number): void {
    const grown = new (this.values.constructor as new (length: number) => NumericArray)(Math.max(expected, this.length + 16));
    grown.set(this.values.subarray(0, this.length) as never);
    this.values = grown;
  }

  /** The tensor; its array may be a view of a somewhat longer one. */
  tensor(shape: readonly number[]): Tensor {
    const data: TensorData = this.#isString ? this.strings : this.values.subarray(0, this.length);
    return { dtype: this.dtype, shape, data };
  }
}
