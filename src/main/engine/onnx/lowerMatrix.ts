import { broadcastDims, isFloat, type Lower, type LowerFamily, type ValueType } from './lowering.ts';
import type { SegmentBuilder } from './segmentBuilder.ts';
import { transpose } from '../ops/shape.ts';

const swapped = (dims: readonly number[]): readonly number[] => [...dims.slice(0, -2), dims.at(-1)!, dims.at(-2)!];

/** An operand with its last two axes swapped where the op says so; a constant is swapped here, once. */
function operand(build: SegmentBuilder, slot: number, swap: boolean): string {
  if (!swap) return build.plain(slot);
  const { constant, dims } = build.type(slot);
  const rank = dims!.length;
  const perm = Array.from({ length: rank }, (_, axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis));
  return constant === undefined ? build.op('Transpose', [build.plain(slot)], { perm }) : build.constant(transpose(constant, perm));
}

function product(a: ValueType, b: ValueType, swapA: boolean, swapB: boolean): ReturnType<Lower> {
  if (!isFloat(a) || !isFloat(b) || a.dims === null || b.dims === null || a.dims.length < 2 || b.dims.length < 2) return null;
  const [x, y] = [swapA ? swapped(a.dims) : a.dims, swapB ? swapped(b.dims) : b.dims];
  const [inner, other] = [x.at(-1)!, y.at(-2)!];
  // What cannot be multiplied is refused by the host, in TensorFlow's words.
  if (inner >= 0 && other >= 0 && inner !== other) return null;
  const batch = broadcastDims(x.slice(0, -2), y.slice(0, -2)) ?? [];
  const dims = [...batch, x.at(-2)!, y.at(-1)!];
  const rows = dims.slice(1, -1).reduce((size, dim) => size * Math.max(1, dim), 1);
  return {
    outputs: [{ dtype: 'DT_FLOAT', dims }],
    work: rows * Math.max(1, inner, other) * Math.max(1, y.at(-1)!),
    emit: (build, [p, q], [output]) => build.define(output!, build.op('MatMul', [operand(build, p!, swapA), operand(build, q!, swapB)])),
  };
}

const batched: Lower = ({ attributes, inputs }) => product(inputs[0]!, inputs[1]!, attributes.bool('adj_x'), attributes.bool('adj_y'));

/** An operand of an einsum with its labels in another order, and runs of them as one axis each. */
function arranged(build: SegmentBuilder, slot: number, term: string, groups: readonly string[], size: (label: string) => number): string {
  const order = groups.join('');
  const perm = Array.from(order, (label) => term.indexOf(label));
  const isMoved = perm.some((from, at) => from !== at);
  const shape = groups.flatMap((group, at) =>
    at === 0 ? Array.from(group, size) : [Array.from(group, size).reduce((all, one) => (one < 0 || all < 0 ? -1 : all * one), 1)],
  );
  const isJoined = groups.some((group, at) => at > 0 && group.length !== 1);
  const { constant } = build.type(slot);
  if (constant !== undefined) {
    const moved = isMoved ? transpose(constant, perm) : constant;
    return build.constant(isJoined ? { ...moved, shape } : moved);
  }
  const moved = isMoved ? build.op('Transpose', [build.plain(slot)], { perm }) : build.plain(slot);
  return isJoined ? build.op('Reshape', [moved, build.int64(shape)]) : moved;
}

/** Two operands, each label once an operand, a sum and no ellipsis, as one batched product; the rest is the host's. */
const einsum: Lower = ({ attributes, inputs }) => {
  const equation = attributes.text('equation');
  const [left = '', right = ''] = equation.split('->');
  const terms = left.split(',');
  if (inputs.length !== 2 || !/^[a-zA-Z]+,[a-zA-Z]+->[a-zA-Z]*$/.test(equation)) return null;
  if ([...terms, right].some((term) => new Set(term).size !== term.length)) return null;
  if (!inputs.every((input, at) => isFloat(input) && input.dims?.length === terms[at]!.length)) return null;
  const sizes = new Map<string, number>();
  for (const [at, term] of terms.entries())
    for (const [axis, label] of Array.from(term).entries()) {
      const dim = inputs[at]!.dims![axis]!;
      const known = sizes.get(label) ?? -1;
      if (known >= 0 && dim >= 0 && known !== dim) return null;
      sizes.set(label, Math.max(known, dim));
    }
  const size = (label: string): number => sizes.get(label) ?? -1;
  const [p = '', q = ''] = terms;
  const pick = (term: string, where: (label: string) => boolean): string => Array.from(term).filter(where).join('');
  // Labels of both sides and the result, of one side and the result, and of both sides alone.
  const batch = pick(right, (label) => p.includes(label) && q.includes(label));
  const [rows, columns] = [pick(right, (label) => !q.includes(label)), pick(right, (label) => !p.includes(label))];
  const inner = pick(p, (label) => q.includes(label) && !right.includes(label));
  // Products without a sum keep the sign of a zero, which the library's sums of one do not.
  if (inner === '') return null;
  // A sum over one side alone, and sizes that are open where ONNX would have to reckon two, are the host's.
  if (batch.length + rows.length + inner.length !== p.length || batch.length + columns.length + inner.length !== q.length) return null;
  if (pick(p + q, (label) => size(label) === 0) !== '') return null;
  const open = pick(batch + rows + columns + inner, (label) => size(label) < 0);
  if (open.length > 1) return null;
  let work = 1;
  for (const [label, dim] of sizes) if (label !== right[0]) work *= Math.max(1, dim);
  return {
    outputs: [{ dtype: 'DT_FLOAT', dims: Array.from(right, size) }],
    work,
    emit(build, [a, b], [output]) {
      const order = batch + rows + columns;
      const product = build.op('MatMul', [
        arranged(build, a!, p, [batch, rows, inner], size),
        arranged(build, b!, q, [batch, inner, columns], size),
      ]);
      const apart =
        rows.length === 1 && columns.length === 1
          ? product
          : build.op('Reshape', [product, build.int64(Array.from(order, size), [order.length])]);
      const perm = Array.from(right, (label) => order.indexOf(label));
      build.define(output!, perm.some((from, at) => from !== at) ? build.op('Transpose', [apart], { perm }) : apart);
    },
  };
};

export const lowerMatrix: LowerFamily = {
  MatMul: ({ attributes, inputs }) =>
    inputs[0]!.dims?.length === 2 && inputs[1]!.dims?.length === 2
      ? product(inputs[0]!, inputs[1]!, attributes.bool('transpose_a'), attributes.bool('transpose_b'))
      : null,
  BatchMatMul: batched,
  BatchMatMulV2: batched,
  BatchMatMulV3: batched,
  Einsum: einsum,
};
