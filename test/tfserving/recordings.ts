import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson, type Json } from '../../src/shared/tensor/json.ts';

/** One exchange with a genuine TensorFlow Serving 2.20. */
export interface Recording {
  readonly index: number;
  readonly server: string;
  readonly method: string;
  readonly path: string;
  readonly request_body: string | null;
  readonly request_body_b64?: string;
  readonly request_headers?: Record<string, string>;
  readonly request_raw?: string;
  readonly closed_by_server?: boolean;
  readonly note?: string;
  readonly status: number | null;
  readonly response_body: string | null;
  readonly content_type: string | null;
}

/** All exchanges in their order. */
export function readRecordings(fixtures: string): readonly Recording[] {
  return readFileSync(join(fixtures, 'reference', 'rest', 'transcripts.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => ({ ...(JSON.parse(line) as Omit<Recording, 'index'>), index }));
}

/** What the request sends. */
export function bodyOf({ request_body, request_body_b64 }: Recording): Buffer | undefined {
  if (request_body_b64 !== undefined) return Buffer.from(request_body_b64, 'base64');
  return request_body === null ? undefined : Buffer.from(request_body);
}

/** A value of JSON without what does not matter in it: the order of names, and how a number is written. */
function plain(json: Json): unknown {
  switch (json.kind) {
    case 'null':
      return null;
    case 'bool':
    case 'string':
      return json.value;
    case 'number':
      return /^-?\d+$/.test(json.text) ? `integer ${BigInt(json.text)}` : `number ${Number(json.text.replace(/Inf$/, 'Infinity'))}`;
    case 'list':
      return json.items.map(plain);
    case 'object':
      return Object.fromEntries(json.entries.map(([name, value]) => [name, plain(value)]));
  }
}

/** A body as something to compare: a value where it is JSON, else its text. */
export function comparable(body: string): unknown {
  try {
    return plain(parseJson(body));
  } catch {
    return body;
  }
}
