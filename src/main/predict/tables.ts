import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import type { SavedFile } from '../../shared/contract/playground.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type {
  ComparedTarget,
  TableAgreement,
  TableComparison,
  TableResult,
  TableRows,
  TableRun,
  TableTarget,
  TableView,
} from '../../shared/contract/tables.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import { rowBarrier } from '../../shared/tensor/requestMode.ts';
import { checkTensors } from '../../shared/tensor/tensorCheck.ts';
import type { TaskHandle, Tasks } from '../tasks.ts';
import { createAgreement } from './agreement.ts';
import { agreementReport } from './agreementReport.ts';
import { askRows } from './askRows.ts';
import { compareTable } from './compareTable.ts';
import { percentile } from './percentile.ts';
import type { Predictions } from './predictions.ts';
import { requestBody } from './requestBody.ts';
import { createRowsResult, readPart, readRows, rowsAt, type RowsResult, type RowsResultWriter } from './rowsResult.ts';
import { readRowsTable, type Columns, type RowsTable } from './rowsTable.ts';
import { runTable } from './runTable.ts';
import { csvLines, jsonLines, type TableLines } from './tableLines.ts';

/** How many tables are kept, and results. */
const kept = 4;
/** Rows that are checked before anything is sent, and rows that are shown. */
const checkedRows = 20;
const firstRows = 200;
/** A task is not told more often. */
const toldEveryMs = 100;

/** A signature with who would be asked. */
export interface AskedTarget {
  readonly target: TableTarget;
  readonly serving: Serving;
  readonly signature: SignatureInfo;
}

/** CSV and JSON lines, asked row by row or in batches, of one target or of two that are compared. */
export interface Tables {
  read(signature: SignatureInfo, name: string, bytes: Buffer): TableView;
  /** Why the first rows cannot be asked so; null where they can. */
  check(signature: SignatureInfo, table: string, columns: Columns): string | null;
  body(signature: SignatureInfo, table: string, columns: Columns, options: { readonly name: string; readonly count: number }): string;
  /** Starts at once; the task's progress counts rows. */
  run(asked: AskedTarget, wanted: TableRun): { readonly taskId: string };
  compare(asked: readonly [AskedTarget, AskedTarget], wanted: TableComparison): { readonly taskId: string };
  result(taskId: string, offset: number, length: number): Promise<TableResult>;
  rows(taskId: string, offset: number, count: number): Promise<TableRows>;
  agreement(taskId: string): TableAgreement;
  report(taskId: string, format: 'json' | 'markdown'): SavedFile;
}

/** One run over a table, under way or ended. */
interface Run {
  readonly table: RowsTable;
  readonly name: string;
  readonly path: string;
  readonly startedMs: number;
  endedMs: number | null;
  rows: number;
  failed: number;
  result: RowsResult | null;
  /** null of a comparison, whose file is for saving only. */
  readonly lines: TableLines | null;
  readonly agreement: (() => Omit<TableAgreement, 'rowCount' | 'rows' | 'elapsedMs'>) | null;
}

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
  const runs = new Map<string, Run>();
  const folder = join(home, 'results');
  // Nobody asks any more for what was made before this start; what cannot be cleared is in nobody's way.
  const cleared = rm(folder, { recursive: true, force: true }).catch(() => undefined);

  function remember<T>(map: Map<string, T>, id: string, one: T): readonly T[] {
    map.set(id, one);
    const old = [...map].slice(0, Math.max(0, map.size - kept));
    for (const [gone] of old) map.delete(gone);
    return old.map(([, value]) => value);
  }
  const tableOf = (id: string): RowsTable => {
    const table = tables.get(id);
    if (table === undefined) throw new AppError('BAD_INPUT', { detail: 'This table is not kept any more. Open it again.' });
    return table;
  };
  const runOf = (taskId: string): Run => {
    const run = runs.get(taskId);
    if (run === undefined) throw new AppError('EXCHANGE_GONE');
    return run;
  };
  const elapsedOf = ({ startedMs, endedMs }: Run): number => (endedMs ?? performance.now()) - startedMs;

  /** The reason in words; null where these rows fit. */
  function problemOf(table: RowsTable, signature: SignatureInfo, columns: Columns): string | null {
    try {
      const tensors = table.tensors(signature, columns, [0, Math.min(table.rowCount, checkedRows)]);
      return checkTensors(signature, tensors)[0]?.message ?? null;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return String(error.data['detail'] ?? error.message);
    }
  }

  /** A task that writes a file of rows. */
  function begin(
    label: string,
    servingId: string,
    fresh: Pick<Run, 'table' | 'name' | 'lines' | 'agreement'>,
    work: (handle: TaskHandle, writer: RowsResultWriter, told: (rows: number, failed: number) => void) => Promise<void>,
  ): { readonly taskId: string } {
    const path = join(folder, randomUUID());
    const run: Run = { ...fresh, path, startedMs: performance.now(), endedMs: null, rows: 0, failed: 0, result: null };
    const { id, finished } = tasks.run(label, { kind: 'serving', id: servingId }, async (handle) => {
      try {
        await cleared;
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await using writer = await createRowsResult(fresh.name, path);
        run.result = writer.result;
        let last = -Infinity;
        await work(handle, writer, (rows, failed) => {
          run.rows += rows;
          run.failed += failed;
          const now = performance.now();
          if (now - last < toldEveryMs && run.rows < run.table.rowCount) return;
          last = now;
          const { rowCount } = run.table;
          handle.report(run.rows / rowCount, `${run.rows} / ${rowCount}${run.failed > 0 ? `, ${run.failed} failed` : ''}`);
        });
      } finally {
        run.endedMs = performance.now();
      }
    });
    for (const old of remember(runs, id, run)) void rm(old.path, { force: true }).catch(() => undefined);
    // The task shows its failure.
    finished.catch(() => undefined);
    return { taskId: id };
  }

  const agreementOf = (run: Run): TableAgreement => {
    if (run.agreement === null) throw new AppError('BAD_INPUT', { detail: 'This run asked one target only.' });
    return { ...run.agreement(), rowCount: run.table.rowCount, rows: run.rows, elapsedMs: elapsedOf(run) };
  };

  return {
    read(signature, name, bytes) {
      const table = readRowsTable(name, bytes, Object.keys(signature.inputs));
      const id = randomUUID();
      remember(tables, id, table);
      const { columns, rowCount, format } = table;
      const { suggested, notes } = table.suggest(signature);
      const first = table.texts([0, Math.min(rowCount, firstRows)]);
      return { table: id, format, columns, rowCount, first, suggested, notes, problem: problemOf(table, signature, suggested) };
    },
    check: (signature, id, columns) => problemOf(tableOf(id), signature, columns),
    body(signature, id, columns, { name, count }) {
      const table = tableOf(id);
      const tensors = table.tensors(signature, columns, [0, Math.min(table.rowCount, count)]);
      return requestBody(name, tensors, rowBarrier(signature, tensors) === null ? 'row' : 'columnar').toString('utf8');
    },
    run({ target, signature }, wanted) {
      const table = tableOf(wanted.table);
      const lines = wanted.result === 'csv' ? csvLines(table) : jsonLines();
      const name = `${stem(table.name)}-answers.${wanted.result}`;
      const asked = { table, columns: wanted.columns, signature, target };
      return begin(`Ask ${table.rowCount} rows`, target.servingId, { table, name, lines, agreement: null }, ({ signal }, writer, told) =>
        runTable(table.rowCount, wanted, { ask: (rows) => askRows(predictions, asked, rows, { signal }), lines, writer, told }),
      );
    },
    compare(asked, wanted) {
      const table = tableOf(wanted.table);
      const { tolerance, columns } = wanted;
      const agreement = createAgreement(tolerance);
      const targets = asked.map((one) => ({ about: targetOf(one), latencies: [] as number[], failed: 0 }));
      const summary = (): ReturnType<NonNullable<Run['agreement']>> => {
        const [a, b] = targets.map(({ about, latencies, failed }): ComparedTarget => ({
          ...about,
          failed,
          requests: latencies.length,
          p50Ms: percentile(latencies, 0.5),
          p95Ms: percentile(latencies, 0.95),
        }));
        if (a === undefined || b === undefined) throw new Error('two are compared');
        return { ...agreement.summary(), tolerance, targets: [a, b] };
      };
      const fresh = { table, name: `${stem(table.name)}-compared.csv`, lines: null, agreement: summary };
      return begin(`Compare ${table.rowCount} rows`, asked[0].target.servingId, fresh, ({ signal }, writer, told) =>
        compareTable(table, wanted, {
          ask: (side, rows) => askRows(predictions, { table, columns, ...asked[side] }, rows, { signal }),
          agreement,
          writer,
          told(rows, failed, answers) {
            for (const side of [0, 1] as const) {
              for (const one of answers[side]) {
                const sums = targets[side];
                if (sums === undefined) continue;
                if ('problem' in one) sums.failed += one.rows[1] - one.rows[0];
                else sums.latencies.push(one.latencyMs);
              }
            }
            told(rows, failed);
          },
        }),
      );
    },
    async result(taskId, offset, length) {
      const run = runOf(taskId);
      const { totalBytes, part } = await readPart(run.path, offset, length);
      const { name, table, rows, failed } = run;
      return {
        name,
        rowCount: table.rowCount,
        rows,
        failed,
        elapsedMs: elapsedOf(run),
        totalBytes,
        data: new Blob([new Uint8Array(part)]),
      };
    },
    async rows(taskId, offset, count) {
      const { result, lines, table } = runOf(taskId);
      if (result === null || lines === null) return { answers: [], rows: [] };
      const wanted = rowsAt(result, offset, count);
      const read = await readRows(result, wanted);
      const rows = wanted.map((row, at) => ({
        row: row + 1,
        given: table.texts([row, row + 1])[0] ?? [],
        ...lines.read(read[at] ?? ''),
      }));
      return { answers: lines.answers, rows };
    },
    agreement: (taskId) => agreementOf(runOf(taskId)),
    report(taskId, format) {
      const run = runOf(taskId);
      return agreementReport(run.name.replace(/\.csv$/, ''), agreementOf(run), run.table, format);
    },
  };
}

const stem = (name: string): string => name.replace(/\.[^.]*$/, '');

function targetOf({ target, serving }: AskedTarget): Pick<ComparedTarget, 'serving' | 'version' | 'label' | 'over'> {
  const [newest] = serving.state.kind === 'serving' ? serving.state.versions : [];
  const label = target.label ?? null;
  return {
    serving: serving.name,
    label,
    version: label === null ? (target.version ?? newest ?? null) : null,
    over: target.backend === 'embedded' ? 'embedded' : target.mode === 'grpc' ? 'grpc' : 'rest',
  };
}
