import type { TableComparison } from '../../shared/contract/tables.ts';
import type { Agreement, RowAnswer } from './agreement.ts';
import type { AnsweredRows } from './askRows.ts';
import { inOrder } from './inOrder.ts';
import { rowCells, rowHeads } from './rowTexts.ts';
import type { RowsResultWriter } from './rowsResult.ts';
import type { RowsTable, Span } from './rowsTable.ts';
import { spanAt } from './runTable.ts';
import { csvLine } from './tableLines.ts';

type Side = 0 | 1;
const sides = [0, 1] as const;

/** An answer for each row of a span. */
function byRow([from]: Span, answered: readonly AnsweredRows[]): readonly RowAnswer[] {
  const rows: RowAnswer[] = [];
  for (const one of answered) {
    for (let row = one.rows[0]; row < one.rows[1]; row += 1)
      rows[row - from] = 'problem' in one ? { problem: one.problem } : { outputs: one.outputs, at: row - one.rows[0] };
  }
  return rows;
}

/** The columns of the answers of both, known with the first row that both answered. */
type Heads = Readonly<Record<Side, readonly string[]>>;

const headsOf = (answer: RowAnswer): readonly string[] | null =>
  'problem' in answer ? null : Object.entries(answer.outputs).flatMap(([name, tensor]) => rowHeads(name, tensor));

const cellsOf = (answer: RowAnswer, heads: readonly string[]): readonly string[] => {
  const cells = 'problem' in answer ? [] : Object.entries(answer.outputs).flatMap(([name, tensor]) => rowCells(name, tensor, answer.at));
  return cells.length === heads.length ? cells : heads.map((_, at) => cells[at] ?? '');
};

/**
 * Asks both targets the same rows, the other one first in every second request so that neither has the warm caches alone, and adds up
 * how far they agree. Both answers go into the file: `columns…, a.outputs…, b.outputs…, largest difference, within, error`.
 */
export async function compareTable(
  table: RowsTable,
  wanted: Pick<TableComparison, 'rowsPerRequest' | 'concurrency'>,
  {
    ask,
    agreement,
    writer,
    told,
  }: {
    readonly ask: (side: Side, rows: Span) => Promise<readonly AnsweredRows[]>;
    readonly agreement: Agreement;
    readonly writer: RowsResultWriter;
    /** Rows of one request, those that at least one of the two did not answer, and both answers. */
    readonly told: (rows: number, failed: number, answers: Readonly<Record<Side, readonly AnsweredRows[]>>) => void;
  },
): Promise<void> {
  const { rowCount } = table;
  let heads: Heads | null = null;
  let waiting: { readonly row: number; readonly answers: readonly [RowAnswer, RowAnswer]; readonly tail: readonly string[] }[] = [];
  const write = async (rows: typeof waiting): Promise<void> => {
    const known = heads ?? { 0: [], 1: [] };
    const texts = rows.map(({ row, answers, tail }) =>
      csvLine([...(table.texts([row, row + 1])[0] ?? []), ...sides.flatMap((side) => cellsOf(answers[side], known[side])), ...tail]),
    );
    const failed = rows.flatMap(({ answers }, place) => (answers.some((one) => 'problem' in one) ? [place] : []));
    if (texts.length > 0) await writer.rows(texts, failed);
  };
  const begin = async (found: Heads): Promise<void> => {
    heads = found;
    const names = sides.flatMap((side) => found[side].map((name) => `${'ab'[side] ?? ''}.${name}`));
    await writer.head(csvLine([...table.columns.map(({ name }) => name), ...names, 'largest difference', 'within', 'error']));
    const before = waiting;
    waiting = [];
    await write(before);
  };
  const askBoth = async (
    index: number,
  ): Promise<{ readonly rows: Span; readonly answers: Readonly<Record<Side, readonly AnsweredRows[]>> }> => {
    const rows = spanAt(index, rowCount, wanted);
    if (index % 2 === 0) {
      const a = await ask(0, rows);
      return { rows, answers: { 0: a, 1: await ask(1, rows) } };
    }
    const b = await ask(1, rows);
    return { rows, answers: { 0: await ask(0, rows), 1: b } };
  };
  try {
    const count = Math.ceil(rowCount / wanted.rowsPerRequest);
    for await (const { rows, answers } of inOrder(count, wanted.concurrency, askBoth)) {
      const [from, to] = rows;
      const [a, b] = [byRow(rows, answers[0]), byRow(rows, answers[1])];
      let failed = 0;
      for (let row = from; row < to; row += 1) {
        const lost = { problem: 'It was not asked.' };
        const both = [a[row - from] ?? lost, b[row - from] ?? lost] as const;
        const found = agreement.add(row, both, () => table.texts([row, row + 1])[0] ?? []);
        if (found === null) failed += 1;
        const problems = sides.flatMap((side) => {
          const one = both[side];
          return 'problem' in one ? [`${'ab'[side] ?? ''}: ${one.problem}`] : [];
        });
        const tail = [found?.largest == null ? '' : String(found.largest), found === null ? '' : String(found.within), problems.join(' ')];
        waiting.push({ row, answers: both, tail });
        const [one, other] = [headsOf(both[0]), headsOf(both[1])];
        if (heads === null && one !== null && other !== null) await begin({ 0: one, 1: other });
      }
      if (heads !== null) {
        const now = waiting;
        waiting = [];
        await write(now);
      }
      told(to - from, failed, answers);
    }
  } finally {
    // Never both: each row has what there is.
    if (heads === null) {
      const first = (side: Side): readonly string[] =>
        waiting.map(({ answers }) => headsOf(answers[side])).find((one) => one !== null) ?? [];
      await begin({ 0: first(0), 1: first(1) });
    }
  }
}
