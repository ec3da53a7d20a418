import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import {
  allocate,
  bigints,
  cells,
  checkedShape,
  indices,
  integer,
  integers,
  invalid,
  isHandle,
  numbers,
  reshaped,
  shapeText,
  sizeOf,
  stridesOf,
  tensorOf,
  type Value,
} from '../value.ts';
import { byParts } from './complex.ts';
import { broadcastShape, broadcastStrides, placesOf } from './broadcast.ts';

/** Ops that tell, change or permute shapes. */

/** A tensor of the elements at `places`. */
export function picked(x: Tensor, places: ArrayLike<number>, shape: readonly number[]): Tensor {
  const into = allocate(x.dtype, shape);
  const [from, to] = [cells(x.data), cells(into.data)];
  for (let i = 0; i < places.length; i += 1) to[i] = from[places[i]!];
  return into;
}

export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  const rank = x.shape.length;
  if (permutation.length !== rank)
    throw invalid(`transpose expects a vector of size ${rank}. But input(1) is a vector of size ${permutation.length}`);
  const axes = permutation.map((axis) => {
    if (axis < -rank || axis >= rank) throw invalid(`${axis} is out of range [0 .. ${rank})`);
    return axis < 0 ? axis + rank : axis;
  });
  if (new Set(axes).size !== rank)
    throw invalid(`${x.shape.findIndex((_, axis) => !axes.includes(axis))} is missing from {${permutation.join(',')}}.`);
  if (axes.every((axis, at) => axis === at)) return x;
  const strides = stridesOf(x.shape);
  const shape = axes.map((axis) => x.shape[axis]!);
  return picked(
    x,
    placesOf(
      shape,
      axes.map((axis) => strides[axis]!),
    ),
    shape,
  );
}

export function broadcastTo(x: Tensor, shape: readonly number[]): Tensor {
  if (x.shape.length > shape.length)
    throw invalid(`Rank of input (${x.shape.length}) must be no greater than rank of output shape (${shape.length}).`);
  const common = (() => {
    try {
      return broadcastShape(x.shape, shape);
    } catch {
      return [];
    }
  })();
  if (shapeText(common) !== shapeText(shape)) throw invalid(`Incompatible shapes: ${shapeText(x.shape)} vs. ${shapeText(shape)}`);
  return shapeText(x.shape) === shapeText(shape) ? x : picked(x, placesOf(shape, broadcastStrides(x.shape, shape)), shape);
}

const reshape: MakeKernel = () => (inputs) => {
  const [x, wanted] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
  if (wanted.shape.length > 1) throw invalid(`sizes input must be 1-D, not ${shapeText(wanted.shape)}`);
  const dims = integers(wanted);
  const size = sizeOf(x.shape);
  const open = dims.indexOf(-1);
  for (const [at, dim] of dims.entries()) {
    if (dim < -1) throw invalid(`Size ${at} must be non-negative, not ${dim}`);
    if (dim === -1 && at !== open) throw invalid(`Only one input size may be -1, not both ${open} and ${at}`);
  }
  if (open >= 0) {
    // Zeros do not count on either side: [0,3] as [0,-1] is [0,3].
    const rest = sizeOf(dims.filter((dim, at) => at !== open && dim !== 0));
    const whole = sizeOf(x.shape.filter((dim) => dim !== 0));
    if (size === 0 && dims.every((dim) => dim !== 0)) dims[open] = 0;
    else if (size > 0 && whole % rest !== 0)
      throw invalid(`Input to reshape is a tensor with ${size} values, but the requested shape requires a multiple of ${rest}`);
    if (dims[open] === -1) dims[open] = Math.floor(whole / rest);
  }
  if (sizeOf(dims) !== size) throw invalid(`Input to reshape is a tensor with ${size} values, but the requested shape has ${sizeOf(dims)}`);
  return reshaped(x, dims);
};

const squeeze: MakeKernel = ({ attributes }) => {
  const axes = attributes.has('squeeze_dims') ? attributes.ints('squeeze_dims') : attributes.ints('axis');
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    const rank = x.shape.length;
    for (const axis of axes)
      if (axis < -rank || axis >= rank) throw invalid(`Tried to squeeze dim index ${axis} for tensor with ${rank} dimensions.`);
    const gone = new Set(axes.map((axis) => (axis + rank) % rank));
    for (const axis of gone)
      if (x.shape[axis] !== 1) throw invalid(`Can not squeeze dim[${axis}], expected a dimension of 1, got ${x.shape[axis] ?? 0}`);
    return reshaped(
      x,
      x.shape.filter((dim, axis) => (gone.size === 0 ? dim !== 1 : !gone.has(axis))),
    );
  };
};

export function expandDims(x: Tensor, axis: number): Tensor {
  const rank = x.shape.length;
  if (axis < -1 - rank || axis > rank) throw invalid(`Tried to expand dim index ${axis} for tensor with ${rank} dimensions.`);
  const at = axis < 0 ? axis + rank + 1 : axis;
  return reshaped(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

const fill: MakeKernel = () => (inputs) => {
  const dims = tensorOf(inputs[0]);
  const value = tensorOf(inputs[1]);
  if (dims.shape.length > 1) throw invalid(`dims must represent a vector, got shape ${shapeText(dims.shape)}`);
  if (sizeOf(value.shape) !== 1) throw invalid(`value must represent a scalar, got shape ${shapeText(value.shape)}`);
  return filled(value, checkedShape(integers(dims)));
};

function filled(value: Tensor, shape: readonly number[]): Tensor {
  const into = allocate(value.dtype, shape);
  const [to, one] = [cells(into.data), cells(value.data)[0]];
  for (let i = 0; i < to.length; i += 1) to[i] = one;
  return into;
}

const range: MakeKernel = () => (inputs) => {
  const tensors = inputs.map(tensorOf);
  for (const [at, name] of ['start', 'limit', 'delta'].entries())
    if (sizeOf(tensors[at]!.shape) !== 1) throw invalid(`${name} must be a scalar, not shape ${shapeText(tensors[at]!.shape)}`);
  if (tensors[0]!.dtype === 'DT_INT64') return wideRange(...(tensors.map((one) => bigints(one)[0]!) as [bigint, bigint, bigint]));
  const [start, limit, delta] = tensors.map((one) => numbers(one)[0]!) as [number, number, number];
  if (delta === 0) throw invalid(`Requires delta != 0: 0`);
  if (delta > 0 && start > limit) throw invalid(`Requires start <= limit when delta > 0: ${start}/${limit}`);
  if (delta < 0 && start < limit) throw invalid(`Requires start >= limit when delta < 0: ${start}/${limit}`);
  const size = Math.max(0, Math.ceil((limit - start) / delta));
  const into = allocate(tensorOf(inputs[0]).dtype, [size]);
  const to = cells(into.data);
  const single = into.dtype === 'DT_FLOAT';
  // TensorFlow adds the step in the type itself.
  for (let i = 0, value = start; i < size; i += 1, value = single ? Math.fround(value + delta) : value + delta) to[i] = value;
  return into;
};

function wideRange(start: bigint, limit: bigint, delta: bigint): Tensor {
  if (delta === 0n) throw invalid(`Requires delta != 0: 0`);
  if (delta > 0n && start > limit) throw invalid(`Requires start <= limit when delta > 0: ${start}/${limit}`);
  if (delta < 0n && start < limit) throw invalid(`Requires start >= limit when delta < 0: ${start}/${limit}`);
  const step = delta < 0n ? -delta : delta;
  const distance = delta < 0n ? start - limit : limit - start;
  const into = allocate('DT_INT64', [Number((distance + step - 1n) / step)]);
  const to = bigints(into);
  for (let i = 0, value = start; i < to.length; i += 1, value += delta) to[i] = value;
  return into;
}

const shapeOf = (value: Value | undefined): readonly number[] => value?.shape ?? [];

const tile: MakeKernel = () => (inputs) => {
  const x = tensorOf(inputs[0]);
  const times = integers(tensorOf(inputs[1]));
  if (times.length !== x.shape.length)
    throw invalid(`Expected multiples argument to be a vector of length ${x.shape.length} but got length ${times.length}`);
  const shape = x.shape.map((dim, axis) => {
    if (times[axis]! < 0) throw invalid(`Expected multiples[${axis}] >= 0, but got ${times[axis]}`);
    return dim * times[axis]!;
  });
  // Each axis as two: how often, then the axis itself.
  const strides = stridesOf(x.shape);
  return picked(
    x,
    placesOf(
      x.shape.flatMap((dim, axis) => [times[axis]!, dim]),
      strides.flatMap((stride) => [0, stride]),
    ),
    shape,
  );
};

function reversed(x: Tensor, axes: readonly boolean[]): Tensor {
  const strides = stridesOf(x.shape);
  const start = x.shape.reduce((sum, dim, axis) => sum + (axes[axis] ? (dim - 1) * strides[axis]! : 0), 0);
  return picked(
    x,
    placesOf(
      x.shape,
      strides.map((stride, axis) => (axes[axis] ? -stride : stride)),
      start,
    ),
    x.shape,
  );
}

const like =
  (value: 0 | 1): MakeKernel =>
  () =>
  (inputs) => {
    const given = inputs[0]!;
    if (isHandle(given)) return given;
    const into = allocate(given.dtype, given.shape);
    if (value === 1) {
      const one =
        given.dtype === 'DT_INT64' || given.dtype === 'DT_UINT64'
          ? 1n
          : given.dtype === 'DT_HALF'
            ? 0x3c00
            : given.dtype === 'DT_BFLOAT16'
              ? 0x3f80
              : 1;
      const to = cells(into.data);
      const step = given.dtype === 'DT_COMPLEX64' || given.dtype === 'DT_COMPLEX128' ? 2 : 1;
      for (let i = 0; i < to.length; i += step) to[i] = one;
    }
    return into;
  };

const moving = byParts({
  Shape: ({ attributes }) => {
    const dtype = attributes.type('out_type');
    return (inputs) => indices(dtype, shapeOf(inputs[0]));
  },
  ShapeN: ({ attributes }) => {
    const dtype = attributes.type('out_type');
    return (inputs) => inputs.map((input) => indices(dtype, input.shape));
  },
  Size: ({ attributes }) => {
    const dtype = attributes.type('out_type');
    return (inputs) => indices(dtype, [sizeOf(shapeOf(inputs[0]))], []);
  },
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: () => (inputs) =>
    expandDims(
      tensorOf(inputs[0]),
      integer(tensorOf(inputs[1]), () => "'dim' must be a tensor with a single value"),
    ),
  Transpose: () => (inputs) => transpose(tensorOf(inputs[0]), integers(tensorOf(inputs[1]))),
  InvertPermutation: () => (inputs) => {
    const given = tensorOf(inputs[0]);
    if (given.shape.length !== 1) throw invalid('invert_permutation expects a 1D vector.');
    const permutation = integers(given);
    const inverse = permutation.map(() => -1);
    for (const [at, place] of permutation.entries()) {
      if (inverse[place] !== -1)
        throw invalid(
          place >= 0 && place < inverse.length ? `${place} is duplicated in the input.` : `${place} is not between 0 and ${inverse.length}`,
        );
      inverse[place] = at;
    }
    return indices(given.dtype, inverse);
  },
  Tile: tile,
  Fill: fill,
  Range: range,
  LinSpace: () => (inputs) => {
    const [start, stop] = [tensorOf(inputs[0]), tensorOf(inputs[1])].map((one) => Number((one.data as Float32Array)[0])) as [
      number,
      number,
    ];
    const count = integer(tensorOf(inputs[2]));
    if (count <= 0) throw invalid(`Requires num > 0: ${count}`);
    const into = allocate(tensorOf(inputs[0]).dtype, [count]);
    const to = into.data as Float32Array;
    for (let i = 0; i < count; i += 1) to[i] = i === count - 1 && count > 1 ? stop : start + ((stop - start) / Math.max(1, count - 1)) * i;
    return into;
  },
  BroadcastTo: () => (inputs) => broadcastTo(tensorOf(inputs[0]), checkedShape(integers(tensorOf(inputs[1])))),
  BroadcastArgs: () => (inputs) => {
    const [a, b] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    return indices(a.dtype, broadcastShape(integers(a), integers(b)));
  },
  ReverseV2: () => (inputs) => {
    const x = tensorOf(inputs[0]);
    const axes = x.shape.map(() => false);
    for (const axis of integers(tensorOf(inputs[1]))) {
      if (axis < -axes.length || axis >= axes.length) throw invalid(`'axis'[0] = ${axis} is out of valid range [0, ${axes.length - 1}`);
      const at = axis < 0 ? axis + axes.length : axis;
      if (axes[at]) throw invalid(`axis ${at} specified more than once.`);
      axes[at] = true;
    }
    return reversed(x, axes);
  },
  ReverseSequence: ({ attributes }) => {
    const [sequenceAxis, batchAxis] = [attributes.int('seq_dim'), attributes.int('batch_dim')];
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const lengths = integers(tensorOf(inputs[1]));
      const rank = x.shape.length;
      if (sequenceAxis >= rank) throw invalid(`seq_dim must be < input rank ( ${sequenceAxis} vs. ${rank})`);
      if (batchAxis >= rank) throw invalid(`batch_dim must be < input rank ( ${batchAxis} vs. ${rank})`);
      if (lengths.length !== x.shape[batchAxis])
        throw invalid(`Length of seq_lengths != input.dims(${batchAxis}), (${lengths.length} vs. ${x.shape[batchAxis]})`);
      for (const [at, length] of lengths.entries())
        if (length > x.shape[sequenceAxis]!) throw invalid(`seq_lens(${at}) > input.dims(${sequenceAxis})`);
      const strides = stridesOf(x.shape);
      const places = placesOf(x.shape, strides);
      return picked(
        x,
        places.map((place) => {
          const [at, row] = [
            Math.floor(place / strides[sequenceAxis]!) % x.shape[sequenceAxis]!,
            Math.floor(place / strides[batchAxis]!) % x.shape[batchAxis]!,
          ];
          const length = lengths[row]!;
          return at < length ? place + (length - 1 - 2 * at) * strides[sequenceAxis]! : place;
        }),
        x.shape,
      );
    };
  },
  ZerosLike: like(0),
});

export const shapeOps: OpFamily = { ...moving, OnesLike: like(1) };
