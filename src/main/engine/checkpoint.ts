import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { VariableInfo } from '../../shared/contract/savedModel.ts';
import { dtypeSizeBytes, valueDtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { crc32c as checksum, maskCrc } from '../savedmodel/crc32c.ts';
import { CorruptTable } from '../savedmodel/tableFile.ts';
import { readVariablesIndex, shardFile } from '../savedmodel/variablesIndex.ts';
import { StatusError } from '../tfserving/status.ts';
import { dataFromBytes } from './constant.ts';
import { allocate, cells, shapeText, sizeOf, stridesOf } from './value.ts';

interface Piece {
  readonly start: readonly number[];
  readonly length: readonly number[];
}

/** `"6 10 0,2:-"`: the whole shape, then where the slice begins and how long it is in each dimension. */
function parseSlice(text: string): { readonly whole: readonly number[]; readonly slice: Piece } {
  const parts = text.trim().split(' ');
  const spec = parts.pop() ?? '';
  const whole = parts.map(Number);
  const extents = spec.split(':').map((one) => (one === '-' ? null : one.split(',').map(Number)));
  const start = whole.map((_, axis) => extents[axis]?.[0] ?? 0);
  const length = whole.map((dim, axis) => extents[axis]?.[1] ?? dim);
  return { whole, slice: { start, length } };
}

/** Copies the part of `from` (which lies at `at` in the whole) that falls into `into` (which lies at `start`). */
function copyOverlap(from: Tensor, at: readonly number[], into: Tensor, start: readonly number[]): void {
  const rank = into.shape.length;
  const low = into.shape.map((_, axis) => Math.max(at[axis]!, start[axis]!));
  const high = into.shape.map((dim, axis) => Math.min(at[axis]! + from.shape[axis]!, start[axis]! + dim));
  const counts = low.map((one, axis) => high[axis]! - one);
  if (counts.some((count) => count <= 0)) return;
  const [fromStrides, intoStrides] = [stridesOf(from.shape), stridesOf(into.shape)];
  const [source, target] = [cells(from.data), cells(into.data)];
  const place = counts.map(() => 0);
  for (let left = sizeOf(counts); left > 0; left -= 1) {
    let [a, b] = [0, 0];
    for (let axis = 0; axis < rank; axis += 1) {
      a += (low[axis]! + place[axis]! - at[axis]!) * fromStrides[axis]!;
      b += (low[axis]! + place[axis]! - start[axis]!) * intoStrides[axis]!;
    }
    target[b] = source[a];
    for (let axis = rank - 1; axis >= 0; axis -= 1) {
      place[axis]! += 1;
      if (place[axis]! < counts[axis]!) break;
      place[axis] = 0;
    }
  }
}

/** The variables of one version folder, read when they are restored. Every value is checked against its checksum. */
export class Checkpoint {
  readonly #folder: string;
  readonly #shards: number;
  readonly #variables: ReadonlyMap<string, VariableInfo>;

  private constructor(folder: string, shards: number, variables: readonly VariableInfo[]) {
    this.#folder = folder;
    this.#shards = shards;
    this.#variables = new Map(variables.map((variable) => [variable.key, variable]));
  }

  /** Reads variables/variables.index; undefined where the model has none. Throws StatusError DATA_LOSS. */
  static async read(versionPath: string): Promise<Checkpoint | undefined> {
    const folder = join(versionPath, 'variables');
    let file: Uint8Array;
    try {
      file = await readFile(join(folder, 'variables.index'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new StatusError('UNKNOWN', `variables.index cannot be read`, { cause: error });
    }
    try {
      const { shards, variables } = readVariablesIndex(file);
      return new Checkpoint(folder, shards, variables);
    } catch (error) {
      if (error instanceof CorruptTable)
        throw new StatusError('DATA_LOSS', `Unable to open table file variables.index: ${error.message}`, { cause: error });
      throw error;
    }
  }

  /** A checkpoint without variables. */
  static empty(): Checkpoint {
    return new Checkpoint('', 0, []);
  }

  /** One variable, or the slice of it that `shapeAndSlice` (as RestoreV2 has it) names. */
  async restore(key: string, shapeAndSlice: string): Promise<Tensor> {
    const info = this.#variables.get(key);
    if (info === undefined) throw new StatusError('NOT_FOUND', `Key ${key} not found in checkpoint`);
    const dtype = valueDtype(info.dtype);
    const zeros = info.shape.map(() => 0);
    if (info.slices === undefined && shapeAndSlice === '') return this.#read(info, dtype, info.shape, key);
    const { whole, slice } =
      shapeAndSlice === '' ? { whole: info.shape, slice: { start: zeros, length: info.shape } } : parseSlice(shapeAndSlice);
    if (shapeText(whole) !== shapeText(info.shape))
      throw new StatusError(
        'INVALID_ARGUMENT',
        `tensor_name = ${key}; shape in shape_and_slice spec ${shapeText(whole)} does not match the shape stored in checkpoint: ${shapeText(info.shape)}`,
      );
    const into = allocate(dtype, slice.length);
    if (info.slices === undefined) copyOverlap(await this.#read(info, dtype, info.shape, key), zeros, into, slice.start);
    for (const part of info.slices ?? []) {
      const length = part.length.map((one, axis) => (one < 0 ? info.shape[axis]! - part.start[axis]! : one));
      copyOverlap(await this.#read(part, dtype, length, key), part.start, into, slice.start);
    }
    return into;
  }

  async #read(
    { shard, offset, bytes, crc32c }: { readonly shard: number; readonly offset: number; readonly bytes: number; readonly crc32c: number },
    dtype: Tensor['dtype'],
    shape: readonly number[],
    key: string,
  ): Promise<Tensor> {
    const name = shardFile(shard, this.#shards);
    const size = sizeOf(shape);
    if (dtype !== 'DT_STRING' && size * dtypeSizeBytes(dtype) !== bytes)
      throw new StatusError(
        'DATA_LOSS',
        `Invalid size in bundle entry: key ${key}; stored size ${bytes}; expected size ${size * dtypeSizeBytes(dtype)}`,
      );
    let held: Buffer;
    try {
      await using file = await open(join(this.#folder, name));
      const { size: fileBytes } = await file.stat();
      if (offset + bytes > fileBytes)
        throw new StatusError('OUT_OF_RANGE', `Read fewer bytes than requested: ${basename(name)} ends before ${key}`);
      held = Buffer.allocUnsafeSlow(bytes);
      await file.read(held, 0, bytes, offset);
    } catch (error) {
      if (error instanceof StatusError) throw error;
      throw new StatusError('NOT_FOUND', `variables/${name}; No such file or directory`, { cause: error });
    }
    if (dtype === 'DT_STRING') return { dtype, shape, data: stringsFromBundle(held, size, key) };
    const found = maskCrc(checksum(held));
    if (found !== crc32c)
      throw new StatusError(
        'DATA_LOSS',
        `TensorBundle at variables/variables shard ${shard} (${bytes} bytes): Checksum does not match: stored ${crc32c} vs. calculated on the restored bytes ${found} (${key})`,
      );
    return { dtype, shape, data: dataFromBytes(dtype, held, size) };
  }
}

/** Strings lie as varint lengths, a checksum of the lengths, then the bytes. Source: tensor_bundle.cc, ReadStringTensor. */
function stringsFromBundle(held: Buffer, size: number, key: string): Uint8Array[] {
  const lengths: number[] = [];
  let at = 0;
  const short = (): StatusError => new StatusError('DATA_LOSS', `The strings of ${key} are cut short`);
  for (let index = 0; index < size; index += 1) {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = held[at];
      if (byte === undefined) throw short();
      at += 1;
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) break;
    }
    lengths.push(value);
  }
  at += 4;
  return lengths.map((length) => {
    const start = at;
    at += length;
    if (at > held.length) throw short();
    return held.subarray(start, at);
  });
}
