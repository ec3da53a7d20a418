import type { VariableInfo, VariableSlice } from '../../shared/contract/savedModel.ts';
import { dtypeOfEnum, dtypeSizeBytes } from '../../shared/tensor/dtype.ts';
import { MalformedProto, ProtoReader } from '../protobuf/wire.ts';
import { readShape } from './savedModelProto.ts';
import { CorruptTable, tableEntries } from './tableFile.ts';

/** What variables.index says. Source: tensor_bundle.proto (BundleHeaderProto under the empty key, BundleEntryProto under each name). */
export interface VariablesIndex {
  readonly shards: number;
  /** In key order; a partitioned variable once, with its slices. */
  readonly variables: readonly VariableInfo[];
}

/** More entries than any model has. */
const maxEntries = 2_000_000;

interface Extent {
  readonly start: number[];
  readonly length: number[];
}

interface Entry {
  readonly info: VariableInfo;
  readonly extents: readonly Extent[];
}

function readHeader(value: Uint8Array): number {
  const reader = new ProtoReader(value);
  let shards = 0;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) shards = reader.varint();
    else if (reader.field === 2 && reader.wireType === 0) {
      if (reader.varint() !== 0) throw new CorruptTable('big-endian weights');
    } else reader.skip();
  }
  return shards;
}

/** TensorSliceProto: one extent a dimension; one without a length takes all of it. */
function readSlice(reader: ProtoReader): Extent {
  const slice: Extent = { start: [], length: [] };
  while (reader.next()) {
    if (reader.field !== 1 || reader.wireType !== 2) {
      reader.skip();
      continue;
    }
    const extent = reader.message();
    let start = 0;
    let length = -1;
    while (extent.next()) {
      if (extent.field === 1 && extent.wireType === 0) start = extent.int();
      else if (extent.field === 2 && extent.wireType === 0) length = extent.int();
      else extent.skip();
    }
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(length)) throw new CorruptTable('a slice of no sensible size');
    slice.start.push(start);
    slice.length.push(length);
  }
  return slice;
}

function readEntry(key: string, value: Uint8Array): Entry {
  const reader = new ProtoReader(value);
  let dtype = 0;
  let shape: readonly number[] | null = [];
  let [shard, offset, bytes, crc] = [0, 0, 0, 0];
  const extents: Extent[] = [];
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) dtype = reader.varint();
    else if (reader.field === 2 && reader.wireType === 2) shape = readShape(reader.message());
    else if (reader.field === 3 && reader.wireType === 0) shard = reader.varint();
    else if (reader.field === 4 && reader.wireType === 0) offset = reader.varint();
    else if (reader.field === 5 && reader.wireType === 0) bytes = reader.varint();
    else if (reader.field === 6 && reader.wireType === 5) crc = reader.fixed32();
    else if (reader.field === 7 && reader.wireType === 2) extents.push(readSlice(reader.message()));
    else reader.skip();
  }
  const name = dtypeOfEnum(dtype);
  if (name === undefined || shape === null) throw new CorruptTable(`the entry of ${key} has no type or shape`);
  const elements = shape.reduce((product, dim) => product * dim, 1);
  if (shape.some((dim) => dim < 0) || !Number.isSafeInteger(elements)) throw new CorruptTable(`the entry of ${key} has no sensible shape`);
  const sizeBytes = dtypeSizeBytes(name) * elements;
  // A partitioned variable's own entry holds no bytes.
  if (sizeBytes > 0 && extents.length === 0 && bytes !== sizeBytes)
    throw new CorruptTable(`${key} holds ${bytes} bytes where its type and shape make ${sizeBytes}`);
  return { info: { key, dtype: name, shape, shard, offset, bytes, crc32c: crc }, extents };
}

/** First bytes of a signed ordered number of 1 to 10 bytes. */
const lengthMarks = [0, 0, 0x80, 0, 0xc0, 0, 0xe0, 0, 0xf0, 0, 0xf8, 0, 0xfc, 0, 0xfe, 0, 0xff, 0, 0xff, 0x80, 0xff, 0xc0];

/** TensorFlow's ordered code of a signed number: its length in leading ones, then big-endian two's complement. */
function orderedSigned(value: number): readonly number[] {
  const magnitude = value < 0 ? ~BigInt(value) : BigInt(value);
  const bits = magnitude === 0n ? 0 : magnitude.toString(2).length;
  const length = Math.max(1, Math.floor(bits / 7) + 1);
  const sign = value < 0 ? 0xff : 0;
  const wide = Buffer.alloc(10, sign);
  wide.writeBigInt64BE(BigInt(value), 2);
  const code = [...wide.subarray(10 - length)];
  code[0] = (code[0] ?? 0) ^ (lengthMarks[length * 2] ?? 0);
  if (length > 1) code[1] = (code[1] ?? 0) ^ (lengthMarks[length * 2 + 1] ?? 0);
  return code;
}

/** The key under which a slice of a variable lies: ordered code of 0, name, number of dimensions, then start and length of each. */
function sliceKey(name: string, { start, length }: Extent): string {
  const bytes = [0];
  for (const byte of Buffer.from(name)) {
    if (byte === 0) bytes.push(0, 0xff);
    else if (byte === 0xff) bytes.push(0xff, 0);
    else bytes.push(byte);
  }
  bytes.push(0, 1, 1, start.length);
  for (const [index, from] of start.entries()) bytes.push(...orderedSigned(from), ...orderedSigned(length[index] ?? -1));
  return Buffer.from(bytes).toString('latin1');
}

function withSlices({ info, extents }: Entry, entries: ReadonlyMap<string, Entry>): VariableInfo {
  if (extents.length === 0) return info;
  const slices: VariableSlice[] = extents.map((extent) => {
    const part = entries.get(sliceKey(info.key, extent));
    if (part === undefined) throw new CorruptTable(`a slice of ${info.key} is missing`);
    const { shard, offset, bytes, crc32c } = part.info;
    return { ...extent, shard, offset, bytes, crc32c };
  });
  return { ...info, bytes: slices.reduce((sum, slice) => sum + slice.bytes, 0), slices };
}

/** Reads variables.index whole. Throws CorruptTable, also for a message that does not parse. */
export function readVariablesIndex(file: Uint8Array): VariablesIndex {
  const entries = new Map<string, Entry>();
  let shards = 0;
  try {
    for (const [key, value] of tableEntries(file)) {
      if (key.length === 0) {
        shards = readHeader(value);
        continue;
      }
      if (entries.size >= maxEntries) throw new CorruptTable(`more than ${maxEntries} entries`);
      entries.set(Buffer.from(key).toString('latin1'), readEntry(Buffer.from(key).toString('utf8'), value));
    }
  } catch (error) {
    if (error instanceof MalformedProto) throw new CorruptTable(error.message, { cause: error });
    throw error;
  }
  // Slices lie under keys that begin with a zero byte; they are told with their variable.
  const whole = [...entries].filter(([key]) => !key.startsWith('\0'));
  return { shards, variables: whole.map(([, entry]) => withSlices(entry, entries)) };
}

/** The file name of one shard. */
export function shardFile(shard: number, shards: number): string {
  return `variables.data-${String(shard).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}`;
}
