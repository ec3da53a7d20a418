import { uncompress } from 'snappyjs';
import { crc32c, maskCrc } from './crc32c.ts';

/**
 * A sorted string table as LevelDB and TensorFlow write it (doc/table_format of LevelDB): data blocks with prefix-compressed
 * keys, an index block, a footer of 48 bytes. Each block ends with its type (0 plain, 1 Snappy) and a masked CRC-32C.
 */
export class CorruptTable extends Error {
  override readonly name = 'CorruptTable';
}

const footerBytes = 48;
const magic = 0xdb4775248b80fb57n;
/** A block that inflates to more than this is no index of variables. */
const maxBlockBytes = 256 * 1024 * 1024;
/** Blocks may be named more than once and inflate, and keys share prefixes: what they come to in all is bounded as well. */
const maxInflatedBytes = 2 * 1024 * 1024 * 1024;
const maxOneKeyBytes = 64 * 1024;
const maxKeyBytes = 512 * 1024 * 1024;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new CorruptTable('a number is cut short');
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new CorruptTable('a number of more than ten bytes');
  }
  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }
}

function readBlock(file: Uint8Array, { offset, size }: Handle): Uint8Array {
  if (offset + size + 5 > file.length) throw new CorruptTable('a block lies beyond the end of the file');
  const content = file.subarray(offset, offset + size);
  const stored = new DataView(file.buffer, file.byteOffset + offset + size + 1, 4).getUint32(0, true);
  if (maskCrc(crc32c(file.subarray(offset, offset + size + 1))) !== stored) throw new CorruptTable('block checksum mismatch');
  const type = file[offset + size];
  if (type === 0) return content;
  if (type !== 1) throw new CorruptTable(`a block of unknown type ${type}`);
  const inflatedBytes = new Cursor(content).varint();
  if (inflatedBytes > maxBlockBytes) throw new CorruptTable('a block inflates beyond its limit');
  try {
    return uncompress(content, inflatedBytes);
  } catch (cause) {
    throw new CorruptTable('a Snappy block does not inflate', { cause });
  }
}

function* blockEntries(block: Uint8Array): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
  if (block.length < 4) throw new CorruptTable('a block without its restart count');
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4, 4).getUint32(0, true);
  const end = block.length - 4 - restarts * 4;
  if (end < 0) throw new CorruptTable('more restarts than the block holds');
  const cursor = new Cursor(block);
  let key = new Uint8Array();
  while (cursor.at < end) {
    const shared = cursor.varint();
    const unshared = cursor.varint();
    const valueBytes = cursor.varint();
    if (shared > key.length || cursor.at + unshared + valueBytes > end) throw new CorruptTable('an entry passes its block');
    if (shared + unshared > maxOneKeyBytes) throw new CorruptTable('a key is longer than the limit');
    const next = new Uint8Array(shared + unshared);
    next.set(key.subarray(0, shared));
    next.set(block.subarray(cursor.at, cursor.at + unshared), shared);
    key = next;
    cursor.at += unshared;
    yield [key, block.subarray(cursor.at, cursor.at + valueBytes)];
    cursor.at += valueBytes;
  }
}

/** All entries of a table in key order. Throws CorruptTable. */
export function* tableEntries(file: Uint8Array): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
  if (file.length < footerBytes) throw new CorruptTable('shorter than a footer');
  const footer = file.subarray(file.length - footerBytes);
  if (new DataView(footer.buffer, footer.byteOffset + 40, 8).getBigUint64(0, true) !== magic)
    throw new CorruptTable('the footer is not that of a table');
  const cursor = new Cursor(footer);
  cursor.handle();
  const index = readBlock(file, cursor.handle());
  let [inflatedBytes, keyBytes] = [0, 0];
  for (const [, value] of blockEntries(index)) {
    const block = readBlock(file, new Cursor(value).handle());
    inflatedBytes += block.length;
    if (inflatedBytes > maxInflatedBytes) throw new CorruptTable('its blocks inflate beyond their limit');
    for (const entry of blockEntries(block)) {
      keyBytes += entry[0].length;
      if (keyBytes > maxKeyBytes) throw new CorruptTable('its keys are longer than the limit');
      yield entry;
    }
  }
}
