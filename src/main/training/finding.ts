import type { Detail, MetricCourse, Source } from '../../shared/contract/library.ts';

/** A number with where it was read; `course` is empty where only the last value is known. */
export interface FoundMetric {
  readonly name: string;
  readonly value: number;
  readonly course: MetricCourse['points'];
}
export type FoundDetail = Pick<Detail, 'name' | 'text'>;

/** What one file says, of one version or (null) of none in particular. */
export interface Finding {
  readonly version: string | null;
  readonly metrics: readonly FoundMetric[];
  readonly details: readonly FoundDetail[];
}

/** A finding with its file. */
export interface SourcedFinding extends Finding {
  readonly source: Extract<Source, { readonly file: string }>;
}

const maxNameLength = 256;
const maxTextLength = 4_000;
const maxPoints = 1_000;

/** A name as the record holds it: of bounded length, no spaces or comparison signs, so that a search can name it. */
export function metricNameOf(text: string): string {
  return text
    .trim()
    .replace(/[\s=<>]+/g, '_')
    .slice(0, maxNameLength);
}

export function detailOf(name: string, text: string): FoundDetail {
  return { name: metricNameOf(name), text: text.length > maxTextLength ? `${text.slice(0, maxTextLength - 1)}…` : text };
}

/** At most 1 000 points, the first and last among them; steps rise, and of one step the last word counts. */
export function courseOf(points: readonly (readonly [step: number, value: number])[]): MetricCourse['points'] {
  const bySteps = [...new Map(points.filter(([step, value]) => Number.isFinite(step) && Number.isFinite(value)))].toSorted(
    ([a], [b]) => a - b,
  );
  if (bySteps.length <= maxPoints) return bySteps;
  const stride = (bySteps.length - 1) / (maxPoints - 1);
  return Array.from({ length: maxPoints }, (_, index) => bySteps[Math.round(index * stride)] ?? [0, 0]);
}

/** A course whose last point is no number, as a training that diverged has, is told in words. */
export function measured(name: string, points: readonly (readonly [step: number, value: number])[]): Pick<Finding, 'metrics' | 'details'> {
  const last = points.at(-1)?.[1];
  if (last === undefined || name === '') return { metrics: [], details: [] };
  if (!Number.isFinite(last)) return { metrics: [], details: [detailOf(name, String(last))] };
  return { metrics: [{ name: metricNameOf(name), value: last, course: points.length > 1 ? courseOf(points) : [] }], details: [] };
}
