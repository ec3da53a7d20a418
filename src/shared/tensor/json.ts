/**
 * TensorFlow Serving's dialect of JSON, read and written without loss: numbers stay the text they were written as, so that int64,
 * -0 and the last digits of a double arrive; NaN, Infinity, Inf and -Infinity are values. Source: its REST API's documentation
 * and its answers.
 */

export type Json =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** Also NaN and the infinities, as they were written. */
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'list'; readonly items: readonly Json[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Json])[] };

/** The text is no JSON, and where: `at` counts characters from 0. */
export class JsonSyntax extends Error {
  override readonly name = 'JsonSyntax';
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** TensorFlow Serving refuses tensors of more dimensions; deeper text would only serve to exhaust a stack. */
const maxDepth = 260;
const numberPattern = /-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity|Inf)|NaN/y;
const blankPattern = /[ \t\r\n]*/y;
const plainPattern = /[^"\\]*/y;

/** Reads one value with nothing after it. Throws JsonSyntax. */
export function parseJson(text: string): Json {
  let at = 0;
  const fail = (message: string): never => {
    throw new JsonSyntax(message, at);
  };
  const blank = (): void => {
    blankPattern.lastIndex = at;
    blankPattern.exec(text);
    at = blankPattern.lastIndex;
  };
  const literal = (word: string): boolean => {
    if (!text.startsWith(word, at)) return false;
    at += word.length;
    return true;
  };
  function string(): string {
    at += 1;
    let value = '';
    for (;;) {
      plainPattern.lastIndex = at;
      const plain = plainPattern.exec(text)?.[0] ?? '';
      for (const char of plain) if (char < ' ') return fail('a control character within a string');
      value += plain;
      at += plain.length;
      const char = text[at];
      if (char === undefined) return fail('a string does not end');
      if (char === '"') {
        at += 1;
        return value;
      }
      const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
      escape.lastIndex = at;
      const code = escape.exec(text)?.[0];
      if (code === undefined) return fail('an escape that JSON does not know');
      value += JSON.parse(`"${code}"`) as string;
      at += code.length;
    }
  }
  function value(depth: number): Json {
    if (depth > maxDepth) return fail(`nested deeper than ${maxDepth} levels`);
    blank();
    const char = text[at];
    if (char === '[') {
      at += 1;
      const items: Json[] = [];
      blank();
      if (literal(']')) return { kind: 'list', items };
      for (;;) {
        items.push(value(depth + 1));
        blank();
        if (literal(']')) return { kind: 'list', items };
        if (!literal(',')) return fail('a comma or ] is missing');
      }
    }
    if (char === '{') {
      at += 1;
      const entries: (readonly [string, Json])[] = [];
      blank();
      if (literal('}')) return { kind: 'object', entries };
      for (;;) {
        blank();
        if (text[at] !== '"') return fail('a name in quotes is missing');
        const key = string();
        blank();
        if (!literal(':')) return fail('a colon is missing');
        entries.push([key, value(depth + 1)]);
        blank();
        if (literal('}')) return { kind: 'object', entries };
        if (!literal(',')) return fail('a comma or } is missing');
      }
    }
    if (char === '"') return { kind: 'string', value: string() };
    if (literal('true')) return { kind: 'bool', value: true };
    if (literal('false')) return { kind: 'bool', value: false };
    if (literal('null')) return { kind: 'null' };
    numberPattern.lastIndex = at;
    const number = numberPattern.exec(text)?.[0];
    if (number === undefined)
      return fail(char === undefined ? 'the text ends too early' : `${JSON.stringify(char)} does not begin a value`);
    at += number.length;
    return { kind: 'number', text: number };
  }
  const result = value(0);
  blank();
  if (at < text.length) fail('something follows the end');
  return result;
}

/** A named value of an object; the first of that name, as TensorFlow Serving takes it. */
export function member(json: Json, name: string): Json | undefined {
  return json.kind === 'object' ? json.entries.find(([key]) => key === name)?.[1] : undefined;
}

/** `{"b64": "..."}`, which stands for bytes: a scalar, not an object. */
export function base64Of(json: Json): string | undefined {
  const inner = json.kind === 'object' && json.entries.length === 1 ? member(json, 'b64') : undefined;
  return inner?.kind === 'string' ? inner.value : undefined;
}

/** JSON text of a value, numbers as they were written. */
export function jsonText(json: Json): string {
  switch (json.kind) {
    case 'null':
      return 'null';
    case 'bool':
      return String(json.value);
    case 'number':
      return json.text;
    case 'string':
      return JSON.stringify(json.value);
    case 'list':
      return `[${json.items.map(jsonText).join(', ')}]`;
    case 'object':
      return `{${json.entries.map(([key, value]) => `${JSON.stringify(key)}: ${jsonText(value)}`).join(', ')}}`;
  }
}

/** A value as people read it: text bare, the rest as JSON on one line. */
export const plainText = (json: Json): string => (json.kind === 'string' ? json.value : jsonText(json));
