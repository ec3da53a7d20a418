import { Fragment, type ReactNode } from 'react';
import type { ComparedMetric, ComparedVersion, Comparison } from '../../../shared/contract/library.ts';
import { useText } from '../../app/i18n.tsx';
import { majorMinor } from '../../ui/format.ts';
import { SeriesSwatch, seriesOf, shortNames } from './compareSeries.tsx';
import { decimalsOf, differenceText, metricText, metricTitle } from './metricText.ts';
import styles from './compare.module.css';

/** Metrics side by side, then what is known of every version. */
export function CompareMetrics({ comparison }: { readonly comparison: Comparison }) {
  const { t, number, time } = useText();
  const { versions, metrics } = comparison;
  const names = shortNames(comparison);
  const two = versions.length === 2;
  const [first] = versions;
  const facts: readonly (readonly [
    name: string,
    text: (version: ComparedVersion) => ReactNode,
    difference: (version: ComparedVersion) => ReactNode,
  ])[] = [
    [
      t('compare.parameters'),
      ({ totalParams }) => number.count(totalParams),
      ({ totalParams }) => signed(totalParams - (first?.totalParams ?? 0), number.count),
    ],
    [
      t('compare.size'),
      ({ sizeBytes }) => number.bytes(sizeBytes),
      ({ sizeBytes }) => signed(sizeBytes - (first?.sizeBytes ?? 0), number.bytes),
    ],
    [
      t('compare.exportedBy'),
      ({ tensorflowVersion }) => (tensorflowVersion === '' ? '' : `TF ${majorMinor(tensorflowVersion)}`),
      ({ tensorflowVersion }) => (tensorflowVersion === first?.tensorflowVersion ? null : ''),
    ],
    [
      t('compare.variables'),
      ({ variableCount }) => number.count(variableCount),
      ({ variableCount }) => signed(variableCount - (first?.variableCount ?? 0), number.count),
    ],
    [
      t('compare.added'),
      ({ addedAt }) => (
        <time dateTime={addedAt} title={time.absolute(addedAt)}>
          {time.relative(addedAt)}
        </time>
      ),
      () => '',
    ],
  ];
  const same = <span className={styles['dim']}>{t('compare.same')}</span>;
  return (
    <section>
      <h2>{t('compare.metrics')}</h2>
      <div
        className={styles['wide']}
        tabIndex={versions.length > 3 ? 0 : undefined}
        role={versions.length > 3 ? 'region' : undefined}
        aria-label={versions.length > 3 ? t('compare.metrics') : undefined}
      >
        <table className={styles['table']} aria-label={t('compare.metrics')}>
          <thead>
            <tr>
              <th scope="col">
                <span className="sl-hidden">{t('record.metric')}</span>
              </th>
              {names.map((name, index) => (
                <Fragment key={name}>
                  <th scope="col" data-right>
                    {two ? null : <SeriesSwatch role={seriesOf(index, names.length)} />} {name}
                  </th>
                  {index === 0 ? null : (
                    <th scope="col" data-right data-difference>
                      {two ? t('compare.difference') : <span aria-label={t('compare.differenceOf', { version: name })}>Δ {name}</span>}
                    </th>
                  )}
                </Fragment>
              ))}
            </tr>
          </thead>
          <tbody>
            {metrics.map((metric) => (
              <MetricRow key={metric.name} metric={metric} names={names} />
            ))}
            {facts.map(([name, text, difference]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {versions.map((version, index) => (
                  <Fragment key={names[index]}>
                    <td data-right>{text(version)}</td>
                    {index === 0 ? null : <td data-right>{difference(version) ?? same}</td>}
                  </Fragment>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {metrics.length === 0 ? <p className={styles['caption']}>{t('compare.noMetrics')}</p> : null}
    </section>
  );
}

/** With its sign; null where there is no difference. */
const signed = (difference: number, text: (value: number) => string): string | null =>
  difference === 0 ? null : `${difference > 0 ? '+' : ''}${text(difference)}`;

function MetricRow({
  metric: { name, values, better, changes },
  names,
}: {
  readonly metric: ComparedMetric;
  readonly names: readonly string[];
}) {
  const { t, number } = useText();
  const decimals = decimalsOf(values.filter((value) => value !== null));
  return (
    <tr>
      <th scope="row" title={name}>
        {metricTitle(name)} {better === null ? null : <span className={styles['caption']}>{t(`compare.${better}`)}</span>}
      </th>
      {values.map((value, index) => {
        const change = changes[index];
        return (
          <Fragment key={names[index]}>
            <td data-right>{value === null ? '' : metricText(value, decimals, number)}</td>
            {index === 0 ? null : (
              <td data-right>
                {change === null || change === undefined ? null : change.is === 'same' ? (
                  <span className={styles['dim']}>{t('compare.same')}</span>
                ) : (
                  <>
                    <strong>{differenceText(change.difference, decimals, number)}</strong>{' '}
                    {change.is === 'different' ? null : t(`compare.${change.is}`)}
                  </>
                )}
              </td>
            )}
          </Fragment>
        );
      })}
    </tr>
  );
}
