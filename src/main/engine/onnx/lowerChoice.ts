import {
  broadcastDims,
  constantIntegers,
  fromFront,
  isFloat,
  isOf,
  rowSize,
  type Lower,
  type LowerFamily,
  type ValueType,
} from './lowering.ts';
import type { SegmentBuilder } from './segmentBuilder.ts';

/** Conditions, and what chooses by them or by indices. */

const comparison =
  (apply: (build: SegmentBuilder, a: string, b: string) => string): Lower =>
  ({ op, inputs, attributes }) => {
    const [a, b] = inputs;
    if (!isOf(a, 'DT_FLOAT', 'DT_INT32', 'DT_INT64') || !isOf(b, a.dtype)) return null;
    // Shapes that do not fit are unequal then, which the host answers.
    if ((op === 'Equal' || op === 'NotEqual') && !attributes.bool('incompatible_shape_error')) return null;
    const dims = broadcastDims(a.dims, b.dims);
    return {
      outputs: [{ dtype: 'DT_BOOL', dims }],
      work: rowSize(dims),
      emit(build, slots, [output]) {
        const { names, layout } = build.together(slots);
        build.define(output!, apply(build, names[0]!, names[1]!), layout);
      },
    };
  };

const compared = (type: string): Lower => comparison((build, a, b) => build.op(type, [a, b]));

const logical =
  (type: 'And' | 'Or'): Lower =>
  ({ inputs }) => {
    const [a, b] = inputs;
    if (!isOf(a, 'DT_BOOL') || !isOf(b, 'DT_BOOL')) return null;
    const dims = broadcastDims(a.dims, b.dims);
    return {
      outputs: [{ dtype: 'DT_BOOL', dims }],
      work: rowSize(dims),
      emit(build, slots, [output]) {
        const { names, layout } = build.together(slots);
        build.define(output!, build.op(type, names), layout);
      },
    };
  };

const not: Lower = ({ inputs }) => {
  const [x] = inputs;
  if (!isOf(x, 'DT_BOOL')) return null;
  return {
    outputs: [{ dtype: 'DT_BOOL', dims: x.dims }],
    work: rowSize(x.dims),
    emit: (build, [input], [output]) => build.elementwise(input!, output!, (name) => build.op('Not', [name])),
  };
};

/** The library's `Where` makes a negative zero of its first values positive, and none of its second ones. */
function chosen(build: SegmentBuilder, names: readonly string[], [a, b]: readonly [ValueType, ValueType]): string {
  const [condition, x, y] = names as [string, string, string];
  const isPlain = ({ constant }: ValueType): boolean =>
    constant !== undefined && !(constant.data as Float32Array).some((value) => Object.is(value, -0));
  if (isPlain(a)) return build.op('Where', [condition, x, y]);
  // Not by `Not`, which the library takes away by exchanging the values.
  const opposite = build.op('Xor', [condition, build.constant({ dtype: 'DT_BOOL', shape: [], data: Uint8Array.of(1) })]);
  if (isPlain(b)) return build.op('Where', [opposite, y, x]);
  const none = build.float(-Infinity);
  return build.op('Max', [build.op('Where', [opposite, none, x]), build.op('Where', [condition, none, y])]);
}

/** The older op with one condition a row is the host's. */
const select: Lower = ({ op, inputs }) => {
  const [condition, a, b] = inputs;
  if (!isOf(condition, 'DT_BOOL') || !isOf(a, 'DT_FLOAT', 'DT_INT32') || !isOf(b, a.dtype)) return null;
  const dims = broadcastDims(broadcastDims(a.dims, b.dims), condition.dims);
  if (dims === null || (op === 'Select' && condition.dims?.length !== a.dims?.length)) return null;
  return {
    outputs: [{ dtype: a.dtype, dims }],
    work: rowSize(dims),
    emit(build, slots, [output]) {
      const { names, layout } = build.together(slots);
      build.define(output!, isFloat(a) ? chosen(build, names, [a, b]) : build.op('Where', names), layout);
    },
  };
};

const onlyBatchOpen = (dims: readonly number[] | null | undefined): dims is readonly number[] =>
  dims != null && dims.length > 0 && dims.indexOf(-1, 1) < 0 && dims[0] === -1 && !dims.includes(0);

/** One value in the shape of another one, of which only the batch is open: a known shape makes a constant. */
const fill: Lower = ({ inputs }) => {
  const [shape, value] = inputs;
  const dims =
    shape?.partial === undefined ? undefined : Array.from(shape.partial.data as Float64Array, (dim) => (Number.isNaN(dim) ? -1 : dim));
  if (shape?.shapeOf === undefined || !onlyBatchOpen(dims) || !isOf(value, 'DT_FLOAT', 'DT_INT32', 'DT_BOOL')) return null;
  const { shapeOf } = shape;
  return {
    outputs: [{ dtype: value.dtype, dims }],
    work: rowSize(dims),
    emit: (build, [, given], [output]) => build.define(output!, build.op('Expand', [build.plain(given!), build.shape(shapeOf)])),
  };
};

const filledLike =
  (value: 0 | 1): Lower =>
  ({ inputs }) => {
    const [x] = inputs;
    if (!isOf(x, 'DT_FLOAT', 'DT_INT32', 'DT_BOOL') || !onlyBatchOpen(x.dims)) return null;
    const { dtype } = x;
    const data = dtype === 'DT_FLOAT' ? Float32Array.of(value) : dtype === 'DT_INT32' ? Int32Array.of(value) : Uint8Array.of(value);
    return {
      outputs: [{ dtype, dims: x.dims }],
      work: rowSize(x.dims),
      emit: (build, [input], [output]) =>
        build.define(output!, build.op('Expand', [build.constant({ dtype, shape: [], data }), build.shape(input!)])),
    };
  };

/** Elements of a table that each session may hold once more. */
const maxTable = 1 << 22;

/** Along one axis. ONNX counts a negative index from the end: here it is put out of range, so that the host refuses it in TensorFlow's words. */
const gather: Lower = ({ op, inputs, attributes }) => {
  const [x, indices] = inputs;
  const axis = op === 'GatherV2' ? constantIntegers(inputs[2])?.[0] : 0;
  if (x === undefined || !isFloat(x) || x.dims === null || !isOf(indices, 'DT_INT32', 'DT_INT64') || indices.dims === null) return null;
  if (axis === undefined || axis < -x.dims.length || axis >= x.dims.length || (x.constant?.data.length ?? 0) > maxTable) return null;
  if (op === 'GatherV2' && attributes.int('batch_dims') !== 0) return null;
  const [at = 0] = fromFront([axis], x.dims.length);
  const known = constantIntegers(indices);
  if (known?.some((index) => index < 0 || (x.dims![at]! >= 0 && index >= x.dims![at]!)) === true) return null;
  const dims = [...x.dims.slice(0, at), ...indices.dims, ...x.dims.slice(at + 1)];
  if (dims.includes(0)) return null;
  return {
    outputs: [{ dtype: 'DT_FLOAT', dims }],
    work: rowSize(dims),
    emit(build, [table, places], [output]) {
      const name = build.plain(places!);
      const whole = (value: number): string =>
        indices.dtype === 'DT_INT64'
          ? build.int64([value], [])
          : build.constant({ dtype: 'DT_INT32', shape: [], data: Int32Array.of(value) });
      const checked = known === undefined ? build.op('Where', [build.op('Less', [name, whole(0)]), whole(2 ** 31 - 1), name]) : name;
      build.define(output!, build.op('Gather', [build.plain(table!), checked], { axis: at }));
    },
  };
};

export const lowerChoice: LowerFamily = {
  Equal: compared('Equal'),
  NotEqual: comparison((build, a, b) => build.op('Not', [build.op('Equal', [a, b])])),
  Less: compared('Less'),
  LessEqual: compared('LessOrEqual'),
  Greater: compared('Greater'),
  GreaterEqual: compared('GreaterOrEqual'),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalNot: not,
  Select: select,
  SelectV2: select,
  Fill: fill,
  ZerosLike: filledLike(0),
  OnesLike: filledLike(1),
  Gather: gather,
  GatherV2: gather,
};
