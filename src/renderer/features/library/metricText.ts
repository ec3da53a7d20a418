import type { Metric, VersionRecord } from '../../../shared/contract/library.ts';
import type { Numbers } from '../../ui/format.ts';

/** The metric that a column of this name shows of a version. */
export function metricOf({ metrics }: Pick<VersionRecord, 'metrics'>, name: string): Metric | undefined {
  return metrics.find((metric) => metric.name === name);
}

/** Decimals that a column's numbers are written with: three figures of the smallest that matters, none for whole numbers. */
export function decimalsOf(values: readonly number[]): number {
  const shown = values.filter((value) => value !== 0 && Number.isFinite(value));
  if (shown.every((value) => Number.isInteger(value) && Math.abs(value) >= 10)) return 0;
  const wanted = shown.map((value) => 2 - Math.floor(Math.log10(Math.abs(value))));
  return Math.max(0, Math.min(4, Math.max(...wanted)));
}

/** What would be written as nothing but zeros, or is very long, is written with an exponent. */
export function metricText(value: number, decimals: number, number: Numbers): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 0.5 * 10 ** -decimals || size >= 1e9)) return value.toExponential(2).replace(/^-|(?<=e)-/g, '−');
  return decimals === 0 ? number.count(value) : number.fixed(value, decimals);
}

/** `+0.003`, `−0.0069`. */
export function differenceText(value: number, decimals: number, number: Numbers): string {
  return `${value > 0 ? '+' : ''}${metricText(value, decimals, number)}`;
}

/** `test_accuracy` as a heading: `Test accuracy`; a name with further signs stays as it is. */
export function metricTitle(name: string): string {
  const words = name.replaceAll('_', ' ');
  return /^[a-z]/.test(words) ? `${words.charAt(0).toUpperCase()}${words.slice(1)}` : words;
}

/** Metrics of several versions, the most often known first; equal ones in the order in which they are met. */
export function commonMetrics(records: readonly Pick<VersionRecord, 'metrics'>[]): readonly string[] {
  const times = new Map<string, number>();
  for (const { metrics } of records)
    for (const { name, source } of metrics)
      if (source.kind === 'typed' || source.scope === 'version') times.set(name, (times.get(name) ?? 0) + 1);
  return [...times].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
}
