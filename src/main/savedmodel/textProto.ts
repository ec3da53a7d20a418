import { MalformedProto, ProtoWriter } from '../protobuf/wire.ts';

/**
 * saved_model.pbtxt: protobuf's text format, turned into the wire format by a schema of the fields that Slipway reads, so that
 * one reader serves both. Fields outside the schema are parsed and left out. Source: the public text format specification.
 */

type Kind = 'string' | 'bytes' | 'int' | 'float' | 'double' | 'bool' | 'dtype' | Schema;
interface Schema {
  readonly [field: string]: readonly [number: number, kind: Kind | (() => Schema)];
}

const dtypeNumbers = new Map(
  Object.entries({
    DT_INVALID: 0,
    DT_FLOAT: 1,
    DT_DOUBLE: 2,
    DT_INT32: 3,
    DT_UINT8: 4,
    DT_INT16: 5,
    DT_INT8: 6,
    DT_STRING: 7,
    DT_COMPLEX64: 8,
    DT_INT64: 9,
    DT_BOOL: 10,
    DT_QINT8: 11,
    DT_QUINT8: 12,
    DT_QINT32: 13,
    DT_BFLOAT16: 14,
    DT_QINT16: 15,
    DT_QUINT16: 16,
    DT_UINT16: 17,
    DT_COMPLEX128: 18,
    DT_HALF: 19,
    DT_RESOURCE: 20,
    DT_VARIANT: 21,
    DT_UINT32: 22,
    DT_UINT64: 23,
  }),
);

const shape: Schema = { dim: [2, { size: [1, 'int'], name: [2, 'string'] }], unknown_rank: [3, 'bool'] };
const tensor: Schema = {
  dtype: [1, 'dtype'],
  tensor_shape: [2, shape],
  version_number: [3, 'int'],
  tensor_content: [4, 'bytes'],
  float_val: [5, 'float'],
  double_val: [6, 'double'],
  int_val: [7, 'int'],
  string_val: [8, 'bytes'],
  int64_val: [10, 'int'],
  scomplex_val: [9, 'float'],
  bool_val: [11, 'bool'],
  dcomplex_val: [12, 'double'],
  half_val: [13, 'int'],
  uint32_val: [16, 'int'],
  uint64_val: [17, 'int'],
};
const attrValue: Schema = {
  list: [
    1,
    {
      s: [2, 'bytes'],
      i: [3, 'int'],
      f: [4, 'float'],
      b: [5, 'bool'],
      type: [6, 'dtype'],
      shape: [7, shape],
      tensor: [8, tensor],
      func: [9, () => nameAttrList],
    },
  ],
  s: [2, 'bytes'],
  i: [3, 'int'],
  f: [4, 'float'],
  b: [5, 'bool'],
  type: [6, 'dtype'],
  shape: [7, shape],
  tensor: [8, tensor],
  placeholder: [9, 'string'],
  func: [10, () => nameAttrList],
};
const nameAttrList: Schema = { name: [1, 'string'], attr: [2, { key: [1, 'string'], value: [2, () => attrValue] }] };
const node: Schema = {
  name: [1, 'string'],
  op: [2, 'string'],
  input: [3, 'string'],
  device: [4, 'string'],
  attr: [5, { key: [1, 'string'], value: [2, attrValue] }],
};
const argument: Schema = { name: [1, 'string'], type: [3, 'dtype'] };
const functionDef: Schema = {
  signature: [1, { name: [1, 'string'], input_arg: [2, argument], output_arg: [3, argument] }],
  node_def: [3, node],
  ret: [4, { key: [1, 'string'], value: [2, 'string'] }],
  control_ret: [6, { key: [1, 'string'], value: [2, 'string'] }],
};
const tensorInfo: Schema = {
  name: [1, 'string'],
  dtype: [2, 'dtype'],
  tensor_shape: [3, shape],
  coo_sparse: [4, { values_tensor_name: [1, 'string'], indices_tensor_name: [2, 'string'], dense_shape_tensor_name: [3, 'string'] }],
};
const tensorInfoMap: Schema = { key: [1, 'string'], value: [2, tensorInfo] };
const signature: Schema = { inputs: [1, tensorInfoMap], outputs: [2, tensorInfoMap], method_name: [3, 'string'] };
const metaGraph: Schema = {
  meta_info_def: [
    1,
    { stripped_op_list: [2, { op: [1, { name: [1, 'string'] }] }], tags: [4, 'string'], tensorflow_version: [5, 'string'] },
  ],
  graph_def: [
    2,
    { node: [1, node], library: [2, { function: [1, functionDef] }], versions: [4, { producer: [1, 'int'], min_consumer: [2, 'int'] }] },
  ],
  saver_def: [3, { filename_tensor_name: [1, 'string'], save_tensor_name: [2, 'string'], restore_op_name: [3, 'string'] }],
  collection_def: [4, { key: [1, 'string'], value: [2, { node_list: [1, { value: [1, 'string'] }] }] }],
  signature_def: [5, { key: [1, 'string'], value: [2, signature] }],
  asset_file_def: [6, { tensor_info: [1, tensorInfo], filename: [2, 'string'] }],
};
const savedModel: Schema = { saved_model_schema_version: [1, 'int'], meta_graphs: [2, metaGraph] };

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
    throw new MalformedProto(`${what} at character ${this.#at}`);
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

function writeScalar(text: TextReader, writer: ProtoWriter, number: number, kind: Exclude<Kind, Schema>): void {
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
    case 'dtype': {
      const isReference = word.endsWith('_REF');
      const named = dtypeNumbers.get(isReference ? word.slice(0, -'_REF'.length) : word) ?? 0;
      writer.varint(number, /^\d/.test(word) ? integerOf(word, text) : named + (isReference ? 100 : 0));
      break;
    }
    case 'float':
      writer.float(number, Number(word.replace(/f$/i, '')));
      break;
    case 'double':
      writer.double(number, Number(word));
      break;
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

function writeValue(text: TextReader, writer: ProtoWriter, number: number, kind: Kind, depth: number): void {
  if (typeof kind === 'string') {
    writeScalar(text, writer, number, kind);
    return;
  }
  const close = text.take('{') ? '}' : text.take('<') ? '>' : text.fail('a message is missing');
  writer.message(number, (inner) => writeFields(text, inner, kind, close, depth + 1));
}

function writeFields(text: TextReader, writer: ProtoWriter, schema: Schema, close: string, depth: number): void {
  if (depth > maxDepth) text.fail('nested too deeply');
  while (close === '' ? !text.end() : !text.take(close)) {
    if (text.end()) text.fail('a message does not end');
    const name = text.word();
    const known = Object.hasOwn(schema, name) ? schema[name] : undefined;
    text.take(':');
    if (known === undefined) {
      skipValue(text, depth);
      continue;
    }
    const [number, kindOrLater] = known;
    const kind = typeof kindOrLater === 'function' ? kindOrLater() : kindOrLater;
    if (text.take('[')) while (!text.take(']')) writeValue(text, writer, number, kind, depth);
    else writeValue(text, writer, number, kind, depth);
  }
}

/** saved_model.pbtxt's text as a SavedModel message in wire format. Throws MalformedProto. */
export function savedModelFromText(source: string): Uint8Array {
  const writer = new ProtoWriter();
  writeFields(new TextReader(source), writer, savedModel, '', 0);
  return writer.finish();
}
