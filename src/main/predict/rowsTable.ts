import { parse } from 'csv-parse/sync';
import { AppError } from '../../shared/contract/errors.ts';
import type { SignatureInfo, TensorInfo } from '../../shared/contract/savedModel.ts';
import type { TableView } from '../../shared/contract/tables.ts';
import { JsonSyntax, parseJson, plainText, type Json } from '../../shared/tensor/json.ts';
import { jsonTensor } from '../../shared/tensor/requestTensors.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { columnsOf, csvHeader, tensorOfColumns } from './csvTensors.ts';
import { mismatch } from './fitTensor.ts';

/** Columns of each input, by their places from 0. */
export type Columns = Readonly<Record<string, readonly number[]>>;
/** Rows from and to, the latter not among them; from 0. */
export type Span = readonly [from: number, to: number];

/** Rows of CSV or JSON lines, and how they become tensors. */
export interface RowsTable {
  readonly name: string;
  readonly format: TableView['format'];
  readonly columns: TableView['columns'];
  readonly rowCount: number;
  /** Rows as texts, as they would stand in CSV. */
  texts(rows: Span): readonly (readonly string[])[];
  suggest(signature: SignatureInfo): { readonly suggested: Columns; readonly notes: readonly string[] };
  /** REQUEST_MISMATCH names the row and the column whose value is of another type. */
  tensors(signature: SignatureInfo, columns: Columns, rows: Span): Readonly<Record<string, Tensor>>;
}

const isNumber = (text: string): boolean =>
  text.trim() !== '' && !Number.isNaN(Number(text.replace(/^([+-]?)(?:inf|infinity)$/i, '$1Infinity').replace(/^nan$/i, '0')));

function csvTable(name: string, text: string, inputs: readonly string[]): RowsTable {
  let lines: string[][];
  try {
    lines = parse(text, { bom: true, trim: true, skip_empty_lines: true, relax_column_count: true, delimiter: delimiterOf(text) });
  } catch (cause) {
    throw mismatch(`This is no CSV: ${cause instanceof Error ? cause.message : String(cause)}.`);
  }
  const { header, rows } = csvHeader(lines, inputs);
  const width = header?.length ?? rows[0]?.length ?? 0;
  /** A line that is cut, or holds one comma too many: nobody knows which cell is which column's. */
  const oddRow = (from: number, to: number): number => {
    const found = rows.slice(from, to).findIndex((row) => row.length !== width);
    return found < 0 ? -1 : from + found;
  };
  const columns = Array.from({ length: width }, (_, at) => ({
    name: header?.[at] ?? String(at + 1),
    kind: rows.slice(0, 100).every((row) => isNumber(row[at] ?? '')) ? ('number' as const) : ('text' as const),
  }));
  const oddWords = (row: number): string => `Row ${row + 1} has ${rows[row]?.length ?? 0} cells where there are ${width} columns`;
  return {
    name,
    format: 'csv',
    columns,
    rowCount: rows.length,
    texts: ([from, to]) =>
      rows.slice(from, to).map((row) => (row.length === width ? row : Array.from({ length: width }, (_, at) => row[at] ?? ''))),
    suggest({ inputs: wanted }) {
      const notes: string[] = [];
      const odd = oddRow(0, rows.length);
      if (odd >= 0) notes.push(oddWords(odd));
      try {
        const found = columnsOf({ header, rows }, wanted, (note) => notes.push(note));
        return { suggested: Object.fromEntries(found), notes };
      } catch (error) {
        // Nothing is known by its name: the person says what is what.
        if (error instanceof AppError) return { suggested: Object.fromEntries(Object.keys(wanted).map((one) => [one, []])), notes };
        throw error;
      }
    },
    tensors({ inputs: wanted }, chosen, [from, to]) {
      const odd = oddRow(from, to);
      if (odd >= 0) throw mismatch(`${oddWords(odd)}.`);
      return Object.fromEntries(
        Object.entries(wanted).map(([input, info]) => {
          const places = chosen[input] ?? [];
          if (places.length === 0) throw mismatch(`${input} has no column.`);
          return [input, tensorOfColumns(input, { header, rows: rows.slice(from, to), firstRow: from }, places, info)] as const;
        }),
      );
    },
  };
}

/** The one that the first line has most of: comma, semicolon or tab. */
function delimiterOf(text: string): string {
  const line = text.slice(0, text.search(/\r?\n|$/)).replaceAll(/"[^"]*"/g, '');
  const counts = [',', ';', '\t'].map((one) => [line.split(one).length, one] as const);
  return counts.toSorted(([a], [b]) => b - a)[0]?.[1] ?? ',';
}

function jsonLinesTable(name: string, text: string): RowsTable {
  const rows: Json[] = [];
  /** Rows that are no JSON, with the parser's words. */
  const broken = new Map<number, string>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '') continue;
    try {
      rows.push(parseJson(line));
    } catch (error) {
      if (!(error instanceof JsonSyntax)) throw error;
      if (rows.length === 0) throw mismatch(`Line ${index + 1} is no JSON: ${error.message}.`);
      broken.set(rows.length, `Line ${index + 1} is no JSON: ${error.message}`);
      rows.push({ kind: 'string', value: line });
    }
  }
  const [first] = rows;
  if (first === undefined) throw mismatch('The file is empty.');
  const names = first.kind === 'object' ? first.entries.map(([key]) => key) : ['value'];
  const valueOf = (row: Json, at: number): Json =>
    first.kind !== 'object'
      ? row
      : ((row.kind === 'object' ? row.entries.find(([key]) => key === names[at])?.[1] : undefined) ?? { kind: 'null' });
  const kindOf = ({ kind }: Json): 'number' | 'text' | 'list' =>
    kind === 'number' || kind === 'bool' ? 'number' : kind === 'list' ? 'list' : 'text';
  return {
    name,
    format: 'jsonl',
    columns: names.map((one, at) => ({ name: one, kind: kindOf(valueOf(first, at)) })),
    rowCount: rows.length,
    texts: ([from, to]) => rows.slice(from, to).map((row) => names.map((_, at) => plainText(valueOf(row, at)))),
    suggest({ inputs }) {
      const wanted = Object.keys(inputs);
      const left = names.filter((one) => !wanted.includes(one));
      const [only] = names;
      const sole = wanted.length === 1 && names.length === 1 && only !== undefined;
      return {
        suggested: Object.fromEntries(wanted.map((input) => [input, sole ? [0] : names.includes(input) ? [names.indexOf(input)] : []])),
        notes: [...[...broken.values()].slice(0, 1), ...(left.length === 0 || sole ? [] : [`left out: ${left.join(', ')}`])],
      };
    },
    tensors({ inputs }, chosen, [from, to]) {
      for (let row = from; row < to; row += 1) if (broken.has(row)) throw mismatch(`${broken.get(row) ?? ''}.`);
      return Object.fromEntries(
        Object.entries(inputs).map(([input, info]: readonly [string, TensorInfo]) => {
          const places = chosen[input] ?? [];
          const [one, ...more] = places;
          if (one === undefined) throw mismatch(`${input} has no column.`);
          const items = rows
            .slice(from, to)
            .map((row): Json => (more.length === 0 ? valueOf(row, one) : { kind: 'list', items: places.map((at) => valueOf(row, at)) }));
          return [input, jsonTensor(input, { kind: 'list', items }, info)] as const;
        }),
      );
    },
  };
}

/** Reads CSV (comma, semicolon or tab) or JSON lines, by the name or by how it begins. REQUEST_MISMATCH where it is neither. */
export function readRowsTable(name: string, bytes: Buffer, inputs: readonly string[]): RowsTable {
  const text = bytes.toString('utf8');
  const isJson = /\.(?:jsonl|ndjson)$/i.test(name) || (!/\.[ct]sv$/i.test(name) && /^\uFEFF?\s*[[{]/.test(text));
  return isJson ? jsonLinesTable(name, text) : csvTable(name, text, inputs);
}
