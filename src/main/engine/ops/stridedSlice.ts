import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { integers, invalid, shapeText, sizeOf, stridesOf, tensorOf } from '../value.ts';
import type { Attributes } from '../attributes.ts';
import { placesOf } from './broadcast.ts';
import { byParts } from './complex.ts';
import { picked } from './shape.ts';

export interface StridedSliceMasks {
  readonly begin: number;
  readonly end: number;
  readonly ellipsis: number;
  readonly newAxis: number;
  readonly shrink: number;
}

export const masksOf = (attributes: Attributes): StridedSliceMasks => ({
  begin: attributes.int('begin_mask'),
  end: attributes.int('end_mask'),
  ellipsis: attributes.int('ellipsis_mask'),
  newAxis: attributes.int('new_axis_mask'),
  shrink: attributes.int('shrink_axis_mask'),
});

/** What a slice specification means for each axis of the input, and which axes the result has. */
export interface SliceSpec {
  /** One a dimension of the input: first index, step, and how many. */
  readonly axes: readonly { readonly start: number; readonly step: number; readonly count: number }[];
  readonly shape: readonly number[];
}

/** Resolves `x[begin:end:stride]` with its masks. Source: strided_slice_op.cc's documented meaning of the five masks. */
export function resolveSlice(
  shape: readonly number[],
  begin: readonly number[],
  end: readonly number[],
  strides: readonly number[],
  masks: StridedSliceMasks,
): SliceSpec {
  const axes: { start: number; step: number; count: number }[] = [];
  const result: number[] = [];
  const bit = (mask: number, at: number): boolean => (mask & (1 << at)) !== 0;
  let newAxes = 0;
  let ellipsisAt = begin.length;
  for (let at = 0; at < begin.length; at += 1) {
    if (bit(masks.ellipsis, at)) {
      if (ellipsisAt < begin.length) throw invalid('Multiple ellipses in slice spec not allowed');
      ellipsisAt = at;
    }
  }
  for (let at = 0; at < begin.length; at += 1) if (bit(masks.newAxis, at) && at !== ellipsisAt) newAxes += 1;
  const named = begin.length - newAxes - (ellipsisAt < begin.length ? 1 : 0);
  if (named > shape.length) throw invalid(`Index out of range using input dim ${shape.length}; input has only ${shape.length} dims`);
  const whole = (): void => {
    const dim = shape[axes.length]!;
    axes.push({ start: 0, step: 1, count: dim });
    result.push(dim);
  };
  for (let at = 0; at < begin.length; at += 1) {
    if (at === ellipsisAt) {
      for (let left = shape.length - named; left > 0; left -= 1) whole();
    } else if (bit(masks.newAxis, at)) result.push(1);
    else {
      const axis = axes.length;
      const dim = shape[axis]!;
      const step = strides[at]!;
      if (step === 0) throw invalid(`strides[${at}] must be non-zero`);
      const given = begin[at]!;
      if (bit(masks.shrink, at)) {
        const start = given < 0 ? given + dim : given;
        if (step < 0) throw invalid('only stride 1 allowed on non-range indexing.');
        if (start < 0 || start >= dim) throw invalid(`slice index ${start} of dimension ${axis} out of bounds.`);
        axes.push({ start, step: 1, count: 1 });
        continue;
      }
      const [low, high] = step > 0 ? [0, dim] : [-1, dim - 1];
      const resolve = (one: number, masked: boolean, open: number): number =>
        masked ? open : Math.min(high, Math.max(low, one < 0 ? one + dim : one));
      const start = resolve(given, bit(masks.begin, at), step > 0 ? low : high);
      const stop = resolve(end[at]!, bit(masks.end, at), step > 0 ? high : low);
      const count = Math.max(0, Math.ceil((stop - start) / step));
      axes.push({ start, step, count });
      result.push(count);
    }
  }
  while (axes.length < shape.length) whole();
  return { axes, shape: result };
}

function stridedSlice(x: Tensor, begin: Tensor, end: Tensor, strides: Tensor, masks: StridedSliceMasks): Tensor {
  if (begin.shape.length !== 1 || shapeText(begin.shape) !== shapeText(end.shape) || shapeText(begin.shape) !== shapeText(strides.shape))
    throw invalid(
      `Expected begin, end, and strides to be 1D equal size tensors, but got shapes ${shapeText(begin.shape)}, ${shapeText(end.shape)}, and ${shapeText(strides.shape)} instead.`,
    );
  const { axes, shape } = resolveSlice(x.shape, integers(begin), integers(end), integers(strides), masks);
  const own = stridesOf(x.shape);
  const places = placesOf(
    axes.map(({ count }) => count),
    axes.map(({ step }, axis) => step * own[axis]!),
    axes.reduce((sum, { start, count }, axis) => sum + (count > 0 ? start * own[axis]! : 0), 0),
  );
  return picked(x, sizeOf(shape) === 0 ? [] : places, shape);
}

export const stridedSliceOps = byParts({
  StridedSlice: ({ attributes }) => {
    const masks = masksOf(attributes);
    return (inputs) => stridedSlice(tensorOf(inputs[0]), tensorOf(inputs[1]), tensorOf(inputs[2]), tensorOf(inputs[3]), masks);
  },
});
