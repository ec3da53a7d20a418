import { dtypeLabel, dtypeSizeBytes, type Dtype } from '../../shared/tensor/dtype.ts';
import type { Tensor, TensorData } from '../../shared/tensor/tensor.ts';
import { StatusError } from '../tfserving/status.ts';

/** A variable in memory. `value` is undefined until it is initialised. */
export class Variable {
  readonly name: string;
  readonly dtype: Dtype;
  value: Tensor | undefined;
  constructor(name: string, dtype: Dtype) {
    this.name = name;
    this.dtype = dtype;
  }
}

/** Handles to what is no array: variables and tables (`DT_RESOURCE`), tensor lists (`DT_VARIANT`). Scalars but for lists of lists. */
export interface Handle {
  readonly dtype: 'DT_RESOURCE' | 'DT_VARIANT';
  readonly shape: readonly number[];
  readonly items: readonly object[];
}

/** What an edge of a graph carries. */
export type Value = Tensor | Handle;

/** Typed arrays as kernels see them: numbers, or bigints for 64-bit integers. */
export interface Cells<T> {
  readonly length: number;
  [index: number]: T;
}

export const isHandle = (value: Value): value is Handle => 'items' in value;

export function handleOf(item: object, dtype: Handle['dtype'] = 'DT_RESOURCE'): Handle {
  return { dtype, shape: [], items: [item] };
}

/** The values of a tensor; a handle has none. */
export function tensorOf(value: Value | undefined): Tensor {
  if (value === undefined) throw new StatusError('INTERNAL', 'An input is missing');
  if (isHandle(value)) throw invalid(`Expected a tensor, got a ${dtypeLabel(value.dtype)}`);
  return value;
}

export const invalid = (message: string): StatusError => new StatusError('INVALID_ARGUMENT', message);

/** A shape as TensorFlow writes it in its messages: `[2,3]`. */
export const shapeText = (shape: readonly number[]): string => `[${shape.join(',')}]`;

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** One tensor may take as much as this; a graph that asks for more is refused before memory is. */
const maxTensorBytes = 2 ** 32;

const short = { DT_FLOAT: 'float', DT_DOUBLE: 'double', DT_HALF: 'half' } as Readonly<Partial<Record<Dtype, string>>>;

/** A type's name as TensorFlow's messages have it: `float`, not `float32`. */
export const typeText = (dtype: Dtype): string => short[dtype] ?? dtypeLabel(dtype);

export const isWide = (dtype: Dtype): boolean => dtype === 'DT_INT64' || dtype === 'DT_UINT64';
export const isFloating = (dtype: Dtype): boolean =>
  dtype === 'DT_FLOAT' || dtype === 'DT_DOUBLE' || dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16';
export const isComplex = (dtype: Dtype): boolean => dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128';

const noBytes = new Uint8Array();

/** Zeros (empty strings) of `size` elements; complex numbers take two cells. */
export function allocateData(dtype: Dtype, size: number): TensorData {
  if (!(size >= 0)) throw invalid('Shape must be fully defined and not negative');
  const bytes = size * (dtype === 'DT_STRING' ? 16 : dtypeSizeBytes(dtype));
  if (bytes > maxTensorBytes)
    throw new StatusError('RESOURCE_EXHAUSTED', `OOM when allocating tensor with ${size} elements and type ${typeText(dtype)} on CPU`);
  switch (dtype) {
    case 'DT_FLOAT':
      return new Float32Array(size);
    case 'DT_DOUBLE':
      return new Float64Array(size);
    case 'DT_COMPLEX64':
      return new Float32Array(size * 2);
    case 'DT_COMPLEX128':
      return new Float64Array(size * 2);
    case 'DT_INT8':
    case 'DT_QINT8':
      return new Int8Array(size);
    case 'DT_UINT8':
    case 'DT_QUINT8':
    case 'DT_BOOL':
      return new Uint8Array(size);
    case 'DT_INT16':
    case 'DT_QINT16':
      return new Int16Array(size);
    case 'DT_UINT16':
    case 'DT_QUINT16':
    case 'DT_HALF':
    case 'DT_BFLOAT16':
      return new Uint16Array(size);
    case 'DT_INT32':
    case 'DT_QINT32':
      return new Int32Array(size);
    case 'DT_UINT32':
      return new Uint32Array(size);
    case 'DT_INT64':
      return new BigInt64Array(size);
    case 'DT_UINT64':
      return new BigUint64Array(size);
    case 'DT_STRING':
      return Array.from({ length: size }, () => noBytes);
    default:
      throw new StatusError('UNIMPLEMENTED', `Tensors of type ${dtypeLabel(dtype)} are not supported`);
  }
}

/** A tensor of zeros. Refuses what no memory holds. */
export function allocate(dtype: Dtype, shape: readonly number[]): Tensor {
  return { dtype, shape, data: allocateData(dtype, sizeOf(shape)) };
}

/** The same values under another shape of as many elements. */
export const reshaped = (tensor: Tensor, shape: readonly number[]): Tensor => ({ dtype: tensor.dtype, shape, data: tensor.data });

/** The cells of a tensor of numbers that are not 64-bit integers; the same buffer. */
export const numbers = (tensor: Tensor): Cells<number> => tensor.data as unknown as Cells<number>;
/** The cells of a 64-bit integer tensor. */
export const bigints = (tensor: Tensor): Cells<bigint> => tensor.data as unknown as Cells<bigint>;
export function strings(tensor: Tensor): Uint8Array[] {
  if (tensor.dtype !== 'DT_STRING') throw invalid(`Expected a string tensor, got ${typeText(tensor.dtype)}`);
  return tensor.data as Uint8Array[];
}
/** Any cells, where they are only moved. */
export const cells = (data: TensorData): Cells<unknown> => data;

/** Integers of an index or shape tensor as doubles; refuses other types. */
export function integers(tensor: Tensor): number[] {
  const { data, dtype } = tensor;
  if (dtype === 'DT_INT64' || dtype === 'DT_UINT64') return Array.from(data as BigInt64Array, Number);
  if (dtype === 'DT_INT32' || /^DT_U?INT/.test(dtype)) return [...(data as Int32Array)];
  throw invalid(`Expected integers, got ${typeText(dtype)}`);
}

/** The one integer of a scalar; `refusal` has the op's words for another shape. */
export function scalarInteger(tensor: Tensor, refusal: (shape: string) => string): number {
  if (tensor.shape.length > 0) throw invalid(refusal(shapeText(tensor.shape)));
  return integers(tensor)[0]!;
}

/** The one integer of a scalar or of a vector of one. */
export function integer(tensor: Tensor, refusal = (shape: string): string => `Expected a scalar, got shape ${shape}`): number {
  const [value, ...more] = integers(tensor);
  if (value === undefined || more.length > 0) throw invalid(refusal(shapeText(tensor.shape)));
  return value;
}

/** Refuses dimensions that a shape cannot have. */
export function checkedShape(dims: readonly number[]): readonly number[] {
  for (const dim of dims) if (!(dim >= 0)) throw invalid(`Dimension ${dim} must be >= 0`);
  if (sizeOf(dims) > Number.MAX_SAFE_INTEGER)
    throw invalid(`Shape ${shapeText(dims)} results in overflow when computing number of elements`);
  return dims;
}

/** Strides of a row-major shape, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = [...shape];
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

export const int32 = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor => ({
  dtype: 'DT_INT32',
  shape,
  data: Int32Array.from(values),
});

/** Integers of an index type. */
export function indices(dtype: Dtype, values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return dtype === 'DT_INT64' ? { dtype, shape, data: BigInt64Array.from(values, BigInt) } : int32(values, shape);
}
