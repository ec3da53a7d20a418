import type { JsonTape } from './jsonTape.ts';

/** A value's text in an error stops after the token that takes it past this many characters. */
const maxLength = 256;

function numberText(text: string): string {
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    if (value >= -9_223_372_036_854_775_808n && value <= 18_446_744_073_709_551_615n) return String(value);
  }
  if (/[IN]/.test(text)) return text.replace(/Inf$/, 'Infinity');
  const written = String(Number(text));
  if (written.includes('e')) return written.replace('e+', 'e');
  return written.includes('.') ? written : `${written}.0`;
}

/** A string as RapidJSON writes it. */
export function quotedJson(text: string): string {
  // JSON.stringify writes the same escapes, but its hexadecimal digits are small.
  return JSON.stringify(text).replace(/\\u([0-9a-f]{4})/g, (_, digits: string) => `\\u${digits.toUpperCase()}`);
}

/**
 * A value as TensorFlow Serving shows it in its errors: RapidJSON's pretty writer with lists in one line, cut off after some 256
 * characters.
 */
export function debugText(tape: JsonTape, entry: number): string {
  let out = '';
  const full = (): boolean => out.length > maxLength;
  function write(at: number, level: number): void {
    const isList = tape.isList(at);
    if (!isList && !tape.isObject(at)) {
      const byte = tape.byte(at);
      if (byte === 0x22) out += quotedJson(tape.string(at).toString());
      else if (byte === 0x74 || byte === 0x66 || byte === 0x6e) out += tape.text(at);
      else out += numberText(tape.text(at));
      return;
    }
    out += isList ? '[' : '{';
    let child = tape.inside(at);
    for (let left = tape.count(at), first = true; left > 0; left -= 1, first = false) {
      if (!first) out += isList ? ', ' : ',';
      if (!isList) {
        out += `\n${' '.repeat(4 * (level + 1))}${quotedJson(tape.string(child).toString())}: `;
        child += 1;
      }
      write(child, level + 1);
      if (full()) return;
      child = tape.after(child);
    }
    if (!isList && tape.count(at) > 0) out += `\n${' '.repeat(4 * level)}`;
    out += isList ? ']' : '}';
  }
  write(entry, 0);
  return out;
}

/** RapidJSON's name of a value's type. */
export function typeName(tape: JsonTape, entry: number): string {
  switch (tape.byte(entry)) {
    case 0x22:
      return 'String';
    case 0x5b:
      return 'Array';
    case 0x7b:
      return 'Object';
    case 0x74:
      return 'True';
    case 0x66:
      return 'False';
    case 0x6e:
      return 'Null';
    default:
      return 'Number';
  }
}
