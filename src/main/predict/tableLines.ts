import { parse } from 'csv-parse/sync';
import type { TableRow } from '../../shared/contract/tables.ts';
import { JsonSyntax, member, parseJson, plainText } from '../../shared/tensor/json.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import type { AnsweredRows } from './askRows.ts';
import { rowCells, rowHeads, rowJson } from './rowTexts.ts';
import type { RowsTable } from './rowsTable.ts';
import { csvCell } from './saveOutput.ts';

/** A table's rows with their answers as lines of CSV or JSON lines, and read back. */
export interface TableLines {
  /** Names of the answers' columns; none before `begin`. */
  readonly answers: readonly string[];
  /** Takes the columns from the first rows that were answered, none where none was; gives the line above them, null where there is none. */
  begin(first: AnsweredRows | null): string | null;
  lines(answered: AnsweredRows): readonly string[];
  read(line: string): Pick<TableRow, 'answers' | 'error'>;
}

export const csvLine = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\r\n`;

const outputsOf = (answered: AnsweredRows): readonly (readonly [string, Tensor])[] =>
  'outputs' in answered ? Object.entries(answered.outputs) : [];

/** `columns…,outputs…,error`; a vector has a column for each element. */
export function csvLines(table: RowsTable): TableLines {
  let answers: readonly string[] = [];
  const width = table.columns.length;
  return {
    get answers() {
      return answers;
    },
    begin(first) {
      answers = first === null ? [] : outputsOf(first).flatMap(([name, tensor]) => rowHeads(name, tensor));
      return csvLine([...table.columns.map(({ name }) => name), ...answers, 'error']);
    },
    lines(answered) {
      const [from, to] = answered.rows;
      const problem = 'problem' in answered ? answered.problem : '';
      const named = outputsOf(answered);
      const none = answers.map(() => '');
      return table
        .texts([from, to])
        .map((given, row) =>
          csvLine([...given, ...(named.length === 0 ? none : named.flatMap(([name, tensor]) => rowCells(name, tensor, row))), problem]),
        );
    },
    read(line) {
      const cells = parse(line, { relax_column_count: true })[0] ?? [];
      const error = cells.at(-1) ?? '';
      return { answers: cells.slice(width, -1), error: error === '' ? null : error };
    },
  };
}

/** `{"row": N, "outputs": {…}}` or `{"row": N, "error": "…"}`. */
export function jsonLines(): TableLines {
  let answers: readonly string[] = [];
  return {
    get answers() {
      return answers;
    },
    begin(first) {
      answers = first === null ? [] : outputsOf(first).map(([name]) => name);
      return null;
    },
    lines(answered) {
      const [from, to] = answered.rows;
      return Array.from({ length: to - from }, (_, row) => {
        const values = outputsOf(answered).map(([name, tensor]) => `${JSON.stringify(name)}: ${rowJson(name, tensor, row)}`);
        const tail = 'problem' in answered ? `"error": ${JSON.stringify(answered.problem)}` : `"outputs": {${values.join(', ')}}`;
        return `{"row": ${from + row + 1}, ${tail}}\n`;
      });
    },
    read(line) {
      try {
        const json = parseJson(line);
        const [given, error] = [member(json, 'outputs'), member(json, 'error')];
        const value = (name: string): string => {
          const found = given === undefined ? undefined : member(given, name);
          return found === undefined ? '' : plainText(found);
        };
        return { answers: answers.map(value), error: error === undefined ? null : plainText(error) };
      } catch (cause) {
        if (cause instanceof JsonSyntax) return { answers: [], error: null };
        throw cause;
      }
    },
  };
}
