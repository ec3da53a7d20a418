import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { adjoined, byParts } from './complex.ts';
import {
  allocate,
  cells,
  checkedShape,
  indices,
  integer,
  integers,
  invalid,
  isWide,
  numbers,
  shapeText,
  sizeOf,
  stridesOf,
  tensorOf,
  type Cells,
} from '../value.ts';
import { placeText } from './gather.ts';
import { reducedAxes } from './reduce.ts';

/** Sparse and ragged tensors: [indices, values, shape], or values with row splits. */

/** The flat place of each row of indices. Refuses rows outside of the shape. */
function placesOf(index: Tensor, shape: readonly number[]): readonly number[] {
  const rank = shape.length;
  const coordinates = integers(index);
  const strides = stridesOf(shape);
  return Array.from({ length: coordinates.length / Math.max(1, rank) }, (_, row) => {
    let place = 0;
    for (let axis = 0; axis < rank; axis += 1) {
      const at = coordinates[row * rank + axis]!;
      if (at < 0 || at >= shape[axis]!)
        throw invalid(
          `indices[${row}] = ${shapeText(coordinates.slice(row * rank, (row + 1) * rank))} is out of bounds: need 0 <= index < ${shapeText(shape)}`,
        );
      place += at * strides[axis]!;
    }
    return place;
  });
}

/** Refuses rows of indices that are not in order, or twice there. */
function checkOrder(index: Tensor, places: readonly number[], rank: number): void {
  const coordinates = integers(index);
  for (let row = 1; row < places.length; row += 1) {
    if (places[row]! > places[row - 1]!) continue;
    const told = `indices[${row}] = ${shapeText(coordinates.slice(row * rank, (row + 1) * rank))}`;
    throw invalid(
      places[row] === places[row - 1]
        ? `${told} is repeated`
        : `${told} is out of order. Many sparse ops require sorted indices.\n    Use \`tf.sparse.reorder\` to create a correctly ordered copy.\n\n`,
    );
  }
}

const sparseToDense: MakeKernel =
  ({ attributes }) =>
  (inputs) => {
    const [index, shapeTensor, values, fallback] = inputs.map(tensorOf) as [Tensor, Tensor, Tensor, Tensor];
    const shape = checkedShape(integers(shapeTensor));
    const rows =
      index.shape.length < 2
        ? { ...index, shape: [index.shape[0] ?? 1, index.shape.length === 0 || shape.length === 1 ? 1 : shape.length] }
        : index;
    const count = rows.shape[0]!;
    if (values.shape.length > 0 && (values.shape.length > 1 || values.shape[0] !== count))
      throw invalid(`sparse_values has incorrect shape ${shapeText(values.shape)}, should be [] or [${count}]`);
    const into = allocate(values.dtype, shape);
    const [to, from, other] = [cells(into.data), cells(values.data), cells(fallback.data)[0]];
    for (let i = 0; i < to.length; i += 1) to[i] = other;
    const places = placesOf(rows, shape);
    if (attributes.bool('validate_indices')) checkOrder(rows, places, shape.length);
    for (const [row, place] of places.entries()) to[place] = from[values.shape.length === 0 ? 0 : row];
    return into;
  };

const reduceSum =
  (kind: 'sum' | 'max'): MakeKernel =>
  ({ attributes }) => {
    const keep = attributes.bool('keep_dims');
    return (inputs) => {
      const [index, values, shapeTensor, axes] = inputs.map(tensorOf) as [Tensor, Tensor, Tensor, Tensor];
      const shape = integers(shapeTensor);
      const beyond = integers(axes).find((axis) => axis < -shape.length || axis >= shape.length);
      if (beyond !== undefined) throw invalid(`Invalid reduction dimension ${beyond}, for input with ${shape.length} dimensions.`);
      const reduced = reducedAxes(shape.length, integers(axes));
      const result = shape.map((dim, axis) => (reduced[axis] ? 1 : dim));
      const strides = stridesOf(result);
      const into = allocate(
        values.dtype,
        shape.flatMap((dim, axis) => (reduced[axis] ? (keep ? [1] : []) : [dim])),
      );
      const [to, from] = [cells(into.data) as Cells<number | bigint>, cells(values.data) as Cells<number | bigint>];
      const rank = shape.length;
      const coordinates = integers(index);
      const seen = new Set<number>();
      for (let row = 0; row < values.data.length; row += 1) {
        let place = 0;
        for (let axis = 0; axis < rank; axis += 1) if (!reduced[axis]) place += coordinates[row * rank + axis]! * strides[axis]!;
        const value = from[row]!;
        if (kind === 'max') to[place] = seen.has(place) && to[place]! > value ? to[place]! : value;
        else to[place] = isWide(values.dtype) ? (to[place] as bigint) + (value as bigint) : (to[place] as number) + (value as number);
        seen.add(place);
      }
      return into;
    };
  };

const sparseDenseMatMul: MakeKernel = ({ attributes }) => {
  const [ta, tb] = [attributes.bool('adjoint_a'), attributes.bool('adjoint_b')];
  return (inputs) => {
    const [index, values, shapeTensor, dense] = inputs.map(tensorOf) as [Tensor, Tensor, Tensor, Tensor];
    const [rows, columns] = integers(shapeTensor) as [number, number];
    const [height, width] = dense.shape as unknown as [number, number];
    const [m, k, n] = [ta ? columns : rows, ta ? rows : columns, tb ? height : width];
    if (k !== (tb ? width : height))
      throw invalid(
        `Cannot multiply A and B because inner dimension does not match: ${k} vs. ${tb ? width : height}.  Did you forget a transpose?  Dimensions of A: [${rows}, ${columns}).  Dimensions of B: ${shapeText(dense.shape)}`,
      );
    const into = allocate(dense.dtype, [m, n]);
    const [to, a, b] = [numbers(into), numbers(values), numbers(dense)];
    const coordinates = integers(index);
    for (let i = 0; i < values.data.length; i += 1) {
      const [row, column] = [coordinates[i * 2 + (ta ? 1 : 0)]!, coordinates[i * 2 + (ta ? 0 : 1)]!];
      if (column < 0 || column >= k) throw invalid(`k (${column}) from index[${i},${ta ? 0 : 1}] out of bounds (>=${k})`);
      if (row < 0 || row >= m) throw invalid(`m (${row}) from index[${i},${ta ? 1 : 0}] out of bounds (>=${m})`);
      for (let c = 0; c < n; c += 1) to[row * n + c]! += a[i]! * b[tb ? c * width + column : column * width + c]!;
    }
    return into;
  };
};

/** Sums, means or root means of rows of an embedding, by segment. */
const sparseSegment: MakeKernel =
  ({ node }) =>
  (inputs) => {
    const [data, index, segments] = inputs.map(tensorOf) as [Tensor, Tensor, Tensor];
    const [rows, which] = [integers(index), integers(segments)];
    if (rows.length !== which.length) throw invalid('segment_ids and indices should have same size.');
    if (which.some((segment, at) => at > 0 && segment < which[at - 1]!)) throw invalid('segment ids are not increasing');
    const inner = data.shape.slice(1);
    const width = sizeOf(inner);
    const last = which.at(-1) ?? -1;
    const count = inputs[3] === undefined ? last + 1 : integer(tensorOf(inputs[3]));
    if (last >= count) throw invalid('segment ids must be < num_segments');
    const into = allocate(data.dtype, checkedShape([count, ...inner]));
    const [from, to] = [numbers(data), numbers(into)];
    const sizes = Array.from<number>({ length: count }).fill(0);
    for (const [at, row] of rows.entries()) {
      const segment = which[at]!;
      if (segment < 0) throw invalid(`Segment id ${segment} out of range [0, ${count}), possibly because segment_ids input is not sorted.`);
      if (row < 0 || row >= (data.shape[0] ?? 0)) throw invalid(`Bad: indices[${at}] == ${row} out of range [0, ${data.shape[0] ?? 0})`);
      sizes[segment]! += 1;
      for (let c = 0; c < width; c += 1) to[segment * width + c]! += from[row * width + c]!;
    }
    if (!node.op.includes('Sum')) {
      const root = node.op.includes('Sqrt');
      for (let i = 0; i < to.length; i += 1) {
        const size = Math.max(1, sizes[Math.floor(i / width)]!);
        to[i] = to[i]! / (root ? Math.sqrt(size) : size);
      }
    }
    return into;
  };

/** Rows without a value get one of the default; tells which rows those were. */
const fillEmptyRows: MakeKernel = () => (inputs) => {
  const [index, values, shapeTensor, fallback] = inputs.map(tensorOf) as [Tensor, Tensor, Tensor, Tensor];
  const [rows = 0] = integers(shapeTensor);
  const rank = index.shape[1] ?? 1;
  const coordinates = integers(index);
  const count = values.data.length;
  const byRow = Array.from({ length: rows }, () => [] as number[]);
  for (let i = 0; i < count; i += 1) {
    const row = coordinates[i * rank]!;
    if (byRow[row] === undefined) throw invalid(`indices(${i}, 0) is invalid: ${row} >= ${rows}`);
    byRow[row].push(i);
  }
  const places: number[] = [];
  const picks: number[] = [];
  const reverse = Array.from<number>({ length: count }).fill(0);
  for (const [row, entries] of byRow.entries()) {
    if (entries.length === 0) {
      picks.push(-1);
      places.push(row, ...Array.from<number>({ length: rank - 1 }).fill(0));
    }
    for (const entry of entries) {
      reverse[entry] = picks.length;
      picks.push(entry);
      places.push(...coordinates.slice(entry * rank, (entry + 1) * rank));
    }
  }
  const filled = allocate(values.dtype, [picks.length]);
  const [to, from, other] = [cells(filled.data), cells(values.data), cells(fallback.data)[0]];
  for (const [at, pick] of picks.entries()) to[at] = pick < 0 ? other : from[pick];
  return [
    indices('DT_INT64', places, [picks.length, rank]),
    filled,
    { dtype: 'DT_BOOL', shape: [rows], data: Uint8Array.from(byRow, (entries) => (entries.length === 0 ? 1 : 0)) },
    indices('DT_INT64', reverse),
  ];
};

const sparseReshape: MakeKernel = () => (inputs) => {
  const [index, shapeTensor, wanted] = inputs.map(tensorOf) as [Tensor, Tensor, Tensor];
  const shape = integers(shapeTensor);
  const target = integers(wanted);
  const size = sizeOf(shape);
  const [open, second] = target.flatMap((dim, axis) => (dim === -1 ? [axis] : []));
  if (second !== undefined) throw invalid(`only one output dimension may be -1, not both ${open} and ${second}`);
  const negative = target.findIndex((dim) => dim < -1);
  if (negative >= 0) throw invalid(`size ${negative} must be non-negative, not ${target[negative]}`);
  if (open !== undefined) {
    target[open] = 1;
    const product = sizeOf(target);
    if (product === 0)
      throw invalid('reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are non-zero');
    if (size % product !== 0)
      throw invalid(
        `Input to reshape is a SparseTensor with ${size} dense values, but the requested shape requires a multiple of ${product}. input_shape=${shapeText(shape)} output_shape=${shapeText(target)}`,
      );
    target[open] = size / product;
  }
  if (sizeOf(target) !== size)
    throw invalid(
      `Input to reshape is a tensor with ${size} dense values, but the requested shape has ${sizeOf(target)}. input_shape=${shapeText(shape)} output_shape=${shapeText(target)}`,
    );
  const strides = stridesOf(target);
  const coordinates = placesOf(index, shape).flatMap((place) => target.map((dim, axis) => Math.floor(place / strides[axis]!) % dim));
  return [indices('DT_INT64', coordinates, [index.shape[0] ?? 0, target.length]), indices('DT_INT64', target)];
};

/** Ragged rows, given by their row splits, row numbers or lengths, padded into a rectangle. */
const raggedToDense: MakeKernel = ({ attributes }) => {
  const kinds = attributes.texts('row_partition_types');
  return (inputs) => {
    const [shapeTensor, values, fallback, ...partitions] = inputs.map(tensorOf) as [Tensor, Tensor, Tensor, ...Tensor[]];
    const wanted = shapeTensor.shape.length === 0 ? [] : integers(shapeTensor);
    // Each level as lengths of its rows, in order; FIRST_DIM_SIZE tells only how many rows VALUE_ROWIDS has.
    const levels: (readonly number[])[] = [];
    let firstDim: number | undefined;
    for (const [at, kind] of kinds.entries()) {
      const numbersOf = integers(partitions[at]!);
      if (kind === 'FIRST_DIM_SIZE') firstDim = numbersOf[0] ?? 0;
      else if (kind === 'ROW_SPLITS') {
        levels.push(
          numbersOf.slice(1).map((end, row) => {
            const length = end - numbersOf[row]!;
            if (length < 0) throw invalid('Invalid row split size.');
            return length;
          }),
        );
      } else if (kind === 'VALUE_ROWIDS') {
        const rows = levels.length === 0 ? (firstDim ?? 0) : levels.at(-1)!.reduce((sum, length) => sum + length, 0);
        const lengths = Array.from<number>({ length: rows }).fill(0);
        for (const row of numbersOf) {
          if (row < 0 || row >= rows) throw invalid(`Value row id ${row} is out of range`);
          lengths[row]! += 1;
        }
        levels.push(lengths);
      } else throw invalid(`Unsupported row partition type ${kind}`);
    }
    const rank = levels.length + values.shape.length;
    if (shapeTensor.shape.length > 0 && wanted.length !== rank)
      throw invalid(
        `rt_input.shape and shape=[${wanted.map((dim) => (dim < 0 ? '?' : dim)).join(',')}] are incompatible: rt_input.rank = ${rank} but shape.rank = ${wanted.length}`,
      );
    const inner = values.shape.slice(1);
    const natural = [levels[0]?.length ?? 0, ...levels.map((lengths) => lengths.reduce((most, length) => Math.max(most, length), 0))];
    const outer = natural.map((dim, axis) => {
      const given = wanted[axis];
      return given === undefined || given < 0 ? dim : given;
    });
    const into = allocate(values.dtype, checkedShape([...outer, ...inner]));
    const [to, from, other] = [cells(into.data), cells(values.data), cells(fallback.data)];
    for (let i = 0; i < to.length; i += 1) to[i] = other[fallback.data.length === 1 ? 0 : i % fallback.data.length];
    const width = sizeOf(inner);
    const strides = stridesOf([...outer, width]);
    const starts = levels.map((lengths) => {
      let sum = 0;
      return lengths.map((length) => (sum += length) - length);
    });
    const fillRow = (level: number, row: number, place: number): void => {
      const count = Math.min(levels[level]![row]!, outer[level + 1]!);
      for (let i = 0; i < count; i += 1) {
        const child = starts[level]![row]! + i;
        const at = place + i * strides[level + 1]!;
        if (level + 1 < levels.length) fillRow(level + 1, child, at);
        else {
          if ((child + 1) * width > values.data.length) throw invalid('Values are fewer than the row partitions say');
          for (let c = 0; c < width; c += 1) to[at + c] = from[child * width + c];
        }
      }
    };
    for (let row = 0; row < Math.min(outer[0]!, levels[0]?.length ?? 0); row += 1) fillRow(0, row, row * strides[0]!);
    return into;
  };
};

/** Rows of a ragged tensor by their numbers; the numbers' own dimensions beyond the first become ragged ones before the rows'. */
const raggedGather: MakeKernel = ({ attributes }) => {
  const depth = attributes.int('PARAMS_RAGGED_RANK');
  return (inputs) => {
    const tensors = inputs.map(tensorOf);
    const nested = tensors.slice(0, depth);
    const [values, index] = tensors.slice(depth) as [Tensor, Tensor];
    const splitsType = nested[0]!.dtype;
    const pastValues = invalid('Ragged splits must not point past values');
    const rows = sizeOf(nested[0]!.shape) - 1;
    const splits = index.shape.slice(1).map((size, axis) => {
      const count = sizeOf(index.shape.slice(0, axis + 1));
      return Array.from({ length: count + 1 }, (_, at) => at * size);
    });
    let spans = integers(index).map((row, at): readonly [start: number, end: number] => {
      if (row < 0 || row >= rows) throw invalid(`indices[${placeText(at, index.shape)}] = ${row} is not in [0, ${rows})`);
      return [row, row + 1];
    });
    for (const level of nested) {
      const ends = integers(level);
      const made = [0];
      spans = spans.map(([start, end]) => {
        if (!(start <= end && end < ends.length)) throw pastValues;
        for (let row = start; row < end; row += 1) made.push(made.at(-1)! + ends[row + 1]! - ends[row]!);
        return [ends[start]!, ends[end]!];
      });
      splits.push(made);
    }
    if (spans.some(([start, end]) => !(start <= end && end <= (values.shape[0] ?? 0)))) throw pastValues;
    const width = sizeOf(values.shape.slice(1));
    const count = spans.reduce((sum, [start, end]) => sum + end - start, 0);
    const into = allocate(values.dtype, checkedShape([count, ...values.shape.slice(1)]));
    const [to, from] = [cells(into.data), cells(values.data)];
    let at = 0;
    for (const [start, end] of spans) for (let place = start * width; place < end * width; place += 1, at += 1) to[at] = from[place];
    return [...splits.map((one) => indices(splitsType, one)), into];
  };
};

export const sparseOps: OpFamily = {
  ...byParts({
    SparseToDense: sparseToDense,
    SparseReduceSum: reduceSum('sum'),
    SparseFillEmptyRows: fillEmptyRows,
    RaggedTensorToTensor: raggedToDense,
    RaggedGather: raggedGather,
  }),
  SparseReduceMax: reduceSum('max'),
  SparseTensorDenseMatMul: adjoined(sparseDenseMatMul, { 1: 'adjoint_a', 3: 'adjoint_b' }),
  SparseSegmentSum: sparseSegment,
  SparseSegmentMean: sparseSegment,
  SparseSegmentSqrtN: sparseSegment,
  SparseSegmentSumWithNumSegments: sparseSegment,
  SparseSegmentMeanWithNumSegments: sparseSegment,
  SparseSegmentSqrtNWithNumSegments: sparseSegment,
  SparseReshape: sparseReshape,
  RaggedRange: ({ attributes }) => {
    const splitType = attributes.type('Tsplits');
    return (inputs) => {
      const [starts, limits, deltas] = inputs.map((input) => {
        const tensor = tensorOf(input);
        return Array.from(tensor.data as Float32Array, Number);
      }) as [number[], number[], number[]];
      // A scalar serves every row.
      const sizes = new Set(inputs.flatMap((input) => (input.shape.length === 0 ? [] : [sizeOf(input.shape)])));
      if (sizes.size > 1) throw invalid('starts, limits, and deltas must have the same shape');
      const [rows = 1] = sizes;
      const at = (list: readonly number[], row: number): number => list[list.length === 1 ? 0 : row]!;
      const values: number[] = [];
      const splits = [0];
      for (let row = 0; row < rows; row += 1) {
        const [start, limit, delta] = [at(starts, row), at(limits, row), at(deltas, row)];
        if (delta === 0) throw invalid('Requires delta != 0');
        const count = Math.max(0, Math.ceil((limit - start) / delta));
        if (values.length + count > 1 << 26) throw invalid(`Requires ((limit - start) / delta) <= ${1 << 26}`);
        for (let i = 0; i < count; i += 1) values.push(start + i * delta);
        splits.push(values.length);
      }
      const into = allocate(tensorOf(inputs[0]).dtype, [values.length]);
      const to = cells(into.data);
      for (const [i, value] of values.entries()) to[i] = isWide(into.dtype) ? BigInt(value) : value;
      return [indices(splitType, splits), into];
    };
  },
};
