import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel } from '../kernel.ts';
import { integers, invalid, reshaped, sizeOf, tensorOf } from '../value.ts';
import { pad } from './array.ts';
import { byParts } from './complex.ts';
import { toChannelsFirst, toChannelsLast } from './convolution.ts';
import { slice } from './parts.ts';
import { transpose } from './shape.ts';

/** Ops that move blocks between space, depth and batch. */

/** Refuses sizes of blocks below one, and negative paddings or crops. */
function checkBlocks(block: readonly number[], edges: readonly number[], name: 'Paddings' | 'Crops'): void {
  const none = block.findIndex((size) => size < 1);
  if (none >= 0) throw invalid(`All values in block_shape must be positive, got value, ${block[none]} at index ${none}.`);
  if (edges.some((edge) => edge < 0)) throw invalid(`${name} must be non-negative`);
}

function spaceToBatch(x: Tensor, block: readonly number[], paddings: readonly number[]): Tensor {
  checkBlocks(block, paddings, 'Paddings');
  const spatial = block.length;
  const rest = x.shape.slice(1 + spatial);
  const padded = pad(x, [0, 0, ...paddings, ...rest.flatMap(() => [0, 0])], undefined);
  for (const [axis, size] of block.entries())
    if (padded.shape[axis + 1]! % size !== 0)
      throw invalid(`padded_shape[${axis}]=${padded.shape[axis + 1]} is not divisible by block_shape[${axis}]=${size}`);
  const split = [x.shape[0]!, ...block.flatMap((size, axis) => [padded.shape[axis + 1]! / size, size]), ...rest];
  const blocks = block.map((_, axis) => 2 + axis * 2);
  const order = [...blocks, 0, ...block.map((_, axis) => 1 + axis * 2), ...rest.map((_, axis) => 1 + spatial * 2 + axis)];
  return reshaped(transpose(reshaped(padded, split), order), [
    x.shape[0]! * sizeOf(block),
    ...block.map((size, axis) => padded.shape[axis + 1]! / size),
    ...rest,
  ]);
}

function batchToSpace(x: Tensor, block: readonly number[], crops: readonly number[]): Tensor {
  checkBlocks(block, crops, 'Crops');
  const spatial = block.length;
  const rest = x.shape.slice(1 + spatial);
  const count = sizeOf(block);
  if (x.shape[0]! % count !== 0)
    throw invalid(`Input batch dimension (${x.shape[0]}) is not divisible by product of block sizes (${count})`);
  const batch = x.shape[0]! / count;
  const split = [...block, batch, ...x.shape.slice(1)];
  const order = [spatial, ...block.flatMap((_, axis) => [spatial + 1 + axis, axis]), ...rest.map((_, axis) => spatial * 2 + 1 + axis)];
  const joined = reshaped(transpose(reshaped(x, split), order), [batch, ...block.map((size, axis) => x.shape[axis + 1]! * size), ...rest]);
  const start = [0, ...block.map((_, axis) => crops[axis * 2]!), ...rest.map(() => 0)];
  const size = joined.shape.map((dim, axis) =>
    axis >= 1 && axis <= spatial ? dim - crops[(axis - 1) * 2]! - crops[(axis - 1) * 2 + 1]! : dim,
  );
  const negative = size.findIndex((dim) => dim < 0);
  if (negative >= 0) throw invalid(`cropped_shape[${negative - 1}]=${size[negative]} must be non-negative`);
  return slice(joined, start, size);
}

const blockOp =
  (move: (x: Tensor, size: number) => Tensor): MakeKernel =>
  ({ node, attributes }) => {
    const [size, channelsFirst] = [attributes.int('block_size'), attributes.text('data_format') === 'NCHW'];
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const colon = node.op === 'DepthToSpace' ? ':' : '';
      if (x.shape.length !== 4) throw invalid(`Input rank should be${colon} 4 instead of${colon} ${x.shape.length}`);
      return channelsFirst ? toChannelsFirst(move(toChannelsLast(x), size)) : move(x, size);
    };
  };

const dims4 = (x: Tensor): readonly [number, number, number, number] => x.shape as unknown as readonly [number, number, number, number];

export const spaceOps = byParts({
  SpaceToBatchND: () => (inputs) => spaceToBatch(tensorOf(inputs[0]), integers(tensorOf(inputs[1])), integers(tensorOf(inputs[2]))),
  BatchToSpaceND: () => (inputs) => batchToSpace(tensorOf(inputs[0]), integers(tensorOf(inputs[1])), integers(tensorOf(inputs[2]))),
  SpaceToBatch: ({ attributes }) => {
    const size = attributes.int('block_size');
    return (inputs) => spaceToBatch(tensorOf(inputs[0]), [size, size], integers(tensorOf(inputs[1])));
  },
  BatchToSpace: ({ attributes }) => {
    const size = attributes.int('block_size');
    return (inputs) => batchToSpace(tensorOf(inputs[0]), [size, size], integers(tensorOf(inputs[1])));
  },
  SpaceToDepth: blockOp((x, size) => {
    const [batch, height, width, channels] = dims4(x);
    if (height % size !== 0 || width % size !== 0)
      throw invalid(`Image width ${width} and height ${height} should be divisible by block_size: ${size}`);
    const split = reshaped(x, [batch, height / size, size, width / size, size, channels]);
    return reshaped(transpose(split, [0, 1, 3, 2, 4, 5]), [batch, height / size, width / size, size * size * channels]);
  }),
  DepthToSpace: blockOp((x, size) => {
    const [batch, height, width, channels] = dims4(x);
    if (channels % (size * size) !== 0) throw invalid(`Input depth dimension ${channels} should be divisible by: ${size * size}`);
    const depth = channels / size / size;
    const split = reshaped(x, [batch, height, width, size, size, depth]);
    return reshaped(transpose(split, [0, 1, 3, 2, 4, 5]), [batch, height * size, width * size, depth]);
  }),
});
