/**
 * A JSON document as positions in its bytes, with the errors of the parser that TensorFlow Serving uses (RapidJSON): same words,
 * same offsets. Numbers, strings and literals stay where they are; only lists and objects take room: twelve bytes each.
 */

/** The text is no JSON; the message is what a client of TensorFlow Serving reads. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault';
}

/** Deeper text would only serve to exhaust what walks it; TensorFlow ends at 254 dimensions. */
const maxDepth = 1000;

const fault = (what: string, offset: number): never => {
  throw new JsonFault(`JSON Parse error: ${what} at offset: ${offset}`);
};

/** Skips blanks; answers the next position. */
export function skipBlank(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) at += 1;
    else return at;
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

function hex4(bytes: Buffer, at: number, escapeAt: number): number {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const digit = Number.parseInt(String.fromCharCode(bytes[at + index] ?? 0x20), 16);
    if (Number.isNaN(digit)) return fault('Incorrect hex digit after \\u escape in string.', escapeAt);
    value = value * 16 + digit;
  }
  return value;
}

/** The end of the string that begins with the quotation mark at `start`. */
export function stringEnd(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    const byte = bytes[at];
    if (byte === 0x22) return at + 1;
    if (byte === undefined || byte === 0) return fault('Missing a closing quotation mark in string.', at);
    if (byte < 0x20) return fault('Invalid encoding in string.', at);
    if (byte !== 0x5c) {
      at += 1;
      continue;
    }
    const escape = bytes[at + 1];
    if (escape === 0x75) {
      const unit = hex4(bytes, at + 2, at);
      if (unit >= 0xd800 && unit <= 0xdbff) {
        const next = bytes[at + 6] === 0x5c && bytes[at + 7] === 0x75 ? hex4(bytes, at + 8, at) : 0;
        if (next < 0xdc00 || next > 0xdfff) return fault('The surrogate pair in string is invalid.', at);
        at += 12;
      } else if (unit >= 0xdc00 && unit <= 0xdfff) return fault('The surrogate pair in string is invalid.', at);
      else at += 6;
    } else if (escape !== undefined && '"\\/bfnrt'.includes(String.fromCharCode(escape))) at += 2;
    else return fault('Invalid escape character in string.', at);
  }
}

/** The end of the number, NaN or infinity that begins at `start`. */
export function numberEnd(bytes: Buffer, start: number): number {
  let at = start;
  if (bytes[at] === 0x2d) at += 1;
  const first = bytes[at];
  if (first === 0x49 || first === 0x4e) {
    const words = first === 0x4e ? ['NaN'] : ['Infinity', 'Inf'];
    for (const word of words) {
      let same = 0;
      while (same < word.length && bytes[at + same] === word.charCodeAt(same)) same += 1;
      if (same === word.length) return at + same;
    }
    return fault('Invalid value.', at);
  }
  if (first === 0x30) at += 1;
  else if (isDigit(first)) while (isDigit(bytes[at])) at += 1;
  else return fault('Invalid value.', at);
  const integerEnd = at;
  if (bytes[at] === 0x2e) {
    at += 1;
    if (!isDigit(bytes[at])) return fault('Missing fraction part in number.', at);
    while (isDigit(bytes[at])) at += 1;
  }
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at += 1;
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at += 1;
    if (!isDigit(bytes[at])) return fault('Missing exponent in number.', at);
    while (isDigit(bytes[at])) at += 1;
  }
  // Only a number with an exponent or very many digits can be beyond a double.
  if ((at > integerEnd || integerEnd - start > 300) && !Number.isFinite(Number(latin(bytes, start, at))))
    return fault('Number too big to be stored in double.', start);
  return at;
}

/** The text of ASCII bytes. */
export function latin(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

function literalEnd(bytes: Buffer, start: number, word: string): number {
  for (let index = 1; index < word.length; index += 1)
    if (bytes[start + index] !== word.charCodeAt(index)) return fault('Invalid value.', start + index);
  return start + word.length;
}

/**
 * The values of a document in their order. A scalar is one entry: its position. A list or an object is three: its position, the
 * entry after its last value, and how many values (of an object: names) it holds. A name is a string entry before its value.
 */
export class JsonTape {
  readonly bytes: Buffer;
  #entries = new Int32Array(256);
  #length = 0;

  /** Reads one value; what follows it is not looked at. Throws JsonFault. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#read();
  }

  /** The position of an entry's first byte. */
  position(entry: number): number {
    return this.#entries[entry] ?? 0;
  }

  /** The entry's first byte, which tells what it is. */
  byte(entry: number): number {
    return this.bytes[this.position(entry)] ?? 0;
  }

  isList(entry: number): boolean {
    return this.byte(entry) === 0x5b;
  }

  isObject(entry: number): boolean {
    return this.byte(entry) === 0x7b;
  }

  /** Values of a list, members of an object. */
  count(entry: number): number {
    return this.#entries[entry + 2] ?? 0;
  }

  /** The entry after this one and all that is in it. */
  after(entry: number): number {
    const byte = this.byte(entry);
    return byte === 0x5b || byte === 0x7b ? (this.#entries[entry + 1] ?? 0) : entry + 1;
  }

  /** The first entry within a list or an object. */
  inside(entry: number): number {
    return entry + 3;
  }

  /** The end of a scalar's text. */
  end(entry: number): number {
    const at = this.position(entry);
    switch (this.bytes[at]) {
      case 0x22:
        return stringEnd(this.bytes, at);
      case 0x74:
      case 0x6e:
        return at + 4;
      case 0x66:
        return at + 5;
      default:
        return numberEnd(this.bytes, at);
    }
  }

  /** A scalar's text as it stands. */
  text(entry: number): string {
    return latin(this.bytes, this.position(entry), this.end(entry));
  }

  /** A string's bytes, escapes resolved. */
  string(entry: number): Buffer {
    const start = this.position(entry) + 1;
    const end = this.end(entry) - 1;
    const raw = this.bytes.subarray(start, end);
    if (!raw.includes(0x5c)) return raw;
    const out = Buffer.allocUnsafe(raw.length);
    let at = 0;
    for (let index = 0; index < raw.length; index += 1) {
      const byte = raw[index] ?? 0;
      if (byte !== 0x5c) {
        out[at] = byte;
        at += 1;
        continue;
      }
      const escape = raw[index + 1] ?? 0;
      if (escape !== 0x75) {
        out[at] = plainEscapes.get(escape) ?? escape;
        at += 1;
        index += 1;
        continue;
      }
      let point = Number.parseInt(latin(raw, index + 2, index + 6), 16);
      index += 5;
      if (point >= 0xd800 && point <= 0xdbff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (Number.parseInt(latin(raw, index + 3, index + 7), 16) - 0xdc00);
        index += 6;
      }
      at += out.write(String.fromCodePoint(point), at, 'utf8');
    }
    return out.subarray(0, at);
  }

  /** The value of an object's member; the first of that name, as TensorFlow Serving takes it. */
  member(entry: number, name: string): number | undefined {
    for (const [key, value] of this.members(entry)) if (key === name) return value;
    return undefined;
  }

  /** An object's members as name and entry of the value. */
  *members(entry: number): Generator<readonly [name: string, value: number]> {
    let at = this.inside(entry);
    for (let left = this.count(entry); left > 0; left -= 1) {
      yield [this.string(at).toString(), at + 1];
      at = this.after(at + 1);
    }
  }

  /** A list's entries. */
  *items(entry: number): Generator<number> {
    let at = this.inside(entry);
    for (let left = this.count(entry); left > 0; left -= 1) {
      yield at;
      at = this.after(at);
    }
  }

  #push(value: number): void {
    if (this.#length === this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2);
      grown.set(this.#entries);
      this.#entries = grown;
    }
    this.#entries[this.#length] = value;
    this.#length += 1;
  }

  #read(): void {
    const { bytes } = this;
    const open: number[] = [];
    let at = skipBlank(bytes, 0);
    if (at >= bytes.length) throw new JsonFault('JSON Parse error: The document is empty');
    for (;;) {
      // A value begins at `at`.
      const byte = bytes[at];
      const entry = this.#length;
      this.#push(at);
      if (byte === 0x5b || byte === 0x7b) {
        this.#push(0);
        this.#push(0);
        at = skipBlank(bytes, at + 1);
        if (bytes[at] !== (byte === 0x5b ? 0x5d : 0x7d)) {
          if (open.length >= maxDepth) throw new JsonFault(`JSON Parse error: More than ${maxDepth} nested lists and objects`);
          open.push(entry);
          if (byte === 0x7b) at = this.#name(at);
          continue;
        }
        at += 1;
        this.#entries[entry + 1] = this.#length;
      } else if (byte === 0x22) at = stringEnd(bytes, at);
      else if (byte === 0x74) at = literalEnd(bytes, at, 'true');
      else if (byte === 0x66) at = literalEnd(bytes, at, 'false');
      else if (byte === 0x6e) at = literalEnd(bytes, at, 'null');
      else at = numberEnd(bytes, at);
      // A value has ended; so may what holds it.
      for (;;) {
        const holder = open.at(-1);
        if (holder === undefined) return;
        this.#entries[holder + 2] = (this.#entries[holder + 2] ?? 0) + 1;
        at = skipBlank(bytes, at);
        const isList = this.isList(holder);
        if (bytes[at] === 0x2c) {
          at = skipBlank(bytes, at + 1);
          if (!isList) at = this.#name(at);
          break;
        }
        if (bytes[at] !== (isList ? 0x5d : 0x7d))
          fault(isList ? "Missing a comma or ']' after an array element." : "Missing a comma or '}' after an object member.", at);
        at += 1;
        open.pop();
        this.#entries[holder + 1] = this.#length;
      }
    }
  }

  /** A member's name and colon; answers where its value begins. */
  #name(from: number): number {
    if (this.bytes[from] !== 0x22) fault('Missing a name for object member.', from);
    this.#push(from);
    const at = skipBlank(this.bytes, stringEnd(this.bytes, from));
    if (this.bytes[at] !== 0x3a) fault('Missing a colon after a name of object member.', at);
    return skipBlank(this.bytes, at + 1);
  }
}

const plainEscapes: ReadonlyMap<number, number> = new Map([
  [0x62, 8],
  [0x66, 12],
  [0x6e, 10],
  [0x72, 13],
  [0x74, 9],
]);
