import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { valueDtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { debugText, typeName } from './jsonDebug.ts';
import { readPredictFast } from './predictRequestFast.ts';
import { JsonFault, JsonTape } from './jsonTape.ts';
import { StatusError, invalid, type StatusName } from './status.ts';
import { TensorFill, isNumericJson } from './tensorFill.ts';
import { tensorFlowName } from './tensorFlowName.ts';

/**
 * A predict request's body as tensors, by the signature's dtypes. Rules and error texts are those of TensorFlow Serving's REST API
 * (recorded from 2.20): shapes are the text's own, only dtypes and names are the signature's.
 */
export interface PredictRequest {
  readonly signatureName: string;
  /** `instances`, answered by `predictions`; else `inputs`, answered by `outputs`. */
  readonly rows: boolean;
  readonly inputs: Readonly<Record<string, Tensor>>;
}

/** A signature by its name; `''` is the default. Throws StatusError where there is none, or no such model. */
export type FindSignature = (name: string) => SignatureInfo;

/** The names that a body gives its rows or its columns. */
export interface BodyKeys {
  readonly rows: string;
  readonly columns: string;
}
const requestKeys: BodyKeys = { rows: 'instances', columns: 'inputs' };

const maxDims = 254;

/** The body's one value. Throws StatusError with the parser's words. */
export function readTape(body: Buffer): JsonTape {
  try {
    return new JsonTape(body);
  } catch (error) {
    if (error instanceof JsonFault) throw new StatusError('INVALID_ARGUMENT', error.message, { cause: error });
    throw error;
  }
}

export const formatError = (tape: JsonTape, entry: number, what: string): StatusError =>
  invalid(`JSON Value: ${debugText(tape, entry)} ${what}`);

/** The object's `signature_name`, or `''`. */
export function signatureNameOf(tape: JsonTape): string {
  if (!tape.isObject(0)) throw formatError(tape, 0, 'Is not object');
  const entry = tape.member(0, 'signature_name');
  if (entry === undefined) return '';
  if (tape.byte(entry) !== 0x22) throw formatError(tape, 0, "not formatted correctly. 'signature_name' key must be a string value.");
  return tape.string(entry).toString();
}

/** The entry of the text in `{"b64": "..."}`. */
export function base64Entry(tape: JsonTape, entry: number): number | undefined {
  if (!tape.isObject(entry) || tape.count(entry) !== 1) return undefined;
  const value = tape.member(entry, 'b64');
  return value !== undefined && tape.byte(value) === 0x22 ? value : undefined;
}

/** Standard base64, padded or not; anything else is refused. */
export function decodeBase64(text: Buffer): Uint8Array {
  const latin = text.toString('latin1');
  const padding = latin.endsWith('==') ? 2 : latin.endsWith('=') ? 1 : 0;
  const digits = latin.length - padding;
  if (
    !/^[A-Za-z0-9+/]*$/.test(padding === 0 ? latin : latin.slice(0, digits)) ||
    digits % 4 === 1 ||
    (padding > 0 && latin.length % 4 !== 0)
  )
    throw invalid('Unable to base64 decode');
  return Buffer.from(latin, 'base64');
}

const isElementObject = (tape: JsonTape, entry: number): boolean => tape.isObject(entry) && base64Entry(tape, entry) === undefined;

const integerLimits: Readonly<Record<string, readonly [bigint, bigint]>> = {
  DT_INT32: [-2_147_483_648n, 2_147_483_647n],
  DT_INT16: [-2_147_483_648n, 2_147_483_647n],
  DT_INT8: [-2_147_483_648n, 2_147_483_647n],
  DT_UINT8: [-2_147_483_648n, 2_147_483_647n],
  DT_UINT32: [0n, 4_294_967_295n],
  DT_INT64: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
  DT_UINT64: [0n, 18_446_744_073_709_551_615n],
};

/** One element. Small integers wrap within an int32, as TensorFlow Serving's do. */
function addValue(tape: JsonTape, entry: number, fill: TensorFill): void {
  const { dtype } = fill;
  const typeError = (): StatusError =>
    invalid(`JSON Value: ${debugText(tape, entry)} Type: ${typeName(tape, entry)} is not of expected type: ${tensorFlowName(dtype)}`);
  if (dtype === 'DT_STRING') {
    const encoded = base64Entry(tape, entry);
    if (encoded !== undefined) fill.strings.push(decodeBase64(tape.string(encoded)));
    else if (tape.byte(entry) === 0x22) fill.strings.push(Uint8Array.from(tape.string(entry)));
    else throw typeError();
    return;
  }
  if (!isNumericJson(dtype))
    throw new StatusError('UNIMPLEMENTED', `Conversion of JSON Value: ${debugText(tape, entry)} to type: ${tensorFlowName(dtype)}`);
  if (fill.length === fill.values.length) fill.grow(fill.length * 2);
  const type = typeName(tape, entry);
  if (dtype === 'DT_BOOL') {
    if (type !== 'True' && type !== 'False') throw typeError();
    fill.values[fill.length] = type === 'True' ? 1 : 0;
  } else {
    if (type !== 'Number') throw typeError();
    const text = tape.text(entry);
    const limits = integerLimits[dtype];
    if (limits === undefined) fill.values[fill.length] = Number(text.replace(/Inf$/, 'Infinity'));
    else {
      if (!/^-?\d+$/.test(text)) throw typeError();
      const value = BigInt(text);
      if (value < limits[0] || value > limits[1]) throw typeError();
      fill.values[fill.length] = dtype === 'DT_INT64' || dtype === 'DT_UINT64' ? value : Number(value);
    }
  }
  fill.length += 1;
}

/** The shape that a value's first elements tell. */
function shapeOf(tape: JsonTape, entry: number): number[] {
  const shape: number[] = [];
  for (let at = entry; tape.isList(at); at = tape.inside(at)) {
    const size = tape.count(at);
    shape.push(size);
    if (size === 0) break;
  }
  return shape;
}

/** Adds the elements of a value of this shape; answers how many. */
function addValues(tape: JsonTape, entry: number, level: number, shape: readonly number[], fill: TensorFill): number {
  if (!tape.isList(entry)) {
    if (level !== shape.length)
      throw invalid(
        `JSON Value: ${debugText(tape, entry)} found at incorrect level: ${level + 1} in the JSON DOM. Expected at level: ${shape.length}`,
      );
    addValue(tape, entry, fill);
    return 1;
  }
  const expected = shape[level];
  if (expected === undefined) throw invalid(`Encountered list at unexpected level: ${level} expected < ${shape.length}`);
  const size = tape.count(entry);
  if (size !== expected) throw invalid(`Encountered list at unexpected size: ${size} at level: ${level} expected size: ${expected}`);
  let count = 0;
  for (const item of tape.items(entry)) count += addValues(tape, item, level + 1, shape, fill);
  return count;
}

interface Input {
  readonly fill: TensorFill;
  /** Of one row; undefined before the first. */
  shape: readonly number[] | undefined;
  size: number;
}

function addRow(tape: JsonTape, entry: number, name: string, inputs: ReadonlyMap<string, Input>): void {
  const input = inputs.get(name);
  if (input === undefined) throw invalid(`JSON object: does not have named input: ${name}`);
  const shape = shapeOf(tape, entry);
  const size = addValues(tape, entry, 0, shape, input.fill);
  if (input.shape === undefined) {
    input.shape = shape;
    input.size = size;
  } else if (input.size !== size) throw invalid(`Expecting tensor size: ${input.size} but got: ${size}`);
  else if (String(input.shape) !== String(shape)) throw invalid(`Expecting shape [${input.shape.join(',')}] but got: [${shape.join(',')}]`);
}

const statusText = (error: unknown): string =>
  error instanceof StatusError ? `${error.status satisfies StatusName}: ${error.message}` : String(error);

function readRows(tape: JsonTape, list: number, signature: SignatureInfo): Record<string, Tensor> {
  if (!tape.isList(list)) throw formatError(tape, 0, "Expecting 'instances' to be an list/array");
  if (tape.count(list) === 0) throw formatError(tape, 0, "No values in 'instances' array");
  const names = Object.keys(signature.inputs).toSorted();
  const inputs = new Map<string, Input>(
    Object.entries(signature.inputs).map(([name, { dtype }]) => [
      name,
      { fill: new TensorFill(valueDtype(dtype), tape.count(list)), shape: undefined, size: 0 },
    ]),
  );
  const objects = isElementObject(tape, tape.inside(list));
  if (!objects && names.length > 1)
    throw invalid('instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map');
  let row = 0;
  for (const item of tape.items(list)) {
    if (isElementObject(tape, item) !== objects)
      throw invalid(
        objects
          ? `Expecting object but got list at item ${row} of input list`
          : `Expecting value/list but got object at item ${row} of input list`,
      );
    if (objects) {
      const given = new Set<string>();
      for (const [name, value] of tape.members(item)) {
        given.add(name);
        try {
          addRow(tape, value, name, inputs);
        } catch (error) {
          throw invalid(`Failed to process element: ${row} key: ${name} of 'instances' list. Error: ${statusText(error)}`);
        }
      }
      if (given.size !== names.length)
        throw invalid(
          `Failed to process element: ${row} of 'instances' list. JSON object: ${debugText(tape, item)} keys must be equal to: ${names.join(',')}`,
        );
    } else {
      try {
        addRow(tape, item, names[0] ?? '', inputs);
      } catch (error) {
        throw invalid(`Failed to process element: ${row} of 'instances' list. Error: ${statusText(error)}`);
      }
    }
    row += 1;
  }
  return Object.fromEntries(
    Array.from(inputs, ([name, { fill, shape, size }]) => {
      // A name given twice in a row would leave more elements than the shape has.
      if (Math.max(fill.length, fill.strings.length) !== row * size) throw invalid(`tensor parsing error: ${name}`);
      return [name, fill.tensor([row, ...(shape ?? [])])];
    }),
  );
}

function readColumns(tape: JsonTape, entry: number, signature: SignatureInfo): Record<string, Tensor> {
  const names = Object.keys(signature.inputs).toSorted();
  const read = (name: string, at: number): Tensor => {
    const shape = shapeOf(tape, at);
    const dtype = signature.inputs[name]?.dtype ?? 'DT_INVALID';
    const fill = new TensorFill(valueDtype(dtype), shape.reduce((all, size) => all * size, 1) > 1e6 ? 1024 : 16);
    addValues(tape, at, 0, shape, fill);
    return fill.tensor(shape);
  };
  if (isElementObject(tape, entry))
    return Object.fromEntries(
      names.map((name) => {
        const at = tape.member(entry, name);
        if (at === undefined) throw invalid(`Missing named input: ${name} in 'inputs' object.`);
        return [name, read(name, at)];
      }),
    );
  const [only] = names;
  if (only === undefined || names.length > 1)
    throw invalid('inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map');
  return { [only]: read(only, entry) };
}

/** Reads a predict request's body. Throws StatusError in the order and with the words of TensorFlow Serving. */
export function readPredictRequest(body: Buffer, find: FindSignature): PredictRequest {
  return readBody(body, find, requestKeys);
}

/**
 * Reads a predict answer's body: the outputs in the signature's types, exactly, or null where it is no such answer. An output that is
 * empty says only its outer dimensions.
 */
export function readPredictAnswer(body: Buffer, { method_name, outputs }: SignatureInfo): Readonly<Record<string, Tensor>> | null {
  try {
    return readBody(body, () => ({ method_name, inputs: outputs, outputs: {} }), { rows: 'predictions', columns: 'outputs' }).inputs;
  } catch (error) {
    if (error instanceof StatusError) return null;
    throw error;
  }
}

function readBody(body: Buffer, find: FindSignature, keys: BodyKeys): PredictRequest {
  const request = readPredictFast(body, find, keys) ?? readPredictSlow(body, find, keys);
  for (const [name, { shape }] of Object.entries(request.inputs))
    if (shape.length > maxDims) throw invalid(`tensor parsing error: ${name}`);
  return request;
}

function readPredictSlow(body: Buffer, find: FindSignature, keys: BodyKeys): PredictRequest {
  const tape = readTape(body);
  const signatureName = signatureNameOf(tape);
  const signature = find(signatureName);
  if (Object.keys(signature.inputs).length === 0)
    throw invalid(`Failed to get input map for signature: ${signatureName === '' ? 'DEFAULT' : signatureName}`);
  const instances = tape.member(0, keys.rows);
  const inputs = tape.member(0, keys.columns);
  if (instances !== undefined && inputs !== undefined)
    throw formatError(tape, 0, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ");
  if (instances !== undefined) return { signatureName, rows: true, inputs: readRows(tape, instances, signature) };
  if (inputs !== undefined) return { signatureName, rows: false, inputs: readColumns(tape, inputs, signature) };
  throw invalid("Missing 'inputs' or 'instances' key");
}
