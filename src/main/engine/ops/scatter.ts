import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { narrowed, widened } from '../float16.ts';
import { allocate, cells, checkedShape, integers, invalid, isWide, shapeText, sizeOf, tensorOf, type Cells } from '../value.ts';
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
const combineBigints: Readonly<Record<Exclude<ScatterMode, 'update'>, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
};

/** A copy of `target` with updates at the indices: along the first axis, or (`nd`) at the places that the last axis of the indices names. */
export function scatterInto(target: Tensor, index: Tensor, updates: Tensor, mode: ScatterMode, nd: boolean): Tensor {
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
  if (!spread && sizeOf(updates.shape) !== count * innerSize)
    throw invalid(
      `Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got updates.shape: ${shapeText(updates.shape)}, indices.shape: ${shapeText(index.shape)}, params_shape: ${shapeText(target.shape)}, slice_dim: ${depth}, and batch_dim: ${outer.length}`,
    );
  const combine = mode === 'update' ? undefined : isWide(base.dtype) ? combineBigints[mode] : combineNumbers[mode];
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
    scatterInto(tensorOf(inputs[0]), tensorOf(inputs[1]), tensorOf(inputs[2]), mode, true);

/** Sums (or other folds) of the rows that share a segment number. */
const segments =
  (
    start: number | 'lowest' | 'highest',
    fold: (a: number, b: number) => number,
    foldBig: (a: bigint, b: bigint) => bigint,
    mean = false,
  ): MakeKernel =>
  ({ node }) =>
  (inputs) => {
    const given = tensorOf(inputs[0]);
    const [data, index] = [widened(given), tensorOf(inputs[1])];
    const which = integers(index);
    const unsorted = node.op.startsWith('Unsorted');
    const count = unsorted ? integers(tensorOf(inputs[2]))[0]! : (which.at(-1) ?? -1) + 1;
    const inner = data.shape.slice(index.shape.length);
    const innerSize = sizeOf(inner);
    const into = allocate(data.dtype, checkedShape([count, ...inner]));
    const sums = cells(into.data) as Cells<number | bigint>;
    const values = cells(data.data) as Cells<number | bigint>;
    const wide = isWide(data.dtype);
    const floating = data.dtype === 'DT_FLOAT' || data.dtype === 'DT_DOUBLE';
    const first =
      start === 'lowest'
        ? floating
          ? data.dtype === 'DT_FLOAT'
            ? -3.4028234663852886e38
            : -Number.MAX_VALUE
          : -2147483648
        : start === 'highest'
          ? floating
            ? data.dtype === 'DT_FLOAT'
              ? 3.4028234663852886e38
              : Number.MAX_VALUE
            : 2147483647
          : start;
    const empty = unsorted ? first : start === 1 ? 1 : 0;
    for (let i = 0; i < sums.length; i += 1) sums[i] = wide ? BigInt(empty) : empty;
    const counts = Array.from<number>({ length: count }).fill(0);
    for (const [row, segment] of which.entries()) {
      if (segment < 0 && unsorted) continue;
      if (segment < 0 || segment >= count)
        throw invalid(`segment_ids[${placeText(row, index.shape)}] = ${segment} is out of range [0, ${count})`);
      if (!unsorted && row > 0 && segment < which[row - 1]!) throw invalid('segment ids are not increasing');
      const isFirst = counts[segment] === 0 && !unsorted;
      counts[segment]! += 1;
      for (let c = 0; c < innerSize; c += 1) {
        const [to, value] = [segment * innerSize + c, values[row * innerSize + c]!];
        sums[to] = isFirst ? value : wide ? foldBig(sums[to] as bigint, value as bigint) : fold(sums[to] as number, value as number);
      }
    }
    if (mean) for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] as number) / Math.max(1, counts[Math.floor(i / innerSize)]!);
    return narrowed(into, given.dtype);
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
);
const max = segments('lowest', Math.max, (a, b) => (a > b ? a : b));
const min = segments('highest', Math.min, (a, b) => (a < b ? a : b));

export const scatterOps: OpFamily = {
  ScatterNd: () => (inputs) => {
    const [index, updates] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    return scatterInto(
      allocate(updates.dtype, checkedShape(integers(tensorOf(inputs[2])))),
      index,
      updates,
      updates.dtype === 'DT_STRING' || updates.dtype === 'DT_BOOL' ? 'update' : 'add',
      true,
    );
  },
  TensorScatterUpdate: tensorScatter('update'),
  TensorScatterAdd: tensorScatter('add'),
  TensorScatterSub: tensorScatter('sub'),
  TensorScatterMin: tensorScatter('min'),
  TensorScatterMax: tensorScatter('max'),
  SegmentSum: sum,
  SegmentSumV2: sum,
  SegmentProd: prod,
  SegmentMax: max,
  SegmentMin: min,
  SegmentMean: segments(
    0,
    (a, b) => a + b,
    (a, b) => a + b,
    true,
  ),
  UnsortedSegmentSum: sum,
  UnsortedSegmentProd: prod,
  UnsortedSegmentMax: max,
  UnsortedSegmentMin: min,
};
