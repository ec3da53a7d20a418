import type { ComparedVersion, Comparison } from '../../../shared/contract/library.ts';
import { seriesDash, type SeriesRole } from '../../ui/chartColors.ts';

const others: readonly SeriesRole[] = ['s3', 's4', 's5'];

/** How a version is drawn in all parts of the page: the last one is "this one", the first what it is compared with. */
export function seriesOf(index: number, count: number): SeriesRole {
  if (index === count - 1) return 's1';
  if (index === 0) return 's2';
  return others[index - 1] ?? 's5';
}

/** A piece of the stroke that stands for a version. */
export function SeriesSwatch({ role }: { readonly role: SeriesRole }) {
  return (
    <svg width={14} height={8} aria-hidden="true" focusable="false">
      <line
        x1={0}
        x2={14}
        y1={4}
        y2={4}
        stroke={`var(--sl-${role})`}
        strokeWidth={2}
        strokeDasharray={seriesDash[role].length > 0 ? '4 2' : undefined}
      />
    </svg>
  );
}

/** `v3` where all are of one model, else `digits v3`. */
export function shortNames({ versions }: Pick<Comparison, 'versions'>): readonly string[] {
  const one = versions.every(({ modelId }) => modelId === versions[0]?.modelId);
  return versions.map(({ model, version }: ComparedVersion) => (one ? `v${version}` : `${model} v${version}`));
}
