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
  const given = view.columns.length;
  const sample = (at: number): readonly string[] => view.first.slice(0, 20).map((row) => row[at] ?? '');
  // Why a row failed comes before what else it holds: it must be seen without scrolling.
  const [before, bad] = [1, facts.failed > 0];
  const shift = before + (bad ? 1 : 0);
  const columns = [
    { id: 'row', head: t('rows.row'), width: 64, right: true },
    ...(bad ? [{ id: 'error', head: t('rows.error'), width: 360 }] : []),
    ...view.columns.map(({ name, kind }, at) => ({
      id: `in ${at}`,
      head: name,
      right: kind === 'number',
      width: widthFor([name, ...sample(at)]),
    })),
    ...answers.map((name) => ({ id: `out ${name}`, head: <b>{name}</b>, right: true, width: widthFor([name], 120) })),
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
        if (row === undefined) return undefined;
        if (column === 0) return String(row.row);
        if (bad && column === 1) return row.error === null ? '' : phrase(row.error);
        return column < shift + given ? row.given[column - shift] : row.answers[column - shift - given];
      }}
    />
  );
}
