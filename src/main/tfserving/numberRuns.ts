import type { NumericJsonDtype, TensorFill } from './tensorFill.ts';
import { latin, numberEnd } from './jsonTape.ts';

/** Where a reader stands in a body. */
export interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/**
 * Reads numbers with commas between them into `fill`, at most `limit`, and stops after the last of them. Answers how many, or -1
 * for anything it does not take: then the careful reader finds out what it is.
 */
type ReadRun = (cursor: Cursor, fill: TensorFill, limit: number) => number;

const powersOfTen = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** More room, by the bytes that an element has taken so far. */
function growForRest(cursor: Cursor, fill: TensorFill, at: number): void {
  const { bytes } = cursor;
  const perElement = at / Math.max(fill.length, 1);
  fill.grow(fill.length + Math.ceil(((bytes.length - at) / perElement) * 1.02));
}

// Relative error of a mantissa of up to 19 digits that was summed up in a double, with room to spare.
const slightlyMore = 1 + 2 ** -47;
const slightlyLess = 1 - 2 ** -47;

/** The value of a number's text: exact where few digits make it so; for a float32 also where the rest cannot matter; else -1: not known. */
const readFloats =
  (single: boolean): ReadRun =>
  (cursor, fill, limit) => {
    const { bytes } = cursor;
    let values = fill.values as Float32Array | Float64Array;
    let { length } = fill;
    let { at } = cursor;
    let count = 0;
    for (;;) {
      let byte = bytes[at] as number;
      while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
        at += 1;
        byte = bytes[at] as number;
      }
      const start = at;
      const negative = byte === 0x2d;
      if (negative) {
        at += 1;
        byte = bytes[at] as number;
      }
      const first = at;
      let mantissa = 0;
      let value: number;
      if (byte >= 0x31 && byte <= 0x39) {
        do {
          mantissa = mantissa * 10 + (byte - 0x30);
          at += 1;
          byte = bytes[at] as number;
        } while (byte >= 0x30 && byte <= 0x39);
      } else if (byte === 0x30) {
        at += 1;
        byte = bytes[at] as number;
      } else if (byte !== 0x4e && byte !== 0x49) return -1;
      let digits = at - first;
      let power = 0;
      if (byte === 0x2e) {
        at += 1;
        const fraction = at;
        byte = bytes[at] as number;
        while (byte >= 0x30 && byte <= 0x39) {
          mantissa = mantissa * 10 + (byte - 0x30);
          at += 1;
          byte = bytes[at] as number;
        }
        power = fraction - at;
        if (power === 0) return -1;
        digits -= power;
      }
      if (byte === 0x65 || byte === 0x45) {
        at += 1;
        byte = bytes[at] as number;
        const down = byte === 0x2d;
        if (down || byte === 0x2b) {
          at += 1;
          byte = bytes[at] as number;
        }
        const from = at;
        let exponent = 0;
        while (byte >= 0x30 && byte <= 0x39) {
          exponent = exponent * 10 + (byte - 0x30);
          at += 1;
          byte = bytes[at] as number;
        }
        if (at === from) return -1;
        power += down ? -exponent : exponent;
      }
      if (digits > 0 && digits <= 19 && power >= -22 && power <= 22) {
        value = power < 0 ? mantissa / (powersOfTen[-power] as number) : mantissa * (powersOfTen[power] as number);
        if (digits > 15) {
          const rounded = Math.fround(value);
          if (!single || Math.fround(value * slightlyMore) !== rounded || Math.fround(value * slightlyLess) !== rounded)
            value = Number(latin(bytes, first, at));
        }
      } else if (digits === 0) {
        at = numberEnd(bytes, start);
        value = bytes[first] === 0x4e ? Number.NaN : Number.POSITIVE_INFINITY;
      } else {
        value = Number(latin(bytes, first, at));
        if (value === Number.POSITIVE_INFINITY) return -1;
      }
      if (length === values.length) {
        fill.length = length;
        growForRest(cursor, fill, at);
        values = fill.values as Float32Array | Float64Array;
      }
      values[length] = negative ? -value : value;
      length += 1;
      count += 1;
      while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
        at += 1;
        byte = bytes[at] as number;
      }
      if (bytes[at] !== 0x2c || count === limit) {
        cursor.at = at;
        fill.length = length;
        return count;
      }
      at += 1;
    }
  };

/** An integer's text of up to 15 digits, or the reason to look closer: NaN. */
function readInteger(cursor: Cursor): number {
  const { bytes } = cursor;
  let { at } = cursor;
  let byte = bytes[at] as number;
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
    at += 1;
    byte = bytes[at] as number;
  }
  const negative = byte === 0x2d;
  if (negative) {
    at += 1;
    byte = bytes[at] as number;
  }
  const first = at;
  let value = 0;
  while (byte >= 0x30 && byte <= 0x39) {
    value = value * 10 + (byte - 0x30);
    at += 1;
    byte = bytes[at] as number;
  }
  const digits = at - first;
  cursor.at = at;
  if (digits === 0 || digits > 15 || (digits > 1 && bytes[first] === 0x30)) return Number.NaN;
  if (byte === 0x2e || byte === 0x65 || byte === 0x45) return Number.NaN;
  return negative ? -value : value;
}

/** Whether another element follows; moves past the blanks and the comma. */
function takeComma(cursor: Cursor): boolean {
  const { bytes } = cursor;
  let { at } = cursor;
  let byte = bytes[at] as number;
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
    at += 1;
    byte = bytes[at] as number;
  }
  cursor.at = byte === 0x2c ? at + 1 : at;
  return byte === 0x2c;
}

const readIntegers =
  (min: number, max: number): ReadRun =>
  (cursor, fill, limit) => {
    let count = 0;
    for (;;) {
      const value = readInteger(cursor);
      if (!(value >= min && value <= max)) return -1;
      if (fill.length === fill.values.length) growForRest(cursor, fill, cursor.at);
      (fill.values as Int32Array)[fill.length] = value;
      fill.length += 1;
      count += 1;
      if (count === limit || !takeComma(cursor)) return count;
    }
  };

const readLongs =
  (min: bigint, max: bigint): ReadRun =>
  (cursor, fill, limit) => {
    let count = 0;
    for (;;) {
      const start = cursor.at;
      let value = readInteger(cursor);
      if (fill.length === fill.values.length) growForRest(cursor, fill, cursor.at);
      const values = fill.values as BigInt64Array;
      if (Number.isNaN(value)) {
        const text = latin(cursor.bytes, start, cursor.at).trim();
        const next = cursor.bytes[cursor.at];
        if (!/^-?[1-9]\d{15,19}$/.test(text) || next === 0x2e || next === 0x65 || next === 0x45) return -1;
        const exact = BigInt(text);
        if (exact < min || exact > max) return -1;
        values[fill.length] = exact;
      } else {
        if (value < 0 && min === 0n) return -1;
        // In halves: a BigInt an element costs more than the parsing.
        const halves = new Int32Array(values.buffer, fill.length * 8, 2);
        const low = value >>> 0;
        halves[0] = low;
        value = (value - low) / 4_294_967_296;
        halves[1] = value;
      }
      fill.length += 1;
      count += 1;
      if (count === limit || !takeComma(cursor)) return count;
    }
  };

const readBools: ReadRun = (cursor, fill, limit) => {
  const { bytes } = cursor;
  let count = 0;
  for (;;) {
    takeComma(cursor);
    const { at } = cursor;
    const isTrue = bytes[at] === 0x74 && latin(bytes, at, at + 4) === 'true';
    if (!isTrue && (bytes[at] !== 0x66 || latin(bytes, at, at + 5) !== 'false')) return -1;
    cursor.at = at + (isTrue ? 4 : 5);
    if (fill.length === fill.values.length) growForRest(cursor, fill, cursor.at);
    (fill.values as Uint8Array)[fill.length] = isTrue ? 1 : 0;
    fill.length += 1;
    count += 1;
    if (count === limit || !takeComma(cursor)) return count;
  }
};

const int32 = [-2_147_483_648, 2_147_483_647] as const;

/** A reader an element type, so that each stays quick. Small integers wrap within an int32, as TensorFlow Serving's do. */
export const runReaders: Readonly<Record<NumericJsonDtype, ReadRun>> = {
  DT_FLOAT: readFloats(true),
  DT_DOUBLE: readFloats(false),
  DT_INT32: readIntegers(...int32),
  DT_INT16: readIntegers(...int32),
  DT_INT8: readIntegers(...int32),
  DT_UINT8: readIntegers(...int32),
  DT_UINT32: readIntegers(0, 4_294_967_295),
  DT_INT64: readLongs(-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n),
  DT_UINT64: readLongs(0n, 18_446_744_073_709_551_615n),
  DT_BOOL: readBools,
};
