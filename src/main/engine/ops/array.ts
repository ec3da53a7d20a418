import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { StatusError } from '../../tfserving/status.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import {
  allocate,
  cells,
  checkedShape,
  indices,
  integer,
  scalarInteger,
  integers,
  invalid,
  isComplex,
  shapeText,
  sizeOf,
  stridesOf,
  tensorOf,
  type Cells,
} from '../value.ts';
import { narrowed, widened } from '../float16.ts';
import { broadcastShape, broadcastStrides, placesOf } from './broadcast.ts';
import { byParts, complexBinary } from './complex.ts';
import { keysOf } from './counting.ts';

/** Ops that choose, pad and lay out elements. */

/** A copy with `before` and `after` elements of `value` around each axis. */
export function pad(x: Tensor, paddings: readonly number[], value: unknown): Tensor {
  const rank = x.shape.length;
  for (let axis = 0; axis < Math.min(rank, paddings.length / 2); axis += 1) {
    const [before, after] = [paddings[axis * 2]!, paddings[axis * 2 + 1]!];
    if (before < 0 || after < 0) throw invalid(`Paddings must be non-negative: ${before} ${after}`);
  }
  if (paddings.length !== rank * 2)
    throw invalid(`The first dimension of paddings must be the rank of inputs[${paddings.length / 2},2] ${shapeText(x.shape)}`);
  const shape = x.shape.map((dim, axis) => dim + paddings[axis * 2]! + paddings[axis * 2 + 1]!);
  const into = allocate(x.dtype, shape);
  const [from, to] = [cells(x.data), cells(into.data)];
  if (value !== undefined) for (let i = 0; i < to.length; i += 1) to[i] = value;
  const strides = stridesOf(shape);
  const places = placesOf(
    x.shape,
    strides,
    strides.reduce((sum, stride, axis) => sum + stride * paddings[axis * 2]!, 0),
  );
  for (let i = 0; i < places.length; i += 1) to[places[i]!] = from[i];
  return into;
}

const mirrorPad: MakeKernel = ({ attributes }) => {
  const offset = attributes.text('mode') === 'SYMMETRIC' ? 0 : 1;
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    const paddings = integers(tensorOf(inputs[1]));
    if (paddings.length !== x.shape.length * 2)
      throw invalid(`The first dimension of paddings must be the rank of inputs[${paddings.length / 2},2], ${shapeText(x.shape)}`);
    const strides = stridesOf(x.shape);
    // For each place of an axis of the result, where it lies in the input.
    const axes = x.shape.map((dim, axis) => {
      const [before, after] = [paddings[axis * 2]!, paddings[axis * 2 + 1]!];
      if (before < 0 || after < 0) throw invalid(`paddings must be non-negative: ${before} ${after}`);
      if (before > dim - offset || after > dim - offset)
        throw invalid(
          offset === 1
            ? `paddings must be less than the dimension size: ${before}, ${after} not less than ${dim}`
            : `paddings must be no greater than the dimension size: ${before}, ${after} greater than ${dim}`,
        );
      return Array.from({ length: dim + before + after }, (_, at) => {
        const place = at - before;
        return (place < 0 ? -place - 1 + offset : place >= dim ? 2 * dim - place - 1 - offset : place) * strides[axis]!;
      });
    });
    const shape = axes.map((axis) => axis.length);
    const into = allocate(x.dtype, shape);
    const [from, to] = [cells(x.data), cells(into.data)];
    let places = [0];
    for (const axis of axes) places = places.flatMap((base) => axis.map((move) => base + move));
    for (let i = 0; i < to.length; i += 1) to[i] = from[places[i]!];
    return into;
  };
};

function selectShape(condition: readonly number[], a: readonly number[], b: readonly number[]): readonly number[] {
  try {
    return broadcastShape(broadcastShape(a, b), condition);
  } catch {
    throw invalid(`condition ${shapeText(condition)}, then ${shapeText(a)}, and else ${shapeText(b)} must be broadcastable`);
  }
}

/** Chooses by a condition, all three repeated to one shape. */
const selectV2: MakeKernel = () => (inputs) => {
  const [condition, a, b] = [tensorOf(inputs[0]), tensorOf(inputs[1]), tensorOf(inputs[2])];
  if (a.dtype !== b.dtype) throw invalid('The branches of a select must be of one type');
  const shape = selectShape(condition.shape, a.shape, b.shape);
  const into = allocate(a.dtype, shape);
  const [c, x, y, to] = [cells(condition.data), cells(a.data), cells(b.data), cells(into.data)];
  const [ofC, ofX, ofY] = [condition, a, b].map((one) =>
    sizeOf(one.shape) === sizeOf(shape) ? undefined : placesOf(shape, broadcastStrides(one.shape, shape)),
  );
  const width = isComplex(a.dtype) ? 2 : 1;
  for (let i = 0; i * width < to.length; i += 1) {
    const chosen = c[ofC?.[i] ?? i] !== 0;
    const at = (chosen ? ofX?.[i] : ofY?.[i]) ?? i;
    for (let w = 0; w < width; w += 1) to[i * width + w] = (chosen ? x : y)[at * width + w];
  }
  return into;
};

/** The older select: the condition has the shape of both, or one value a row of them, or is a scalar. */
const select: MakeKernel = (op) => {
  const broadcasting = selectV2(op);
  return (inputs, run) => {
    const [condition, a, b] = [tensorOf(inputs[0]), tensorOf(inputs[1]), tensorOf(inputs[2])];
    if (shapeText(a.shape) !== shapeText(b.shape))
      throw invalid(`'then' and 'else' must have the same size.  but received: ${shapeText(a.shape)} vs. ${shapeText(b.shape)}`);
    if (condition.shape.length === 1 && a.shape.length > 1) {
      if (condition.shape[0] !== a.shape[0])
        throw invalid(`Number of batches of 'then' must match size of 'cond', but saw: ${a.shape[0] ?? 0} vs. ${condition.shape[0] ?? 0}`);
      return broadcasting([{ ...condition, shape: [condition.shape[0]!, ...a.shape.slice(1).map(() => 1)] }, a, b], run);
    }
    return broadcasting(inputs, run);
  };
};

const oneHot: MakeKernel = ({ attributes }) => {
  const at = attributes.int('axis');
  return (inputs) => {
    const [index, on, off] = [tensorOf(inputs[0]), tensorOf(inputs[2]), tensorOf(inputs[3])];
    const depth = scalarInteger(tensorOf(inputs[1]), (shape) => `depth must be a scalar, but got: ${shape}`);
    if (depth < 0) throw invalid(`depth must be non-negative, got: ${depth}`);
    const rank = index.shape.length;
    if (at < -1 || at > rank) throw invalid(`Expected axis to be -1 or between [0, ${rank + 1}).  But received: ${at}`);
    const axis = at < 0 ? rank : at;
    const shape = [...index.shape.slice(0, axis), depth, ...index.shape.slice(axis)];
    const into = allocate(on.dtype, shape);
    const to = cells(into.data);
    const [one, zero] = [cells(on.data)[0], cells(off.data)[0]];
    for (let i = 0; i < to.length; i += 1) to[i] = zero;
    const inner = sizeOf(index.shape.slice(axis));
    for (const [i, value] of integers(index).entries()) {
      if (value < 0 || value >= depth) continue;
      to[(Math.floor(i / inner) * depth + value) * inner + (i % inner)] = one;
    }
    return into;
  };
};

/** The places of what is true or not zero, one row each. */
const where: MakeKernel = (op) => (inputs, run) => {
  const x = tensorOf(inputs[0]);
  if (x.shape.length === 0) throw invalid('WhereOp : Unhandled input dimensions: 0');
  if (isComplex(x.dtype)) return where(op)([complexBinary('NotEqual', x, allocate(x.dtype, []))], run);
  const values = cells(widened(x).data) as Cells<number | bigint>;
  const strides = stridesOf(x.shape);
  const rows: number[] = [];
  for (let i = 0; i < values.length; i += 1) if (values[i] !== 0 && values[i] !== 0n) rows.push(i);
  const rank = x.shape.length;
  const data = new BigInt64Array(rows.length * rank);
  for (const [row, place] of rows.entries())
    for (let axis = 0; axis < rank; axis += 1) data[row * rank + axis] = BigInt(Math.floor(place / strides[axis]!) % x.shape[axis]!);
  return { dtype: 'DT_INT64', shape: [rows.length, rank], data };
};

const bandPart: MakeKernel = () => (inputs) => {
  const x = tensorOf(inputs[0]);
  const [lower, upper] = ['num_lower', 'num_upper'].map((name, at) =>
    scalarInteger(tensorOf(inputs[at + 1]), (shape) => `${name} must be scalar, got shape ${shape}`),
  ) as [number, number];
  const [rows = 0, columns = 0] = x.shape.slice(-2);
  if (x.shape.length < 2) throw invalid(`input must be at least 2-dim, received shape: ${shapeText(x.shape)}`);
  if (lower > rows) throw invalid(`num_lower must be negative or less or equal to number of rows (${rows}) got: ${lower}`);
  if (upper > columns) throw invalid(`num_upper must be negative or less or equal to number of columns (${columns}) got: ${upper}`);
  const into = allocate(x.dtype, x.shape);
  const [from, to] = [cells(x.data), cells(into.data)];
  for (let i = 0; i < to.length; i += 1) {
    const [row, column] = [Math.floor(i / columns) % rows, i % columns];
    if ((lower < 0 || row - column <= lower) && (upper < 0 || column - row <= upper)) to[i] = from[i];
  }
  return into;
};

/** Reads diagonals `k` of the last two axes as rows, shorter ones padded by their alignment. */
const diagPart: MakeKernel = ({ node, attributes }) => {
  const align = node.op === 'MatrixDiagPartV3' ? attributes.text('align') : 'LEFT_LEFT';
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    const k = inputs[1] === undefined ? [0] : integers(tensorOf(inputs[1]));
    const [low, high] = [k[0]!, k.at(-1)!];
    const [rows = 0, columns = 0] = x.shape.slice(-2);
    if (x.shape.length < 2) throw invalid(`input must be at least 2-dim, received shape: ${shapeText(x.shape)}`);
    for (const [name, one] of [
      ['lower', low],
      ['upper', high],
    ] as const)
      if ((one <= -rows || one >= columns) && one !== 0)
        throw invalid(
          `${name}_diag_index is out of bound: ${one}${name === 'lower' ? '.' : ''} It must be between ${-rows} and ${columns}`,
        );
    if (low > high) throw invalid(`lower_diag_index must not be larger than upper_diag_index: ${low} > ${high}`);
    const longest = Math.min(rows + Math.min(high, 0), columns - Math.max(low, 0));
    const count = high - low + 1;
    const batch = x.shape.slice(0, -2);
    const into = allocate(x.dtype, [...batch, ...(count === 1 ? [] : [count]), longest]);
    const [from, to] = [cells(x.data), cells(into.data)];
    const padding = inputs[2] === undefined ? undefined : cells(tensorOf(inputs[2]).data)[0];
    let at = 0;
    for (let b = 0; b < sizeOf(batch); b += 1) {
      for (let d = high; d >= low; d -= 1) {
        const length = Math.min(rows + Math.min(d, 0), columns - Math.max(d, 0));
        const right = d >= 0 ? align.startsWith('RIGHT') : align.endsWith('RIGHT');
        const shift = right ? longest - length : 0;
        for (let i = 0; i < longest; i += 1, at += 1) {
          const place = i - shift;
          if (place >= 0 && place < length) to[at] = from[(b * rows + place + Math.max(0, -d)) * columns + place + Math.max(0, d)];
          else if (padding !== undefined) to[at] = padding;
        }
      }
    }
    return into;
  };
};

/** Lays rows along diagonals `k` of new matrices. */
const diag: MakeKernel = ({ node, attributes }) => {
  const align = node.op === 'MatrixDiagV3' ? attributes.text('align') : 'LEFT_LEFT';
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    const k = inputs[1] === undefined ? [0] : integers(tensorOf(inputs[1]));
    const [low, high] = [k[0]!, k.at(-1)!];
    if (low > high) throw invalid(`lower_diag_index must not be larger than upper_diag_index: ${low} > ${high}`);
    const count = high - low + 1;
    if (x.shape.length < (count === 1 ? 1 : 2))
      throw invalid(`diagonal must be at least ${count === 1 ? 1 : 2}-dim, received shape: ${shapeText(x.shape)}`);
    const longest = x.shape.at(-1) ?? 0;
    const least = [longest + Math.max(0, -high), longest + Math.max(0, low)];
    const [rowsGiven, columnsGiven] = [inputs[2], inputs[3]].map((one) => (one === undefined ? -1 : integer(tensorOf(one)))) as [
      number,
      number,
    ];
    const square = Math.max(least[0]!, least[1]!);
    const rows = rowsGiven >= 0 ? rowsGiven : columnsGiven >= 0 ? least[0]! : square;
    const columns = columnsGiven >= 0 ? columnsGiven : rowsGiven >= 0 ? least[1]! : square;
    if (rows < least[0]!) throw invalid('The number of rows is too small.');
    if (columns < least[1]!) throw invalid('The number of columns is too small.');
    if (rows !== least[0] && columns !== least[1])
      throw invalid('The number of rows or columns is not consistent with the specified d_lower, d_upper, and diagonal.');
    const batch = x.shape.slice(0, count === 1 ? -1 : -2);
    const into = allocate(x.dtype, checkedShape([...batch, rows, columns]));
    const [from, to] = [cells(x.data), cells(into.data)];
    const padding = inputs[4] === undefined ? undefined : cells(tensorOf(inputs[4]).data)[0];
    if (padding !== undefined) for (let i = 0; i < to.length; i += 1) to[i] = padding;
    for (let b = 0; b < sizeOf(batch); b += 1) {
      for (let d = high; d >= low; d -= 1) {
        const length = Math.min(rows + Math.min(d, 0), columns - Math.max(d, 0));
        const right = d >= 0 ? align.startsWith('RIGHT') : align.endsWith('RIGHT');
        const shift = right ? longest - length : 0;
        for (let i = 0; i < length; i += 1)
          to[(b * rows + i + Math.max(0, -d)) * columns + i + Math.max(0, d)] = from[(b * count + high - d) * longest + i + shift];
      }
    }
    return into;
  };
};

/** Merges tensors by index: later ones win. */
const dynamicStitch: MakeKernel = () => (inputs) => {
  const count = inputs.length / 2;
  const index = inputs.slice(0, count).map((input) => tensorOf(input));
  const data = inputs.slice(count).map((input) => tensorOf(input));
  const inner = data[0]!.shape.slice(index[0]!.shape.length);
  const innerSize = sizeOf(inner);
  for (const [which, one] of index.entries()) {
    const given = data[which]!.shape;
    if (shapeText(given.slice(0, one.shape.length)) !== shapeText(one.shape))
      throw invalid(`data[${which}].shape = ${shapeText(given)} does not start with indices[${which}].shape = ${shapeText(one.shape)}`);
  }
  const places = index.map(integers);
  let size = 0;
  for (const list of places) for (const place of list) size = Math.max(size, place + 1);
  const into = allocate(data[0]!.dtype, [size, ...inner]);
  const to = cells(into.data);
  for (const [which, list] of places.entries()) {
    const from = cells(data[which]!.data);
    for (const [row, place] of list.entries()) {
      if (place < 0) throw invalid(`indices[${row}] is out of range`);
      for (let c = 0; c < innerSize; c += 1) to[place * innerSize + c] = from[row * innerSize + c];
    }
  }
  return into;
};

function padded(x: Tensor, paddings: Tensor, value: unknown): Tensor {
  if (paddings.shape.length !== 2 || paddings.shape[1] !== 2)
    throw invalid(`paddings must be a matrix with 2 columns: ${shapeText(paddings.shape)}`);
  return pad(x, integers(paddings), value);
}

const moving = byParts({
  Pad: () => (inputs) => padded(tensorOf(inputs[0]), tensorOf(inputs[1]), undefined),
  PadV2: () => (inputs) => padded(tensorOf(inputs[0]), tensorOf(inputs[1]), cells(tensorOf(inputs[2]).data)[0]),
  MirrorPad: mirrorPad,
  Select: select,
  SelectV2: selectV2,
  OneHot: oneHot,
  MatrixBandPart: bandPart,
  MatrixDiagPart: diagPart,
  MatrixDiagPartV2: diagPart,
  MatrixDiagPartV3: diagPart,
  MatrixDiag: diag,
  MatrixDiagV2: diag,
  MatrixDiagV3: diag,
  DynamicStitch: dynamicStitch,
  ParallelDynamicStitch: dynamicStitch,
});

export const arrayOps: OpFamily = {
  ...moving,
  Where: where,
  ClipByValue: () => (inputs) => {
    const [x, low, high] = inputs.map((input) => widened(tensorOf(input))) as [Tensor, Tensor, Tensor];
    for (const bound of [low, high])
      if (bound.shape.length > 0 && shapeText(bound.shape) !== shapeText(x.shape))
        throw invalid(
          `clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. input shape: ${shapeText(x.shape)}clip_value_min shape: ${shapeText(low.shape)}clip_value_max shape: ${shapeText(high.shape)}`,
        );
    const into = allocate(x.dtype, x.shape);
    const [v, to] = [cells(x.data) as Cells<number>, cells(into.data) as Cells<number>];
    const [l, h] = [cells(low.data) as Cells<number>, cells(high.data) as Cells<number>];
    for (let i = 0; i < to.length; i += 1) {
      const [a, b] = [l[low.data.length === 1 ? 0 : i]!, h[high.data.length === 1 ? 0 : i]!];
      to[i] = v[i]! < a ? a : v[i]! > b ? b : v[i]!;
    }
    return narrowed(into, inputs[0]!.dtype);
  },
  Bucketize: ({ attributes }) => {
    const boundaries = attributes.floats('boundaries');
    if (boundaries.some((one, at) => one < (boundaries[at - 1] ?? -Infinity))) throw invalid('Expected sorted boundaries');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const data = Int32Array.from(x.data as Float32Array, (value) => {
        let [low, high] = [0, boundaries.length];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (value < boundaries[middle]!) high = middle;
          else low = middle + 1;
        }
        return low;
      });
      return { dtype: 'DT_INT32', shape: x.shape, data };
    };
  },
  /** The places of values among sorted rows. */
  LowerBound: bound((value, pivot) => value < pivot),
  UpperBound: bound((value, pivot) => value <= pivot),
  ListDiff:
    ({ attributes }) =>
    (inputs) => {
      const [x, y] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
      if (x.shape.length !== 1) throw invalid('x should be a 1D vector.');
      if (y.shape.length !== 1) throw invalid('y should be a 1D vector.');
      const gone = new Set<unknown>(keysOf(y));
      const kept = keysOf(x).flatMap((key, at) => (gone.has(key) ? [] : [at]));
      const into = allocate(x.dtype, [kept.length]);
      const [from, to] = [cells(x.data), cells(into.data)];
      for (const [at, place] of kept.entries()) to[at] = from[place];
      return [into, indices(attributes.type('out_idx'), kept)];
    },
  Cross: () => (inputs) => {
    const [a, b] = [widened(tensorOf(inputs[0])), widened(tensorOf(inputs[1]))];
    if (a.shape.at(-1) !== 3) throw new StatusError('FAILED_PRECONDITION', 'Cross-products are only defined for 3-element vectors.');
    const into = allocate(a.dtype, a.shape);
    const [x, y, to] = [cells(a.data) as Cells<number>, cells(b.data) as Cells<number>, cells(into.data) as Cells<number>];
    for (let i = 0; i < to.length; i += 3)
      for (let c = 0; c < 3; c += 1)
        to[i + c] = x[i + ((c + 1) % 3)]! * y[i + ((c + 2) % 3)]! - x[i + ((c + 2) % 3)]! * y[i + ((c + 1) % 3)]!;
    return narrowed(into, inputs[0]!.dtype);
  },
};

function bound(below: (pivot: number | bigint, value: number | bigint) => boolean): MakeKernel {
  return ({ attributes }) => {
    const dtype = attributes.type('out_type');
    return (inputs) => {
      const [sorted, values] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
      const [s, v] = [cells(sorted.data) as Cells<number>, cells(values.data) as Cells<number>];
      if (sorted.shape[0] !== values.shape[0]) throw invalid('Leading dim_size of both tensors must match.');
      const [width, queries] = [sorted.shape.at(-1) ?? 0, values.shape.at(-1) ?? 0];
      const places = Array.from({ length: values.data.length }, (_, i) => {
        const row = Math.floor(i / queries) * width;
        let [low, high] = [0, width];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (below(s[row + middle]!, v[i]!)) low = middle + 1;
          else high = middle;
        }
        return low;
      });
      return dtype === 'DT_INT64'
        ? { dtype, shape: values.shape, data: BigInt64Array.from(places, BigInt) }
        : { dtype: 'DT_INT32', shape: values.shape, data: Int32Array.from(places) };
    };
  };
}
