/**
 * The protobuf wire format, read within bounds and written. Only what TensorFlow's messages use.
 * Source: the public "Encoding" page of Protocol Buffers. Nothing is allocated from a length that was not checked.
 */

/** The bytes are not a message: cut short, a bad tag, a length past the end, or nested too deeply. */
export class MalformedProto extends Error {
  override readonly name = 'MalformedProto';
}

const utf8 = new TextDecoder();
const maxDepth = 100;
/** No name is longer; a text of more is data, or made to fill memory. */
const maxStringBytes = 16 * 1024 * 1024;

/**
 * Walks the fields of one message. `next()` moves to a field; then exactly one of the value methods or `skip()` is called.
 * Strings and bytes are views into the buffer or made from such views, never longer than the message.
 */
export class ProtoReader {
  field = 0;
  wireType = 0;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #depth: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, depth = 0) {
    if (depth > maxDepth) throw new MalformedProto('nested too deeply');
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#depth = depth;
  }

  /** Moves to the next field; false at the message's end. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.varint();
    this.field = Math.floor(tag / 8);
    this.wireType = tag % 8;
    if (this.field === 0 || tag > 0xffffffff) throw new MalformedProto('a tag that no message has');
    return true;
  }

  /** An unsigned varint as a double: exact to 2^53, which lengths, tags, enums and sizes never pass in a valid file. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new MalformedProto('a varint of more than ten bytes');
  }

  /** A signed or unsigned 64-bit varint, exact. */
  bigint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new MalformedProto('a varint of more than ten bytes');
  }

  /** A signed 64-bit varint as a double. */
  int(): number {
    const start = this.#at;
    const value = this.varint();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.#at = start;
    return Number(this.bigint());
  }

  fixed32(): number {
    const at = this.#take(4);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 4).getUint32(0, true);
  }

  fixed64(): bigint {
    const at = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getBigUint64(0, true);
  }

  double(): number {
    const at = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0, true);
  }

  /** A view of a length-delimited value. */
  bytes(): Uint8Array {
    const [start, end] = this.#span();
    return this.#bytes.subarray(start, end);
  }

  string(): string {
    const bytes = this.bytes();
    if (bytes.length > maxStringBytes) throw new MalformedProto(`a text of ${bytes.length} bytes`);
    return utf8.decode(bytes);
  }

  /** A reader of a nested message. */
  message(): ProtoReader {
    const [start, end] = this.#span();
    return new ProtoReader(this.#bytes, start, end, this.#depth + 1);
  }

  /** Signed varints of a repeated field, packed or one by one. */
  ints(into: number[]): void {
    if (this.wireType !== 2) {
      into.push(this.int());
      return;
    }
    const inner = this.message();
    while (inner.#at < inner.#end) into.push(inner.int());
  }

  /** Whether anything is left: for packed values, which are read without fields. */
  more(): boolean {
    return this.#at < this.#end;
  }

  /** Packed 64-bit varints of a repeated field. */
  bigints(): readonly bigint[] {
    const inner = this.message();
    const values: bigint[] = [];
    while (inner.#at < inner.#end) values.push(inner.bigint());
    return values;
  }

  /** Both sides of a map entry; a missing side is an empty string or an empty message. */
  mapEntry(): readonly [key: string, value: ProtoReader] {
    const entry = this.message();
    let key = '';
    let value = new ProtoReader(this.#bytes, 0, 0, this.#depth + 1);
    while (entry.next()) {
      if (entry.field === 1 && entry.wireType === 2) key = entry.string();
      else if (entry.field === 2 && entry.wireType === 2) value = entry.message();
      else entry.skip();
    }
    return [key, value];
  }

  skip(): void {
    if (this.wireType === 0) this.varint();
    else if (this.wireType === 1) this.#take(8);
    else if (this.wireType === 2) this.#span();
    else if (this.wireType === 5) this.#take(4);
    else throw new MalformedProto(`wire type ${this.wireType}`);
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new MalformedProto('cut short');
    this.#at += 1;
    return byte;
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#end) throw new MalformedProto('cut short');
    this.#at = at + count;
    return at;
  }

  #span(): readonly [number, number] {
    if (this.wireType !== 2) throw new MalformedProto('a value of another wire type than expected');
    const length = this.varint();
    const start = this.#take(length);
    return [start, start + length];
  }
}

/** Bytes of this many or more are not copied before the message is whole. */
const largeBytes = 32_768;

/** Writes one message, field by field, into a buffer that grows. Large bytes are held until `finish` and must not change before. */
export class ProtoWriter {
  #bytes = new Uint8Array(256);
  #at = 0;
  /** What stands before `#bytes`, in order. */
  readonly #before: Uint8Array[] = [];
  #beforeLength = 0;

  varint(field: number, value: number | bigint): this {
    this.#rawVarint(BigInt(field * 8));
    this.#rawVarint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  bool(field: number, value: boolean): this {
    return this.varint(field, value ? 1 : 0);
  }

  float(field: number, value: number): this {
    this.#rawVarint(BigInt(field * 8 + 5));
    this.#room(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  double(field: number, value: number): this {
    this.#rawVarint(BigInt(field * 8 + 1));
    this.#room(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#at, value, true);
    this.#at += 8;
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#rawVarint(BigInt(field * 8 + 2));
    this.#rawVarint(BigInt(value.length));
    this.#append(value);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, write: (writer: ProtoWriter) => void): this {
    const inner = new ProtoWriter();
    write(inner);
    this.#rawVarint(BigInt(field * 8 + 2));
    this.#rawVarint(BigInt(inner.#beforeLength + inner.#at));
    for (const part of inner.#before) this.#append(part);
    this.#append(inner.#bytes.subarray(0, inner.#at));
    return this;
  }

  /** A packed repeated field of varints; negative numbers take ten bytes, as int32 and int64 do. */
  packed(field: number, values: Iterable<number | bigint>): this {
    const inner = new ProtoWriter();
    for (const value of values) {
      if (typeof value === 'number' && value >= 0 && value < 128) {
        inner.#room(1);
        inner.#bytes[inner.#at] = value;
        inner.#at += 1;
      } else inner.#rawVarint(BigInt.asUintN(64, BigInt(value)));
    }
    return this.bytes(field, inner.finish());
  }

  /** Fields that are already in wire format. */
  raw(fields: Uint8Array): this {
    this.#append(fields);
    return this;
  }

  /** The message so far; a view that the next write may change. */
  finish(): Uint8Array<ArrayBuffer> {
    const last = this.#bytes.subarray(0, this.#at);
    if (this.#before.length === 0) return last;
    const whole = new Uint8Array(this.#beforeLength + last.length);
    let at = 0;
    for (const part of [...this.#before, last]) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #append(value: Uint8Array): void {
    if (value.length < largeBytes) {
      this.#room(value.length);
      this.#bytes.set(value, this.#at);
      this.#at += value.length;
      return;
    }
    this.#before.push(this.#bytes.subarray(0, this.#at), value);
    this.#beforeLength += this.#at + value.length;
    this.#bytes = new Uint8Array(256);
    this.#at = 0;
  }

  #rawVarint(value: bigint): void {
    this.#room(10);
    let rest = value;
    while (rest > 0x7fn) {
      this.#bytes[this.#at] = Number(rest & 0x7fn) | 0x80;
      this.#at += 1;
      rest >>= 7n;
    }
    this.#bytes[this.#at] = Number(rest);
    this.#at += 1;
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}
