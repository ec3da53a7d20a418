import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, handleOf, indices, integer, integers, invalid, isHandle, shapeText, sizeOf, tensorOf, type Value } from '../value.ts';
import { concat, slice, stack } from './parts.ts';

/** TensorArrays of the older loops: a resource that is written in place, ordered by a flow value that goes from op to op. */
class TensorArray {
  readonly dtype: Dtype;
  readonly grows: boolean;
  readonly items: (Tensor | undefined)[];
  /** The shape of what was not written, where it is known: it is all zeros. */
  element: readonly number[] | undefined;
  /** Whether the first that is written tells it. */
  readonly isAlike: boolean;
  constructor(dtype: Dtype, size: number, { grows, element, isAlike }: Pick<TensorArray, 'grows' | 'element' | 'isAlike'>) {
    this.dtype = dtype;
    this.grows = grows;
    this.element = element;
    this.isAlike = isAlike;
    this.items = Array.from<undefined>({ length: size });
  }
}

const maxItems = 1 << 24;
const flow: Tensor = { dtype: 'DT_FLOAT', shape: [], data: new Float32Array(1) };

function arrayOf(value: Value | undefined): TensorArray {
  const item = value !== undefined && isHandle(value) ? value.items[0] : undefined;
  if (!(item instanceof TensorArray)) throw invalid('Trying to access a resource that is no TensorArray');
  return item;
}

function write(array: TensorArray, index: number, value: Tensor): void {
  if (index < 0 || index > maxItems || (index >= array.items.length && !array.grows))
    throw invalid(`TensorArray: Tried to write to index ${index} but array is not resizeable and size is: ${array.items.length}`);
  if (value.dtype !== array.dtype) throw invalid(`TensorArray dtype is ${array.dtype} but Op is trying to write dtype ${value.dtype}.`);
  array.items[index] = value;
  if (array.isAlike) array.element ??= value.shape;
}

function read(array: TensorArray, index: number): Tensor {
  if (index < 0 || index >= array.items.length)
    throw invalid(`TensorArray: Tried to read from index ${index} but array size is: ${array.items.length}`);
  const item = array.items[index];
  if (item !== undefined) return item;
  if (array.element === undefined)
    throw invalid(
      `TensorArray: Could not read from TensorArray index ${index}.  Furthermore, the element shape is not fully defined: <unknown>.`,
    );
  return allocate(array.dtype, array.element);
}

const make: MakeKernel = ({ attributes }) => {
  const [dtype, grows] = [attributes.type('dtype'), attributes.bool('dynamic_size')];
  const [shape, isAlike] = [attributes.shape('element_shape'), attributes.bool('identical_element_shapes')];
  const element = shape === null || shape.some((dim) => dim < 0) ? undefined : shape;
  return (inputs) => {
    const size = integer(tensorOf(inputs[0]));
    if (size < 0) throw invalid('Size should be >= 0.');
    if (size > maxItems) throw invalid(`Size should be at most ${maxItems}, but got ${size}`);
    return [handleOf(new TensorArray(dtype, size, { grows, element, isAlike })), flow];
  };
};

const all = (array: TensorArray): readonly Tensor[] => array.items.map((_, index) => read(array, index));

export const tensorArrayOps: OpFamily = {
  TensorArrayV3: make,
  TensorArrayWriteV3: () => (inputs) => {
    write(arrayOf(inputs[0]), integer(tensorOf(inputs[1])), tensorOf(inputs[2]));
    return flow;
  },
  TensorArrayReadV3: () => (inputs) => read(arrayOf(inputs[0]), integer(tensorOf(inputs[1]))),
  TensorArraySizeV3: () => (inputs) => indices('DT_INT32', [arrayOf(inputs[0]).items.length], []),
  TensorArrayCloseV3: () => () => [],
  TensorArrayGatherV3: ({ attributes }) => {
    const shape = attributes.shape('element_shape');
    return (inputs) => {
      const array = arrayOf(inputs[0]);
      const places = integers(tensorOf(inputs[1]));
      const beyond = places.find((place) => place < 0 || place >= array.items.length);
      if (beyond !== undefined) throw invalid(`Tried to read from index ${beyond} but array size is: ${array.items.length}`);
      return places.length === 0
        ? allocate(array.dtype, [0, ...(shape ?? []).map((dim) => Math.max(0, dim))])
        : stack(
            places.map((place) => read(array, place)),
            0,
          );
    };
  },
  TensorArrayScatterV3: () => (inputs) => {
    const [array, value] = [arrayOf(inputs[0]), tensorOf(inputs[2])];
    for (const [row, place] of integers(tensorOf(inputs[1])).entries()) {
      const part = slice(
        value,
        value.shape.map((_, axis) => (axis === 0 ? row : 0)),
        [1, ...value.shape.slice(1)],
      );
      write(array, place, { ...part, shape: value.shape.slice(1) });
    }
    return flow;
  },
  TensorArrayConcatV3: () => (inputs) => {
    const array = arrayOf(inputs[0]);
    const parts = all(array);
    const lengths = indices(
      'DT_INT64',
      parts.map((part) => part.shape[0] ?? 0),
    );
    return [parts.length === 0 ? allocate(array.dtype, [0]) : concat(parts, 0), lengths];
  },
  TensorArraySplitV3: () => (inputs) => {
    const [array, value] = [arrayOf(inputs[0]), tensorOf(inputs[1])];
    let at = 0;
    const lengths = integers(tensorOf(inputs[2]));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (total !== (value.shape[0] ?? sizeOf(value.shape)))
      throw invalid(
        `Expected sum of lengths to be equal to values.shape[0], but sum of lengths is ${total} and value's shape is: ${shapeText(value.shape)}`,
      );
    if (lengths.length !== array.items.length && !array.grows)
      throw invalid(
        `TensorArray's size is not equal to the size of lengths (${array.items.length} vs. ${lengths.length}), and the TensorArray is not marked as dynamically resizeable`,
      );
    for (const [index, length] of lengths.entries()) {
      write(
        array,
        index,
        slice(
          value,
          value.shape.map((_, axis) => (axis === 0 ? at : 0)),
          [length, ...value.shape.slice(1)],
        ),
      );
      at += length;
    }
    return flow;
  },
};
