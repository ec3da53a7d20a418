import { oc, type } from '@orpc/contract';
import { z } from 'zod';
import { predictRequest, type PredictRequest } from './predict.ts';
import type { SavedFile } from './playground.ts';
import { bytesBlob } from './tensors.ts';

const asked = { modelId: z.string().max(256), version: z.string().max(19).nullable(), signature: z.string().max(1024) };
const taskId = z.string().max(64);

/** Columns of each input, by their places from 0; a vector takes several. */
const columns = z.record(z.string().max(1024), z.array(z.number().int().min(0)).max(1_000_000).readonly());

/** Who is asked, and how; the rows are the input. */
const target = z.object({ ...predictRequest.shape, body: z.undefined().optional(), inputs: z.undefined().optional() });
export type TableTarget = Omit<PredictRequest, 'body' | 'inputs'>;

const rows = {
  table: z.string().max(64),
  columns,
  /** Rows a request; 1 is a request a row. One that is refused is asked again in halves, until the bad row stands alone. */
  rowsPerRequest: z.number().int().min(1).max(1_000_000),
  /** Requests under way at once. */
  concurrency: z.number().int().min(1).max(64).default(4),
};

/** A table's columns for each input, and how its rows are asked. */
export const tableRun = z.object({ ...rows, result: z.enum(['csv', 'jsonl']).default('csv'), request: target });
export type TableRun = z.infer<typeof tableRun>;

/** The same rows to two targets; the first is the reference. */
export const tableComparison = z.object({
  ...rows,
  concurrency: z.number().int().min(1).max(64).default(1),
  targets: z.tuple([target, target]),
  /** A number agrees where |got − want| ≤ absolute + relative · |want|; whole numbers, bools and strings only where they are equal. */
  tolerance: z.object({ absolute: z.number().min(0), relative: z.number().min(0) }).default({ absolute: 1e-5, relative: 1e-4 }),
});
export type TableComparison = z.infer<typeof tableComparison>;

/** Tables of rows: read, asked row by row or in batches, and two targets compared over all of them. */
export const tableContract = {
  /** Reads CSV or JSON lines and keeps it until some others are read or the app ends. */
  readTable: oc.input(z.object({ ...asked, name: z.string().max(1024), data: bytesBlob })).output(type<TableView>()),
  /** Why the first rows cannot be asked with these columns; null where they can. */
  checkTable: oc.input(z.object({ ...asked, table: rows.table, columns })).output(type<string | null>()),
  /** The first rows as one request's text, in rows where the signature has them, else in columns. */
  tableBody: oc
    .input(z.object({ ...asked, table: rows.table, columns, count: z.number().int().min(1).max(10_000) }))
    .output(type<string>()),
  /** Asks every row; a task with progress. Rows that fail are in the result with their error and do not end it. */
  runTable: oc.input(tableRun).output(type<{ readonly taskId: string }>()),
  /** The file of a task under way or ended, also by cancel (then with the rows until there), by parts. */
  tableResult: oc
    .input(z.object({ taskId, offset: z.number().int().min(0), length: z.number().int().min(1).max(16_000_000) }))
    .output(type<TableResult>()),
  /** Rows of a result: those that failed come first, then the others, each in their order. */
  tableRows: oc
    .input(z.object({ taskId, offset: z.number().int().min(0), count: z.number().int().min(1).max(1_000) }))
    .output(type<TableRows>()),
  /** Asks two targets every row; a task with progress, whose `tableResult` has both answers row by row. */
  compareTable: oc.input(tableComparison).output(type<{ readonly taskId: string }>()),
  /** How far the two agree, as far as they were asked. */
  tableAgreement: oc.input(z.object({ taskId })).output(type<TableAgreement>()),
  tableReport: oc.input(z.object({ taskId, format: z.enum(['json', 'markdown']) })).output(type<SavedFile>()),
};

/** A table as it was read, with the columns that would be taken for each input. */
export interface TableView {
  readonly table: string;
  readonly format: 'csv' | 'jsonl';
  readonly columns: readonly { readonly name: string; readonly kind: 'number' | 'text' | 'list' }[];
  readonly rowCount: number;
  /** The first rows, as text. */
  readonly first: readonly (readonly string[])[];
  readonly suggested: Readonly<Record<string, readonly number[]>>;
  readonly notes: readonly string[];
  /** Why it cannot be asked as suggested. */
  readonly problem: string | null;
}

/** How far a run is, and a part of its file. */
export interface TableResult {
  readonly name: string;
  readonly rowCount: number;
  /** Asked until now; those that failed among them. */
  readonly rows: number;
  readonly failed: number;
  readonly elapsedMs: number;
  readonly totalBytes: number;
  readonly data: Blob;
}

export interface TableRows {
  /** Names of `answers`. */
  readonly answers: readonly string[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  /** From 1. */
  readonly row: number;
  readonly given: readonly string[];
  readonly answers: readonly string[];
  readonly error: string | null;
}

/** Two targets over a table; numbers are as of now where it is under way. */
export interface TableAgreement {
  readonly rowCount: number;
  readonly rows: number;
  /** Rows that both answered. */
  readonly compared: number;
  /** Of these, rows whose outputs are all equal; all within the tolerance. */
  readonly equal: number;
  readonly within: number;
  /** Rows with an output whose class changes. */
  readonly changed: number;
  readonly elapsedMs: number;
  readonly tolerance: TableComparison['tolerance'];
  readonly targets: readonly [ComparedTarget, ComparedTarget];
  readonly outputs: readonly OutputAgreement[];
  /** The rows that differ most, at most 100: those whose class changes, then by the largest difference. */
  readonly worst: readonly ComparedRow[];
  /** The first rows that at least one of the two did not answer, at most 20. */
  readonly failures: readonly FailedRow[];
}

export interface ComparedTarget {
  readonly serving: string;
  /** null where a label chooses, or the server itself. */
  readonly version: string | null;
  readonly label: string | null;
  readonly over: 'rest' | 'grpc' | 'embedded';
  /** Rows that it did not answer. */
  readonly failed: number;
  readonly requests: number;
  /** From the first byte sent to the last byte received, of a request, which may be of several rows; null before the first answer. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface OutputAgreement {
  readonly name: string;
  readonly rows: number;
  readonly equal: number;
  readonly within: number;
  /** Absolute difference over all elements that are finite in both; null where there are no numbers. */
  readonly largest: number | null;
  readonly mean: number | null;
  /** The row of the largest difference, from 1. */
  readonly largestRow: number | null;
  /** Elements that are NaN or infinite in one and not in the other. */
  readonly apart: number;
  /** Where a row is scores of classes (the highest is its class), or one whole number, bool or string. */
  readonly classes: {
    readonly agree: number;
    /** Most frequent first, at most 50. */
    readonly changes: readonly { readonly from: string; readonly to: string; readonly count: number }[];
  } | null;
  /** Why some rows cannot be compared, such as two shapes. */
  readonly problem: string | null;
}

export interface ComparedRow {
  readonly row: number;
  readonly given: readonly string[];
  readonly changed: boolean;
  readonly outputs: readonly {
    readonly name: string;
    readonly texts: readonly [string, string];
    readonly largest: number | null;
    readonly within: boolean;
    /** null where it has no classes. */
    readonly classes: readonly [string, string] | null;
  }[];
}

export interface FailedRow {
  readonly row: number;
  readonly given: readonly string[];
  readonly problems: readonly [string | null, string | null];
}
