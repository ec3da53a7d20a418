import { constantIntegers, fromFront, isFloat, isMovable, rowSize, type Lower, type LowerFamily, type ValueType } from './lowering.ts';
import { resolveSlice, masksOf } from '../ops/stridedSlice.ts';

/** Ops that change shapes. The target must be known but for one dimension, which ONNX reckons. */

const float = (dims: readonly number[] | null): ValueType => ({ dtype: 'DT_FLOAT', dims });
const like = ({ dtype }: ValueType, dims: readonly number[]): ValueType => ({ dtype, dims });
const isKnown = (dims: readonly number[] | null): dims is readonly number[] => dims !== null;

/** Known values of a shape input, NaN where unknown. */
function targetOf(value: ValueType | undefined): readonly number[] | undefined {
  return constantIntegers(value) ?? (value?.partial === undefined ? undefined : Array.from(value.partial.data as Float64Array));
}

const reshape: Lower = ({ inputs }) => {
  const [x, shape] = inputs;
  const target = targetOf(shape);
  if (x === undefined || target === undefined || !isMovable(x) || target.length === 0) return null;
  const open = target.map((dim) => Number.isNaN(dim) || dim === -1);
  if (open.filter(Boolean).length > 1 || target.includes(0)) return null;
  const rest = target.reduce((size, dim, axis) => (open[axis] ? size : size * dim), 1);
  const whole = isKnown(x.dims) && !x.dims.includes(-1) ? x.dims.reduce((size, dim) => size * dim, 1) : undefined;
  // A size that does not fit is refused by the host.
  if (whole !== undefined && (open.includes(true) ? whole % rest !== 0 : whole !== rest)) return null;
  const dims = target.map((dim, axis) => (open[axis] ? (whole === undefined ? -1 : whole / rest) : dim));
  return {
    outputs: [like(x, dims)],
    work: 0,
    emit: (build, [input], [output]) =>
      build.define(output!, build.op('Reshape', [build.plain(input!), build.int64(target.map((dim, axis) => (open[axis] ? -1 : dim)))])),
  };
};

const squeeze: Lower = ({ inputs, attributes }) => {
  const [x] = inputs;
  const axes = attributes.has('squeeze_dims') ? attributes.ints('squeeze_dims') : attributes.ints('axis');
  if (x === undefined || !isMovable(x) || !isKnown(x.dims) || axes.length === 0) return null;
  const gone = fromFront(axes, x.dims.length);
  if (gone.some((axis) => x.dims![axis] !== 1)) return null;
  return {
    outputs: [
      like(
        x,
        x.dims.filter((_, axis) => !gone.includes(axis)),
      ),
    ],
    work: 0,
    emit: (build, [input], [output]) => build.define(output!, build.op('Squeeze', [build.plain(input!), build.int64(gone)])),
  };
};

const expandDims: Lower = ({ inputs }) => {
  const [x, axisValue] = inputs;
  const axis = constantIntegers(axisValue)?.[0];
  if (x === undefined || !isMovable(x) || !isKnown(x.dims) || axis === undefined || axis > x.dims.length || axis < -x.dims.length - 1)
    return null;
  const at = axis < 0 ? axis + x.dims.length + 1 : axis;
  return {
    outputs: [like(x, [...x.dims.slice(0, at), 1, ...x.dims.slice(at)])],
    work: 0,
    emit: (build, [input], [output]) => build.define(output!, build.op('Unsqueeze', [build.plain(input!), build.int64([at])])),
  };
};

const transpose: Lower = ({ inputs }) => {
  const [x, order] = inputs;
  const given = constantIntegers(order);
  if (x === undefined || !isMovable(x) || !isKnown(x.dims) || given?.length !== x.dims.length) return null;
  const perm = fromFront(given, x.dims.length);
  if (new Set(perm).size !== perm.length || perm.some((axis) => axis < 0 || axis >= perm.length)) return null;
  return {
    outputs: [
      like(
        x,
        perm.map((axis) => x.dims![axis]!),
      ),
    ],
    work: rowSize(x.dims),
    emit: (build, [input], [output]) => build.define(output!, build.op('Transpose', [build.plain(input!)], { perm })),
  };
};

const concat: Lower = ({ inputs }) => {
  const parts = inputs.slice(0, -1);
  const axis = constantIntegers(inputs.at(-1))?.[0];
  const rank = parts[0]?.dims?.length;
  if (axis === undefined || rank === undefined || rank === 0 || axis >= rank || axis < -rank) return null;
  if (!parts.every((part) => isFloat(part) && part.dims?.length === rank)) return null;
  const [at = 0] = fromFront([axis], rank);
  const all = parts.map((part) => part.dims!);
  const dims = all[0]!.map((_, a) => {
    const known = all.map((one) => one[a]!);
    return a === at ? (known.includes(-1) ? -1 : known.reduce((sum, dim) => sum + dim, 0)) : (known.find((dim) => dim >= 0) ?? -1);
  });
  if (all.some((one) => one.some((dim, a) => a !== at && dim >= 0 && dims[a]! >= 0 && dim !== dims[a]))) return null;
  return {
    outputs: [float(dims)],
    work: rowSize(dims),
    emit(build, slots, [output]) {
      const names = slots.slice(0, -1);
      const first = rank >= 3 && names.some((slot) => build.isFirst(slot));
      const layout = first ? 'first' : 'plain';
      build.define(
        output!,
        build.op(
          'Concat',
          names.map((slot) => (first ? build.first(slot) : build.plain(slot))),
          { axis: build.axis(at, rank, layout) },
        ),
        layout,
      );
    },
  };
};

const pad: Lower = ({ op, inputs }) => {
  const [x, paddings, value] = inputs;
  const pairs = constantIntegers(paddings);
  if (x === undefined || !isFloat(x) || !isKnown(x.dims) || pairs?.length !== x.dims.length * 2 || pairs.some((one) => one < 0))
    return null;
  if (op === 'PadV2' && value?.constant === undefined) return null;
  const dims = x.dims.map((dim, axis) => (dim < 0 ? -1 : dim + pairs[axis * 2]! + pairs[axis * 2 + 1]!));
  const fill = op === 'PadV2' ? Number((value!.constant!.data as Float32Array)[0]) : 0;
  const rank = x.dims.length;
  return {
    outputs: [float(dims)],
    work: rowSize(dims),
    emit(build, [input], [output]) {
      const layout = build.isFirst(input!) ? 'first' : 'plain';
      const order = x.dims!.map((_, axis) => axis);
      const moved = layout === 'first' ? [0, rank - 1, ...order.slice(1, -1)] : order;
      const pads = [...moved.map((axis) => pairs[axis * 2]!), ...moved.map((axis) => pairs[axis * 2 + 1]!)];
      const name = layout === 'first' ? build.first(input!) : build.plain(input!);
      build.define(output!, build.op('Pad', [name, build.int64(pads), build.float(fill)]), layout);
    },
  };
};

/** Mean, Sum, Max and Min over constant axes, which operator set 17 has in an input of ReduceSum, in an attribute of the others. */
const reduction =
  (type: 'ReduceMean' | 'ReduceSum' | 'ReduceMax' | 'ReduceMin'): Lower =>
  ({ inputs, attributes }) => {
    const [x, axesValue] = inputs;
    const given = constantIntegers(axesValue);
    if (x === undefined || !isFloat(x) || !isKnown(x.dims) || given === undefined) return null;
    const rank = x.dims.length;
    const isExtreme = type === 'ReduceMax' || type === 'ReduceMin';
    if (given.some((axis) => axis < -rank || axis >= rank) || given.length === 0 || x.dims.includes(0)) return null;
    const axes = fromFront(given, rank);
    if (new Set(axes).size !== axes.length) return null;
    const keep = attributes.bool('keep_dims');
    const dims = x.dims.flatMap((dim, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [dim]));
    return {
      outputs: [float(dims)],
      work: rowSize(x.dims),
      emit(build, [input], [output]) {
        // All spatial axes away, or kept: what is left has the same order in both layouts.
        const first = build.isFirst(input!) && (keep || axes.length >= rank - 2);
        const layout = first ? 'first' : 'plain';
        const moved = axes.map((axis) => build.axis(axis, rank, layout)).toSorted((a, b) => a - b);
        const name = first ? build.first(input!) : build.plain(input!);
        const keepdims = keep ? 1 : 0;
        const sum = (summed: string): string => build.op('ReduceSum', [summed, build.int64(moved)], { keepdims });
        const result = type === 'ReduceSum' ? sum(name) : build.op(type, [name], { axes: moved, keepdims });
        if (!isExtreme) {
          // TensorFlow's sums start from 0 and are never -0; the library's start from the first term.
          const zero = build.float(0);
          build.define(output!, build.op('Where', [build.op('Equal', [result, zero]), zero, result]), keep ? layout : 'plain');
          return;
        }
        // The library's extremes pass a NaN over, its sums keep it; within bounds a sum is NaN for no other reason.
        const bounded = sum(build.op('Clip', [name, build.float(-1), build.float(1)]));
        const [join, least] = type === 'ReduceMax' ? (['Max', -Infinity] as const) : (['Min', Infinity] as const);
        const nan = build.op('Where', [build.op('IsNaN', [bounded]), bounded, build.float(least)]);
        // Joined so, and not by Where, which makes a -0 0.
        build.define(output!, build.op(join, [result, nan]), keep ? layout : 'plain');
      },
    };
  };

const stridedSlice: Lower = ({ inputs, attributes }) => {
  const [x, ...spec] = inputs;
  const [begin, end, strides] = spec.map(constantIntegers);
  if (x === undefined || !isMovable(x) || !isKnown(x.dims) || begin === undefined || end === undefined || strides === undefined)
    return null;
  // An unknown dimension stands in as a large one: only full ranges of it give the same result for every size.
  const stand = 1 << 30;
  let resolved: ReturnType<typeof resolveSlice>;
  try {
    resolved = resolveSlice(
      x.dims.map((dim) => (dim < 0 ? stand : dim)),
      begin,
      end,
      strides,
      masksOf(attributes),
    );
  } catch {
    // The host refuses it in TensorFlow's words.
    return null;
  }
  const { axes, shape } = resolved;
  if (axes.some(({ start, step, count }, axis) => x.dims![axis]! < 0 && !(start === 0 && step === 1 && count === stand))) return null;
  const cut = axes.flatMap(({ start, step, count }, axis) =>
    start === 0 && step === 1 && count === (x.dims![axis]! < 0 ? stand : x.dims![axis]) ? [] : [{ start, step, count, axis }],
  );
  if (cut.some(({ count, step }) => count === 0 || step < 0)) return null;
  const dims = shape.map((dim) => (dim === stand ? -1 : dim));
  if (dims.filter((dim) => dim < 0).length > 1) return null;
  return {
    outputs: [like(x, dims)],
    work: rowSize(dims),
    emit(build, [input], [output]) {
      let name = build.plain(input!);
      if (cut.length > 0)
        name = build.op('Slice', [
          name,
          build.int64(cut.map(({ start }) => start)),
          build.int64(cut.map(({ start, step, count }) => start + (count - 1) * step + 1)),
          build.int64(cut.map(({ axis }) => axis)),
          build.int64(cut.map(({ step }) => step)),
        ]);
      build.define(
        output!,
        dims.length === 0 ? build.op('Reshape', [name, build.int64([], [0])]) : build.op('Reshape', [name, build.int64(dims)]),
      );
    },
  };
};

const pack: Lower = ({ inputs, attributes }) => {
  const [x] = inputs;
  const rank = x?.dims?.length;
  if (
    rank === undefined ||
    !inputs.every((one) => isFloat(one) && one.dims?.length === rank && one.dims.every((dim, axis) => dim === x!.dims![axis]))
  )
    return null;
  const axis = attributes.int('axis');
  if (axis > rank || axis < -rank - 1) return null;
  const at = axis < 0 ? axis + rank + 1 : axis;
  const dims = [...x!.dims!.slice(0, at), inputs.length, ...x!.dims!.slice(at)];
  return {
    outputs: [float(dims)],
    work: rowSize(dims),
    emit: (build, slots, [output]) =>
      build.define(
        output!,
        build.op(
          'Concat',
          slots.map((slot) => build.op('Unsqueeze', [build.plain(slot), build.int64([at])])),
          { axis: at },
        ),
      ),
  };
};

const split: Lower = ({ inputs, attributes }) => {
  const [axisValue, x] = inputs;
  const axis = constantIntegers(axisValue)?.[0];
  const count = attributes.int('num_split');
  if (x === undefined || axis === undefined || !isFloat(x) || !isKnown(x.dims) || axis >= x.dims.length || axis < -x.dims.length)
    return null;
  const [at = 0] = fromFront([axis], x.dims.length);
  const dim = x.dims[at]!;
  if (dim <= 0 || dim % count !== 0) return null;
  const dims = x.dims.map((one, a) => (a === at ? dim / count : one));
  return {
    outputs: Array.from({ length: count }, () => float(dims)),
    work: rowSize(x.dims),
    emit(build, [, input], outputs) {
      const names = build.ops(
        'Split',
        [build.plain(input!), build.int64(Array.from<number>({ length: count }).fill(dim / count))],
        { axis: at },
        count,
      );
      for (const [index, output] of outputs.entries()) build.define(output, names[index]!);
    },
  };
};

export const lowerShape: LowerFamily = {
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  Transpose: transpose,
  ConcatV2: concat,
  Pad: pad,
  PadV2: pad,
  Mean: reduction('ReduceMean'),
  Sum: reduction('ReduceSum'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  StridedSlice: stridedSlice,
  Pack: pack,
  Split: split,
};
