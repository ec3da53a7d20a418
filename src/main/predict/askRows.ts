import { AppError } from '../../shared/contract/errors.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { TableTarget } from '../../shared/contract/tables.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { checkTensors } from '../../shared/tensor/tensorCheck.ts';
import { reportOf } from '../incident.ts';
import type { Predictions } from './predictions.ts';
import type { Columns, RowsTable, Span } from './rowsTable.ts';

/** Rows that one request was about: their outputs, a row each in the first dimension, or why there are none. */
export type AnsweredRows = { readonly rows: Span } & (
  | { readonly outputs: Readonly<Record<string, Tensor>>; readonly latencyMs: number }
  | { readonly problem: string }
);

export interface AskedRows {
  readonly table: RowsTable;
  readonly columns: Columns;
  readonly signature: SignatureInfo;
  readonly target: TableTarget;
}

/** Where nobody answers, nobody will answer the next row either. */
const endsAll: ReadonlySet<string> = new Set(['SERVER_UNREACHABLE', 'SERVING_NOT_FOUND', 'INTERNAL']);
/** What may be about one row of several. */
const ofRows: ReadonlySet<string> = new Set(['REQUEST_MISMATCH', 'SERVER_REFUSED']);

async function askOnce(
  predictions: Predictions,
  { table, columns, signature, target }: AskedRows,
  rows: Span,
  signal: AbortSignal,
): Promise<AnsweredRows> {
  const tensors = table.tensors(signature, columns, rows);
  const misfits = target.insist ? [] : checkTensors(signature, tensors);
  if (misfits.length > 0) throw new AppError('REQUEST_MISMATCH', { detail: misfits.map(({ message }) => message).join(' ') });
  const { exchange } = await predictions.ask({ ...target, body: undefined, inputs: undefined }, { signal, tensors, keep: false });
  if (!exchange.ok) throw new AppError('SERVER_REFUSED', { detail: exchange.error ?? '' });
  const { outputs, networkMs: latencyMs } = exchange;
  const count = rows[1] - rows[0];
  const odd = Object.entries(outputs).find(([, { shape }]) => shape[0] !== count);
  if (odd === undefined) return { rows, outputs, latencyMs };
  if (count > 1)
    throw new AppError('BAD_INPUT', {
      detail: `${odd[0]} is [${odd[1].shape.join(', ')}]: it has no row for each of ${count}. Ask one row a request.`,
    });
  // All of it belongs to the one row.
  return {
    rows,
    latencyMs,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, one]) => [name, { ...one, shape: [1, ...one.shape] }])),
  };
}

/** Asks these rows in one request; where that is refused, in halves, until the bad ones stand alone. Fails where nobody answers. */
export async function askRows(
  predictions: Predictions,
  asked: AskedRows,
  rows: Span,
  options: { readonly signal: AbortSignal },
): Promise<readonly AnsweredRows[]> {
  const { signal } = options;
  try {
    return [await askOnce(predictions, asked, rows, signal)];
  } catch (error) {
    const { code, title, advice } = reportOf(error);
    if (signal.aborted || endsAll.has(code)) throw error;
    const [from, to] = rows;
    // Which row, which column and what is wrong there says it all.
    const problem = code === 'REQUEST_MISMATCH' ? advice : `${title}. ${advice}`;
    if (to - from === 1 || !ofRows.has(code)) return [{ rows, problem }];
    const half = from + Math.floor((to - from) / 2);
    return [...(await askRows(predictions, asked, [from, half], options)), ...(await askRows(predictions, asked, [half, to], options))];
  }
}
