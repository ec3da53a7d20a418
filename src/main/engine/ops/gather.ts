import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel } from '../kernel.ts';
import { allocate, cells, integer, integers, invalid, reshaped, shapeText, sizeOf, stridesOf, tensorOf } from '../value.ts';
import { byParts } from './complex.ts';

/** Slices of `params` along `axis` by the indices; the first `batchDims` axes go together. */
export function gather(params: Tensor, index: Tensor, axis: number, batchDims: number): Tensor {
  if (params.shape.length < 1) throw invalid('params must be at least 1 dimensional');
  if (batchDims > axis) throw invalid(`batch_dims (${batchDims}) must be less than or equal to axis (${axis}).`);
  const places = integers(index);
  const limit = params.shape[axis]!;
  const outer = params.shape.slice(batchDims, axis);
  const inner = params.shape.slice(axis + 1);
  const batch = params.shape.slice(0, batchDims);
  for (const [at, dim] of batch.entries()) {
    if (index.shape[at] !== dim)
      throw invalid(`params.shape[${at}]: ${dim} should be equal to indices.shape[${at}]: ${index.shape[at] ?? 0}`);
  }
  for (const [at, place] of places.entries()) {
    if (place >= 0 && place < limit) continue;
    const where = index.shape.length === 0 ? '' : `[${placeText(at, index.shape)}]`;
    throw invalid(`indices${where} = ${place} is not in [0, ${limit})`);
  }
  const into = allocate(params.dtype, [...batch, ...outer, ...index.shape.slice(batchDims), ...inner]);
  const [from, to] = [cells(params.data), cells(into.data)];
  const [outerSize, innerSize, batchSize] = [sizeOf(outer), sizeOf(inner), sizeOf(batch)];
  const perBatch = places.length / Math.max(1, batchSize);
  let at = 0;
  for (let b = 0; b < batchSize; b += 1) {
    for (let o = 0; o < outerSize; o += 1) {
      const base = (b * outerSize + o) * limit;
      for (let i = 0; i < perBatch; i += 1) {
        const start = (base + places[b * perBatch + i]!) * innerSize;
        for (let c = 0; c < innerSize; c += 1, at += 1) to[at] = from[start + c];
      }
    }
  }
  return into;
}

/** The coordinates of a flat index, as messages write them. */
export function placeText(flat: number, shape: readonly number[]): string {
  const strides = stridesOf(shape);
  return shape.map((dim, axis) => Math.floor(flat / strides[axis]!) % dim).join(',');
}

const gatherV2: MakeKernel = ({ node, attributes }) => {
  const batch = node.op === 'GatherV2' ? attributes.int('batch_dims') : 0;
  return (inputs) => {
    const [params, index] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    const batchDims = batch < 0 ? batch + index.shape.length : batch;
    const [given, rank] = [inputs[2] === undefined ? 0 : integer(tensorOf(inputs[2])), params.shape.length];
    if (rank === 0) throw invalid('params must be at least 1 dimensional');
    const least = given < 0 ? -given : given + 1;
    if (inputs[2] !== undefined && rank < least) throw invalid(`Shape must be at least rank ${least} but is rank ${rank}`);
    const axis = given < 0 ? given + rank : given;
    return gather(params, index, axis, batchDims);
  };
};

/** GatherNd: the last axis of the indices names a place in the first axes of `params`. */
const gatherNd: MakeKernel =
  ({ node }) =>
  (inputs) => {
    const [params, index] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    const depth = index.shape.at(-1);
    if (depth === undefined) throw invalid('indices must be at least a vector');
    if (depth > params.shape.length)
      throw invalid(`index innermost dimension length must be <= params rank; saw: ${depth} vs. ${params.shape.length}`);
    const places = integers(index);
    const outer = index.shape.slice(0, -1);
    const inner = params.shape.slice(depth);
    const into = allocate(params.dtype, [...outer, ...inner]);
    const [from, to] = [cells(params.data), cells(into.data)];
    const [count, innerSize] = [sizeOf(outer), sizeOf(inner)];
    for (let i = 0; i < count; i += 1) {
      let place = 0;
      for (let axis = 0; axis < depth; axis += 1) {
        const one = places[i * depth + axis]!;
        if (one < 0 || one >= params.shape[axis]!) {
          const where = outer.length === 0 ? '' : `[${placeText(i, outer)}]`;
          throw invalid(
            `indices${where} = [${places.slice(i * depth, (i + 1) * depth).join(', ')}] does not index into param shape ${shapeText(params.shape)}, node name: ${node.name}`,
          );
        }
        place = place * params.shape[axis]! + one;
      }
      for (let c = 0; c < innerSize; c += 1) to[i * innerSize + c] = from[place * innerSize + c];
    }
    return into;
  };

export const gatherOps = byParts({
  Gather: gatherV2,
  GatherV2: gatherV2,
  GatherNd: gatherNd,
  DynamicPartition: ({ attributes }) => {
    const count = attributes.int('num_partitions');
    return (inputs) => {
      const [data, partitions] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
      if (shapeText(data.shape.slice(0, partitions.shape.length)) !== shapeText(partitions.shape))
        throw invalid(
          `data.shape must start with partitions.shape, got data.shape = ${shapeText(data.shape)}, partitions.shape = ${shapeText(partitions.shape)}`,
        );
      const which = integers(partitions);
      const inner = data.shape.slice(partitions.shape.length);
      for (const [at, one] of which.entries())
        if (one < 0 || one >= count) throw invalid(`partitions[${placeText(at, partitions.shape)}] = ${one} is not in [0, ${count})`);
      const flat = reshaped(data, [which.length, ...inner]);
      return Array.from({ length: count }, (_, part) => {
        const rows = which.flatMap((one, row) => (one === part ? [row] : []));
        return gather(flat, { dtype: 'DT_INT32', shape: [rows.length], data: Int32Array.from(rows) }, 0, 0);
      });
    };
  },
});
