import type { VersionRecord } from '../../../shared/contract/library.ts';
import { useText } from '../../app/i18n.tsx';
import { commonMetrics, decimalsOf, metricOf, metricText, metricTitle } from './metricText.ts';
import styles from './library.module.css';

const [width, height] = [64, 20];

/** The first metric of a model over its versions, oldest first; nothing where fewer than two have one. */
export function MiniTrend({ records }: { readonly records: readonly VersionRecord[] }) {
  const { t, number } = useText();
  // Newest first, and a line of this width tells no more than so many.
  const shown = records.slice(0, width / 2);
  const [name] = commonMetrics(shown);
  if (name === undefined) return null;
  const values = shown.flatMap((record) => metricOf(record, name)?.value ?? []).toReversed();
  const newest = values.at(-1);
  if (newest === undefined) return null;
  const decimals = decimalsOf(values);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const place = (value: number, index: number): string =>
    `${(3 + (index * (width - 6)) / (values.length - 1)).toFixed(1)} ${(height - 4 - ((value - low) / (high - low || 1)) * (height - 8)).toFixed(1)}`;
  const words = t('trend.label', {
    metric: metricTitle(name),
    values: values.map((value) => metricText(value, decimals, number)).join(', '),
  });
  return (
    <span className={styles['mini']} title={words}>
      {values.length < 2 ? null : (
        <svg width={width} height={height} role="img" aria-label={words}>
          <path d={`M${values.map(place).join('L')}`} fill="none" stroke="var(--sl-s1)" strokeWidth={1.5} strokeLinejoin="round" />
        </svg>
      )}
      <span>{metricText(newest, decimals, number)}</span>
    </span>
  );
}
