import { Button, NativeSelect } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useState } from 'react';
import type { ComparedMetric, Comparison } from '../../../shared/contract/library.ts';
import { useText } from '../../app/i18n.tsx';
import { LinePlot, type PlotSeries } from '../../ui/LinePlot.tsx';
import type { SeriesRole } from '../../ui/chartColors.ts';
import { seriesOf, shortNames } from './compareSeries.tsx';
import { decimalsOf, metricText, metricTitle } from './metricText.ts';
import styles from './compare.module.css';

const hasCourses = ({ courses }: ComparedMetric): boolean => courses.some((points) => points.length > 1);
const hasTrend = ({ trends }: ComparedMetric): boolean => trends.some(({ points }) => points.length > 1);

interface Drawn {
  readonly kind: 'course' | 'trend';
  readonly series: readonly PlotSeries[];
  /** Of a trend: the version that stands at each place. */
  readonly places: readonly string[];
}

/** A metric through training where that is known, else over all versions of the models. Four lines at most. */
function drawn(metric: ComparedMetric, names: readonly string[]): Drawn {
  if (hasCourses(metric)) {
    const lines = metric.courses.flatMap((points, index): readonly PlotSeries[] =>
      points.length === 0 ? [] : [{ key: names[index] ?? '', name: names[index] ?? '', role: seriesOf(index, names.length), points }],
    );
    // The newest is drawn last and told first.
    return { kind: 'course', series: lines.slice(-4).toReversed(), places: [] };
  }
  const places = [...new Set(metric.trends.flatMap(({ points }) => points.map(({ version }) => version)))].toSorted((a, b) =>
    BigInt(a) < BigInt(b) ? -1 : 1,
  );
  const at = new Map(places.map((version, index) => [version, index]));
  const roles: readonly SeriesRole[] = ['s1', 's2', 's3', 's4'];
  const series = metric.trends.slice(0, 4).map(({ modelId, model, points }, index): PlotSeries => ({
    key: modelId,
    name: model,
    role: roles[index] ?? 's4',
    points: points.map(({ version, value }) => [at.get(version) ?? 0, value]),
  }));
  return { kind: 'trend', series: series.filter(({ points }) => points.length > 0), places };
}

export function ComparePlot({ comparison }: { readonly comparison: Comparison }) {
  const { t, number } = useText();
  const [wanted, setWanted] = useState<string | null>(null);
  const [asTable, setAsTable] = useState(false);
  useHotkeys([['T', () => setAsTable((before) => !before)]]);
  const names = shortNames(comparison);
  const able = comparison.metrics.filter((metric) => hasCourses(metric) || hasTrend(metric));
  const metric = able.find(({ name }) => name === wanted) ?? able.find(hasCourses) ?? able[0];
  if (metric === undefined) return <p className={styles['caption']}>{t('compare.noPlot')}</p>;
  const { kind, series, places } = drawn(metric, names);
  const decimals = decimalsOf(series.flatMap(({ points }) => points.slice(-1).map(([, y]) => y)));
  const yText = (value: number): string => metricText(value, decimals, number);
  const title = metricTitle(metric.name);
  const told = series.map(({ name, points }) => t('compare.plotEnds', { version: name, value: yText(points.at(-1)?.[1] ?? 0) }));
  return (
    <section>
      <div className={styles['plotHead']}>
        <h2>{t(kind === 'course' ? 'compare.course' : 'compare.trend', { metric: title })}</h2>
        <span className={styles['space']} />
        {able.length > 1 ? (
          <NativeSelect
            size="xs"
            aria-label={t('trend.metric')}
            data={able.map(({ name }) => name)}
            value={metric.name}
            onChange={(event) => setWanted(event.currentTarget.value)}
          />
        ) : null}
        <Button size="xs" variant="subtle" aria-pressed={asTable} aria-keyshortcuts="T" onClick={() => setAsTable(!asTable)}>
          {t('trend.table')}
        </Button>
      </div>
      <LinePlot
        series={series}
        xText={(x) => (kind === 'course' ? number.count(x) : `v${places[x] ?? ''}`)}
        yText={yText}
        xWord={t(kind === 'course' ? 'compare.step' : 'trend.version')}
        label={t('compare.plotLabel', { metric: title, values: told.join(', ') })}
        marked={kind === 'trend'}
        asTable={asTable}
        height={214}
      />
    </section>
  );
}
