import { valueDtype } from '../../shared/tensor/dtype.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { JsonFault, skipBlank } from './jsonTape.ts';
import { runReaders, type Cursor } from './numberRuns.ts';
import type { BodyKeys, FindSignature, PredictRequest } from './predictRequest.ts';
import { StatusError } from './status.ts';
import { TensorFill, isNumericJson, type NumericJsonDtype } from './tensorFill.ts';

/**
 * The common predict body, numbers in lists, in one pass from bytes to typed arrays. It takes only what is right: for anything else
 * it answers undefined, and the careful reader of predictRequest.ts says what is wrong, or reads what this one does not know.
 */

class NotThisWay extends Error {}
const leave = (): never => {
  throw new NotThisWay();
};

const maxLevels = 256;

interface Input {
  readonly dtype: NumericJsonDtype;
  readonly fill: TensorFill;
  /** Of one value; undefined before the first. */
  shape: number[] | undefined;
}

/** Room for the first elements; more is made by what they turn out to take. */
const firstRoom = 64;

function inputOf(signature: SignatureInfo, name: string): Input {
  const info = Object.hasOwn(signature.inputs, name) ? signature.inputs[name] : undefined;
  const dtype = info === undefined ? leave() : valueDtype(info.dtype);
  return isNumericJson(dtype) ? { dtype, fill: new TensorFill(dtype, firstRoom), shape: undefined } : leave();
}

/** Reads a value into its input; a further one must have the first one's shape. */
function readValue(cursor: Cursor, input: Input): void {
  const { bytes } = cursor;
  const { fill } = input;
  const run = runReaders[input.dtype];
  const isFirst = input.shape === undefined;
  const shape = input.shape ?? [];
  let leaf = isFirst ? -1 : shape.length;
  const counts: number[] = [];
  let level = 0;
  const close = (): void => {
    const size = counts[level - 1] ?? 0;
    if (shape[level - 1] === -1) shape[level - 1] = size;
    else if (shape[level - 1] !== size) leave();
    level -= 1;
  };
  input.shape = shape;
  for (;;) {
    cursor.at = skipBlank(bytes, cursor.at);
    if (bytes[cursor.at] === 0x5b) {
      if ((leaf !== -1 && level >= leaf) || level === maxLevels) leave();
      counts[level] = 0;
      level += 1;
      if (shape.length < level) shape.push(isFirst ? -1 : leave());
      cursor.at = skipBlank(bytes, cursor.at + 1);
      if (bytes[cursor.at] !== 0x5d) continue;
    } else {
      if (leaf === -1) leaf = level;
      else if (leaf !== level) leave();
      const count = run(cursor, fill, level === 0 ? 1 : Number.POSITIVE_INFINITY);
      if (count < 0) leave();
      if (level === 0) return;
      counts[level - 1] = count;
      cursor.at = skipBlank(bytes, cursor.at);
      if (bytes[cursor.at] !== 0x5d) leave();
    }
    for (;;) {
      cursor.at += 1;
      close();
      if (level === 0) return;
      counts[level - 1] = (counts[level - 1] ?? 0) + 1;
      cursor.at = skipBlank(bytes, cursor.at);
      if (bytes[cursor.at] === 0x2c) {
        cursor.at += 1;
        break;
      }
      if (bytes[cursor.at] !== 0x5d) leave();
    }
  }
}

/** A name or a plain text in quotation marks, without escapes. */
function readText(cursor: Cursor): string {
  const { bytes } = cursor;
  const start = skipBlank(bytes, cursor.at) + 1;
  if (bytes[start - 1] !== 0x22) leave();
  let at = start;
  for (let byte = bytes[at]; byte !== 0x22; byte = bytes[at]) {
    if (byte === undefined || byte === 0x5c || byte < 0x20 || byte > 0x7e) return leave();
    at += 1;
  }
  cursor.at = at + 1;
  return bytes.toString('latin1', start, at);
}

function take(cursor: Cursor, byte: number): boolean {
  cursor.at = skipBlank(cursor.bytes, cursor.at);
  if (cursor.bytes[cursor.at] !== byte) return false;
  cursor.at += 1;
  return true;
}

/** Reads an object's values by their names, each once; answers how many. */
function readMembers(cursor: Cursor, inputFor: (name: string) => Input): number {
  const seen = new Set<string>();
  if (!take(cursor, 0x7b)) leave();
  do {
    const name = readText(cursor);
    if (seen.has(name) || !take(cursor, 0x3a)) leave();
    seen.add(name);
    readValue(cursor, inputFor(name));
  } while (take(cursor, 0x2c));
  if (!take(cursor, 0x7d)) leave();
  return seen.size;
}

function readNamed(cursor: Cursor, signature: SignatureInfo, rows: boolean): Record<string, Tensor> {
  const inputs = new Map<string, Input>();
  const inputFor = (name: string): Input => {
    let input = inputs.get(name);
    if (input === undefined) {
      input = inputOf(signature, name);
      inputs.set(name, input);
    }
    return input;
  };
  const wanted = Object.keys(signature.inputs).length;
  let count = 0;
  if (!rows) {
    if (readMembers(cursor, inputFor) !== wanted) leave();
  } else {
    do {
      if (readMembers(cursor, inputFor) !== wanted) leave();
      count += 1;
    } while (take(cursor, 0x2c));
    if (!take(cursor, 0x5d)) leave();
  }
  return Object.fromEntries(
    Array.from(inputs, ([name, { fill, shape }]) => [name, fill.tensor(rows ? [count, ...(shape ?? [])] : (shape ?? []))]),
  );
}

function readData(cursor: Cursor, signature: SignatureInfo, rows: boolean): Record<string, Tensor> {
  const { bytes } = cursor;
  const start = skipBlank(bytes, cursor.at);
  cursor.at = start;
  if (rows && bytes[start] !== 0x5b) leave();
  const first = bytes[rows ? skipBlank(bytes, start + 1) : start];
  if (first === 0x7b) {
    if (rows) cursor.at = start + 1;
    return readNamed(cursor, signature, rows);
  }
  const names = Object.keys(signature.inputs);
  const [only] = names;
  if (only === undefined || names.length > 1) return leave();
  const input = inputOf(signature, only);
  readValue(cursor, input);
  if (rows && input.shape?.[0] === 0) leave();
  return { [only]: input.fill.tensor(input.shape ?? []) };
}

/** Reads a body of numbers; undefined where it is anything else. */
export function readPredictFast(body: Buffer, find: FindSignature, keys: BodyKeys): PredictRequest | undefined {
  const cursor: Cursor = { bytes: body, at: 0 };
  let signatureName: string | undefined;
  let request: Omit<PredictRequest, 'signatureName'> | undefined;
  try {
    if (!take(cursor, 0x7b)) return undefined;
    do {
      const key = readText(cursor);
      if (!take(cursor, 0x3a)) return undefined;
      if (key === 'signature_name') {
        // After the data, it would say that these were read by another signature's types.
        if (signatureName !== undefined || request !== undefined) return undefined;
        signatureName = readText(cursor);
      } else if ((key === keys.rows || key === keys.columns) && request === undefined) {
        const rows = key === keys.rows;
        request = { rows, inputs: readData(cursor, find(signatureName ?? ''), rows) };
      } else return undefined;
    } while (take(cursor, 0x2c));
    return take(cursor, 0x7d) && request !== undefined ? { signatureName: signatureName ?? '', ...request } : undefined;
  } catch (error) {
    if (error instanceof NotThisWay || error instanceof StatusError || error instanceof JsonFault) return undefined;
    throw error;
  }
}
