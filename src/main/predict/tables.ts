import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { AppError } from '../../shared/contract/errors.ts';
import type { TableResult, TableRun, TableView } from '../../shared/contract/playground.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { elementText, tensorJson } from '../../shared/tensor/tensorJson.ts';
import { checkTensors } from '../../shared/tensor/tensorCheck.ts';
import { reportOf } from '../incident.ts';
import type { Tasks } from '../tasks.ts';
import type { Predictions } from './predictions.ts';
import { csvCell } from './saveOutput.ts';
import { readRowsTable, type RowsTable } from './rowsTable.ts';

/** How many tables are kept, and results. */
const kept = 4;
const firstRows = 20;

/** CSV and JSON lines, asked row by row or in batches. */
export interface Tables {
  read(signature: SignatureInfo, name: string, bytes: Buffer): TableView;
  /** Starts at once; the task's progress counts rows. */
  run(signature: SignatureInfo, wanted: TableRun): { readonly taskId: string };
  result(taskId: string, offset: number, length: number): Promise<TableResult>;
}

interface Result {
  readonly name: string;
  readonly path: string;
  rows: number;
  failed: number;
}

/** One row's outputs as texts: JSON for what is no scalar. */
function cellsOf(name: string, tensor: Tensor, row: number): readonly string[] {
  const shape = tensor.shape.slice(1);
  const width = shape.reduce((product, size) => product * size, 1);
  const text = elementText(name, tensor);
  if (width === 1) return [text(row * width)];
  if (shape.length === 1) return Array.from({ length: width }, (_, at) => text(row * width + at));
  const { dtype, data } = tensor;
  const unit = dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128' ? 2 : 1;
  return [[...tensorJson(name, { dtype, shape, data: data.slice(row * width * unit, (row + 1) * width * unit) })].join('')];
}

const namesOf = (name: string, { shape }: Tensor): readonly string[] =>
  shape.length === 2 && shape[1] !== 1 ? Array.from({ length: shape[1] ?? 0 }, (_, at) => `${name}[${at}]`) : [name];

/** A value of CSV: a string without its quotation marks. */
const bare = (json: string): string => (json.startsWith('"') ? (JSON.parse(json) as string) : json);

export function createTables({
  tasks,
  predictions,
  home,
}: {
  readonly tasks: Tasks;
  readonly predictions: Predictions;
  readonly home: string;
}): Tables {
  const tables = new Map<string, RowsTable>();
  const results = new Map<string, Result>();
  const folder = join(home, 'results');

  function remember<T>(map: Map<string, T>, id: string, one: T): readonly T[] {
    map.set(id, one);
    const old = [...map].slice(0, Math.max(0, map.size - kept));
    for (const [gone] of old) map.delete(gone);
    return old.map(([, value]) => value);
  }

  async function ask(
    table: RowsTable,
    wanted: TableRun,
    signature: SignatureInfo,
    rows: readonly [from: number, to: number],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, Tensor>>> {
    const tensors = table.tensors(signature, wanted.columns, rows);
    const misfits = wanted.request.insist ? [] : checkTensors(signature, tensors);
    if (misfits.length > 0) throw new AppError('REQUEST_MISMATCH', { detail: misfits.map(({ message }) => message).join(' ') });
    const { exchange } = await predictions.ask({ ...wanted.request, body: undefined, inputs: undefined }, { signal, tensors, keep: false });
    if (!exchange.ok) throw new AppError('SERVER_REFUSED', { detail: exchange.error ?? '' });
    const count = rows[1] - rows[0];
    const odd = Object.entries(exchange.outputs).find(([, { shape }]) => shape[0] !== count);
    if (odd !== undefined && count > 1)
      throw new AppError('SERVER_REFUSED', {
        detail: `${odd[0]} is [${odd[1].shape.join(', ')}]: it has no row for each of ${count}. Ask one row a request.`,
      });
    return odd === undefined
      ? exchange.outputs
      : Object.fromEntries(Object.entries(exchange.outputs).map(([name, one]) => [name, { ...one, shape: [1, ...one.shape] }]));
  }

  return {
    read(signature, name, bytes) {
      const table = readRowsTable(name, bytes, Object.keys(signature.inputs));
      const id = randomUUID();
      remember(tables, id, table);
      const { columns, rowCount, format } = table;
      const { suggested, notes } = table.suggest(signature);
      let problem: string | null = null;
      try {
        const tensors = table.tensors(signature, suggested, [0, Math.min(rowCount, firstRows)]);
        problem = checkTensors(signature, tensors)[0]?.message ?? null;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        problem = String(error.data['detail'] ?? error.message);
      }
      return { table: id, format, columns, rowCount, first: table.texts([0, Math.min(rowCount, firstRows)]), suggested, notes, problem };
    },
    run(signature, wanted) {
      const table = tables.get(wanted.table);
      if (table === undefined) throw new AppError('BAD_INPUT', { detail: 'This table is not kept any more. Open it again.' });
      const path = join(folder, `${randomUUID()}.${wanted.result}`);
      const result: Result = { name: `${table.name.replace(/\.[^.]*$/, '')}-answers.${wanted.result}`, path, rows: 0, failed: 0 };
      const { id, finished } = tasks.run(
        `Ask ${table.rowCount} rows`,
        { kind: 'serving', id: wanted.request.servingId },
        async ({ signal, report }) => {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          await using file = await open(path, 'w', 0o600);
          await askAll(table, wanted, signature, result, {
            signal,
            report,
            write: async (text) => void (await file.write(text)),
          });
        },
      );
      for (const old of remember(results, id, result)) void rm(old.path, { force: true }).catch(() => undefined);
      // The task shows its failure.
      finished.catch(() => undefined);
      return { taskId: id };
    },
    async result(taskId, offset, length) {
      const result = results.get(taskId);
      if (result === undefined) throw new AppError('EXCHANGE_GONE');
      const { name, path, rows, failed } = result;
      const size = await stat(path).then(
        (facts) => facts.size,
        () => 0,
      );
      const part =
        size === 0 || offset >= size
          ? Buffer.alloc(0)
          : await buffer(createReadStream(path, { start: offset, end: Math.min(size, offset + length) - 1 }));
      return { name, rows, failed, totalBytes: size, data: new Blob([new Uint8Array(part)]) };
    },
  };

  /** Requests in their order, several under way; answers are written in the order of the rows. */
  async function askAll(
    table: RowsTable,
    wanted: TableRun,
    signature: SignatureInfo,
    result: Result,
    {
      signal,
      report,
      write,
    }: {
      readonly signal: AbortSignal;
      readonly report: (progress: number, detail: string) => void;
      readonly write: (text: string) => Promise<void>;
    },
  ): Promise<void> {
    const { rowsPerRequest, concurrency } = wanted;
    const starts = Array.from({ length: Math.ceil(table.rowCount / rowsPerRequest) }, (_, index) => index * rowsPerRequest);
    const under: Promise<{ readonly outputs: Readonly<Record<string, Tensor>> } | { readonly problem: string }>[] = [];
    const start = (from: number): void => {
      const rows = [from, Math.min(table.rowCount, from + rowsPerRequest)] as const;
      under.push(
        ask(table, wanted, signature, rows, signal).then(
          (outputs) => ({ outputs }),
          (error: unknown) => {
            const { code, title, advice } = reportOf(error);
            // Where nobody answers, nobody will answer the next row either.
            if (signal.aborted || code === 'SERVER_UNREACHABLE' || code === 'SERVING_NOT_FOUND' || code === 'INTERNAL') throw error;
            return { problem: `${title}. ${advice}` };
          },
        ),
      );
    };
    let head: readonly string[] | null = null;
    let next = 0;
    for (const from of starts) {
      while (next < starts.length && under.length < concurrency) {
        start(starts[next] ?? 0);
        next += 1;
      }
      const [first] = under;
      if (first === undefined) break;
      // The others may fail meanwhile: they are looked at in their turn.
      for (const other of under.slice(1)) other.catch(() => undefined);
      const answer = await first;
      void under.shift();
      signal.throwIfAborted();
      const to = Math.min(table.rowCount, from + rowsPerRequest);
      const lines: string[] = [];
      for (let row = from; row < to; row += 1) {
        const given = table.texts([row, row + 1])[0] ?? [];
        const outputs = 'outputs' in answer ? Object.entries(answer.outputs) : [];
        if (wanted.result === 'jsonl') {
          const values = outputs.map(([name, tensor]) => `${JSON.stringify(name)}: ${jsonCell(name, tensor, row - from)}`);
          const tail = 'problem' in answer ? `"error": ${JSON.stringify(answer.problem)}` : `"outputs": {${values.join(', ')}}`;
          lines.push(`{"row": ${row + 1}, ${tail}}`);
          continue;
        }
        if (head === null && outputs.length > 0) {
          head = outputs.flatMap(([name, tensor]) => namesOf(name, tensor));
          if (result.rows === 0) await write(`${[...table.columns.map(({ name }) => name), ...head, 'error'].map(csvCell).join(',')}\r\n`);
        }
        const cells = outputs.flatMap(([name, tensor]) => cellsOf(name, tensor, row - from).map(bare));
        const empty = Array.from({ length: cells.length === 0 ? (head?.length ?? 0) : 0 }, () => '');
        lines.push([...given, ...cells, ...empty, 'problem' in answer ? answer.problem : ''].map(csvCell).join(','));
      }
      await write(lines.map((line) => `${line}${wanted.result === 'csv' ? '\r\n' : '\n'}`).join(''));
      result.rows += to - from;
      if ('problem' in answer) result.failed += to - from;
      report(result.rows / table.rowCount, `${result.rows} / ${table.rowCount}${result.failed > 0 ? `, ${result.failed} failed` : ''}`);
    }
  }
}

function jsonCell(name: string, tensor: Tensor, row: number): string {
  const cells = cellsOf(name, tensor, row);
  return tensor.shape.length === 2 && tensor.shape[1] !== 1
    ? `[${cells.join(', ')}]`
    : tensor.shape.length === 2
      ? `[${cells.join('')}]`
      : cells.join('');
}
