import { open, type FileHandle } from 'node:fs/promises';
import { MalformedProto, ProtoReader } from '../protobuf/wire.ts';
import { readShape } from '../savedmodel/savedModelProto.ts';
import { crc32c, maskCrc } from '../savedmodel/crc32c.ts';

/**
 * TensorBoard's event files: TFRecords (length as u64, its masked CRC-32C, the bytes, theirs) of Event messages. Sources: TensorFlow's
 * documentation of TFRecord, event.proto, summary.proto and tensor.proto for the fields' numbers.
 */

/** Tag -> (step, value) as they were written. */
export type Scalars = Map<string, (readonly [step: number, value: number])[]>;

/** What may be read of all event files together, and held of them. */
export interface EventBudget {
  bytes: number;
  points: number;
}

/** Images and graphs are larger; no record with scalars is. */
const maxRecordBytes = 1_000_000;
const windowBytes = 1_000_000;
const maxTags = 1_000;

const cutShort = 'cut short';

/** Reads a file forwards through one window. */
class Window {
  readonly #file: FileHandle;
  readonly #size: number;
  #buffer = Buffer.alloc(0);
  #start = 0;
  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** A view of bytes, or null where the file ends before them. */
  async read(at: number, length: number): Promise<Buffer | null> {
    if (at + length > this.#size) return null;
    if (at < this.#start || at + length > this.#start + this.#buffer.length) {
      const target = Buffer.alloc(Math.min(Math.max(length, windowBytes), this.#size - at));
      const { bytesRead } = await this.#file.read(target, 0, target.length, at);
      if (bytesRead < length) return null;
      this.#buffer = target.subarray(0, bytesRead);
      this.#start = at;
    }
    return this.#buffer.subarray(at - this.#start, at - this.#start + length);
  }
}

const floats = new Set([1, 2]);
const integers = new Set([3, 4, 5, 6, 9, 10, 17, 22, 23]);

/** The one number of a TensorProto; undefined where it holds another count or no numbers. */
function scalarOf(reader: ProtoReader): number | undefined {
  let dtype = 0;
  let shape: readonly number[] | null = [];
  let content: Uint8Array | undefined;
  let value: number | undefined;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) dtype = reader.varint();
    else if (reader.field === 2 && reader.wireType === 2) shape = readShape(reader.message());
    else if (reader.field === 4 && reader.wireType === 2) content = reader.bytes();
    else if (reader.field === 5 || reader.field === 6) value = realOf(reader);
    else if ([7, 10, 16, 17].includes(reader.field)) {
      const values: number[] = [];
      reader.ints(values);
      value = values[0];
    } else reader.skip();
  }
  if (shape === null || shape.some((dim) => dim !== 1)) return undefined;
  if (content !== undefined && content.length > 0) {
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    if (dtype === 1 && content.length === 4) return view.getFloat32(0, true);
    if (dtype === 2 && content.length === 8) return view.getFloat64(0, true);
    if (dtype === 3 && content.length === 4) return view.getInt32(0, true);
    if (dtype === 9 && content.length === 8) return Number(view.getBigInt64(0, true));
    return undefined;
  }
  if (!floats.has(dtype) && !integers.has(dtype)) return undefined;
  // A value of zero is left out of the message.
  return value ?? 0;
}

const asFloat = (bits: number): number => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits, true);
  return view.getFloat32(0, true);
};

/** The first of float_val (5) or double_val (6), packed or not. */
function realOf(reader: ProtoReader): number | undefined {
  const isFloat = reader.field === 5;
  if (reader.wireType === 5) return asFloat(reader.fixed32());
  if (reader.wireType === 1) return reader.double();
  const packed = reader.bytes();
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (packed.length < (isFloat ? 4 : 8)) return undefined;
  return isFloat ? view.getFloat32(0, true) : view.getFloat64(0, true);
}

/** Summary.Value: tag (1), simple_value (2) or tensor (8). */
function readValue(reader: ProtoReader): readonly [tag: string, value: number] | null {
  let tag = '';
  let value: number | undefined;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) tag = reader.string();
    else if (reader.field === 2 && reader.wireType === 5) value = asFloat(reader.fixed32());
    else if (reader.field === 8 && reader.wireType === 2) value = scalarOf(reader.message());
    else reader.skip();
  }
  return tag === '' || value === undefined ? null : [tag, value];
}

/** Event: step (2), summary (5) of values (1). */
function readEvent(bytes: Uint8Array, into: Scalars, budget: EventBudget): void {
  let step = 0;
  const found: (readonly [tag: string, value: number])[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 2 && reader.wireType === 0) step = reader.int();
    else if (reader.field === 5 && reader.wireType === 2) {
      const summary = reader.message();
      while (summary.next()) {
        const value = summary.field === 1 && summary.wireType === 2 ? readValue(summary.message()) : (summary.skip(), null);
        if (value !== null) found.push(value);
      }
    } else reader.skip();
  }
  for (const [tag, value] of found) {
    if (budget.points <= 0) return;
    const points = into.get(tag);
    if (points === undefined && into.size >= maxTags) continue;
    budget.points -= 1;
    if (points === undefined) into.set(tag, [[step, value]]);
    else points.push([step, value]);
  }
}

/**
 * Adds the scalars of an event file, both the older simple values and tensors of one element. A record that is still being written
 * ends the reading quietly; the answer is what is damaged, or null. What was read before that stays.
 */
export async function readEventFile(path: string, into: Scalars, budget: EventBudget): Promise<string | null> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const window = new Window(file, size);
  for (let at = 0; at < size;) {
    if (budget.bytes <= 0 || budget.points <= 0) return 'more than can be read; the rest is left out';
    const head = await window.read(at, 12);
    if (head === null) return null;
    if (maskCrc(crc32c(head.subarray(0, 8))) !== head.readUInt32LE(8)) return `damaged at byte ${at}`;
    const length = Number(head.readBigUInt64LE(0));
    const next = at + 12 + length + 4;
    if (next > size) return null;
    if (length <= maxRecordBytes) {
      const body = await window.read(at + 12, length + 4);
      if (body === null) return cutShort;
      const bytes = body.subarray(0, length);
      if (maskCrc(crc32c(bytes)) !== body.readUInt32LE(length)) return `damaged at byte ${at}`;
      budget.bytes -= length;
      try {
        readEvent(bytes, into, budget);
      } catch (error) {
        if (!(error instanceof MalformedProto)) throw error;
        return `damaged at byte ${at}: ${error.message}`;
      }
    }
    budget.bytes -= 16;
    at = next;
  }
  return null;
}
