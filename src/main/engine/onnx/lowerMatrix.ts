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

/** Two operands, each label once an operand, a sum and no ellipsis; the rest is the host's. */
const einsum: Lower = ({ attributes, inputs }) => {
  const equation = attributes.text('equation');
  const [left = '', right = ''] = equation.split('->');
  const terms = left.split(',');
  if (inputs.length !== 2 || !/^[a-zA-Z]+,[a-zA-Z]+->[a-zA-Z]*$/.test(equation)) return null;
  if ([...terms, right].some((term) => new Set(term).size !== term.length)) return null;
  if (!inputs.every((input, at) => isFloat(input) && input.dims?.length === terms[at]!.length)) return null;
  const size = new Map<string, number>();
  for (const [at, term] of terms.entries())
    for (const [axis, label] of Array.from(term).entries()) {
      const dim = inputs[at]!.dims![axis]!;
      const known = size.get(label) ?? -1;
      if (known >= 0 && dim >= 0 && known !== dim) return null;
      size.set(label, Math.max(known, dim));
    }
  // Products without a sum keep the sign of a zero, which the library's sums of one do not.
  if ([...size.keys()].every((label) => right.includes(label))) return null;
  const first = right[0];
  let work = 1;
  for (const [label, dim] of size) if (label !== first) work *= Math.max(1, dim);
  return {
    outputs: [{ dtype: 'DT_FLOAT', dims: Array.from(right, (label) => size.get(label) ?? -1) }],
    work,
    emit: (build, slots, [output]) =>
      build.define(
        output!,
        build.op(
          'Einsum',
          slots.map((slot) => build.plain(slot)),
          { equation },
        ),
      ),
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
