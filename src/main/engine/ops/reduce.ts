import type { Dtype } from '../../../shared/tensor/dtype.ts';
import { StatusError } from '../../tfserving/status.ts';
import { narrowed, widened } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import {
  allocate,
  bigints,
  cells,
  indices,
  integer,
  scalarInteger,
  integers,
  invalid,
  isComplex,
  isFloating,
  isWide,
  numbers,
  shapeText,
  sizeOf,
  stridesOf,
  tensorOf,
  type Cells,
} from '../value.ts';
import { placesOf } from './broadcast.ts';
import { axisOf } from './axis.ts';
import { byParts, ofPairs, one, pairsOf, times, type Complex } from './complex.ts';
import { unsupportedType } from './elementwise.ts';

/** Reduction axes as booleans. Throws in the words of TensorFlow's reduction helper. */
export function reducedAxes(rank: number, axes: readonly number[]): readonly boolean[] {
  const reduced = Array.from<boolean>({ length: rank }).fill(false);
  for (const axis of axes) {
    if (axis < -rank || axis >= rank) throw invalid(`Invalid reduction dimension (${axis} for input with ${rank} dimension(s)`);
    const at = (axis + rank) % rank;
    if (reduced[at]) throw invalid(`Invalid reduction arguments: Axes contains duplicate dimension: ${at}`);
    reduced[at] = true;
  }
  return reduced;
}

/** The elements of `x`, with reduced axes innermost: `rows` groups of `length`. `order` is null where they already lie so. */
function grouped(
  shape: readonly number[],
  reduced: readonly boolean[],
): { readonly rows: number; readonly length: number; readonly order: Int32Array | null } {
  const strides = stridesOf(shape);
  const kept = shape.flatMap((dim, axis) => (reduced[axis] ? [] : [dim]));
  const gone = shape.flatMap((dim, axis) => (reduced[axis] ? [dim] : []));
  const [rows, length] = [sizeOf(kept), sizeOf(gone)];
  const firstReduced = reduced.indexOf(true);
  if (firstReduced < 0 || reduced.slice(firstReduced).every(Boolean)) return { rows, length, order: null };
  const all = [...kept, ...gone];
  const moved = [...strides.filter((_, axis) => !reduced[axis]), ...strides.filter((_, axis) => reduced[axis])];
  return { rows, length, order: placesOf(all, moved) };
}

interface Fold {
  readonly start: (dtype: Dtype) => number;
  readonly fold: (a: number, b: number) => number;
  /** Of integers up to 32 bits, where their products do not fit into a double. */
  readonly foldWhole?: (a: number, b: number) => number;
  readonly startBig?: (dtype: Dtype) => bigint;
  readonly foldBig?: (a: bigint, b: bigint) => bigint;
  readonly finish?: (sum: number, count: number) => number;
  readonly finishBig?: (sum: bigint, count: number) => bigint;
  /** Whether the sum is of the op's own type before `finish`. */
  readonly wraps?: boolean;
  readonly complex?: {
    readonly start: Complex;
    readonly fold: (a: Complex, b: Complex) => Complex;
    readonly finish?: (sum: Complex) => Complex;
  };
}

const reduction =
  ({ start, fold: foldReal, foldWhole = foldReal, startBig, foldBig, finish, finishBig, wraps = false, complex }: Fold): MakeKernel =>
  ({ node, attributes }) => {
    const keep = attributes.bool('keep_dims');
    return (inputs) => {
      const given = tensorOf(inputs[0]);
      const x = widened(given);
      if (x.dtype === 'DT_STRING') throw unsupportedType(x.dtype);
      const reduced = reducedAxes(x.shape.length, integers(tensorOf(inputs[1])));
      const shape = x.shape.flatMap((dim, axis) => (reduced[axis] ? (keep ? [1] : []) : [dim]));
      const { rows, length, order } = grouped(x.shape, reduced);
      const into = allocate(x.dtype, shape);
      if (isComplex(x.dtype)) {
        if (complex === undefined) throw new StatusError('UNIMPLEMENTED', `${node.op} of complex numbers is not supported`);
        const from = pairsOf(x);
        const sums = Array.from({ length: rows }, (_, row) => {
          let sum = complex.start;
          for (let i = row * length; i < (row + 1) * length; i += 1) sum = complex.fold(sum, from[order === null ? i : order[i]!]!);
          return complex.finish === undefined ? sum : complex.finish(sum);
        });
        return ofPairs(x.dtype, shape, sums);
      }
      if (isWide(x.dtype)) {
        if (startBig === undefined || foldBig === undefined) throw unsupportedType(x.dtype);
        const [from, to] = [bigints(x), bigints(into)];
        for (let row = 0, at = 0; row < rows; row += 1) {
          let sum = startBig(x.dtype);
          for (let i = 0; i < length; i += 1, at += 1) sum = foldBig(sum, from[order === null ? at : order[at]!]!);
          to[row] = finishBig === undefined ? sum : finishBig(sum, length);
        }
      } else {
        const [from, to] = [numbers(x), numbers(into)];
        const initial = start(x.dtype);
        const whole = !isFloating(x.dtype);
        const fold = whole ? foldWhole : foldReal;
        for (let row = 0, at = 0; row < rows; row += 1) {
          let sum = initial;
          if (order === null) for (let i = 0; i < length; i += 1, at += 1) sum = fold(sum, from[at]!);
          else for (let i = 0; i < length; i += 1, at += 1) sum = fold(sum, from[order[at]!]!);
          to[row] = sum;
          if (finish === undefined) continue;
          const result = finish(wraps ? to[row]! : sum, length);
          to[row] = whole ? Math.trunc(result) : result;
        }
      }
      return narrowed(into, given.dtype);
    };
  };

export const lowest = (dtype: Dtype): number =>
  isFloating(dtype)
    ? -Infinity
    : (({ DT_INT8: -128, DT_INT16: -32768, DT_INT32: -2147483648 } as Partial<Record<Dtype, number>>)[dtype] ?? 0);
const highest = (dtype: Dtype): number =>
  isFloating(dtype)
    ? Infinity
    : ((
        { DT_INT8: 127, DT_INT16: 32767, DT_INT32: 2147483647, DT_UINT8: 255, DT_UINT16: 65535, DT_UINT32: 4294967295 } as Partial<
          Record<Dtype, number>
        >
      )[dtype] ?? 0);

const logic = (op: 'All' | 'Any'): MakeKernel =>
  reduction({
    start: () => (op === 'All' ? 1 : 0),
    fold: op === 'All' ? (a, b) => (a !== 0 && b !== 0 ? 1 : 0) : (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
  });

/** The place of the first largest (smallest) value along one axis. */
const argument =
  (better: (a: number | bigint, b: number | bigint) => boolean): MakeKernel =>
  ({ attributes }) => {
    const dtype = attributes.type('output_type');
    return (inputs) => {
      const x = widened(tensorOf(inputs[0]));
      const axis = axisOf(integer(tensorOf(inputs[1])), x.shape.length);
      if (x.shape[axis] === 0) throw invalid(`Reduction axis ${axis} is empty in shape ${shapeText(x.shape)}`);
      const reduced = x.shape.map((_, at) => at === axis);
      const { rows, length, order } = grouped(x.shape, reduced);
      const values = cells(x.data) as Cells<number | bigint>;
      const found: number[] = [];
      for (let row = 0; row < rows; row += 1) {
        let best = 0;
        // NaN is never better.
        let value: number | bigint = better(0, 1) ? Infinity : -Infinity;
        for (let i = 0; i < length; i += 1) {
          const at = row * length + i;
          const next = values[order === null ? at : order[at]!]!;
          if (better(next, value)) [best, value] = [i, next];
        }
        found.push(best);
      }
      return indices(
        dtype,
        found,
        x.shape.filter((_, at) => at !== axis),
      );
    };
  };

/** Running sums or products along one axis. */
const cumulative =
  (
    fold: (a: number, b: number) => number,
    foldBig: (a: bigint, b: bigint) => bigint,
    start: number,
    {
      foldWhole = fold,
      foldComplex,
    }: { readonly foldWhole?: typeof fold; readonly foldComplex?: (a: Complex, b: Complex) => Complex } = {},
  ): MakeKernel =>
  ({ attributes }) => {
    const [exclusive, reverse] = [attributes.bool('exclusive'), attributes.bool('reverse')];
    return (inputs) => {
      const given = tensorOf(inputs[0]);
      const x = widened(given);
      const rank = x.shape.length;
      const wanted = scalarInteger(tensorOf(inputs[1]), (shape) => `ScanOp: axis must be a scalar, not ${shape}`);
      const axis = wanted < 0 ? wanted + rank : wanted;
      if (axis < 0 || axis >= rank) throw invalid(`ScanOp: Expected scan axis in the range [${-rank}, ${rank}), but got ${axis}`);
      const into = allocate(x.dtype, x.shape);
      const length = x.shape[axis]!;
      const inner = sizeOf(x.shape.slice(axis + 1));
      const outer = sizeOf(x.shape.slice(0, axis));
      const run = <T>(from: Cells<T>, to: Cells<T>, first: T, f: (a: T, b: T) => T): void => {
        for (let o = 0; o < outer; o += 1) {
          for (let c = 0; c < inner; c += 1) {
            let sum = first;
            for (let i = 0; i < length; i += 1) {
              const at = (o * length + (reverse ? length - 1 - i : i)) * inner + c;
              if (exclusive) to[at] = sum;
              sum = f(sum, from[at]!);
              if (!exclusive) to[at] = sum;
            }
          }
        }
      };
      if (isComplex(x.dtype) && foldComplex !== undefined) {
        const sums: Complex[] = [];
        run(pairsOf(x), sums, [start, 0], foldComplex);
        return ofPairs(x.dtype, x.shape, sums);
      }
      if (isWide(x.dtype)) run(bigints(x), bigints(into), BigInt(start), foldBig);
      else run(numbers(x), numbers(into), start, isFloating(x.dtype) ? fold : foldWhole);
      return narrowed(into, given.dtype);
    };
  };

/** Softmax and its logarithm along the last axis. */
const softmax =
  (log: boolean): MakeKernel =>
  () =>
  (inputs) => {
    const given = tensorOf(inputs[0]);
    const x = widened(given);
    const length = x.shape.at(-1);
    if (length === undefined) throw invalid('logits must have >= 1 dimension, got []');
    const into = allocate(x.dtype, x.shape);
    const [from, to] = [numbers(x), numbers(into)];
    for (let row = 0; row < to.length; row += length) {
      let max = -Infinity;
      for (let i = 0; i < length; i += 1) if (from[row + i]! > max) max = from[row + i]!;
      let sum = 0;
      for (let i = 0; i < length; i += 1) sum += Math.exp(from[row + i]! - max);
      const logSum = Math.log(sum);
      for (let i = 0; i < length; i += 1) to[row + i] = log ? from[row + i]! - max - logSum : Math.exp(from[row + i]! - max) / sum;
    }
    return narrowed(into, given.dtype);
  };

/** The largest k along the last axis, each with its place; equal values in the order of their places. */
const topK: MakeKernel = ({ attributes, node }) => {
  const dtype = attributes.has('index_type') ? attributes.type('index_type') : 'DT_INT32';
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    const k =
      node.op === 'TopK' ? attributes.int('k') : scalarInteger(tensorOf(inputs[1]), (shape) => `k must be scalar, got shape ${shape}`);
    const length = x.shape.at(-1);
    if (k < 0) throw invalid(`Need k >= 0, got ${k}`);
    if (length === undefined) throw invalid(`input must be >= 1-D, got shape ${shapeText(x.shape)}`);
    if (length < k) throw invalid(`input must have at least k columns. Had ${length}, needed ${k}`);
    const keys = cells(widened(x).data) as Cells<number>;
    const shape = [...x.shape.slice(0, -1), k];
    const values = allocate(x.dtype, shape);
    const [from, to] = [cells(x.data), cells(values.data)];
    const places: number[] = [];
    const rows = length === 0 ? 0 : x.data.length / length;
    for (let row = 0; row < rows; row += 1) {
      const base = row * length;
      const order = Array.from({ length }, (_, i) => i).toSorted((a, b) => {
        const [p, q] = [keys[base + a]!, keys[base + b]!];
        return p > q ? -1 : p < q ? 1 : a - b;
      });
      for (let i = 0; i < k; i += 1) {
        places.push(order[i]!);
        to[row * k + i] = from[base + order[i]!];
      }
    }
    return [values, indices(dtype, places, shape)];
  };
};

const sums = byParts({
  Sum: reduction({ start: () => 0, fold: (a, b) => a + b, startBig: () => 0n, foldBig: (a, b) => a + b }),
  Mean: reduction({
    start: () => 0,
    fold: (a, b) => a + b,
    finish: (sum, count) => sum / count,
    startBig: () => 0n,
    foldBig: (a, b) => a + b,
    finishBig: (sum, count) => (count === 0 ? 0n : sum / BigInt(count)),
  }),
  Cumsum: cumulative(
    (a, b) => a + b,
    (a, b) => a + b,
    0,
  ),
});

const products: OpFamily = {
  Prod: reduction({
    start: () => 1,
    fold: (a, b) => a * b,
    foldWhole: Math.imul,
    startBig: () => 1n,
    foldBig: (a, b) => BigInt.asIntN(64, a * b),
    complex: { start: one, fold: times },
  }),
  // Squares of integers wrap as their type does, and so does their sum.
  EuclideanNorm: reduction({
    start: () => 0,
    fold: (a, b) => a + b * b,
    foldWhole: (a, b) => (a + Math.imul(b, b)) | 0,
    finish: Math.sqrt,
    startBig: () => 0n,
    foldBig: (a, b) => BigInt.asIntN(64, a + b * b),
    finishBig: (sum) => BigInt(Math.floor(Math.sqrt(Number(sum)))),
    wraps: true,
    complex: { start: [0, 0], fold: ([sum], [re, im]) => [sum + re * re + im * im, 0], finish: ([sum]) => [Math.sqrt(sum), 0] },
  }),
  Cumprod: cumulative(
    (a, b) => a * b,
    (a, b) => a * b,
    1,
    { foldWhole: Math.imul, foldComplex: times },
  ),
};

export const reduceOps: OpFamily = {
  ...sums,
  ...products,
  Max: reduction({
    start: lowest,
    fold: (a, b) => (b > a || Number.isNaN(b) ? b : a),
    startBig: (dtype) => (dtype === 'DT_UINT64' ? 0n : -(2n ** 63n)),
    foldBig: (a, b) => (b > a ? b : a),
  }),
  Min: reduction({
    start: highest,
    fold: (a, b) => (b < a || Number.isNaN(b) ? b : a),
    startBig: (dtype) => (dtype === 'DT_UINT64' ? 2n ** 64n - 1n : 2n ** 63n - 1n),
    foldBig: (a, b) => (b < a ? b : a),
  }),
  All: logic('All'),
  Any: logic('Any'),
  ArgMax: argument((a, b) => a > b),
  ArgMin: argument((a, b) => a < b),
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  TopK: topK,
  TopKV2: topK,
  InTopKV2: () => (inputs) => {
    const [predictions, targets, k] = [tensorOf(inputs[0]), integers(tensorOf(inputs[1])), integer(tensorOf(inputs[2]))];
    const [values, classes] = [numbers(predictions), predictions.shape[1] ?? 0];
    if (predictions.shape[0] !== targets.length)
      throw invalid(`First dimension of predictions ${predictions.shape[0] ?? 0} must match length of targets ${targets.length}`);
    const hits = targets.map((target, row) => {
      const value = target >= 0 && target < classes ? values[row * classes + target]! : NaN;
      let above = 0;
      let told = Number.isFinite(value);
      for (let i = 0; i < classes; i += 1) {
        const other = values[row * classes + i]!;
        if (!Number.isFinite(other)) told = false;
        if (other > value) above += 1;
      }
      return told && above < k ? 1 : 0;
    });
    return { dtype: 'DT_BOOL', shape: [targets.length], data: Uint8Array.from(hits) };
  },
};
