import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { OpFamily } from '../kernel.ts';
import {
  allocate,
  checkedShape,
  handleOf,
  int32,
  integer,
  integers,
  invalid,
  isHandle,
  reshaped,
  sizeOf,
  tensorOf,
  type Value,
} from '../value.ts';
import { concat, slice, stack } from './parts.ts';

/** Tensor lists: what TensorArrays, map_fn and recurrent layers keep their rows in. A list is never changed; setting makes a new one. */

class TensorList {
  readonly dtype: Dtype;
  /** The rows' shape where it is known; -1 for an unknown dimension. */
  readonly shape: readonly number[] | null;
  readonly items: readonly (Value | undefined)[];
  constructor(dtype: Dtype, shape: readonly number[] | null, items: readonly (Value | undefined)[]) {
    this.dtype = dtype;
    this.shape = shape;
    this.items = items;
  }
}

const variant = (list: TensorList): Value => handleOf(list, 'DT_VARIANT');

function listOf(value: Value | undefined): TensorList {
  const item = value !== undefined && isHandle(value) ? value.items[0] : undefined;
  if (!(item instanceof TensorList)) throw invalid('Input handle is not a list.');
  return item;
}

/** A shape input: a scalar -1 says that even the rank is unknown. */
function shapeInput(value: Value | undefined): readonly number[] | null {
  const tensor = tensorOf(value);
  return tensor.shape.length === 0 ? null : integers(tensor);
}

const maxItems = 1 << 24;

/** The shape for rows that were never set: the list's own, else that of any row that was. */
function rowShape(list: TensorList, given: readonly number[] | null): readonly number[] {
  const known = [given, list.shape, list.items.find((item) => item !== undefined)?.shape ?? null].filter((one) => one !== null);
  const rank = known[0]?.length;
  if (rank === undefined) throw invalid('Trying to stack a list with only uninitialized tensors and without a known element shape.');
  return Array.from({ length: rank }, (_, axis) => {
    const dim = known.map((one) => one[axis] ?? -1).find((one) => one >= 0);
    if (dim === undefined) throw invalid('Tried to stack elements of an empty list with non-fully-defined element_shape');
    return dim;
  });
}

function rowOf(list: TensorList, index: number, given: readonly number[] | null, verb = 'access'): Value {
  if (index < 0 || index >= list.items.length)
    throw invalid(`Trying to ${verb} element ${index} in a list with ${list.items.length} elements.`);
  return list.items[index] ?? allocate(list.dtype, rowShape(list, given));
}

const rows = (x: Tensor): readonly Tensor[] => {
  const inner = x.shape.slice(1);
  return Array.from({ length: x.shape[0] ?? 0 }, (_, index) => {
    const size = sizeOf(inner);
    const data = Array.isArray(x.data)
      ? x.data.slice(index * size, (index + 1) * size)
      : (x.data as Float32Array).subarray(index * size, (index + 1) * size);
    return { dtype: x.dtype, shape: inner, data };
  });
};

function stacked(list: TensorList, given: readonly number[] | null): Value {
  if (list.items.length === 0) return allocate(list.dtype, [0, ...rowShape(list, given)]);
  if (list.dtype === 'DT_VARIANT') {
    const items = list.items.flatMap((item) => (item !== undefined && isHandle(item) ? item.items : []));
    return { dtype: 'DT_VARIANT', shape: [list.items.length], items };
  }
  return stack(
    list.items.map((_, index) => tensorOf(rowOf(list, index, given))),
    0,
  );
}

export const listOps: OpFamily = {
  TensorListReserve: ({ attributes }) => {
    const dtype = attributes.type('element_dtype');
    return (inputs) => {
      const count = integer(tensorOf(inputs[1]));
      if (count < 0) throw invalid('The num_elements to reserve must be a non negative number, but got ' + String(count));
      if (count > maxItems) throw invalid(`A list of ${count} elements is more than this engine keeps`);
      return variant(new TensorList(dtype, shapeInput(inputs[0]), Array.from<undefined>({ length: count })));
    };
  },
  EmptyTensorList: ({ attributes }) => {
    const dtype = attributes.type('element_dtype');
    return (inputs) => variant(new TensorList(dtype, shapeInput(inputs[0]), []));
  },
  TensorListFromTensor: ({ attributes }) => {
    const dtype = attributes.type('element_dtype');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      if (x.shape.length === 0) throw invalid('Tensor must be at least a vector, but saw shape: []');
      return variant(new TensorList(dtype, shapeInput(inputs[1]), rows(x)));
    };
  },
  TensorListGetItem: () => (inputs) => rowOf(listOf(inputs[0]), integer(tensorOf(inputs[1])), shapeInput(inputs[2])),
  TensorListSetItem: ({ attributes }) => {
    const resize = attributes.bool('resize_if_index_out_of_bounds');
    return (inputs) => {
      const list = listOf(inputs[0]);
      const index = integer(tensorOf(inputs[1]));
      if (index < 0 || (index >= list.items.length && !resize) || index > maxItems)
        throw invalid(`Trying to modify element ${index} in a list with ${list.items.length} elements.`);
      const items = [...list.items];
      while (items.length <= index) items.push(undefined);
      items[index] = inputs[2]!;
      return variant(new TensorList(list.dtype, list.shape, items));
    };
  },
  TensorListPushBack: () => (inputs) => {
    const list = listOf(inputs[0]);
    return variant(new TensorList(list.dtype, list.shape, [...list.items, inputs[1]!]));
  },
  TensorListPopBack: () => (inputs) => {
    const list = listOf(inputs[0]);
    if (list.items.length === 0) throw invalid('Trying to pop from an empty list.');
    const last = rowOf(list, list.items.length - 1, shapeInput(inputs[1]));
    return [variant(new TensorList(list.dtype, list.shape, list.items.slice(0, -1))), last];
  },
  TensorListResize: () => (inputs) => {
    const list = listOf(inputs[0]);
    const size = integer(tensorOf(inputs[1]));
    if (size < 0 || size > maxItems) throw invalid(`TensorListResize expects size to be non-negative. Got: ${size}`);
    return variant(
      new TensorList(
        list.dtype,
        list.shape,
        Array.from({ length: size }, (_, index) => list.items[index]),
      ),
    );
  },
  TensorListLength: () => (inputs) => int32([listOf(inputs[0]).items.length], []),
  TensorListElementShape: () => (inputs) => {
    const { shape } = listOf(inputs[0]);
    return shape === null ? int32([-1], []) : int32(shape);
  },
  TensorListStack: ({ attributes }) => {
    const count = attributes.int('num_elements');
    return (inputs) => {
      const list = listOf(inputs[0]);
      if (count >= 0 && list.items.length !== count)
        throw invalid(`Operation expected a list with ${count} elements but got a list with ${list.items.length} elements.`);
      return stacked(list, shapeInput(inputs[1]));
    };
  },
  TensorListGather: () => (inputs) => {
    const list = listOf(inputs[0]);
    const shape = shapeInput(inputs[2]);
    const places = integers(tensorOf(inputs[1]));
    if (places.length === 0) return allocate(list.dtype, [0, ...rowShape(list, shape)]);
    return stack(
      places.map((index) => tensorOf(rowOf(list, index, shape, 'gather'))),
      0,
    );
  },
  TensorListScatterV2: ({ attributes }) => {
    const dtype = attributes.type('element_dtype');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const places = integers(tensorOf(inputs[1]));
      const count = integer(tensorOf(inputs[3]));
      const items: (Value | undefined)[] = Array.from<undefined>({ length: Math.max(count, ...places.map((place) => place + 1), 0) });
      for (const [row, value] of rows(x).entries()) items[places[row]!] = value;
      return variant(new TensorList(dtype, shapeInput(inputs[2]), items));
    };
  },
  TensorListConcatV2: () => (inputs) => {
    const list = listOf(inputs[0]);
    const parts = list.items.map((_, index) => tensorOf(rowOf(list, index, null)));
    const lengths = BigInt64Array.from(parts, (part) => BigInt(part.shape[0] ?? 0));
    const whole =
      parts.length === 0 ? allocate(list.dtype, checkedShape([0, ...(shapeInput(inputs[1]) ?? []).slice(1)])) : concat(parts, 0);
    return [whole, { dtype: 'DT_INT64', shape: [parts.length], data: lengths }];
  },
  TensorListSplit: ({ attributes }) => {
    const dtype = attributes.type('element_dtype');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      let at = 0;
      const parts = integers(tensorOf(inputs[2])).map((length) => {
        if (at + length > x.shape[0]!) throw invalid(`Attempting to slice [${at}, ${at + length}] from tensor with length ${x.shape[0]}`);
        const part = slice(
          x,
          x.shape.map((_, axis) => (axis === 0 ? at : 0)),
          [length, ...x.shape.slice(1)],
        );
        at += length;
        return reshaped(part, part.shape);
      });
      return variant(new TensorList(dtype, shapeInput(inputs[1]), parts));
    };
  },
};
