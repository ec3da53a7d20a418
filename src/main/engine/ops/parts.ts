import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel } from '../kernel.ts';
import { allocate, cells, indices, integer, integers, invalid, reshaped, shapeText, sizeOf, stridesOf, tensorOf } from '../value.ts';
import { byParts } from './complex.ts';
import { expandDims } from './shape.ts';
import { placesOf } from './broadcast.ts';
/** Ops that join tensors along an axis, and take them apart. */

export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0]!;
  if (first.shape.length === 0) throw invalid("ConcatOp : Can't concatenate scalars (use tf.stack instead)");
  const at = axis < 0 ? axis + first.shape.length : axis;
  if (at < 0 || at >= Math.max(1, first.shape.length))
    throw invalid(
      `ConcatOp : Expected concatenating dimensions in the range [${-first.shape.length}, ${first.shape.length}), but got ${axis}`,
    );
  for (const [index, one] of tensors.entries()) {
    if (one.shape.length !== first.shape.length)
      throw invalid(
        `ConcatOp : Ranks of all input tensors should match: shape[0] = ${shapeText(first.shape)} vs. shape[${index}] = ${shapeText(one.shape)}`,
      );
    if (one.shape.some((dim, a) => a !== at && dim !== first.shape[a]))
      throw invalid(
        `ConcatOp : Dimension ${one.shape.findIndex((dim, a) => a !== at && dim !== first.shape[a])} in both shapes must be equal: shape[0] = ${shapeText(first.shape)} vs. shape[${index}] = ${shapeText(one.shape)}`,
      );
  }
  const total = tensors.reduce((sum, one) => sum + one.shape[at]!, 0);
  const shape = first.shape.map((dim, a) => (a === at ? total : dim));
  const into = allocate(first.dtype, shape);
  const [outer, inner] = [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at + 1))];
  const to = cells(into.data);
  let start = 0;
  for (const one of tensors) {
    const from = cells(one.data);
    const run = one.shape[at]! * inner;
    for (let o = 0; o < outer; o += 1) {
      const base = o * total * inner + start;
      for (let i = 0; i < run; i += 1) to[base + i] = from[o * run + i];
    }
    start += run;
  }
  return into;
}

/** The part of `x` that begins at `start` and has the shape `size`. */
export function slice(x: Tensor, start: readonly number[], size: readonly number[]): Tensor {
  const strides = stridesOf(x.shape);
  const first = start.reduce((sum, one, axis) => sum + one * strides[axis]!, 0);
  // Cells that lie together on both sides: those of the last axis that is cut, and of the ones behind it.
  let cut = x.shape.length - 1;
  while (cut > 0 && size[cut] === x.shape[cut]) cut -= 1;
  const run = (size[cut] ?? 1) * (strides[cut] ?? 1);
  const into = allocate(x.dtype, size);
  const [from, to] = [cells(x.data), cells(into.data)];
  const places = placesOf(size.slice(0, Math.max(0, cut)), strides, first);
  for (let at = 0, place = 0; at < to.length; at += run, place += 1) for (let i = 0; i < run; i += 1) to[at + i] = from[places[place]! + i];
  return into;
}

export function stack(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0]!;
  const rank = first.shape.length;
  if (axis < -rank - 1 || axis > rank) throw invalid(`axis = ${axis} not in [${-rank - 1}, ${rank + 1})`);
  for (const [index, one] of tensors.entries()) {
    if (shapeText(one.shape) !== shapeText(first.shape))
      throw invalid(
        `Shapes of all inputs must match: values[0].shape = ${shapeText(first.shape)} != values[${index}].shape = ${shapeText(one.shape)}`,
      );
  }
  const at = axis < 0 ? axis + rank + 1 : axis;
  return concat(
    tensors.map((one) => expandDims(one, at)),
    at,
  );
}

const unstack: MakeKernel = ({ attributes }) => {
  const [axis, count] = [attributes.int('axis'), attributes.int('num')];
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    const rank = x.shape.length;
    if (axis < -rank || axis >= rank) throw invalid(`axis = ${axis} not in [${-rank}, ${rank})`);
    const at = (axis + rank) % rank;
    if (x.shape[at] !== count) throw invalid(`Input shape axis ${at} must equal ${count}, got shape ${shapeText(x.shape)}`);
    const shape = x.shape.map((dim, a) => (a === at ? 1 : dim));
    return Array.from({ length: count }, (_, index) =>
      reshaped(
        slice(
          x,
          x.shape.map((_dim, a) => (a === at ? index : 0)),
          shape,
        ),
        x.shape.filter((_dim, a) => a !== at),
      ),
    );
  };
};

function split(x: Tensor, axis: number, sizes: readonly number[]): readonly Tensor[] {
  let at = 0;
  return sizes.map((size) => {
    const part = slice(
      x,
      x.shape.map((_, a) => (a === axis ? at : 0)),
      x.shape.map((dim, a) => (a === axis ? size : dim)),
    );
    at += size;
    return part;
  });
}

function splitAxis(x: Tensor, axis: number): number {
  const rank = x.shape.length;
  if (axis < -rank || axis >= rank) throw invalid(`-input rank(-${rank}) <= split_dim < input rank (${rank}), but got ${axis}`);
  return (axis + rank) % rank;
}

const roll: MakeKernel = () => (inputs) => {
  let x = tensorOf(inputs[0]);
  const [shifts, axes] = [integers(tensorOf(inputs[1])), integers(tensorOf(inputs[2]))];
  const rank = x.shape.length;
  if (rank === 0) throw invalid('input must be 1-D or higher');
  if (shifts.length !== axes.length) throw invalid('shift and axis must have the same size');
  for (const [index, axis] of axes.entries()) {
    const at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank) throw invalid(`axis ${axis} is out of range`);
    const dim = x.shape[at]!;
    if (dim === 0) continue;
    const shift = ((shifts[index]! % dim) + dim) % dim;
    const [head, tail] = split(x, at, [dim - shift, shift]);
    x = concat([tail!, head!], at);
  }
  return x;
};

export const partOps = byParts({
  Concat: () => (inputs) => concat(inputs.slice(1).map(tensorOf), integer(tensorOf(inputs[0]))),
  ConcatV2: () => (inputs) =>
    concat(
      inputs.slice(0, -1).map(tensorOf),
      integer(tensorOf(inputs.at(-1)), (shape) => `axis tensor should be a scalar integer, but got shape ${shape}`),
    ),
  ConcatOffset: () => (inputs) => {
    const given = integer(tensorOf(inputs[0]));
    const first = integers(tensorOf(inputs[1]));
    const axis = given < 0 ? given + first.length : given;
    let at = 0;
    return inputs.slice(1).map((input, index) => {
      const dims = integers(tensorOf(input));
      if (dims.some((dim, one) => one !== axis && dim !== first[one]))
        throw invalid(
          `All dimensions except ${axis} must match. Input ${index} has shape [${dims.join(' ')}] and doesn't match input 0 with shape [${first.join(' ')}].`,
        );
      const where = dims.map((_, index) => (index === axis ? at : 0));
      at += dims[axis]!;
      return indices(tensorOf(input).dtype, where);
    });
  },
  Pack: ({ attributes }) => {
    const axis = attributes.int('axis');
    return (inputs) => stack(inputs.map(tensorOf), axis);
  },
  Unpack: unstack,
  Split: ({ attributes }) => {
    const count = attributes.int('num_split');
    return (inputs) => {
      const x = tensorOf(inputs[1]);
      const axis = splitAxis(x, integer(tensorOf(inputs[0])));
      const dim = x.shape[axis]!;
      if (dim % count !== 0)
        throw invalid(
          `Number of ways to split should evenly divide the split dimension, but got split_dim ${axis} (size = ${dim}) and num_split ${count}`,
        );
      return split(x, axis, Array.from<number>({ length: count }).fill(dim / count));
    };
  },
  SplitV: () => (inputs) => {
    const x = tensorOf(inputs[0]);
    const axis = splitAxis(x, integer(tensorOf(inputs[2])));
    const sizes = integers(tensorOf(inputs[1]));
    const dim = x.shape[axis]!;
    const open = sizes.indexOf(-1);
    const known = sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
    if (open >= 0 && sizes.indexOf(-1, open + 1) >= 0) throw invalid('There can only be one -1 in the input.');
    if (open >= 0) sizes[open] = dim - known;
    if (sizes.reduce((sum, size) => sum + size, 0) !== dim || sizes.some((size) => size < 0))
      throw invalid(
        `Determined shape must either match input shape along split_dim exactly if fully specified, or be less than the size of the input along split_dim if not fully specified.  Got: ${known}`,
      );
    return split(x, axis, sizes);
  },
  Slice: () => (inputs) => {
    const x = tensorOf(inputs[0]);
    const [begin, size] = [integers(tensorOf(inputs[1])), integers(tensorOf(inputs[2]))];
    if (begin.length !== x.shape.length || size.length !== x.shape.length)
      throw invalid(
        `Expected begin and size arguments to be 1-D tensors of size ${x.shape.length}, but got shapes [${begin.length}] and [${size.length}] instead.`,
      );
    const lengths = size.map((one, axis) => (one === -1 ? x.shape[axis]! - begin[axis]! : one));
    for (const [axis, start] of begin.entries()) {
      const dim = x.shape[axis]!;
      if (start < 0 || start > dim) throw invalid(`Expected begin[${axis}] in [0, ${dim}], but got ${start}`);
      if (lengths[axis]! < 0 || start + lengths[axis]! > dim)
        throw invalid(`Expected size[${axis}] in [0, ${dim - start}], but got ${size[axis] ?? 0}`);
    }
    return slice(x, begin, lengths);
  },
  Roll: roll,
});
