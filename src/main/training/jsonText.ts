import type { Json } from '../../shared/tensor/json.ts';

/** A JSON value as people read it: text bare, the rest as it was written, on one line. */
export function formatJsonValue(json: Json): string {
  return json.kind === 'string' ? json.value : compact(json);
}

function compact(json: Json): string {
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
      return `[${json.items.map(compact).join(', ')}]`;
    case 'object':
      return `{${json.entries.map(([key, value]) => `${JSON.stringify(key)}: ${compact(value)}`).join(', ')}}`;
  }
}
