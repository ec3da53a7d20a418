import type { SignatureInfo, TensorInfo } from '../contract/savedModel.ts';
import { dtypeLabel, valueDtype, type Dtype } from './dtype.ts';
import { notOverRest, wholeRanges } from './dtypeRanges.ts';
import { base64Of, JsonSyntax, member, parseJson, type Json } from './json.ts';
import { castFix, shapeFix, type TensorFix } from './tensorFix.ts';

/**
 * Checks a request of TensorFlow Serving's REST API against a signature before it is sent. The server itself checks no shapes;
 * it fails where an op does, or answers something else.
 */

export interface Misfit {
  /** The input it is about; null for the request as a whole. */
  readonly input: string | null;
  /** Counted from 1, as people do; null where it is not about one dimension. */
  readonly dimension: number | null;
  readonly expected: string;
  readonly got: string;
  /** Where the text is no JSON: the character, counted from 0. */
  readonly at: number | null;
  /** The change that would make the whole input fit; null where nothing simple does. */
  readonly fix: TensorFix | null;
  readonly message: string;
}

export type RequestCheck =
  | { readonly kind: 'fits'; readonly form: 'row' | 'columnar' | 'examples' }
  | { readonly kind: 'no-json'; readonly misfits: readonly Misfit[] }
  | { readonly kind: 'misfit'; readonly misfits: readonly Misfit[] };

/** Why a scalar is not of a type; null where it is. */
function scalarMisfit(json: Json, dtype: Dtype): string | null {
  if (dtype === 'DT_STRING') return json.kind === 'string' || base64Of(json) !== undefined ? null : 'a string, or {"b64": "…"} for bytes';
  if (dtype === 'DT_BOOL') return json.kind === 'bool' ? null : 'true or false';
  if (json.kind !== 'number') return 'a number';
  const range = wholeRanges[dtype];
  if (range === undefined) return null;
  // The server refuses 1.0 and 1e3 for integers, and lets small types wrap around in silence.
  if (!/^-?\d+$/.test(json.text)) return 'a whole number without a point';
  const value = BigInt(json.text);
  return value < range[0] || value > range[1] ? `a number from ${range[0]} to ${range[1]}` : null;
}

const misfit = (input: string | null, message: string, more: Partial<Misfit> = {}): Misfit => ({
  input,
  message,
  dimension: null,
  expected: '',
  got: '',
  at: null,
  fix: null,
  ...more,
});

const shown = (json: Json): string => {
  switch (json.kind) {
    case 'number':
      return json.text;
    case 'string':
      return JSON.stringify(json.value.length > 20 ? `${json.value.slice(0, 20)}…` : json.value);
    case 'bool':
      return String(json.value);
    case 'list':
      return 'a list';
    default:
      return json.kind === 'null' ? 'null' : 'an object';
  }
};

const isList = (json: Json): json is Extract<Json, { kind: 'list' }> => json.kind === 'list';

/** The shape of nested lists by their first elements. */
function shapeOf(json: Json): number[] {
  const shape: number[] = [];
  let rest: Json | undefined = json;
  while (rest !== undefined && isList(rest)) {
    shape.push(rest.items.length);
    rest = rest.items[0];
  }
  return shape;
}

/** What keeps a value from being a tensor of this name, type and shape; with `rows`, the value is one row of so many. */
function tensorMisfit(input: string, json: Json, info: TensorInfo, rows?: number): Misfit | null {
  const offset = rows === undefined ? 0 : 1;
  const shape = shapeOf(json);
  const fix = (): TensorFix | null => shapeFix(rows === undefined ? shape : [rows, ...shape], info.shape);
  const wanted = info.shape?.slice(offset) ?? null;
  const dtype = valueDtype(info.dtype);
  if (wanted !== null && shape.length !== wanted.length && !(shape.includes(0) && shape.length < wanted.length)) {
    const full = `[${(info.shape ?? []).map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]`;
    return misfit(input, `${input} has ${shape.length + offset} dimensions; the model wants ${wanted.length + offset}, ${full}.`, {
      expected: String(wanted.length + offset),
      got: String(shape.length + offset),
      fix: fix(),
    });
  }
  for (const [index, size] of shape.entries()) {
    const want = wanted?.[index] ?? -1;
    if (want >= 0 && want !== size) {
      const dimension = index + 1 + offset;
      return misfit(input, `Dimension ${dimension} of ${input} is ${size}; the model wants ${want}.`, {
        dimension,
        expected: String(want),
        got: String(size),
        fix: fix(),
      });
    }
  }
  let found: Misfit | null = null;
  function walk(value: Json, level: number): void {
    if (found !== null) return;
    if (level < shape.length) {
      if (!isList(value) || value.items.length !== shape[level]) {
        const got = isList(value) ? String(value.items.length) : shown(value);
        const dimension = level + 1 + offset;
        found = misfit(input, `${input} is ragged: dimension ${dimension} is ${shape[level] ?? 0} in one place and ${got} in another.`, {
          dimension,
          expected: String(shape[level] ?? 0),
          got,
        });
        return;
      }
      for (const item of value.items) walk(item, level + 1);
      return;
    }
    const expected = scalarMisfit(value, dtype);
    if (expected !== null)
      found = misfit(input, `${input} is ${dtypeLabel(info.dtype)}: ${shown(value)} is not ${expected}.`, {
        expected,
        got: shown(value),
        fix: castFix(json, info),
      });
  }
  walk(json, 0);
  return found;
}

function columnarMisfits(body: Json, signature: SignatureInfo): readonly Misfit[] {
  const names = Object.keys(signature.inputs);
  const [only] = names;
  if (
    names.length === 1 &&
    only !== undefined &&
    (body.kind !== 'object' || base64Of(body) !== undefined || member(body, only) === undefined)
  ) {
    const info = signature.inputs[only];
    const told = info === undefined ? null : tensorMisfit(only, body, info);
    return told === null ? [] : [told];
  }
  if (body.kind !== 'object') return [misfit(null, `inputs must be an object with ${names.join(', ')}.`)];
  const found: Misfit[] = [];
  for (const [name, info] of Object.entries(signature.inputs)) {
    const value = member(body, name);
    const told = value === undefined ? misfit(name, `${name} is missing.`) : tensorMisfit(name, value, info);
    if (told !== null) found.push(told);
  }
  return found;
}

function rowMisfits(rows: Json, signature: SignatureInfo): readonly Misfit[] {
  const names = Object.keys(signature.inputs);
  if (!isList(rows)) return [misfit(null, 'instances must be a list of rows.')];
  if (rows.items.length === 0) return [misfit(null, 'instances is empty; the server wants at least one row.')];
  const found: Misfit[] = [];
  const seen = new Map<string, string>();
  for (const [index, row] of rows.items.entries()) {
    const [only] = names;
    const isPlain = names.length === 1 && only !== undefined && (row.kind !== 'object' || base64Of(row) !== undefined);
    if (!isPlain && row.kind !== 'object') return [misfit(null, `Row ${index + 1} must be an object with ${names.join(', ')}.`)];
    const unknown = row.kind === 'object' && !isPlain ? row.entries.find(([key]) => !names.includes(key))?.[0] : undefined;
    if (unknown !== undefined) found.push(misfit(unknown, `Row ${index + 1} names ${unknown}, which the signature does not have.`));
    for (const [name, info] of Object.entries(signature.inputs)) {
      const value = isPlain ? row : member(row, name);
      const told =
        value === undefined ? misfit(name, `Row ${index + 1} lacks ${name}.`) : tensorMisfit(name, value, info, rows.items.length);
      const shape = value === undefined ? '' : shapeOf(value).join(', ');
      const first = seen.get(name);
      if (told !== null) found.push(told);
      else if (first !== undefined && first !== shape) {
        found.push(
          misfit(name, `Row ${index + 1} of ${name} is [${shape}], the first row is [${first}]: all rows need one shape.`, {
            expected: first,
            got: shape,
          }),
        );
      }
      if (first === undefined) seen.set(name, shape);
    }
    if (found.length > 0) return found;
  }
  return found;
}

/** Whether a request's text fits a signature, and if not, which input and which dimension. Over gRPC every type can be carried. */
export function checkRequest(signature: SignatureInfo, text: string, over: 'rest' | 'grpc' = 'rest'): RequestCheck {
  try {
    return checkBody(signature, parseJson(text), over);
  } catch (error) {
    if (!(error instanceof JsonSyntax)) throw error;
    return { kind: 'no-json', misfits: [misfit(null, `This is no JSON: ${error.message}.`, { at: error.at })] };
  }
}

/** The same of a request that was parsed already. */
export function checkBody(signature: SignatureInfo, body: Json, over: 'rest' | 'grpc' = 'rest'): RequestCheck {
  const examples = member(body, 'examples');
  if (/classify$|regress$/.test(signature.method_name) && examples !== undefined) {
    return isList(examples) ? { kind: 'fits', form: 'examples' } : { kind: 'misfit', misfits: [misfit(null, 'examples must be a list.')] };
  }
  const [inputs, instances] = [member(body, 'inputs'), member(body, 'instances')];
  if ((inputs === undefined) === (instances === undefined)) {
    return { kind: 'misfit', misfits: [misfit(null, 'The request needs instances (rows) or inputs (columns), and only one of them.')] };
  }
  const barrier =
    over === 'grpc' ? undefined : Object.entries(signature.inputs).find(([, { dtype }]) => notOverRest.has(valueDtype(dtype)));
  if (barrier !== undefined)
    return {
      kind: 'misfit',
      misfits: [misfit(barrier[0], `${barrier[0]} is ${dtypeLabel(barrier[1].dtype)}, which JSON cannot carry; use gRPC.`)],
    };
  const misfits = inputs === undefined ? rowMisfits(instances ?? { kind: 'null' }, signature) : columnarMisfits(inputs, signature);
  return misfits.length > 0 ? { kind: 'misfit', misfits } : { kind: 'fits', form: inputs === undefined ? 'row' : 'columnar' };
}
