import type { TensorSummary } from '../contract/predict.ts';
import type { Dtype } from './dtype.ts';
import type { Json } from './json.ts';

/** Enough for the scores of a thousand classes. */
const firstCount = 1_000;

function scalarText(json: Json): string {
  switch (json.kind) {
    case 'number':
      return json.text;
    case 'string':
      return JSON.stringify(json.value);
    case 'bool':
      return String(json.value);
    case 'object':
      return `{${json.entries.map(([key, value]) => `"${key}": ${scalarText(value)}`).join(', ')}}`;
    case 'list':
      return '[]';
    default:
      return 'null';
  }
}

const isWhole = (text: string): boolean => /^-?\d+$/.test(text);

/** Shape, first values, range and mean of a tensor in TensorFlow Serving's JSON; whole numbers are compared exactly. */
export function summarizeTensor(name: string, dtype: Dtype | null, json: Json): TensorSummary {
  const shape: number[] = [];
  for (let rest: Json | undefined = json; rest?.kind === 'list'; rest = rest.items[0]) shape.push(rest.items.length);
  const first: string[] = [];
  let [size, counted, sum, nans, infinities] = [0, 0, 0, 0, 0];
  let [min, max]: [string | null, string | null] = [null, null];
  const less = (a: string, b: string): boolean => (isWhole(a) && isWhole(b) ? BigInt(a) < BigInt(b) : Number(a) < Number(b));
  function take(value: Json): void {
    if (value.kind === 'list') {
      for (const item of value.items) take(item);
      return;
    }
    size += 1;
    if (first.length < firstCount) first.push(scalarText(value));
    if (value.kind !== 'number') return;
    if (value.text === 'NaN') nans += 1;
    else if (/Inf/.test(value.text)) infinities += 1;
    else {
      counted += 1;
      sum += Number(value.text);
      if (min === null || less(value.text, min)) min = value.text;
      if (max === null || less(max, value.text)) max = value.text;
    }
  }
  take(json);
  return {
    name,
    dtype,
    shape,
    size,
    first,
    min,
    max,
    mean: counted === 0 ? null : String(Number((sum / counted).toPrecision(6))),
    nans,
    infinities,
  };
}
