import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { FlatNode } from '../flatGraph.ts';
import type { OpContext } from '../kernel.ts';
import { outputType } from '../opDefinition.ts';
import { opKernels } from '../ops/registry.ts';
import type { Value } from '../value.ts';
import { lowerShape } from './lowerShape.ts';
import { broadcastDims, constantIntegers, type ValueType } from './lowering.ts';

/** Values of shape arithmetic are looked at up to this size, and below this number. */
const maxPartial = 64;
const largest = 2 ** 31;

/** Ops of shape arithmetic: which of their inputs are values; the others must be known whole. */
const partialInputs: Readonly<Record<string, 'first' | 'all' | 'butLast'>> = {
  StridedSlice: 'first',
  Slice: 'first',
  GatherV2: 'first',
  Prod: 'first',
  Identity: 'first',
  Squeeze: 'first',
  ExpandDims: 'first',
  Reshape: 'first',
  SplitV: 'first',
  Pack: 'all',
  Mul: 'all',
  AddV2: 'all',
  Add: 'all',
  Sub: 'all',
  FloorDiv: 'all',
  FloorMod: 'all',
  Maximum: 'all',
  Minimum: 'all',
  ConcatV2: 'butLast',
};

const doubles = (shape: readonly number[], values: readonly number[]): Tensor => ({
  dtype: 'DT_DOUBLE',
  shape,
  data: Float64Array.from(values),
});

function partialOf({ partial, constant }: ValueType): Tensor | undefined {
  if (partial !== undefined) return partial;
  if (constant === undefined || (constant.dtype !== 'DT_INT32' && constant.dtype !== 'DT_INT64') || constant.data.length > maxPartial)
    return undefined;
  return doubles(constant.shape, Array.from(constant.data as Int32Array, Number));
}

/** Runs a shape op with doubles in the place of its integers: NaN, where a dimension is unknown, goes where it must. */
function partialResult(node: FlatNode, inputs: readonly ValueType[], index: number, context: OpContext): Tensor | undefined {
  const dims = inputs[0]?.dims;
  if (node.op === 'Shape' || node.op === 'Size' || node.op === 'Rank') {
    if (dims == null) return undefined;
    const sizes = dims.map((dim) => (dim < 0 ? NaN : dim));
    if (node.op === 'Shape') return doubles([dims.length], sizes);
    return doubles([], [node.op === 'Rank' ? dims.length : sizes.reduce((product, size) => product * size, 1)]);
  }
  if (node.op === 'Cast') return inputs[0]?.dtype === 'DT_INT32' || inputs[0]?.dtype === 'DT_INT64' ? inputs[0].partial : undefined;
  const kind = partialInputs[node.op];
  if (kind === undefined || !inputs.some(({ partial }) => partial !== undefined)) return undefined;
  const given: Value[] = [];
  for (const [at, input] of inputs.entries()) {
    const isValue = kind === 'all' || (kind === 'first' ? at === 0 : at < inputs.length - 1);
    const value = isValue ? partialOf(input) : input.constant;
    if (value === undefined) return undefined;
    given.push(value);
  }
  try {
    const result = opKernels.get(node.op)!(context)(given, { signal: undefined });
    if (result instanceof Promise) return undefined;
    const one = (Array.isArray(result) ? (result as readonly Value[])[index] : result) as Tensor;
    if (one.data.length > maxPartial) return undefined;
    // A division by an unknown 0 is told when it runs.
    return doubles(
      one.shape,
      Array.from(one.data as Float64Array, (value) => (Math.abs(value) < largest ? value : NaN)),
    );
  } catch {
    // What cannot be computed is told when it runs.
    return undefined;
  }
}

/** What was reckoned in doubles, in its own type, if nothing of it is unknown. */
function wholeConstant(dtype: ValueType['dtype'], { shape, data }: Tensor): Tensor | undefined {
  const values = Array.from(data as Float64Array);
  if (values.some(Number.isNaN)) return undefined;
  if (dtype === 'DT_INT32') return { dtype, shape, data: Int32Array.from(values) };
  return dtype === 'DT_INT64' ? { dtype, shape, data: BigInt64Array.from(values, BigInt) } : undefined;
}

const sameShape =
  /^(Cast|LogicalNot|IsNan|IsInf|IsFinite|ZerosLike|OnesLike|Identity|StopGradient|Cumsum|ClipByValue|Round|Sin|Cos|CheckNumerics|EnsureShape|MatrixBandPart|ReverseV2|Roll|Erfc|ComplexAbs|Real|Imag|Angle|Conj|FFT|IFFT)$/;
const broadcasting =
  /^(Equal|NotEqual|Less|LessEqual|Greater|GreaterEqual|LogicalAnd|LogicalOr|Add|AddV2|Sub|Mul|RealDiv|FloorDiv|FloorMod|Maximum|Minimum|DivNoNan|Pow|SquaredDifference)$/;

/** Dimensions by the lowering of a shape op, which does not depend on the type of the elements. */
function shapeOpDims(node: FlatNode, inputs: readonly ValueType[], index: number): readonly number[] | null | undefined {
  const lower = lowerShape[/^(All|Any|Prod)$/.test(node.op) ? 'Sum' : node.op];
  try {
    const asFloats = inputs.map((input): ValueType => ({ ...input, dtype: 'DT_FLOAT' }));
    return lower?.({ op: node.op, attributes: node.attributes, inputs: asFloats })?.outputs[index]?.dims;
  } catch {
    // What is impossible is told when it runs.
    return undefined;
  }
}

/** The shapes of what the host makes, for the ops that stand between those that are lowered. */
function hostDims(node: FlatNode, inputs: readonly ValueType[]): readonly number[] | null {
  const [x, y] = inputs;
  if (sameShape.test(node.op)) return x?.dims ?? null;
  if (broadcasting.test(node.op)) return broadcastDims(x?.dims ?? null, y?.dims ?? null);
  const integersOf = (value: ValueType | undefined): readonly number[] | undefined =>
    constantIntegers(value) ?? (value?.partial === undefined ? undefined : Array.from(value.partial.data as Float64Array));
  const shapeFrom = (value: ValueType | undefined): readonly number[] | null =>
    integersOf(value)?.map((dim) => (Number.isNaN(dim) ? -1 : dim)) ?? null;
  switch (node.op) {
    case 'Select':
    case 'SelectV2':
      return broadcastDims(broadcastDims(x?.dims ?? null, y?.dims ?? null), inputs[2]?.dims ?? null);
    case 'GatherV2':
    case 'ResourceGather': {
      const axis = node.op === 'GatherV2' ? constantIntegers(inputs[2])?.[0] : 0;
      if (x?.dims == null || y?.dims == null || axis === undefined || node.attributes.int('batch_dims') !== 0) return null;
      const at = axis < 0 ? axis + x.dims.length : axis;
      return [...x.dims.slice(0, at), ...y.dims, ...x.dims.slice(at + 1)];
    }
    case 'OneHot': {
      const depth = constantIntegers(y)?.[0];
      const at = node.attributes.int('axis');
      if (x?.dims == null || depth === undefined) return null;
      const place = at < 0 ? x.dims.length : at;
      return [...x.dims.slice(0, place), depth, ...x.dims.slice(place)];
    }
    case 'SpaceToBatchND':
    case 'BatchToSpaceND': {
      const [block, edges] = [constantIntegers(y), constantIntegers(inputs[2])];
      if (x?.dims == null || block === undefined || edges === undefined) return null;
      const toBatch = node.op === 'SpaceToBatchND';
      const blocks = block.reduce((product, size) => product * size, 1);
      const spatial = block.map((size, at) => {
        const [dim = -1, edge] = [x.dims![at + 1], edges[at * 2]! + edges[at * 2 + 1]!];
        return dim < 0 ? -1 : toBatch ? (dim + edge) / size : dim * size - edge;
      });
      const dims = [toBatch ? x.dims[0]! * blocks : x.dims[0]! / blocks, ...spatial, ...x.dims.slice(block.length + 1)];
      // A block that does not divide is told when it runs.
      return dims.every((dim) => Number.isInteger(dim) || dim < 0) ? dims.map((dim) => Math.max(-1, dim)) : null;
    }
    case 'RFFT': {
      const length = constantIntegers(y)?.[0];
      return x?.dims == null || length === undefined ? null : [...x.dims.slice(0, -1), Math.floor(length / 2) + 1];
    }
    case 'Fill':
      return shapeFrom(x);
    case 'BroadcastTo':
      return shapeFrom(y);
    case 'Tile': {
      const times = integersOf(y);
      return x?.dims == null || times === undefined
        ? null
        : x.dims.map((dim, axis) => (dim < 0 || Number.isNaN(times[axis]) ? -1 : dim * times[axis]!));
    }
    case 'Range': {
      const ends = inputs.map((input) => integersOf(input)?.[0] ?? NaN) as [number, number, number];
      const size = Math.ceil((ends[1] - ends[0]) / ends[2]);
      return [size >= 0 && Number.isFinite(size) ? size : -1];
    }
    case 'ArgMax':
    case 'ArgMin': {
      const axis = constantIntegers(y)?.[0];
      return x?.dims == null || axis === undefined ? null : x.dims.filter((_, at) => at !== (axis < 0 ? axis + x.dims!.length : axis));
    }
    case 'Unpack': {
      const at = node.attributes.int('axis');
      return x?.dims == null ? null : x.dims.filter((_, axis) => axis !== (at < 0 ? at + x.dims!.length : at));
    }
    default:
      return null;
  }
}

/** What is known of one output of a node that the host runs. */
export function hostType(node: FlatNode, inputs: readonly ValueType[], index: number, context: OpContext): ValueType {
  let dtype: ValueType['dtype'];
  try {
    dtype = outputType(node.op, node.attributes, index);
  } catch {
    dtype = undefined;
  }
  const partial = partialResult(node, inputs, index, context);
  const constant = partial === undefined ? undefined : wholeConstant(dtype, partial);
  if (constant !== undefined) return { dtype, dims: constant.shape, constant };
  if (partial !== undefined) return { dtype, dims: partial.shape, partial };
  return { dtype, dims: shapeOpDims(node, inputs, index) ?? hostDims(node, inputs) };
}
