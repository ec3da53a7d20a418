import type { SignatureInfo } from '../contract/savedModel.ts';
import { base64Of, jsonText, member, type Json } from './json.ts';

/** TensorFlow Serving's two forms of a request: `instances`, a row each, and `inputs`, a tensor each. Numbers stay the text they are. */

const isPlain = (json: Json): boolean => json.kind !== 'object' || base64Of(json) !== undefined;
const itemsOf = (json: Json | undefined): readonly Json[] => (json?.kind === 'list' ? json.items : []);

/** Each input's value as a whole tensor, whichever form it was given in; null stands for one that is missing. */
export function inputValues({ inputs }: SignatureInfo, body: Json): readonly (readonly [name: string, value: Json])[] {
  const names = Object.keys(inputs);
  const [columns, rows] = [member(body, 'inputs'), itemsOf(member(body, 'instances'))];
  const valueOf = (name: string): Json => {
    if (columns !== undefined)
      return names.length === 1 && (isPlain(columns) || member(columns, name) === undefined)
        ? columns
        : (member(columns, name) ?? { kind: 'null' });
    return {
      kind: 'list',
      items: rows.map((row) => (names.length === 1 && isPlain(row) ? row : (member(row, name) ?? { kind: 'null' }))),
    };
  };
  return names.map((name) => [name, valueOf(name)] as const);
}

/** The body again with these values: in rows where that is wanted and every value is a list of equally many, else in columns. */
export function writeJson(body: Json, values: readonly (readonly [string, Json])[], rows: boolean): string {
  const kept = body.kind === 'object' ? body.entries.filter(([key]) => key !== 'inputs' && key !== 'instances') : [];
  const lists = values.map(([, value]) => (value.kind === 'list' ? value.items : null));
  const count = lists[0]?.length ?? 0;
  const inRows = rows && count > 0 && lists.every((list) => list?.length === count);
  const [only] = values;
  const named = (entries: readonly (readonly [string, Json])[]): Json =>
    values.length === 1 && entries[0] !== undefined ? entries[0][1] : { kind: 'object', entries };
  const data: readonly [string, Json] = inRows
    ? [
        'instances',
        {
          kind: 'list',
          items: Array.from({ length: count }, (_, row) => named(values.map(([name], at) => [name, lists[at]?.[row] ?? { kind: 'null' }]))),
        },
      ]
    : ['inputs', only === undefined ? { kind: 'object', entries: [] } : named(values)];
  return jsonText({ kind: 'object', entries: [...kept, data] });
}

/** A request in the other form, every number as it was typed; null where it cannot be in rows. */
export function convertBody(signature: SignatureInfo, body: Json, to: 'row' | 'columnar'): string | null {
  const values = inputValues(signature, body);
  const rows = to === 'row';
  const lists = values.map(([, value]) => (value.kind === 'list' ? value.items.length : -1));
  if (rows && (lists.length === 0 || (lists[0] ?? 0) < 1 || lists.some((count) => count !== lists[0]))) return null;
  return writeJson(body, values, rows);
}
