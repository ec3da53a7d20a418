import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { dtypeSizeBytes, type Dtype } from '../../../shared/tensor/dtype.ts';
import { StatusError } from '../../tfserving/status.ts';
import { narrowed, widened } from '../float16.ts';
import {
  allocate,
  cells,
  checkedShape,
  integers,
  scalarInteger,
  invalid,
  isComplex,
  isFloating,
  isWide,
  shapeText,
  sizeOf,
  tensorOf,
  type Cells,
} from '../value.ts';
import { byParts, ofPairs, one, pairsOf, times, type Complex } from './complex.ts';
import { placeText } from './gather.ts';

export type ScatterMode = 'update' | 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max';

const combineNumbers: Readonly<Record<Exclude<ScatterMode, 'update'>, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
};
const joinTexts = (a: Uint8Array, b: Uint8Array): Uint8Array => Buffer.concat([a, b]);
const combineBigints: Readonly<Record<Exclude<ScatterMode, 'update'>, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
};

/** Refuses shapes that do not go together, in the words of one op. */
type CheckUpdates = (target: readonly number[], index: readonly number[], updates: readonly number[]) => void;

const checkTensorScatter: CheckUpdates = (target, index, updates) => {
  if (index.length === 0) throw invalid('Indices shape must have rank at least one. Found:[]');
  if (index.length === 1 && updates.length > 0 && updates.at(-1) !== target.at(-1)) {
    const inner = target.length - 1;
    throw invalid(
      `The inner ${inner} dimensions of output.shape=${shapeText(target)} must match the inner ${inner} dimensions of updates.shape=${shapeText(updates)}`,
    );
  }
  checkRowOfIndices(index, updates);
  if (index.length === 1 && shapeText(target.slice(index[0])) !== shapeText(updates))
    throw invalid(
      `Inner dimensions of output shape must match inner dimensions of updates shape. Output: ${shapeText(target)} updates: ${shapeText(updates)}`,
    );
  const outer = index.length - 1;
  if (updates.length < outer || shapeText(index.slice(0, outer)) !== shapeText(updates.slice(0, outer)))
    throw invalid(
      `Outer dimensions of indices and update must match. Indices shape: ${shapeText(index)}, updates shape:${shapeText(updates)}`,
    );
  checkInner('tensor', target, index, updates);
};

/** A vector of indices is one place, and still wants as many updates as it is long. */
function checkRowOfIndices(index: readonly number[], updates: readonly number[]): void {
  if (index.length !== 1) return;
  if (updates.length === 0) throw invalid('Updates shape must have rank at least one. Found:[]');
  if (index[0] !== updates[0])
    throw invalid(
      `Dimensions [0,1) of indices[shape=${shapeText(index)}] = ${index[0]} must match dimensions [0,1) of updates[shape=${shapeText(updates)}] = ${updates[0]}`,
    );
}

const checkScatterNd: CheckUpdates = (target, index, updates) => {
  checkRowOfIndices(index, updates);
  const outer = Math.max(0, index.length - 1);
  if (shapeText(index.slice(0, outer)) !== shapeText(updates.slice(0, outer)))
    throw invalid(
      `Dimensions [0,${outer}) of indices[shape=${shapeText(index)}] must match dimensions [0,${outer}) of updates[shape=${shapeText(updates)}]`,
    );
  checkInner('input', target, index, updates);
};

function checkInner(name: string, target: readonly number[], index: readonly number[], updates: readonly number[]): void {
  const [outer, depth] = [Math.max(0, index.length - 1), index.at(-1) ?? 1];
  if (depth > target.length || shapeText(target.slice(depth)) !== shapeText(updates.slice(outer)))
    throw invalid(
      `Dimensions [${depth},${target.length}) of ${name}[shape=${shapeText(target)}] must match dimensions [${outer},${updates.length}) of updates[shape=${shapeText(updates)}]`,
    );
}

/** A copy of `target` with updates at the indices: along the first axis, or (`nd`) at the places that the last axis of the indices names. */
export function scatterInto(
  target: Tensor,
  index: Tensor,
  updates: Tensor,
  mode: ScatterMode,
  nd: boolean,
  checkUpdates?: CheckUpdates,
): Tensor {
  const dtype = target.dtype;
  const [base, given] = [widened(target), widened(updates)];
  const data = Array.isArray(base.data) ? [...(base.data as Uint8Array[])] : (base.data as Float32Array).slice();
  const into = cells(data);
  const from = cells(given.data);
  const places = integers(index);
  const depth = nd ? (index.shape.at(-1) ?? 1) : 1;
  const outer = nd ? index.shape.slice(0, -1) : index.shape;
  const inner = target.shape.slice(depth);
  const [count, innerSize] = [sizeOf(outer), sizeOf(inner)];
  const spread = updates.shape.length === 0 && !nd;
  if (nd) checkUpdates?.(target.shape, index.shape, updates.shape);
  if (!spread && sizeOf(updates.shape) !== count * innerSize)
    throw invalid(
      `Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got updates.shape: ${shapeText(updates.shape)}, indices.shape: ${shapeText(index.shape)}, params_shape: ${shapeText(target.shape)}, slice_dim: ${depth}, and batch_dim: ${outer.length}`,
    );
  const combine =
    mode === 'update'
      ? undefined
      : base.dtype === 'DT_STRING'
        ? joinTexts
        : isWide(base.dtype)
          ? combineBigints[mode]
          : combineNumbers[mode];
  for (let i = 0; i < count; i += 1) {
    let place = 0;
    for (let axis = 0; axis < depth; axis += 1) {
      const one = places[i * depth + axis]!;
      if (one < 0 || one >= target.shape[axis]!) {
        const where = placeText(i, outer);
        throw invalid(
          nd
            ? `indices[${where}] = [${places.slice(i * depth, (i + 1) * depth).join(', ')}] does not index into shape ${shapeText(target.shape)}`
            : `indices[${where}] = ${one} is not in [0, ${target.shape[0] ?? 0})`,
        );
      }
      place = place * target.shape[axis]! + one;
    }
    for (let c = 0; c < innerSize; c += 1) {
      const to = place * innerSize + c;
      const value = from[spread ? 0 : i * innerSize + c];
      into[to] = combine === undefined ? value : (combine as (a: unknown, b: unknown) => unknown)(into[to], value);
    }
  }
  return narrowed({ dtype: base.dtype, shape: target.shape, data }, dtype);
}

const tensorScatter =
  (mode: ScatterMode): MakeKernel =>
  () =>
  (inputs) =>
    scatterInto(tensorOf(inputs[0]), tensorOf(inputs[1]), tensorOf(inputs[2]), mode, true, checkTensorScatter);

/** The finite ends of a type's range. */
export function rangeOf(dtype: Dtype): readonly [number | bigint, number | bigint] {
  const ends: Readonly<Partial<Record<Dtype, number>>> = {
    DT_FLOAT: 3.4028234663852886e38,
    DT_DOUBLE: Number.MAX_VALUE,
    DT_HALF: 65504,
    DT_BFLOAT16: 3.3895313892515355e38,
  };
  const end = ends[dtype];
  if (end !== undefined) return [-end, end];
  const bits = BigInt(dtypeSizeBytes(dtype) * 8);
  return dtype.startsWith('DT_U') ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

/** Sums (or other folds) of the rows that share a segment number. */
const segments =
  (
    start: number | 'lowest' | 'highest',
    fold: (a: number, b: number) => number,
    foldBig: (a: bigint, b: bigint) => bigint,
    { mean = false, foldWhole = fold }: { readonly mean?: boolean; readonly foldWhole?: typeof fold } = {},
  ): MakeKernel =>
  ({ node }) =>
  (inputs) => {
    const given = tensorOf(inputs[0]);
    const [data, index] = [widened(given), tensorOf(inputs[1])];
    const which = integers(index);
    const unsorted = node.op.startsWith('Unsorted');
    if (!unsorted) {
      if (index.shape.length !== 1) throw invalid('segment_ids should be a vector.');
      if (which.length !== data.shape[0]) throw invalid('segment_ids should be the same size as dimension 0 of input.');
    } else if (shapeText(data.shape.slice(0, index.shape.length)) !== shapeText(index.shape))
      throw invalid(`data.shape = ${shapeText(data.shape)} does not start with segment_ids.shape = ${shapeText(index.shape)}`);
    const count = unsorted
      ? scalarInteger(tensorOf(inputs[2]), (shape) => `num_segments should be a scalar, not shape ${shape}`)
      : (which.at(-1) ?? -1) + 1;
    if (unsorted && count < 0) throw invalid(`Input num_segments == ${count} must not be negative.`);
    const inner = data.shape.slice(index.shape.length);
    const innerSize = sizeOf(inner);
    const into = allocate(data.dtype, checkedShape([count, ...inner]));
    const [wide, complex] = [isWide(data.dtype), isComplex(data.dtype)];
    if (complex && start !== 1) throw new StatusError('UNIMPLEMENTED', `${node.op} of complex numbers is not supported`);
    const sums: Cells<unknown> = complex ? [] : cells(into.data);
    const values: Cells<unknown> = complex ? pairsOf(data) : cells(data.data);
    const combine = (complex ? times : wide ? foldBig : isFloating(data.dtype) ? fold : foldWhole) as (a: unknown, b: unknown) => unknown;
    const first = typeof start === 'number' ? start : rangeOf(given.dtype)[start === 'lowest' ? 0 : 1];
    const empty = unsorted ? first : start === 1 ? 1 : 0;
    for (let i = 0; i < count * innerSize; i += 1) sums[i] = complex ? one : wide ? BigInt(empty) : Number(empty);
    const counts = Array.from<number>({ length: count }).fill(0);
    for (const [row, segment] of which.entries()) {
      if (segment < 0 && unsorted) continue;
      if (!unsorted && (segment < 0 || segment >= count))
        throw invalid(`Segment id ${segment} out of range [0, ${count}), possibly because 'segment_ids' input is not sorted.`);
      if (segment < 0 || segment >= count)
        throw invalid(`segment_ids[${placeText(row, index.shape)}] = ${segment} is out of range [0, ${count})`);
      if (!unsorted && row > 0 && segment < which[row - 1]!) throw invalid('segment ids are not increasing');
      const isFirst = counts[segment] === 0 && !unsorted;
      counts[segment]! += 1;
      for (let c = 0; c < innerSize; c += 1) {
        const [to, value] = [segment * innerSize + c, values[row * innerSize + c]];
        sums[to] = isFirst ? value : combine(sums[to], value);
      }
    }
    if (mean)
      for (let i = 0; i < sums.length; i += 1) {
        const many = Math.max(1, counts[Math.floor(i / innerSize)]!);
        sums[i] = wide ? (sums[i] as bigint) / BigInt(many) : (sums[i] as number) / many;
      }
    return complex ? ofPairs(data.dtype, into.shape, sums as unknown as Complex[]) : narrowed(into, given.dtype);
  };

const sum = segments(
  0,
  (a, b) => a + b,
  (a, b) => a + b,
);
const prod = segments(
  1,
  (a, b) => a * b,
  (a, b) => a * b,
  { foldWhole: Math.imul },
);
const max = segments('lowest', Math.max, (a, b) => (a > b ? a : b));
// Of two values the later one where they do not compare: a NaN is forgotten by the next row.
const sortedMax = segments(
  'lowest',
  (a, b) => (b < a ? a : b),
  (a, b) => (b < a ? a : b),
);
const min = segments('highest', Math.min, (a, b) => (a < b ? a : b));

const linear = byParts({
  ScatterNd: () => (inputs) => {
    const [index, updates] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    return scatterInto(
      allocate(updates.dtype, checkedShape(integers(tensorOf(inputs[2])))),
      index,
      updates,
      updates.dtype === 'DT_BOOL' ? 'max' : 'add',
      true,
      checkScatterNd,
    );
  },
  TensorScatterUpdate: tensorScatter('update'),
  TensorScatterAdd: tensorScatter('add'),
  TensorScatterSub: tensorScatter('sub'),
  TensorScatterMin: tensorScatter('min'),
  TensorScatterMax: tensorScatter('max'),
  SegmentSum: sum,
  SegmentSumV2: sum,
  SegmentMax: sortedMax,
  SegmentMin: min,
  SegmentMean: segments(
    0,
    (a, b) => a + b,
    (a, b) => a + b,
    { mean: true },
  ),
  UnsortedSegmentSum: sum,
  UnsortedSegmentMax: max,
  UnsortedSegmentMin: min,
});

export const scatterOps: OpFamily = { ...linear, SegmentProd: prod, UnsortedSegmentProd: prod };
