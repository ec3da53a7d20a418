import { Button, NativeSelect } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { Comparison } from '../../../shared/contract/library.ts';
import type { Model } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { useClient } from '../../app/store.ts';
import { LinePlot } from '../../ui/LinePlot.tsx';
import { StateGlyph, type Mark } from '../../ui/StateMark.tsx';
import { commonMetrics, decimalsOf, differenceText, metricOf, metricText, metricTitle } from './metricText.ts';
import { useSourceWords } from './RecordPanel.tsx';
import { versionsOf } from './VersionTable.tsx';
import { comparePath } from './versionRefs.ts';
import styles from './library.module.css';

/** A metric over the versions of a model; nothing where fewer than two have one. */
export function VersionTrend({ model }: { readonly model: Model }) {
  const { t, number } = useText();
  const sourceWords = useSourceWords();
  const [wanted, setWanted] = useState<string | null>(null);
  const [asTable, setAsTable] = useState(false);
  useHotkeys([['T', () => setAsTable((before) => !before)]]);
  const records = model.record.versions;
  const names = commonMetrics(records).filter((name) => records.filter((record) => metricOf(record, name) !== undefined).length > 1);
  const name = names.find((one) => one === wanted) ?? names[0];
  if (name === undefined) return null;
  const found = records.toReversed().flatMap((record) => {
    const metric = metricOf(record, name);
    return metric === undefined ? [] : [{ version: record.version, metric }];
  });
  const values = found.map(({ metric }) => metric.value);
  const decimals = decimalsOf(values);
  const yText = (value: number): string => metricText(value, decimals, number);
  const newest = found.at(-1);
  // Of many versions only the last ones are told in words; all are in the table.
  const told = found.slice(-8).map(({ version, metric }) => `v${version} ${yText(metric.value)}`);
  return (
    <section className={styles['trend']}>
      <div className={styles['partHead']}>
        <h2>{metricTitle(name)}</h2>
        {newest === undefined ? null : (
          <span className={styles['caption']}>{t('trend.from', { source: sourceWords(newest.metric.source) })}</span>
        )}
        <span className={styles['space']} />
        {names.length > 1 ? (
          <NativeSelect
            size="xs"
            aria-label={t('trend.metric')}
            data={[...names]}
            value={name}
            onChange={(event) => setWanted(event.currentTarget.value)}
          />
        ) : null}
        <Button size="xs" variant="subtle" aria-pressed={asTable} aria-keyshortcuts="T" onClick={() => setAsTable(!asTable)}>
          {t('trend.table')}
        </Button>
      </div>
      <LinePlot
        series={[{ key: name, name: metricTitle(name), role: 's1', points: found.map(({ metric }, index) => [index, metric.value]) }]}
        xText={(index) => `v${found[index]?.version ?? ''}`}
        yText={yText}
        xWord={t('trend.version')}
        label={t('trend.label', { metric: metricTitle(name), values: told.join(', ') })}
        marked
        asTable={asTable}
        height={150}
      />
    </section>
  );
}

interface Point {
  readonly mark: Mark;
  readonly text: string;
  readonly quiet?: boolean;
}

/** What the newest version changes against the one that is served, or the one before. */
export function SinceBefore({ model, served }: { readonly model: Model; readonly served: readonly string[] }) {
  const { t, number } = useText();
  const client = useClient();
  const [, go] = useLocation();
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const versions = versionsOf(model);
  const newest = versions[0]?.record.version;
  const before =
    served.find((version) => version !== newest && versions.some(({ record }) => record.version === version)) ??
    versions[1]?.record.version;
  const { id, record } = model;
  useEffect(() => {
    if (newest === undefined || before === undefined) return undefined;
    let live = true;
    client.library
      .compare({
        versions: [
          { modelId: id, version: before },
          { modelId: id, version: newest },
        ],
      })
      .then(
        (found) => (live ? setComparison(found) : undefined),
        // The comparison's own page says why; here it is only a summary.
        () => (live ? setComparison(null) : undefined),
      );
    return () => {
      live = false;
    };
  }, [client, id, record, newest, before]);
  const [first, last] = comparison?.versions ?? [];
  if (comparison === null || first === undefined || last === undefined || before === undefined || newest === undefined) return null;
  const verdicts = {
    'drop-in': ['done', 'since.dropIn'],
    compatible: ['note', 'since.compatible'],
    breaking: ['failed', 'since.breaking'],
  } as const;
  const [mark, key] = verdicts[comparison.verdict];
  const metrics = comparison.metrics.flatMap(({ name, values, changes }): readonly Point[] => {
    const change = changes[1];
    if (change === null || change === undefined) return [];
    const decimals = decimalsOf(values.filter((value) => value !== null));
    const text = `${metricTitle(name)} ${change.is === 'same' ? t('compare.same') : differenceText(change.difference, decimals, number)}`;
    return [{ mark: change.is === 'better' ? 'done' : change.is === 'worse' ? 'attention' : 'ready', text }];
  });
  const ops = comparison.ops.every(({ same }) => same) ? 'same' : 'other';
  const grown = last.sizeBytes - first.sizeBytes;
  const size = grown === 0 ? t('since.sizeSame', { ops }) : t('since.size', { size: `${grown > 0 ? '+' : ''}${number.bytes(grown)}`, ops });
  const points: readonly Point[] = [{ mark, text: t(key) }, ...metrics.slice(0, 3), { mark: 'ready', text: size, quiet: true }];
  return (
    <section className={styles['since']}>
      <div className={styles['partHead']}>
        <h2>{t('since.title', { version: before })}</h2>
      </div>
      <ul>
        {points.map(({ mark: glyph, text, quiet }) => (
          <li key={text} data-quiet={quiet}>
            <StateGlyph mark={glyph} /> <span>{text}</span>
          </li>
        ))}
      </ul>
      <Button size="xs" onClick={() => go(comparePath([before, newest].map((version) => ({ modelId: id, version }))))}>
        {t('since.compare', { before, after: newest })}
      </Button>
    </section>
  );
}
