import type { TableRow } from '../../../../shared/contract/tables.ts';
import { useText } from '../../../app/i18n.tsx';
import { CellGrid, widthFor } from './CellGrid.tsx';
import type { OpenedTable } from './openedTable.ts';
import { useResultRows } from './useResultRows.ts';
import type { RunFacts } from './useRun.ts';
import styles from './table.module.css';

/** Every row with its answer, those that failed first with why. */
export function AskResult({
  taskId,
  facts,
  opened: { view },
}: {
  readonly taskId: string;
  readonly facts: RunFacts;
  readonly opened: OpenedTable;
}) {
  const { t, phrase } = useText();
  const { answers, rowAt, onRange } = useResultRows(taskId, facts);
  if (facts.rows === 0) return <p className={styles['dim']}>{t('rows.none')}</p>;
  const sample = (at: number): readonly string[] => view.first.slice(0, 20).map((row) => row[at] ?? '');
  // What is looked for comes first, however many columns were given: why a row failed, and the answers.
  const bad = facts.failed > 0;
  const columns = [
    { id: 'row', head: t('rows.row'), width: 64, right: true, read: ({ row }: TableRow) => String(row) },
    ...(bad
      ? [
          {
            id: 'error',
            head: t('rows.error'),
            width: 340,
            right: false,
            read: ({ error }: TableRow) => (error === null ? '' : phrase(error)),
          },
        ]
      : []),
    ...answers.map((name, at) => ({
      id: `out ${name}`,
      head: <b>{name}</b>,
      right: true,
      width: widthFor([name], 124),
      read: (row: TableRow) => row.answers[at],
    })),
    ...view.columns.map(({ name, kind }, at) => ({
      id: `in ${at}`,
      head: name,
      right: kind === 'number',
      width: widthFor([name, ...sample(at)]),
      read: (row: TableRow) => row.given[at],
    })),
  ];
  return (
    <CellGrid
      label={t('rows.results')}
      columns={columns}
      count={facts.rows}
      isBad={(row) => row < facts.failed}
      onRange={onRange}
      mostHeight={360}
      cellAt={(index, column) => {
        const row = rowAt(index);
        return row === undefined ? undefined : columns[column]?.read(row);
      }}
    />
  );
}
