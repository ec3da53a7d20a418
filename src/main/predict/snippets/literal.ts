import type { Tensor } from '../../../shared/tensor/tensor.ts';

/** Nested lists of a tensor in a language's own brackets; `element` writes the value at an index. */
export function nestedLiteral(shape: readonly number[], element: (index: number) => string): string {
  let next = 0;
  const level = (depth: number): string => {
    if (depth === shape.length) return element(next++);
    return `[${Array.from({ length: shape[depth] ?? 0 }, () => level(depth + 1)).join(', ')}]`;
  };
  return level(0);
}

/** Bytes as a Python literal: printable ASCII as it is. */
export function pythonBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x5c || byte === 0x27) text += `\\${String.fromCodePoint(byte)}`;
    else text += byte >= 0x20 && byte < 0x7f ? String.fromCodePoint(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `b'${text}'`;
}

/** Text as a Python literal over several lines: raw where that can hold it, as of most JSON. */
export function pythonText(text: string): string {
  if (!text.includes("'''") && !text.endsWith('\\') && !text.endsWith("'")) return `r'''${text}'''`;
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** Text as a JavaScript template literal. */
export const templateText = (text: string): string => `\`${text.replaceAll(/[`\\]|\$\{/g, (found) => `\\${found}`)}\``;

/** Text as a JSON string, which Go, Java, C# and JavaScript read alike. */
export const quoted = (text: string): string => JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

/** An argument of a POSIX shell. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A number as Python and JavaScript both read it, given the language's words for what is no number. */
export function numberLiteral(value: number, words: { readonly nan: string; readonly infinity: string }): string {
  if (Number.isNaN(value)) return words.nan;
  if (!Number.isFinite(value)) return value < 0 ? `-${words.infinity}` : words.infinity;
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** Whether a tensor holds byte strings. */
export const stringsOf = ({ data }: Tensor): readonly Uint8Array[] | null => (Array.isArray(data) ? (data as readonly Uint8Array[]) : null);
