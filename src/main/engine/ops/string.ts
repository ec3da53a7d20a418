import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { StatusError } from '../../tfserving/status.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { integer, integers, invalid, shapeText, sizeOf, strings, tensorOf, typeText } from '../value.ts';
import { broadcastShape, broadcastStrides, placesOf } from './broadcast.ts';
import { dataFromBytes } from '../constant.ts';
import { dtypeSizeBytes } from '../../../shared/tensor/dtype.ts';
import { fingerprint64 } from './farmHash.ts';
import { printed } from './printValue.ts';
import { reducedAxes } from './reduce.ts';
import { highestGroup, regexFromRe2, rewritten } from './regex.ts';

export const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
export const bytes = (value: string): Uint8Array => Buffer.from(value);
export const stringTensor = (shape: readonly number[], data: readonly Uint8Array[]): Tensor => ({ dtype: 'DT_STRING', shape, data });

/** Applies `f` to each string. */
const each =
  (f: (value: Uint8Array) => Uint8Array): MakeKernel =>
  () =>
  (inputs) => {
    const x = tensorOf(inputs[0]);
    return stringTensor(x.shape, strings(x).map(f));
  };

const changeCase =
  (ascii: (byte: number) => number, unicode: (value: string) => string): MakeKernel =>
  (op) =>
    op.attributes.text('encoding') === 'utf-8' ? each((value) => bytes(unicode(text(value))))(op) : each((value) => value.map(ascii))(op);

const isBlank = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

function stripped(value: Uint8Array): Uint8Array {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value[start]!)) start += 1;
  while (end > start && isBlank(value[end - 1]!)) end -= 1;
  return value.subarray(start, end);
}

/** How TensorFlow splits: by any run of blanks where the separator is empty, otherwise at each separator; at most `limit` times. */
function splitText(value: Uint8Array, separator: Uint8Array, limit: number): readonly Uint8Array[] {
  const whole = Buffer.from(value.buffer, value.byteOffset, value.length);
  const parts: Uint8Array[] = [];
  if (separator.length > 0) {
    let start = 0;
    const most = limit < 0 ? Infinity : limit;
    for (let at = whole.indexOf(separator); at >= 0 && parts.length < most; at = whole.indexOf(separator, start)) {
      parts.push(whole.subarray(start, at));
      start = at + separator.length;
    }
    parts.push(whole.subarray(start));
    return parts;
  }
  let at = 0;
  for (;;) {
    while (at < whole.length && isBlank(whole[at]!)) at += 1;
    if (at >= whole.length) return parts;
    if (limit >= 0 && parts.length === limit) {
      parts.push(whole.subarray(at));
      return parts;
    }
    const start = at;
    while (at < whole.length && !isBlank(whole[at]!)) at += 1;
    parts.push(whole.subarray(start, at));
  }
}

/** Lists of strings as a sparse matrix: indices, values, shape. */
function sparseOf(lists: readonly (readonly Uint8Array[])[]): readonly Tensor[] {
  const values = lists.flat();
  const places = BigInt64Array.from(lists.flatMap((list, row) => list.flatMap((_, column) => [BigInt(row), BigInt(column)])));
  const widest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  return [
    { dtype: 'DT_INT64', shape: [values.length, 2], data: places },
    stringTensor([values.length], values),
    { dtype: 'DT_INT64', shape: [2], data: BigInt64Array.of(BigInt(lists.length), BigInt(widest)) },
  ];
}

const replace = (pattern: string, rewrite: string, global: boolean): ((value: Uint8Array) => Uint8Array) => {
  const regex = regexFromRe2(pattern, { global });
  return (value) => {
    const given = text(value);
    let [end, fits] = [-1, true];
    const replaced = given.replace(regex, (...groups: (string | number | undefined)[]) => {
      const named = typeof groups.at(-1) === 'object' ? 1 : 0;
      const [matched, at] = [groups[0] as string, groups.at(-2 - named) as number];
      // RE2 lets no empty match follow right after another one.
      if (matched === '' && at === end) return '';
      end = at + matched.length;
      const captured = groups.slice(0, -2 - named) as (string | undefined)[];
      fits &&= highestGroup(rewrite) < captured.length;
      return rewritten(rewrite, captured);
    });
    return fits ? bytes(replaced) : value;
  };
};

const matches = (pattern: string): ((x: Tensor) => Tensor) => {
  const regex = regexFromRe2(pattern, { whole: true });
  return (x) => ({ dtype: 'DT_BOOL', shape: x.shape, data: Uint8Array.from(strings(x), (value) => (regex.test(text(value)) ? 1 : 0)) });
};

const substring: MakeKernel = ({ attributes }) => {
  const characters = attributes.text('unit') === 'UTF8_CHAR';
  return (inputs) => {
    const [x, position, length] = [tensorOf(inputs[0]), tensorOf(inputs[1]), tensorOf(inputs[2])];
    if (shapeText(position.shape) !== shapeText(length.shape))
      throw invalid(`pos and len should have the same shape, got: ${shapeText(position.shape)} vs. ${shapeText(length.shape)}`);
    const shape = broadcastShape(x.shape, position.shape);
    const [xs, ps] = [placesOf(shape, broadcastStrides(x.shape, shape)), placesOf(shape, broadcastStrides(position.shape, shape))];
    const [values, starts, lengths] = [strings(x), integers(position), integers(length)];
    return stringTensor(
      shape,
      Array.from(xs, (place, at) => {
        const value = values[place]!;
        const [start, count] = [starts[ps[at]!]!, lengths[ps[at]!]!];
        const units = characters ? Array.from(text(value)) : value;
        const from = start < 0 ? units.length + start : start;
        if (from < 0 || from > units.length)
          throw invalid(`pos ${start} out of range for string${characters ? '' : ` b'${text(value)}'`} at index ${place}`);
        // Of bytes a negative length is taken as unsigned: as long as can be.
        const to = count < 0 && !characters ? units.length : Math.min(units.length, from + Math.max(0, count));
        return characters ? bytes((units as readonly string[]).slice(from, to).join('')) : value.subarray(from, to);
      }),
    );
  };
};

function checkJoined(axes: readonly number[], rank: number): void {
  const seen = new Set<number>();
  for (const axis of axes) {
    if (axis < -rank || axis >= rank)
      throw new StatusError('OUT_OF_RANGE', `Invalid reduction dimension ${axis} for input with ${rank} dimension(s)`);
    if (seen.has((axis + rank) % rank)) throw invalid(`Duplicate reduction dimension ${axis}`);
    seen.add((axis + rank) % rank);
  }
}

const reduceJoin: MakeKernel = ({ attributes }) => {
  const [keep, separator] = [attributes.bool('keep_dims'), attributes.text('separator')];
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    const axes = integers(tensorOf(inputs[1]));
    checkJoined(axes, x.shape.length);
    const reduced = reducedAxes(x.shape.length, axes);
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !reduced[axis]);
    // The first axis named is joined first: it runs fastest.
    const order = axes.map((axis) => (axis + x.shape.length) % x.shape.length).toReversed();
    const strides = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
    const rows = placesOf(
      kept.map((axis) => x.shape[axis]!),
      kept.map((axis) => strides[axis]!),
    );
    const columns = placesOf(
      order.map((axis) => x.shape[axis]!),
      order.map((axis) => strides[axis]!),
    );
    const values = strings(x);
    const glue = Buffer.from(separator, 'latin1');
    const joined = Array.from(rows, (row) =>
      Buffer.concat([...columns].flatMap((column, at) => (at === 0 ? [values[row + column]!] : [glue, values[row + column]!]))),
    );
    return stringTensor(
      x.shape.flatMap((dim, axis) => (reduced[axis] ? (keep ? [1] : []) : [dim])),
      joined,
    );
  };
};

const hashBuckets: MakeKernel = ({ attributes }) => {
  const buckets = BigInt(attributes.int('num_buckets'));
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    return { dtype: 'DT_INT64', shape: x.shape, data: BigInt64Array.from(strings(x), (value) => fingerprint64(value) % buckets) };
  };
};

const decodeRaw: MakeKernel = ({ attributes }) => {
  const [dtype, little] = [attributes.type('out_type'), attributes.bool('little_endian')];
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    const values = strings(x);
    const size = Math.max(1, dtypeSizeBytes(dtype));
    const length = values[0]?.length ?? 0;
    for (const [at, value] of values.entries()) {
      if (value.length !== length)
        throw invalid(`DecodeRaw requires input strings to all be the same size, but element ${at} has size ${length} != ${value.length}`);
      if (length % size !== 0)
        throw invalid(`Input to DecodeRaw has length ${length} that is not a multiple of ${size}, the size of ${typeText(dtype)}`);
    }
    const whole = Buffer.concat(values);
    if (!little && size > 1) for (let at = 0; at < whole.length; at += size) whole.subarray(at, at + size).reverse();
    return { dtype, shape: [...x.shape, length / size], data: dataFromBytes(dtype, whole, whole.length / size) };
  };
};

/** Text from one encoding to another. What is not well formed is replaced, left out or refused. */
const transcode: MakeKernel = (op) => {
  const { attributes } = op;
  const [from, to, errors] = [attributes.text('input_encoding'), attributes.text('output_encoding'), attributes.text('errors')];
  const [replacement, controls] = [attributes.int('replacement_char'), attributes.bool('replace_control_characters')];
  const known: Readonly<Record<string, string>> = {
    'UTF-8': 'utf-8',
    'UTF-16-BE': 'utf-16be',
    'UTF-16-LE': 'utf-16le',
    'US-ASCII': 'latin1',
    'ISO-8859-1': 'latin1',
  };
  const decoder = known[from.toUpperCase()] ?? from.toLowerCase();
  const instead = errors === 'ignore' ? '' : String.fromCodePoint(replacement);
  const decode = (value: Uint8Array): string => {
    if (decoder === 'latin1') return Buffer.from(value).toString('latin1');
    const decoded = new TextDecoder(decoder, { ignoreBOM: true }).decode(value);
    if (!decoded.includes('\ufffd')) return decoded;
    if (errors === 'strict') throw invalid('Invalid formatting on input string');
    return decoded.replaceAll('\ufffd', instead);
  };
  const encode = (value: string): Uint8Array => {
    if (to === 'UTF-8') return bytes(value);
    if (to === 'UTF-16-BE') return Buffer.from(value, 'utf16le').swap16();
    const points = Array.from(value, (one) => one.codePointAt(0)!);
    const wide = Buffer.alloc(points.length * 4);
    for (const [at, point] of points.entries()) wide.writeUInt32BE(point, at * 4);
    return wide;
  };
  return each((value) => {
    const decoded = decode(value);
    // eslint-disable-next-line no-control-regex
    return encode(controls ? decoded.replaceAll(/[\u0000-\u001f]/g, instead) : decoded);
  })(op);
};

export const stringOps: OpFamily = {
  StringLower: changeCase(
    (byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte),
    (value) => value.toLowerCase(),
  ),
  StringUpper: changeCase(
    (byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte),
    (value) => value.toUpperCase(),
  ),
  StringStrip: each(stripped),
  StringLength: ({ attributes }) => {
    const characters = attributes.text('unit') === 'UTF8_CHAR';
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const count = (value: Uint8Array): number =>
        characters ? value.reduce((sum, byte) => sum + ((byte & 0xc0) === 0x80 ? 0 : 1), 0) : value.length;
      return { dtype: 'DT_INT32', shape: x.shape, data: Int32Array.from(strings(x), count) };
    };
  },
  StringJoin: ({ attributes }) => {
    const separator = Buffer.from(attributes.text('separator'), 'latin1');
    return (inputs) => {
      const all = inputs.map(tensorOf);
      const shape = all.find((one) => one.shape.length > 0)?.shape ?? [];
      for (const one of all)
        if (one.shape.length > 0 && shapeText(one.shape) !== shapeText(shape))
          throw invalid(`Input shapes do not match: ${shapeText(shape)} vs. ${shapeText(one.shape)}`);
      const lists = all.map(strings);
      return stringTensor(
        shape,
        Array.from({ length: sizeOf(shape) }, (_, at) =>
          Buffer.concat(
            lists.flatMap((list, index) =>
              index === 0 ? [list[list.length === 1 ? 0 : at]!] : [separator, list[list.length === 1 ? 0 : at]!],
            ),
          ),
        ),
      );
    };
  },
  StringSplit: ({ attributes }) => {
    const skipEmpty = attributes.bool('skip_empty');
    return (inputs) => {
      if (inputs[0]!.shape.length !== 1) throw invalid(`input must be a vector, got shape: ${shapeText(inputs[0]!.shape)}`);
      const delimiters = strings(tensorOf(inputs[1]))[0] ?? new Uint8Array();
      return sparseOf(
        strings(tensorOf(inputs[0])).map((value) => {
          const parts: Uint8Array[] = [];
          if (delimiters.length === 0) return Array.from(value, (_, at) => value.subarray(at, at + 1));
          let start = 0;
          for (let at = 0; at <= value.length; at += 1) {
            if (at < value.length && !delimiters.includes(value[at]!)) continue;
            if (at > start || !skipEmpty) parts.push(value.subarray(start, at));
            start = at + 1;
          }
          return parts;
        }),
      );
    };
  },
  StringSplitV2: ({ attributes }) => {
    const limit = attributes.int('maxsplit');
    return (inputs) => {
      const [x, separator] = [tensorOf(inputs[0]), strings(tensorOf(inputs[1]))[0] ?? new Uint8Array()];
      if (x.shape.length !== 1) throw invalid(`input must be a vector, got shape: ${shapeText(x.shape)}`);
      if (inputs[1]!.shape.length > 0) throw invalid(`sep must be a scalar, got shape: ${shapeText(inputs[1]!.shape)}`);
      return sparseOf(strings(x).map((value) => splitText(value, separator, limit)));
    };
  },
  StaticRegexReplace: (op) =>
    each(replace(op.attributes.utf8('pattern'), op.attributes.utf8('rewrite'), op.attributes.bool('replace_global')))(op),
  RegexReplace: ({ attributes }) => {
    const global = attributes.bool('replace_global');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const [pattern, rewrite] = [text(strings(tensorOf(inputs[1]))[0]!), text(strings(tensorOf(inputs[2]))[0]!)];
      return stringTensor(x.shape, strings(x).map(replace(pattern, rewrite, global)));
    };
  },
  StaticRegexFullMatch: ({ attributes }) => {
    const test = matches(attributes.utf8('pattern'));
    return (inputs) => test(tensorOf(inputs[0]));
  },
  RegexFullMatch: () => (inputs) => matches(text(strings(tensorOf(inputs[1]))[0]!))(tensorOf(inputs[0])),
  StringToHashBucketFast: hashBuckets,
  Substr: substring,
  ReduceJoin: reduceJoin,
  UnsortedSegmentJoin: ({ attributes }) => {
    const separator = Buffer.from(attributes.text('separator'), 'latin1');
    return (inputs) => {
      const [x, segments, count] = [tensorOf(inputs[0]), integers(tensorOf(inputs[1])), integer(tensorOf(inputs[2]))];
      if (segments.some((segment) => segment < 0 || segment >= count))
        throw invalid('segment_ids are not allowed to exceed num_segments or to have negative values.');
      const inner = x.shape.slice(inputs[1]!.shape.length);
      const width = sizeOf(inner);
      const parts = Array.from({ length: count * width }, () => [] as Uint8Array[]);
      for (const [at, value] of strings(x).entries()) parts[segments[Math.floor(at / width)]! * width + (at % width)]!.push(value);
      return stringTensor(
        [count, ...inner],
        parts.map((list) => Buffer.concat(list.flatMap((value, at) => (at === 0 ? [value] : [separator, value])))),
      );
    };
  },
  StringFormat: ({ attributes }) => {
    const [template, placeholder, summarize] = [attributes.utf8('template'), attributes.utf8('placeholder'), attributes.int('summarize')];
    return (inputs) => {
      const pieces = template.split(placeholder);
      if (pieces.length - 1 !== inputs.length)
        throw invalid(`num placeholders in template and num inputs must match: ${pieces.length - 1} vs. ${inputs.length}`);
      return stringTensor(
        [],
        [bytes(pieces.map((piece, at) => piece + (at < inputs.length ? printed(tensorOf(inputs[at]), summarize) : '')).join(''))],
      );
    };
  },
  DecodeBase64: each((value) => {
    const encoded = text(value);
    if (encoded.length % 4 === 1) throw invalid('Base64 string length cannot be 1 modulo 4.');
    if (!/^[A-Za-z0-9_-]*={0,2}$/.test(encoded)) throw invalid(`Invalid character found in base64.`);
    return Buffer.from(encoded, 'base64url');
  }),
  EncodeBase64: ({ attributes }) => {
    const padding = attributes.bool('pad');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      return stringTensor(
        x.shape,
        strings(x).map((value) => {
          const encoded = Buffer.from(value).toString('base64url');
          return bytes(padding ? encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=') : encoded);
        }),
      );
    };
  },
  DecodeRaw: decodeRaw,
  UnicodeTranscode: transcode,
};
