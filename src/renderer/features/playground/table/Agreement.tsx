import { useEffect, useState } from 'react';
import type { ComparedTarget, TableAgreement } from '../../../../shared/contract/tables.ts';
import { useText, type Text } from '../../../app/i18n.tsx';
import { useClient } from '../../../app/store.ts';
import { CellGrid, widthFor } from './CellGrid.tsx';
import type { OpenedTable } from './openedTable.ts';
import type { RunFacts } from './useRun.ts';
import styles from './table.module.css';

/** `1.2e−7`, `0.0154`, `0`. */
const figure = (value: number | null): string =>
  value === null ? '' : (value !== 0 && value < 1e-4 ? value.toExponential(1) : String(Number(value.toPrecision(3)))).replace('-', '−');

function targetWords({ serving, version, label, over }: ComparedTarget, { t }: Text): string {
  const which = label ?? (version === null ? t('rows.latest') : `v${version}`);
  return over === 'embedded'
    ? t('rows.target.engine', { serving, version: which })
    : t('rows.target.words', { serving, version: which, over: over === 'grpc' ? 'gRPC' : 'REST' });
}

/** How far two targets agree over all rows: the verdict first, then each output, the times, changed classes, and the rows that differ most. */
export function Agreement({ taskId, facts, opened }: { readonly taskId: string; readonly facts: RunFacts; readonly opened: OpenedTable }) {
  const text = useText();
  const { t, number, phrase } = text;
  const client = useClient();
  const [found, setFound] = useState<TableAgreement | null>(null);
  useEffect(() => {
    void client.playground.tableAgreement({ taskId }).then(
      (next) => setFound((before) => (before !== null && before.rows > next.rows ? before : next)),
      // The run's own head says what ended it.
      () => undefined,
    );
  }, [client, taskId, facts]);
  if (found === null || found.rows === 0) return <p className={styles['dim']}>{t('rows.none')}</p>;
  const { compared, within, changed, outputs, targets, worst, failures } = found;
  const share = (part: number, whole: number): string => (whole === 0 ? '' : number.percentOf(part / whole));
  const changes = outputs.flatMap(({ name, classes }) => (classes?.changes ?? []).map((one) => ({ name, ...one })));
  const apart = outputs.reduce((sum, one) => sum + one.apart, 0);
  const problems = outputs.flatMap(({ name, problem }) => (problem === null ? [] : [`${name}: ${phrase(problem)}`]));
  return (
    <>
      <p className={styles['verdict']} role="status">
        {compared === 0
          ? t('rows.verdict.none')
          : within === compared
            ? t('rows.verdict.all', { compared: number.count(compared) })
            : t('rows.verdict', { within: number.count(within), compared: number.count(compared) })}{' '}
        {changed > 0 ? t('rows.verdict.changed', { count: changed }) : null}
      </p>
      <table className={styles['facts']} aria-label={t('rows.agreement')}>
        <thead>
          <tr>
            <th scope="col">{t('rows.output')}</th>
            {(['rows.equal', 'rows.within', 'rows.classes', 'rows.largest', 'rows.mean'] as const).map((key) => (
              <th key={key} scope="col" data-right>
                {t(key)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {outputs.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td data-right>{number.count(one.equal)}</td>
              <td data-right>
                {number.count(one.within)} <span className={styles['dim']}>{share(one.within, one.rows)}</span>
              </td>
              <td data-right>{one.classes === null ? '' : share(one.classes.agree, one.rows)}</td>
              <td data-right>
                {figure(one.largest)}{' '}
                {one.largest === null || one.largest === 0 || one.largestRow === null ? null : (
                  <span className={styles['dim']}>{t('rows.inRow', { row: number.count(one.largestRow) })}</span>
                )}
              </td>
              <td data-right>{figure(one.mean)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {apart > 0 ? <p className={styles['caption']}>{t('rows.apart', { count: apart })}</p> : null}
      {problems.map((one) => (
        <p key={one} className={styles['caption']}>
          {one}
        </p>
      ))}
      <div className={styles['pair']}>
        <table className={styles['facts']} aria-label={t('rows.times')}>
          <thead>
            <tr>
              <th scope="col">{t('rows.times')}</th>
              <th scope="col" data-right>
                p50
              </th>
              <th scope="col" data-right>
                p95
              </th>
              <th scope="col" data-right>
                {t('rows.requests')}
              </th>
            </tr>
          </thead>
          <tbody>
            {targets.map((one, at) => (
              <tr key={at}>
                <th scope="row">
                  {'ab'[at]}: {targetWords(one, text)}
                  {one.failed > 0 ? <span className={styles['bad']}> {t('rows.failed', { count: number.count(one.failed) })}</span> : null}
                </th>
                <td data-right>{one.p50Ms === null ? '' : number.ms(one.p50Ms)}</td>
                <td data-right>{one.p95Ms === null ? '' : number.ms(one.p95Ms)}</td>
                <td data-right>{number.count(one.requests)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {changes.length === 0 ? null : (
          <div className={styles['changes']}>
            <table className={styles['facts']} aria-label={t('rows.changes')}>
              <thead>
                <tr>
                  <th scope="col">{t('rows.changes')}</th>
                  <th scope="col">{t('rows.changes.from')}</th>
                  <th scope="col">{t('rows.changes.to')}</th>
                  <th scope="col" data-right>
                    {t('rows.changes.rows')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {changes.slice(0, 12).map(({ name, from, to, count }) => (
                  <tr key={JSON.stringify([name, from, to])}>
                    <th scope="row">{name}</th>
                    <td>{from}</td>
                    <td>{to}</td>
                    <td data-right>{number.count(count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
      <h3>{t('rows.worst')}</h3>
      {worst.length === 0 ? <p className={styles['dim']}>{t('rows.worst.none')}</p> : <Worst rows={worst} opened={opened} />}
      {failures.length === 0 ? null : (
        <>
          <h3>{t('rows.failures')}</h3>
          <CellGrid
            label={t('rows.failures')}
            columns={[
              { id: 'row', head: t('rows.row'), width: 64, right: true },
              { id: 'a', head: 'a', width: 380 },
              { id: 'b', head: 'b', width: 380 },
              ...opened.view.columns.map(({ name }, at) => ({ id: `in ${at}`, head: name, width: widthFor([name], 96) })),
            ]}
            count={failures.length}
            isBad={() => true}
            mostHeight={150}
            cellAt={(index, column) => {
              const one = failures[index];
              if (one === undefined) return undefined;
              if (column === 0) return String(one.row);
              return column < 3 ? phrase(one.problems[column === 1 ? 0 : 1] ?? '') : one.given[column - 3];
            }}
          />
        </>
      )}
    </>
  );
}

/** Rows with what they were given and both answers. */
function Worst({ rows, opened: { view } }: { readonly rows: TableAgreement['worst']; readonly opened: OpenedTable }) {
  const { t } = useText();
  const names = rows[0]?.outputs.map(({ name }) => name) ?? [];
  const sample = (pick: (row: TableAgreement['worst'][number]) => string): readonly string[] => rows.slice(0, 20).map(pick);
  const of = (row: TableAgreement['worst'][number], name: string) => row.outputs.find((one) => one.name === name);
  const parts = names.flatMap((name) => [
    ...(rows.some((row) => of(row, name)?.classes != null)
      ? [
          {
            id: `${name} class`,
            head: `${name}: ${t('rows.class')}`,
            width: widthFor([`${name}: ${t('rows.class')}`], 96),
            right: false,
            read: (row: TableAgreement['worst'][number]): string => {
              const classes = of(row, name)?.classes ?? null;
              return classes === null ? '' : classes[0] === classes[1] ? classes[0] : `${classes[0]} → ${classes[1]}`;
            },
          },
        ]
      : []),
    {
      id: `${name} largest`,
      head: t('rows.largest'),
      width: 130,
      right: true,
      read: (row: TableAgreement['worst'][number]) => figure(of(row, name)?.largest ?? null),
    },
    ...([0, 1] as const).map((side) => ({
      id: `${name} ${side}`,
      head: `${'ab'[side] ?? ''}.${name}`,
      width: widthFor([name, ...sample((row) => of(row, name)?.texts[side] ?? '')], 120, 320),
      right: false,
      read: (row: TableAgreement['worst'][number]) => of(row, name)?.texts[side] ?? '',
    })),
  ]);
  return (
    <CellGrid
      label={t('rows.worst')}
      columns={[
        { id: 'row', head: t('rows.row'), width: 64, right: true },
        ...parts,
        ...view.columns.map(({ name, kind }, at) => ({
          id: `in ${at}`,
          head: name,
          right: kind === 'number',
          width: widthFor([name, ...sample((row) => row.given[at] ?? '')]),
        })),
      ]}
      count={rows.length}
      mostHeight={260}
      cellAt={(index, column) => {
        const row = rows[index];
        if (row === undefined) return undefined;
        if (column === 0) return String(row.row);
        const part = parts[column - 1];
        return part === undefined ? row.given[column - 1 - parts.length] : part.read(row);
      }}
    />
  );
}
