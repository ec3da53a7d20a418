import type { SignatureInfo, TensorInfo } from '../contract/savedModel.ts';
import type { TensorStep } from '../contract/processing.ts';
import { valueDtype, type Dtype } from './dtype.ts';
import { member, type Json } from './json.ts';
import { inputValues, writeJson } from './jsonInputs.ts';
import { filledShape, transposedPlaces } from './tensorSteps.ts';

/** What can be offered for a tensor that does not fit; `applyStep` does it to a tensor, `fixBody` to a request that was typed. */
export type TensorFix = Extract<TensorStep, { readonly kind: 'add-batch' | 'drop-batch' | 'transpose' | 'cast' | 'reshape' }>;

const fits = (shape: readonly number[], wanted: readonly number[]): boolean =>
  shape.length === wanted.length && shape.every((size, axis) => (wanted[axis] ?? -1) < 0 || wanted[axis] === size);

/** All orders of axes, those that keep more of the first axes in place first. */
function* orders(rest: readonly number[]): Generator<readonly number[]> {
  if (rest.length === 0) yield [];
  for (const axis of rest) for (const tail of orders(rest.filter((other) => other !== axis))) yield [axis, ...tail];
}

function transposition(shape: readonly number[], wanted: readonly number[]): TensorFix | null {
  if (shape.length !== wanted.length || shape.length < 2 || shape.length > 6) return null;
  for (const order of orders(shape.map((_, axis) => axis))) {
    if (
      fits(
        order.map((axis) => shape[axis] ?? 0),
        wanted,
      )
    )
      return { kind: 'transpose', order: [...order] };
  }
  return null;
}

function reshaping(shape: readonly number[], wanted: readonly number[]): TensorFix | null {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count === 0) return null;
  // The batch stays what it is where that is possible.
  for (const batch of new Set([shape[0] ?? 1, -1])) {
    const target = wanted.map((size, axis) => (axis === 0 && size < 0 ? batch : size));
    try {
      const filled = filledShape(target, count);
      if (filled.every((size) => size > 0)) return { kind: 'reshape', shape: [...filled] };
    } catch {
      // These sizes do not come out even.
    }
  }
  return null;
}

/** The one change that makes a shape fit; null where it fits already or nothing simple does. */
export function shapeFix(shape: readonly number[], wanted: readonly number[] | null): TensorFix | null {
  if (wanted === null || fits(shape, wanted)) return null;
  if (fits([1, ...shape], wanted)) return { kind: 'add-batch' };
  if (shape[0] === 1 && fits(shape.slice(1), wanted)) return { kind: 'drop-batch' };
  return transposition(shape, wanted) ?? reshaping(shape, wanted);
}

function scalars(json: Json): Generator<Json> {
  return (function* walk(value: Json): Generator<Json> {
    if (value.kind === 'list') for (const item of value.items) yield* walk(item);
    else yield value;
  })(json);
}

/** A scalar written as another type has it; null where it would not be the same value. */
function castScalar(json: Json, dtype: Dtype): Json | null {
  const text =
    json.kind === 'number' ? json.text : json.kind === 'string' ? json.value.trim() : json.kind === 'bool' ? String(json.value) : null;
  if (text === null) return null;
  if (dtype === 'DT_STRING') return { kind: 'string', value: text };
  if (dtype === 'DT_BOOL')
    return /^(?:true|1|1\.0+)$/.test(text)
      ? { kind: 'bool', value: true }
      : /^(?:false|0|0\.0+)$/.test(text)
        ? { kind: 'bool', value: false }
        : null;
  const number = text === 'true' ? '1' : text === 'false' ? '0' : text;
  const isFloat = dtype === 'DT_FLOAT' || dtype === 'DT_DOUBLE' || dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16';
  if (isFloat) return /^-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity|Inf)$|^NaN$/.test(number) ? { kind: 'number', text: number } : null;
  const whole = /^(-?\d+)(?:\.0*)?$/.exec(number)?.[1];
  if (whole !== undefined) return { kind: 'number', text: whole };
  const value = Number(number);
  return Number.isSafeInteger(value) ? { kind: 'number', text: String(value) } : null;
}

/** A cast that keeps every value, where one is possible. */
export function castFix(json: Json, { dtype }: TensorInfo): TensorFix | null {
  const wanted = valueDtype(dtype);
  for (const scalar of scalars(json)) if (castScalar(scalar, wanted) === null) return null;
  return { kind: 'cast', dtype: wanted };
}

function nested(items: readonly Json[], shape: readonly number[]): Json {
  const [first] = shape;
  if (first === undefined) return items[0] ?? { kind: 'null' };
  const each = items.length / Math.max(1, first);
  return {
    kind: 'list',
    items: Array.from({ length: first }, (_, index) => nested(items.slice(index * each, (index + 1) * each), shape.slice(1))),
  };
}

function shapeOf(json: Json): readonly number[] {
  const shape: number[] = [];
  for (let rest: Json | undefined = json; rest?.kind === 'list'; rest = rest.items[0]) shape.push(rest.items.length);
  return shape;
}

/** The same change to nested lists; numbers stay as they were typed. */
function fixJson(json: Json, fix: TensorFix): Json {
  switch (fix.kind) {
    case 'add-batch':
      return { kind: 'list', items: [json] };
    case 'drop-batch':
      return json.kind === 'list' ? (json.items[0] ?? json) : json;
    case 'reshape':
      return nested([...scalars(json)], fix.shape);
    case 'transpose': {
      const shape = shapeOf(json);
      const items = [...scalars(json)];
      const places = transposedPlaces(shape, fix.order);
      return nested(
        Array.from(places, (place) => items[place] ?? { kind: 'null' }),
        fix.order.map((axis) => shape[axis] ?? 0),
      );
    }
    case 'cast': {
      const cast = (value: Json): Json =>
        value.kind === 'list' ? { kind: 'list', items: value.items.map(cast) } : (castScalar(value, fix.dtype) ?? value);
      return cast(json);
    }
  }
}

/** A typed request with one of its inputs changed, in columns where its rows are not equally many any more. JsonSyntax where it is no JSON. */
export function fixBody(signature: SignatureInfo, body: Json, input: string, fix: TensorFix): string {
  const values = inputValues(signature, body).map(([name, value]) => [name, name === input ? fixJson(value, fix) : value] as const);
  const wasRows = member(body, 'instances') !== undefined;
  return writeJson(body, values, wasRows);
}
