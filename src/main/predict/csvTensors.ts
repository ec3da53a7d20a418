import { parse } from 'csv-parse/sync';
import type { TensorInfo } from '../../shared/contract/savedModel.ts';
import { dtypeLabel, valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import { wholeRanges } from '../../shared/tensor/dtypeRanges.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { newNumbers, putText } from '../../shared/tensor/tensorData.ts';
import { mismatch, shapeText } from './fitTensor.ts';
import type { FileReading, InputTensors } from './inputTensors.ts';

/** Lines of cells, with a header or without. */
export interface Table {
  readonly header: readonly string[] | null;
  readonly rows: readonly (readonly string[])[];
  /** Where they stand in the whole; 0 where they are all. */
  readonly firstRow?: number;
}

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^[+-]?(?:nan|inf|infinity)$/i;

/** Throws REQUEST_MISMATCH with the parser's words where the text is no table. */
function readTable(text: string, names: readonly string[]): Table {
  let lines: string[][];
  try {
    lines = parse(text, { bom: true, trim: true, skip_empty_lines: true });
  } catch (cause) {
    throw mismatch(`This is no CSV: ${cause instanceof Error ? cause.message : String(cause)}.`);
  }
  return csvHeader(lines, names);
}

/** Takes the first line for a header where it names an input, or is anything else than numbers above numbers. REQUEST_MISMATCH where there is no line. */
export function csvHeader(lines: readonly (readonly string[])[], names: readonly string[]): Table {
  const [first, ...rest] = lines;
  if (first === undefined) throw mismatch('The CSV file is empty.');
  const named = first.some((cell) => names.includes(inputOf(cell)));
  const overNumbers = rest[0]?.some((cell, index) => number.test(cell) && !number.test(first[index] ?? '')) === true;
  return named || overNumbers ? { header: first, rows: rest } : { header: null, rows: lines };
}

/** A vector's columns are called `x[0]`, `x.0` or `x_0`, or all `x`. */
const inputOf = (column: string): string => /^(.*?)(?:\[\d+\]|[._]\d+)$/.exec(column)?.[1] ?? column;

const listed = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(', ') : `${names.slice(0, 3).join(', ')} … ${names.at(-1) ?? ''} (${names.length})`;

/** Which columns are which input's. A column that bears an input's whole name is that input's before `name_0` is taken for a vector's. */
export function columnsOf(
  { header, rows }: Table,
  inputs: Readonly<Record<string, TensorInfo>>,
  say: (note: string) => void,
): ReadonlyMap<string, readonly number[]> {
  const names = Object.keys(inputs);
  const columns = new Map<string, number[]>(names.map((name) => [name, []]));
  const left: string[] = [];
  for (const [index, column] of (header ?? []).entries()) {
    const owner = columns.get(column) ?? columns.get(inputOf(column));
    if (owner === undefined) left.push(column);
    else owner.push(index);
  }
  const missing = names.filter((name) => columns.get(name)?.length === 0);
  const [only] = names;
  if (missing.length > 0 && names.length === 1 && only !== undefined) {
    const width = rows[0]?.length ?? header?.length ?? 0;
    const features = featureCount(inputs[only]);
    const taken = header !== null && features !== null && width > features ? features : width;
    if (header !== null && taken < width)
      say(`${only} is columns ${listed(header.slice(0, taken))}; left out: ${listed(header.slice(taken))}`);
    return new Map([[only, Array.from({ length: taken }, (_, index) => index)]]);
  }
  if (missing.length > 0)
    throw mismatch(`The CSV has no column for ${missing.join(', ')}. A header must name the inputs: ${names.join(', ')}.`);
  if (left.length > 0) say(`left out: ${listed(left)}`);
  return columns;
}

/** Columns that one row of an input takes; null where the signature does not say. */
function featureCount(info: TensorInfo | undefined): number | null {
  const row = info?.shape?.slice(1);
  return row === undefined || row.some((dim) => dim < 0) ? null : row.reduce((product, dim) => product * dim, 1);
}

function shapeOf(input: string, rows: number, columns: number, { shape }: TensorInfo, insist: boolean): readonly number[] {
  if (shape === null) return [rows, columns];
  if (shape.length === 0 && rows === 1 && columns === 1) return [];
  const [batch = -1, ...row] = shape;
  if (batch >= 0 && batch !== rows && !insist) throw mismatch(`Dimension 1 of ${input} is ${rows}; the model wants ${batch}.`);
  const unknown = row.filter((dim) => dim < 0).length;
  const known = row.reduce((product, dim) => (dim < 0 ? product : product * dim), 1);
  if (unknown === 0 && known === columns) return [rows, ...row];
  if (unknown === 1 && known > 0 && columns % known === 0) return [rows, ...row.map((dim) => (dim < 0 ? columns / known : dim))];
  if (insist) return [rows, columns];
  if (row.length === 1) throw mismatch(`Dimension 2 of ${input} is ${columns}; the model wants ${row[0] ?? ''}.`);
  throw mismatch(`${input} has ${columns} columns; a row of ${shapeText(shape)} is ${unknown > 0 ? 'a multiple of ' : ''}${known}.`);
}

/** A cell as the text of a scalar of a type; null where it is none. */
function cellText(cell: string, dtype: Dtype): string | null {
  if (dtype === 'DT_BOOL') return /^(?:true|1)$/i.test(cell) ? '1' : /^(?:false|0)$/i.test(cell) ? '0' : null;
  const range = wholeRanges[dtype];
  if (range !== undefined) {
    if (!/^[+-]?\d+$/.test(cell)) return null;
    const value = BigInt(cell.replace('+', ''));
    return value < range[0] || value > range[1] ? null : String(value);
  }
  if (!number.test(cell)) return null;
  if (/nan/i.test(cell)) return 'NaN';
  return /inf/i.test(cell) ? `${cell.startsWith('-') ? '-' : ''}Infinity` : cell;
}

/** Columns as an input, a row an instance. REQUEST_MISMATCH names the row and the column whose cell is of another type. */
export function tensorOfColumns(
  input: string,
  { rows, header, firstRow = 0 }: Table,
  columns: readonly number[],
  info: TensorInfo,
  insist = false,
): Tensor {
  const dtype = valueDtype(info.dtype);
  const shape = shapeOf(input, rows.length, columns.length, info, insist);
  if (dtype === 'DT_STRING')
    return { dtype, shape, data: rows.flatMap((row) => columns.map((column) => new Uint8Array(Buffer.from(row[column] ?? '')))) };
  const data = newNumbers(dtype, rows.length * columns.length);
  if (data === null) throw mismatch(`${input} is ${dtypeLabel(dtype)}, which a CSV file cannot hold.`);
  for (const [index, row] of rows.entries()) {
    for (const [place, column] of columns.entries()) {
      const cell = row[column] ?? '';
      const text = cellText(cell, dtype);
      if (text === null)
        throw mismatch(
          `Row ${firstRow + index + 1}, column ${header?.[column] ?? column + 1}: ${cell === '' ? 'nothing' : JSON.stringify(cell.slice(0, 40))} is not ${dtypeLabel(dtype)}.`,
        );
      putText(data, index * columns.length + place, dtype, text);
    }
  }
  return { dtype, shape, data };
}

/** A table as tensors, a row an instance: columns by header name, or the sole input's features in order. Throws REQUEST_MISMATCH. */
export function csvTensors(text: string, { signature: { inputs }, say, insist }: FileReading): InputTensors {
  const table = readTable(text, Object.keys(inputs));
  const columns = columnsOf(table, inputs, say);
  return Object.fromEntries(
    Object.entries(inputs).map(([name, info]) => [name, tensorOfColumns(name, table, columns.get(name) ?? [], info, insist)] as const),
  );
}
