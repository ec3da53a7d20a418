import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { widened } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import {
  allocate,
  cells,
  indices,
  int32,
  integer,
  integers,
  invalid,
  isWide,
  shapeText,
  sizeOf,
  strings,
  tensorOf,
  type Cells,
} from '../value.ts';
import { gather } from './gather.ts';
/** Ops that count values, and tell them apart. */

function bincountRow(values: readonly number[], size: number, weights: Tensor, binary: boolean): Tensor {
  const into = allocate(weights.dtype, [size]);
  const to = cells(into.data) as Cells<number | bigint>;
  const of = cells(weights.data) as Cells<number | bigint>;
  const wide = isWide(weights.dtype);
  const one = wide ? 1n : 1;
  for (const [at, value] of values.entries()) {
    if (value >= size || value < 0) continue;
    const add = weights.data.length === 0 ? one : of[at]!;
    if (binary) to[value] = one;
    else to[value] = wide ? (to[value] as bigint) + (add as bigint) : (to[value] as number) + (add as number);
  }
  return into;
}

/** What tells elements of a vector apart: strings by their bytes; zeros of both signs are one, each NaN is its own. */
export function keysOf(x: Tensor): readonly unknown[] {
  if (x.dtype === 'DT_STRING') return strings(x).map((text) => Buffer.from(text).toString('latin1'));
  return Array.from(widened(x).data as Float32Array, (value) => (Number.isNaN(value) ? Symbol('NaN') : value));
}

/** The slices of `x` along an axis as a vector: each as one key. */
function slicesOf(x: Tensor, axis: number): readonly unknown[] {
  const [outer, dim, inner] = [sizeOf(x.shape.slice(0, axis)), x.shape[axis]!, sizeOf(x.shape.slice(axis + 1))];
  const cellKeys = keysOf(x);
  return Array.from({ length: dim }, (_, at) => {
    const parts: unknown[] = [];
    for (let o = 0; o < outer; o += 1) for (let i = 0; i < inner; i += 1) parts.push(cellKeys[(o * dim + at) * inner + i]);
    return parts.some((part) => typeof part === 'symbol') ? Symbol('NaN') : parts.join('\0');
  });
}

function unique(counts: boolean): MakeKernel {
  return ({ node, attributes }) => {
    const dtype = attributes.type('out_idx');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const axes = node.op.endsWith('V2') ? integers(tensorOf(inputs[1])) : [];
      const [given = 0] = axes;
      const axis = given < 0 ? given + x.shape.length : given;
      if (axes.length === 0 && x.shape.length !== 1) throw invalid('unique expects a 1D vector.');
      if (axis < 0 || axis >= x.shape.length) throw invalid(`axis has to be between [0, ${x.shape.length})`);
      const seen = new Map<unknown, number>();
      const first: number[] = [];
      const times: number[] = [];
      const places = (x.shape.length === 1 ? keysOf(x) : slicesOf(x, axis)).map((key, at) => {
        const known = seen.get(key);
        const place = known ?? first.push(at) - 1;
        if (known === undefined) seen.set(key, place);
        times[place] = (times[place] ?? 0) + 1;
        return place;
      });
      const result = [gather(x, int32(first), axis, 0), indices(dtype, places)];
      return counts ? [...result, indices(dtype, times)] : result;
    };
  };
}

export const countingOps: OpFamily = {
  Bincount: () => (inputs) => {
    const [values, size, weights] = [integers(tensorOf(inputs[0])), integer(tensorOf(inputs[1])), tensorOf(inputs[2])];
    if (size < 0) throw invalid(`size (${size}) must be non-negative`);
    if (values.some((value) => value < 0)) throw invalid('Input arr must be non-negative!');
    if (weights.data.length > 0 && weights.data.length !== values.length)
      throw invalid('Input indices and weights must have the same size.');
    return bincountRow(values, size, weights, false);
  },
  DenseBincount: ({ attributes }) => {
    const binary = attributes.bool('binary_output');
    return (inputs) => {
      const [x, size, weights] = [tensorOf(inputs[0]), integer(tensorOf(inputs[1])), tensorOf(inputs[2])];
      if (size < 0) throw invalid(`size (${size}) must be non-negative`);
      if (x.shape.length > 2) throw invalid(`Shape must be at most rank 2 but is rank ${x.shape.length}`);
      if (weights.data.length > 0 && shapeText(weights.shape) !== shapeText(x.shape))
        throw invalid(
          `\`weights\` must be the same shape as \`arr\` or a length-0 \`Tensor\`, in which case it acts as all weights equal to 1. Received ${shapeText(weights.shape)}`,
        );
      const values = integers(x);
      if (values.some((value) => value < 0)) throw invalid('Input arr must be non-negative!');
      if (x.shape.length < 2) return bincountRow(values, size, weights, binary);
      const [rows = 0, columns = 0] = x.shape;
      const into = allocate(weights.dtype, [rows, size]);
      const to = cells(into.data);
      for (let row = 0; row < rows; row += 1) {
        const part =
          weights.data.length === 0
            ? weights
            : ({
                ...weights,
                shape: [columns],
                data: (weights.data as Float32Array).subarray(row * columns, (row + 1) * columns),
              } as Tensor);
        const counts = cells(bincountRow(values.slice(row * columns, (row + 1) * columns), size, part, binary).data);
        for (let i = 0; i < size; i += 1) to[row * size + i] = counts[i];
      }
      return into;
    };
  },
  /** Unique values in the order of their first appearance. */
  Unique: unique(false),
  UniqueV2: unique(false),
  UniqueWithCounts: unique(true),
  UniqueWithCountsV2: unique(true),
};
