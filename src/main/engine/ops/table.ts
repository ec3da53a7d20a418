import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { StatusError } from '../../tfserving/status.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import {
  allocate,
  cells,
  handleOf,
  indices,
  invalid,
  isFloating,
  isHandle,
  isWide,
  shapeText,
  sizeOf,
  strings,
  tensorOf,
  typeText,
  type Value,
} from '../value.ts';
import { text } from './string.ts';

/** Lookup tables. Keys are compared by value; strings by their bytes. */

class Table {
  readonly keyType: Dtype;
  readonly valueType: Dtype;
  readonly valueShape: readonly number[];
  readonly rows = new Map<unknown, readonly unknown[]>();
  isInitialised: boolean;
  readonly isMutable: boolean;
  constructor(keyType: Dtype, valueType: Dtype, valueShape: readonly number[], isMutable: boolean) {
    this.keyType = keyType;
    this.valueType = valueType;
    this.valueShape = valueShape;
    this.isMutable = isMutable;
    this.isInitialised = isMutable;
  }
}

function tableOf(value: Value | undefined): Table {
  const item = value !== undefined && isHandle(value) ? value.items[0] : undefined;
  if (!(item instanceof Table)) throw invalid('Trying to access a resource that is no table');
  return item;
}

/** Strings as text that Map compares; numbers are themselves. */
const keyOf = (dtype: Dtype, cell: unknown): unknown => (dtype === 'DT_STRING' ? Buffer.from(cell as Uint8Array).toString('latin1') : cell);
const cellOf = (dtype: Dtype, key: unknown): unknown => (dtype === 'DT_STRING' ? Buffer.from(key as string, 'latin1') : key);
const shownKey = (dtype: Dtype, key: unknown): string =>
  dtype === 'DT_STRING' ? Buffer.from(key as string, 'latin1').toString() : String(key);

const makeTable =
  (isMutable: boolean): MakeKernel =>
  ({ node, attributes, state }) => {
    const [keyType, valueType] = [attributes.type('key_dtype'), attributes.type('value_dtype')];
    const shape = node.op.includes('Tensors') || node.op.includes('Dense') ? (attributes.shape('value_shape') ?? []) : [];
    const name = attributes.text('shared_name') || node.path;
    const table = state.resource('table', attributes.text('container'), name, () => new Table(keyType, valueType, shape, isMutable));
    const handle = handleOf(table);
    return () => handle;
  };

function checkTypes(table: Table, keys: Tensor, values: Tensor | undefined): void {
  if (keys.dtype !== table.keyType) throw invalid(`Key must be type ${typeText(table.keyType)} but got ${typeText(keys.dtype)}`);
  if (values !== undefined && values.dtype !== table.valueType)
    throw invalid(`Expected value of type ${typeText(table.valueType)} but got ${typeText(values.dtype)}`);
}

function insert(table: Table, keys: Tensor, values: Tensor): void {
  checkTypes(table, keys, values);
  const width = sizeOf(table.valueShape);
  const [k, v] = [cells(keys.data), cells(values.data)];
  if (values.data.length !== keys.data.length * width)
    throw invalid(`Expected shape ${shapeText([...keys.shape, ...table.valueShape])} for value, got ${shapeText(values.shape)}`);
  for (let at = 0; at < k.length; at += 1) {
    const key = keyOf(table.keyType, k[at]);
    const row = Array.from({ length: width }, (_, c) => v[at * width + c]);
    const known = table.rows.get(key);
    if (
      !table.isMutable &&
      known !== undefined &&
      !row.every((cell, c) => keyOf(table.valueType, cell) === keyOf(table.valueType, known[c]))
    )
      throw new StatusError(
        'FAILED_PRECONDITION',
        `HashTable has different value for same key. Key ${shownKey(table.keyType, key)} has ${shownKey(table.valueType, keyOf(table.valueType, known[0]))} and trying to add value ${shownKey(table.valueType, keyOf(table.valueType, row[0]))}`,
      );
    table.rows.set(key, row);
  }
}

const fill: MakeKernel = () => (inputs) => {
  const table = tableOf(inputs[0]);
  if (table.isInitialised && !table.isMutable) return [];
  insert(table, tensorOf(inputs[1]), tensorOf(inputs[2]));
  table.isInitialised = true;
  return [];
};

const find: MakeKernel = () => (inputs) => {
  const [table, keys, fallback] = [tableOf(inputs[0]), tensorOf(inputs[1]), tensorOf(inputs[2])];
  if (!table.isInitialised) throw new StatusError('FAILED_PRECONDITION', 'Table not initialized.');
  checkTypes(table, keys, fallback);
  const width = sizeOf(table.valueShape);
  const into = allocate(table.valueType, [...keys.shape, ...table.valueShape]);
  const [k, to, other] = [cells(keys.data), cells(into.data), cells(fallback.data)];
  const own = fallback.data.length === width;
  for (let at = 0; at < k.length; at += 1) {
    const row = table.rows.get(keyOf(table.keyType, k[at]));
    for (let c = 0; c < width; c += 1) to[at * width + c] = row === undefined ? other[own ? c : at * width + c] : row[c];
  }
  return into;
};

/** A column's text as a value of the table. */
function parsed(value: string, dtype: Dtype, line: number): unknown {
  if (dtype === 'DT_STRING') return Buffer.from(value, 'latin1');
  const wrong = (): StatusError => invalid(`Field ${value} in line ${line} is not a valid ${typeText(dtype)}.`);
  if (isFloating(dtype)) {
    const number = Number(value);
    if (value.trim() === '' || Number.isNaN(number)) throw wrong();
    return number;
  }
  if (!/^\s*[+-]?\d+\s*$/.test(value)) throw wrong();
  return isWide(dtype) ? BigInt(value.trim()) : Number(value);
}

/** Columns of a text file by number; -2 is the whole line, -1 the line's number. Lines end with a line feed; a carriage return before it is dropped. */
const fillFromFile: MakeKernel = ({ attributes, state }) => {
  const [keyIndex, valueIndex, size, delimiter, offset] = [
    attributes.int('key_index'),
    attributes.int('value_index'),
    attributes.int('vocab_size'),
    attributes.text('delimiter'),
    attributes.int('offset'),
  ];
  return async (inputs) => {
    const table = tableOf(inputs[0]);
    if (table.isInitialised) return [];
    const path = state.assetPath(text(strings(tensorOf(inputs[1]))[0]!));
    let lines: string[];
    try {
      lines = (await readFile(path, 'latin1')).split('\n').map((line) => line.replace(/\r$/, ''));
    } catch (error) {
      throw new StatusError('NOT_FOUND', `assets/${basename(path)}; No such file or directory`, { cause: error });
    }
    if (lines.at(-1) === '') lines.pop();
    if (size >= 0) lines = lines.slice(0, size);
    if (size >= 0 && lines.length < size)
      throw invalid(`Invalid vocab_size in ${basename(path)}: expected ${size} but got ${lines.length}`);
    const column = (line: string, at: number, index: number, dtype: Dtype): unknown => {
      if (index === -1) return isWide(dtype) ? BigInt(at + offset) : at + offset;
      if (index === -2) return parsed(line, dtype, at);
      const columns = line.split(delimiter);
      const value = columns[index];
      if (value === undefined)
        throw invalid(
          `Invalid number of columns in ${basename(path)} line ${at} (${line}) : expected at least ${index + 1} got ${columns.length}`,
        );
      return parsed(value, dtype, at);
    };
    for (const [at, line] of lines.entries()) {
      const key = keyOf(table.keyType, column(line, at, keyIndex, table.keyType));
      const value = column(line, at, valueIndex, table.valueType);
      const known = table.rows.get(key);
      if (known !== undefined && keyOf(table.valueType, known[0]) !== keyOf(table.valueType, value))
        throw new StatusError(
          'FAILED_PRECONDITION',
          `HashTable has different value for same key. Key ${shownKey(table.keyType, key)} has ${shownKey(table.valueType, keyOf(table.valueType, known[0]))} and trying to add value ${shownKey(table.valueType, keyOf(table.valueType, value))}`,
        );
      table.rows.set(key, [value]);
    }
    table.isInitialised = true;
    return [];
  };
};

const exported: MakeKernel = () => (inputs) => {
  const table = tableOf(inputs[0]);
  const keys = allocate(table.keyType, [table.rows.size]);
  const values = allocate(table.valueType, [table.rows.size, ...table.valueShape]);
  const [k, v] = [cells(keys.data), cells(values.data)];
  let at = 0;
  for (const [key, row] of table.rows) {
    k[at] = cellOf(table.keyType, key);
    for (const [c, cell] of row.entries()) v[at * row.length + c] = cell;
    at += 1;
  }
  return [keys, values];
};

const size: MakeKernel = () => (inputs) => indices('DT_INT64', [tableOf(inputs[0]).rows.size], []);

export const tableOps: OpFamily = {
  HashTable: makeTable(false),
  HashTableV2: makeTable(false),
  MutableHashTable: makeTable(true),
  MutableHashTableV2: makeTable(true),
  MutableHashTableOfTensorsV2: makeTable(true),
  InitializeTable: fill,
  InitializeTableV2: fill,
  InitializeTableFromTextFile: fillFromFile,
  InitializeTableFromTextFileV2: fillFromFile,
  LookupTableImport: (op) => {
    const run = fill(op);
    return (inputs, context) => {
      if (tableOf(inputs[0]).isMutable) tableOf(inputs[0]).rows.clear();
      return run(inputs, context);
    };
  },
  LookupTableImportV2: (op) => {
    const run = fill(op);
    return (inputs, context) => {
      if (tableOf(inputs[0]).isMutable) tableOf(inputs[0]).rows.clear();
      return run(inputs, context);
    };
  },
  LookupTableInsertV2: () => (inputs) => {
    insert(tableOf(inputs[0]), tensorOf(inputs[1]), tensorOf(inputs[2]));
    return [];
  },
  LookupTableRemoveV2: () => (inputs) => {
    const table = tableOf(inputs[0]);
    const keys = cells(tensorOf(inputs[1]).data);
    for (let at = 0; at < keys.length; at += 1) table.rows.delete(keyOf(table.keyType, keys[at]));
    return [];
  },
  LookupTableFind: find,
  LookupTableFindV2: find,
  LookupTableSize: size,
  LookupTableSizeV2: size,
  LookupTableExportV2: exported,
};
