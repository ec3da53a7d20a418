import { plainText, type Json } from '../../shared/tensor/json.ts';
import { detailOf, measured, type Finding, type FoundDetail, type FoundMetric } from './finding.ts';

const maxFound = 1_000;
const maxDepth = 8;
const versionKey = /^v?(\d{1,19})$/i;

/** The number that a key or a name stands for: `3`, `v3`; null where it is none. */
export function versionOfKey(key: string): string | null {
  const digits = versionKey.exec(key)?.[1];
  return digits === undefined ? null : String(BigInt(digits));
}

/** A JSON number, with NaN and the infinities as they were written. */
export function numberOf(json: Json): number | undefined {
  return json.kind === 'number' ? Number(json.text.replace(/Inf$/, 'Infinity')) : undefined;
}

interface Sink {
  readonly metrics: FoundMetric[];
  readonly details: FoundDetail[];
}

function take(json: Json, name: string, sink: Sink, depth: number): void {
  if (sink.metrics.length + sink.details.length >= maxFound) return;
  const number = numberOf(json);
  if (number !== undefined) {
    const { metrics, details } = measured(name, [[0, number]]);
    sink.metrics.push(...metrics);
    sink.details.push(...details);
  } else if (json.kind === 'object' && depth < maxDepth) {
    for (const [key, value] of json.entries) take(value, name === '' ? key : `${name}.${key}`, sink, depth + 1);
  } else if (json.kind !== 'null' && name !== '') sink.details.push(detailOf(name, plainText(json)));
}

/** The version that an object says it is of. */
function ownVersion(json: Json): string | null {
  const named = json.kind === 'object' ? json.entries.find(([key]) => key === 'version')?.[1] : undefined;
  return versionOfKey(named?.kind === 'number' ? named.text : named?.kind === 'string' ? named.value : '');
}

/** One object of a metrics file: numbers are metrics, `a.b` within; the rest is said in words. Its `version` is neither. */
function readEntry(json: Json, version: string | null): Finding {
  const sink: Sink = { metrics: [], details: [] };
  const rest =
    json.kind === 'object' && ownVersion(json) !== null ? { ...json, entries: json.entries.filter(([key]) => key !== 'version') } : json;
  take(rest, '', sink, 0);
  return { version, ...sink };
}

/**
 * `metrics.json`: one object of numbers and words, perhaps with its `version`; or one keyed by version (`"3": {…}`, `"v3": {…}`, also under `versions`), with
 * what stands beside the versions said of the model; or a list of objects that each have a `version`.
 */
export function readMetricsJson(json: Json): readonly Finding[] {
  if (json.kind === 'list') {
    return json.items.flatMap((item) => {
      const version = ownVersion(item);
      return version === null ? [] : [readEntry(item, version)];
    });
  }
  if (json.kind !== 'object') return [];
  const entries = json.entries.flatMap(([key, value]) =>
    key === 'versions' && value.kind === 'object' && value.entries.every(([inner]) => versionOfKey(inner) !== null)
      ? value.entries
      : [[key, value] as const],
  );
  const keyed = entries.filter(([key, value]) => versionOfKey(key) !== null && value.kind === 'object');
  const others = entries.filter((entry) => !keyed.includes(entry));
  return [
    ...keyed.map(([key, value]) => readEntry(value, versionOfKey(key))),
    ...(others.length > 0 ? [readEntry({ kind: 'object', entries: others }, ownVersion(json))] : []),
  ];
}
