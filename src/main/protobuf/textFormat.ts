import { MalformedProto, ProtoWriter } from './wire.ts';

/**
 * Protobuf's text format, turned into the wire format by a schema of the fields that Slipway reads, so that one reader serves both.
 * Source: the public text format specification.
 */

/** What a field holds; an enumeration is the table of its names. */
type Kind = 'string' | 'bytes' | 'int' | 'float' | 'double' | 'bool' | ReadonlyMap<string, number> | TextSchema;
/** Field name → number and kind; a function where a message can hold itself. */
export interface TextSchema {
  readonly [field: string]: readonly [number: number, kind: Kind | (() => TextSchema)];
}

/** The text is no such message; `line` and `column` count from 1. */
export class TextSyntax extends MalformedProto {
  readonly line: number;
  readonly column: number;
  constructor(what: string, source: string, at: number) {
    super(`${what} at character ${at}`);
    const before = source.slice(0, at).split('\n');
    this.line = before.length;
    this.column = (before.at(-1) ?? '').length + 1;
  }
}

const escapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, a: 7, b: 8, f: 12, v: 11, '\\': 92, "'": 39, '"': 34, '?': 63 };
const maxDepth = 100;
const maxDigits = 64;

/** Bytes of one string, in a buffer that doubles: an array of numbers would take eight times as much. */
class GrowingBytes {
  #bytes = new Uint8Array(64);
  #at = 0;

  push(byte: number): void {
    if (this.#at === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#at] = byte;
    this.#at += 1;
  }

  pushText(text: string): void {
    for (const byte of new TextEncoder().encode(text)) this.push(byte);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }
}

class TextReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fail(what: string): never {
    throw new TextSyntax(what, this.#text, this.#at);
  }

  /** Skips blanks, comments, and the separators that the format allows between fields. */
  blank(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === '#') {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end === -1 ? this.#text.length : end;
      } else if (char === undefined || !' \n\r\t\v\f,;'.includes(char)) return;
      else this.#at += 1;
    }
  }

  end(): boolean {
    this.blank();
    return this.#at >= this.#text.length;
  }

  take(literal: string): boolean {
    this.blank();
    if (!this.#text.startsWith(literal, this.#at)) return false;
    this.#at += literal.length;
    return true;
  }

  peek(): string {
    this.blank();
    return this.#text[this.#at] ?? '';
  }

  word(): string {
    this.blank();
    const pattern = /[A-Za-z0-9_.+-]+|\[[^\]\n]*\]/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) this.fail('a name or a value is missing');
    this.#at = pattern.lastIndex;
    return match[0];
  }

  /** One or more adjacent quoted strings as bytes. */
  quoted(): Uint8Array {
    const bytes = new GrowingBytes();
    for (let quote = this.peek(); quote === '"' || quote === "'"; quote = this.peek()) {
      this.#at += 1;
      for (;;) {
        const char = this.#text[this.#at];
        if (char === undefined || char === '\n') this.fail('a string does not end');
        this.#at += 1;
        if (char === quote) break;
        if (char === '\\') this.#escape(bytes);
        else {
          const point = this.#text.codePointAt(this.#at - 1) ?? 0;
          if (point > 0xffff) this.#at += 1;
          if (point < 0x80) bytes.push(point);
          else bytes.pushText(String.fromCodePoint(point));
        }
      }
    }
    return bytes.finish();
  }

  #escape(bytes: GrowingBytes): void {
    const pattern = /[0-7]{1,3}|[xX][0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[nrtabfv\\'"?]/y;
    pattern.lastIndex = this.#at;
    const code = pattern.exec(this.#text)?.[0];
    if (code === undefined) this.fail('an escape that the format does not know');
    this.#at = pattern.lastIndex;
    const simple = escapes[code];
    if (simple !== undefined) bytes.push(simple);
    else if (/^[xX]/.test(code)) bytes.push(Number.parseInt(code.slice(1), 16));
    else if (/^[uU]/.test(code)) {
      const point = Number.parseInt(code.slice(1), 16);
      bytes.pushText(String.fromCodePoint(Math.min(point, 0x10ffff)));
    } else bytes.push(Number.parseInt(code, 8) & 0xff);
  }
}

function integerOf(word: string, text: TextReader): bigint {
  if (word.length > maxDigits) text.fail('a number of too many digits');
  try {
    return word.startsWith('-') ? -BigInt(word.slice(1)) : BigInt(word);
  } catch {
    return text.fail(`${word} is no integer`);
  }
}

function isSchema(kind: Exclude<Kind, string>): kind is TextSchema {
  return !(kind instanceof Map);
}

function writeScalar(text: TextReader, writer: ProtoWriter, number: number, kind: Exclude<Kind, TextSchema>): void {
  if (kind === 'string' || kind === 'bytes') {
    if (text.peek() !== '"' && text.peek() !== "'") text.fail('a string is missing');
    writer.bytes(number, text.quoted());
    return;
  }
  const word = text.word();
  switch (kind) {
    case 'int':
      writer.varint(number, integerOf(word, text));
      break;
    case 'bool':
      writer.bool(number, word === 'true' || word === 'True' || word === 't' || word === '1');
      break;
    case 'float':
      writer.float(number, Number(word.replace(/f$/i, '')));
      break;
    case 'double':
      writer.double(number, Number(word));
      break;
    default:
      writer.varint(number, /^\d/.test(word) ? integerOf(word, text) : (kind.get(word) ?? 0));
  }
}

function skipValue(text: TextReader, depth: number): void {
  if (depth > maxDepth) text.fail('nested too deeply');
  if (text.take('{')) while (!text.take('}')) skipField(text, depth + 1);
  else if (text.take('<')) while (!text.take('>')) skipField(text, depth + 1);
  else if (text.take('[')) while (!text.take(']')) skipValue(text, depth + 1);
  else if (text.peek() === '"' || text.peek() === "'") text.quoted();
  else text.word();
}

function skipField(text: TextReader, depth: number): void {
  if (text.end()) text.fail('a message does not end');
  text.word();
  text.take(':');
  skipValue(text, depth);
}

type UnknownField = 'skip' | 'refuse';

function writeValue(text: TextReader, writer: ProtoWriter, number: number, kind: Kind, unknown: UnknownField, depth: number): void {
  if (typeof kind === 'string' || !isSchema(kind)) {
    writeScalar(text, writer, number, kind);
    return;
  }
  const close = text.take('{') ? '}' : text.take('<') ? '>' : text.fail('a message is missing');
  writer.message(number, (inner) => writeFields(text, inner, kind, close, unknown, depth + 1));
}

function writeFields(text: TextReader, writer: ProtoWriter, schema: TextSchema, close: string, unknown: UnknownField, depth: number): void {
  if (depth > maxDepth) text.fail('nested too deeply');
  while (close === '' ? !text.end() : !text.take(close)) {
    if (text.end()) text.fail('a message does not end');
    const name = text.word();
    const known = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (known === undefined) {
      text.blank();
      if (unknown === 'refuse') text.fail(`there is no field named "${name}"`);
      text.take(':');
      skipValue(text, depth);
      continue;
    }
    text.take(':');
    const [number, kindOrLater] = known;
    const kind = typeof kindOrLater === 'function' ? kindOrLater() : kindOrLater;
    if (text.take('[')) while (!text.take(']')) writeValue(text, writer, number, kind, unknown, depth);
    else writeValue(text, writer, number, kind, unknown, depth);
  }
}

/** A message's text in wire format; fields outside the schema are left out or refused. Throws TextSyntax. */
export function messageFromText(source: string, schema: TextSchema, { unknown }: { readonly unknown: UnknownField }): Uint8Array {
  const writer = new ProtoWriter();
  writeFields(new TextReader(source), writer, schema, '', unknown, 0);
  return writer.finish();
}
