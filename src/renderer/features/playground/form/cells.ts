import type { TensorInfo } from '../../../../shared/contract/savedModel.ts';
import { valueDtype, type Dtype } from '../../../../shared/tensor/dtype.ts';
import { wholeRanges } from '../../../../shared/tensor/dtypeRanges.ts';
import { CannotFill, fillTensor } from '../../../../shared/tensor/fillTensor.ts';
import { jsonText, JsonSyntax, parseJson, type Json } from '../../../../shared/tensor/json.ts';
import { elementCount } from '../../../../shared/tensor/tensorData.ts';
import { elementText } from '../../../../shared/tensor/tensorJson.ts';
import type { FieldInput } from './fieldInput.ts';

/** A small tensor as it is edited: each element's JSON in row-major order. */
export interface Cells {
  readonly shape: readonly number[];
  readonly texts: readonly string[];
}

/** More elements are not edited one by one. */
export const mostCells = 4_096;
const mostChars = 100_000;
/** A source is read once, however often it is drawn. */
const known = new WeakMap<object, Cells | null>();

function flat(json: Json): Cells | null {
  const shape: number[] = [];
  for (let rest: Json | undefined = json; rest?.kind === 'list'; rest = rest.items[0]) shape.push(rest.items.length);
  if (elementCount(shape) > mostCells) return null;
  const texts: string[] = [];
  const take = (value: Json, depth: number): boolean => {
    if (depth < shape.length)
      return value.kind === 'list' && value.items.length === shape[depth] && value.items.every((item) => take(item, depth + 1));
    if (value.kind === 'list') return false;
    texts.push(jsonText(value));
    return true;
  };
  return take(json, 0) ? { shape, texts } : null;
}

/** The elements of an input; null where there are too many, where they are not here as text, or where they are ragged. */
export function cellsOf({ source }: FieldInput, info: TensorInfo): Cells | null {
  let cells = known.get(source);
  if (cells === undefined) {
    cells = readCells(source, info);
    known.set(source, cells);
  }
  return cells;
}

function readCells(source: FieldInput['source'], { dtype }: TensorInfo): Cells | null {
  try {
    if (source.kind === 'json') return source.text.length > mostChars ? null : flat(parseJson(source.text));
    if (source.kind === 'text')
      return source.texts.length > mostCells
        ? null
        : { shape: [source.texts.length], texts: source.texts.map((text) => JSON.stringify(text)) };
    if (source.kind !== 'fill' || elementCount(source.shape) > mostCells) return null;
    const text = elementText('', fillTensor(source.fill as never, valueDtype(dtype), source.shape));
    return { shape: source.shape, texts: Array.from({ length: elementCount(source.shape) }, (_, index) => text(index)) };
  } catch (error) {
    if (error instanceof JsonSyntax || error instanceof CannotFill) return null;
    throw error;
  }
}

/** Nested lists again. */
export function textOfCells({ shape, texts }: Cells): string {
  const level = (depth: number, from: number, count: number): string => {
    const size = shape[depth];
    if (size === undefined) return texts[from] ?? 'null';
    const each = size === 0 ? 0 : count / size;
    return `[${Array.from({ length: size }, (_, index) => level(depth + 1, from + index * each, each)).join(', ')}]`;
  };
  return level(0, 0, texts.length);
}

/** The element that stands where nothing was given yet. */
export function emptyText(dtype: Dtype): string {
  if (dtype === 'DT_STRING') return '""';
  if (dtype === 'DT_BOOL') return 'false';
  return wholeRanges[dtype] === undefined ? '0.0' : '0';
}

/** Another shape: what is there stays, rows and columns that are added repeat the last of theirs. */
export function resizeCells({ shape, texts }: Cells, to: readonly number[], dtype: Dtype): Cells {
  const made: string[] = [];
  // A shape of another rank takes the elements one after the other.
  const aligned = shape.length === to.length;
  const count = elementCount(to);
  for (let index = 0; index < count; index += 1) {
    if (!aligned) {
      made.push(texts[Math.min(index, texts.length - 1)] ?? emptyText(dtype));
      continue;
    }
    let [rest, from, step] = [index, 0, 1];
    for (let axis = to.length - 1; axis >= 0; axis -= 1) {
      const [size, own] = [to[axis] ?? 1, shape[axis] ?? 1];
      from += Math.min(rest % size, own - 1) * step;
      rest = Math.floor(rest / size);
      step *= own;
    }
    made.push(texts[from] ?? emptyText(dtype));
  }
  return { shape: to, texts: made };
}

const numberPattern = /^-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)$|^NaN$/;

/** What was typed, as an element's JSON. What is no value of the type stays a string, which the check says. */
export function elementOf(typed: string, dtype: Dtype): string {
  if (dtype === 'DT_STRING') return JSON.stringify(typed);
  const text = typed.trim().replace(/^\+/, '').replace(/^−/, '-');
  if (dtype === 'DT_BOOL') {
    if (/^(?:true|1|yes)$/i.test(text)) return 'true';
    return /^(?:false|0|no)$/i.test(text) ? 'false' : JSON.stringify(typed);
  }
  if (text === '') return emptyText(dtype);
  const number = text
    .replace(/^(-?)\./, '$10.')
    .replace(/\.(?=$|[eE])/, '.0')
    .replace(/^(-?)inf(?:inity)?$/i, '$1Infinity')
    .replace(/^nan$/i, 'NaN')
    .replace(/^(-?)0+(?=\d)/, '$1');
  return numberPattern.test(number) ? number : JSON.stringify(typed);
}

/** An element as it is shown and typed: strings without their quotes, bytes as their base64. */
export function shownText(text: string): string {
  if (!text.startsWith('"') && !text.startsWith('{')) return text;
  const json = parseJson(text);
  return json.kind === 'string' ? json.value : text;
}

/** Whether an element is a value of the type; strings are told from bytes elsewhere. */
export function isElement(text: string, dtype: Dtype): boolean {
  if (dtype === 'DT_STRING') return true;
  if (dtype === 'DT_BOOL') return text === 'true' || text === 'false';
  if (dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128') return true;
  const range = wholeRanges[dtype];
  if (range === undefined) return numberPattern.test(text);
  return /^-?\d+$/.test(text) && BigInt(text) >= range[0] && BigInt(text) <= range[1];
}
