/**
 * JSON as TensorFlow Serving writes it (RapidJSON's pretty writer): four blanks a level, lists in one line where asked, floats with
 * as many digits as they need (%.6g, else %.9g; doubles %.15g, else %.17g), NaN and infinities as words.
 */

const longestNumber = 32;
const powersOfTen = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
const hexDigits = '0123456789ABCDEF';
/** 0: as it is; 1: \u00XX; else the letter after the backslash. */
const escapes = new Uint8Array(256);
escapes.fill(1, 0, 0x20);
for (const [byte, letter] of [
  [0x22, '"'],
  [0x5c, '\\'],
  [8, 'b'],
  [12, 'f'],
  [10, 'n'],
  [13, 'r'],
  [9, 't'],
] as const)
  escapes[byte] = letter.charCodeAt(0);

interface Level {
  readonly isList: boolean;
  count: number;
}

export class JsonWriter {
  #bytes: Buffer;
  #at = 0;
  readonly #levels: Level[] = [];
  /** What is written to lists now stays in their line. */
  inLine = false;
  /** Everything in one line. */
  readonly #compact: boolean;

  constructor(expectedBytes = 512, { compact = false }: { readonly compact?: boolean } = {}) {
    this.#compact = compact;
    this.#bytes = Buffer.allocUnsafe(expectedBytes);
  }

  open(kind: 'list' | 'object'): void {
    this.#prefix();
    this.#room(1);
    this.#put(kind === 'list' ? 0x5b : 0x7b);
    this.#levels.push({ isList: kind === 'list', count: 0 });
  }

  /** Ends the innermost list or object; a list's end stands on a line of its own unless lists are in line at this moment. */
  close(): void {
    const level = this.#levels.pop();
    if (level === undefined) return;
    if (level.count > 0 && !this.#compact && !(level.isList && this.inLine)) this.#newLine();
    this.#room(1);
    this.#put(level.isList ? 0x5d : 0x7d);
  }

  key(name: string): void {
    this.string(Buffer.from(name));
  }

  /** Bytes as text, escaped; UTF-8 or not is the caller's question. */
  string(bytes: Uint8Array): void {
    this.#prefix();
    this.#room(bytes.length * 6 + 2);
    const out = this.#bytes;
    let at = this.#at;
    out[at] = 0x22;
    at += 1;
    for (const byte of bytes) {
      const escape = escapes[byte] as number;
      if (escape === 0) {
        out[at] = byte;
        at += 1;
        continue;
      }
      if (escape === 1) at += out.write(`\\u00${hexDigits[byte >> 4] ?? ''}${hexDigits[byte & 15] ?? ''}`, at, 'latin1');
      else {
        out[at] = 0x5c;
        out[at + 1] = escape;
        at += 2;
      }
    }
    out[at] = 0x22;
    this.#at = at + 1;
  }

  base64(bytes: Uint8Array): void {
    this.open('object');
    this.key('b64');
    this.#prefix();
    this.#ascii(`"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}"`);
    this.close();
  }

  bool(value: boolean): void {
    this.#prefix();
    this.#ascii(value ? 'true' : 'false');
  }

  integer(value: number | bigint): void {
    this.#prefix();
    if (typeof value === 'number' && value >= 0 && value < 1e9) {
      this.#room(longestNumber);
      let length = 1;
      while (value >= (powersOfTen[length] as number)) length += 1;
      this.#digits(value, length);
    } else this.#ascii(String(value));
  }

  float(value: number): void {
    this.#prefix();
    this.#room(longestNumber);
    if (!this.#quickFloat(value)) this.#ascii(floatText(value));
  }

  double(value: number): void {
    this.#prefix();
    this.#ascii(doubleText(value));
  }

  /** What was written; the writer is not used after. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #put(byte: number): void {
    this.#bytes[this.#at] = byte;
    this.#at += 1;
  }

  #ascii(text: string): void {
    this.#room(text.length);
    this.#at += this.#bytes.write(text, this.#at, 'latin1');
  }

  #newLine(): void {
    const blanks = 4 * this.#levels.length;
    this.#room(blanks + 1);
    this.#put(0x0a);
    this.#bytes.fill(0x20, this.#at, this.#at + blanks);
    this.#at += blanks;
  }

  /** What stands between the last value and the next. */
  #prefix(): void {
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    this.#room(2);
    const isValue = !level.isList && level.count % 2 === 1;
    if (level.count > 0) this.#put(isValue ? 0x3a : 0x2c);
    if (isValue) this.#put(0x20);
    else if (!this.#compact && (!level.isList || !this.inLine)) this.#newLine();
    else if (level.count > 0) this.#put(0x20);
    level.count += 1;
  }

  #digits(value: number, length: number): void {
    const bytes = this.#bytes;
    const start = this.#at;
    let rest = value;
    for (let at = start + length - 1; at >= start; at -= 1) {
      const next = Math.floor(rest / 10);
      bytes[at] = 0x30 + (rest - next * 10);
      rest = next;
    }
    this.#at = start + length;
  }

  /**
   * The usual magnitudes without a detour over strings; false for the unusual. A float32 times a power of ten up to 10^12 is exact
   * in a double, so rounding is C's: to the nearest, a half to the even digit.
   */
  #quickFloat(value: number): boolean {
    const size = Math.abs(value);
    if (!(size >= 1e-4 && size < 1e9)) return Object.is(value, 0) && this.#zero();
    // 10^(places-1) <= size < 10^places
    let places = 0;
    if (size >= 1) while (size >= (powersOfTen[places] as number)) places += 1;
    else while (size * (powersOfTen[1 - places] as number) < 1) places -= 1;
    let digits = 6;
    let whole: number;
    if (places <= 6) {
      const power = powersOfTen[6 - places] as number;
      whole = halfToEven(size * power);
      if (whole === 1e6 || Math.fround(whole / power) !== size) digits = 9;
    } else {
      const power = powersOfTen[places - 6] as number;
      whole = halfToEven(size / power);
      if (Math.fround(whole * power) === size) return false;
      digits = 9;
    }
    if (digits === 9) {
      whole = halfToEven(size * (powersOfTen[9 - places] as number));
      if (whole === 1e9) return false;
    }
    while (digits > 1 && whole % 10 === 0) {
      whole /= 10;
      digits -= 1;
    }
    if (value < 0) this.#put(0x2d);
    const after = digits - places;
    if (places <= 0) {
      this.#put(0x30);
      this.#put(0x2e);
      for (let zeros = places; zeros < 0; zeros += 1) this.#put(0x30);
      this.#digits(whole, digits);
    } else if (after <= 0) {
      this.#digits(whole * (powersOfTen[-after] as number), places);
      this.#put(0x2e);
      this.#put(0x30);
    } else {
      const power = powersOfTen[after] as number;
      const integer = Math.floor(whole / power);
      this.#digits(integer, places);
      this.#put(0x2e);
      this.#digits(whole - integer * power, after);
    }
    return true;
  }

  #zero(): true {
    this.#put(0x30);
    this.#put(0x2e);
    this.#put(0x30);
    return true;
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** So many significant digits in C's rounding; JavaScript's own rounds a half up. */
function exponential(value: number, precision: number): string {
  const rounded = value.toExponential(precision - 1);
  const [longer = ''] = value.toExponential(precision + 29).split('e');
  const digits = longer.replace(/[-.]/g, '');
  if (!/^50*$/.test(digits.slice(precision)) || Number(digits[precision - 1]) % 2 === 1) return rounded;
  const [, exponent = '0'] = value.toExponential(precision + 29).split('e');
  return `${longer.slice(0, longer.length - 30)}e${exponent}`;
}

/** C's %g of a number in exponential notation: no zeros at the end, an exponent where the point would be far away. */
function general(text: string, precision: number): string {
  const [mantissa = '', exponentText = '0'] = text.split('e');
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '');
  if (exponent < -4 || exponent >= precision) {
    const fraction = digits.slice(1);
    return `${sign}${digits.slice(0, 1)}${fraction === '' ? '' : `.${fraction}`}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${sign}${digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')}.${digits.slice(exponent + 1) || '0'}`;
}

function unusual(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  return undefined;
}

function floatText(value: number): string {
  const word = unusual(value);
  if (word !== undefined) return word;
  const short = exponential(value, 6);
  return Math.fround(Number(short)) === value ? general(short, 6) : general(exponential(value, 9), 9);
}

function doubleText(value: number): string {
  const word = unusual(value);
  if (word !== undefined) return word;
  // The shortest text that is this number: with up to 15 digits it is also what %.15g makes of it.
  const shortest = value.toExponential();
  const digits = shortest.indexOf('e') - (value < 0 ? 1 : 0) - 1;
  return digits <= 15 ? general(shortest, 15) : general(exponential(value, 17), 17);
}
