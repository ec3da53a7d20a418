import type { TableRun } from '../../shared/contract/tables.ts';
import type { AnsweredRows } from './askRows.ts';
import { inOrder } from './inOrder.ts';
import type { RowsResultWriter } from './rowsResult.ts';
import type { Span } from './rowsTable.ts';
import type { TableLines } from './tableLines.ts';

/** Spans of so many rows each. */
export const spanAt = (index: number, rowCount: number, { rowsPerRequest }: Pick<TableRun, 'rowsPerRequest'>): Span => [
  index * rowsPerRequest,
  Math.min(rowCount, (index + 1) * rowsPerRequest),
];

/** Asks all rows, several requests at once, and writes their answers in the order of the rows; on a failure or abort those until there. */
export async function runTable(
  rowCount: number,
  wanted: Pick<TableRun, 'rowsPerRequest' | 'concurrency'>,
  {
    ask,
    lines,
    writer,
    told,
  }: {
    readonly ask: (rows: Span) => Promise<readonly AnsweredRows[]>;
    readonly lines: TableLines;
    readonly writer: RowsResultWriter;
    readonly told: (rows: number, failed: number) => void;
  },
): Promise<void> {
  // The columns of the answers are known with the first one.
  let waiting: AnsweredRows[] | null = [];
  const write = async (answered: readonly AnsweredRows[]): Promise<void> => {
    const [texts, failed]: [string[], number[]] = [[], []];
    for (const one of answered) {
      for (const line of lines.lines(one)) {
        if ('problem' in one) failed.push(texts.length);
        texts.push(line);
      }
    }
    if (texts.length > 0) await writer.rows(texts, failed);
  };
  const begin = async (first: AnsweredRows | null): Promise<void> => {
    if (waiting === null) return;
    const head = lines.begin(first);
    if (head !== null) await writer.head(head);
    const before = waiting;
    waiting = null;
    await write(before);
  };
  try {
    const count = Math.ceil(rowCount / wanted.rowsPerRequest);
    for await (const answered of inOrder(count, wanted.concurrency, (index) => ask(spanAt(index, rowCount, wanted)))) {
      const first = answered.find((one) => 'outputs' in one);
      if (first !== undefined) await begin(first);
      if (waiting === null) await write(answered);
      else waiting.push(...answered);
      const sizes = answered.map((one) => [one.rows[1] - one.rows[0], 'problem' in one] as const);
      told(
        sizes.reduce((sum, [size]) => sum + size, 0),
        sizes.reduce((sum, [size, bad]) => sum + (bad ? size : 0), 0),
      );
    }
  } finally {
    await begin(null);
  }
}
