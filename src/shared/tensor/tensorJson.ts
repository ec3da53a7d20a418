import { base64Text, utf8Text } from './bytesText.ts';
import { smallFloat } from './smallFloat.ts';
import type { Tensor } from './tensor.ts';
import { isStrings } from './tensorData.ts';

/** The shortest text that reads back to the same number; whole ones with a point, and -0, NaN and the infinities in TensorFlow Serving's words. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}

/** The same of a float of 32 bits: six to nine digits tell them all apart. */
function singleText(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return floatText(value);
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return floatText(short);
  }
  return floatText(Number(value.toPrecision(9)));
}

function bytesText(name: string, value: Uint8Array): string {
  const text = name.endsWith('_bytes') ? null : utf8Text(value);
  return text === null ? `{"b64": "${base64Text(value)}"}` : JSON.stringify(text);
}

/** Writes one element in TensorFlow Serving's JSON; bytes that are no text, and all of a tensor called `…_bytes`, as `{"b64": …}`. */
export function elementText(name: string, { dtype, data }: Tensor): (index: number) => string {
  if (isStrings(data)) return (index) => bytesText(name, data[index] ?? new Uint8Array());
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return (index) => String(data[index] ?? 0n);
  const at = (index: number): number => data[index] ?? 0;
  if (dtype === 'DT_BOOL') return (index) => String(at(index) !== 0);
  if (dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16') return (index) => floatText(smallFloat[dtype].value(at(index)));
  if (dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128')
    return (index) => `{"real": ${floatText(at(index * 2))}, "imag": ${floatText(at(index * 2 + 1))}}`;
  if (dtype === 'DT_FLOAT') return (index) => singleText(at(index));
  return dtype === 'DT_DOUBLE' ? (index) => floatText(at(index)) : (index) => String(at(index));
}

/** A tensor as nested lists, in pieces: the whole may be longer than a string can be. */
export function* tensorJson(name: string, tensor: Tensor): Generator<string> {
  const text = elementText(name, tensor);
  const { shape } = tensor;
  const row = shape.at(-1) ?? 1;
  function* level(depth: number, from: number, count: number): Generator<string> {
    if (depth >= shape.length - 1) {
      const values: string[] = [];
      for (let index = from; index < from + row; index += 1) values.push(text(index));
      yield shape.length === 0 ? values.join('') : `[${values.join(', ')}]`;
      return;
    }
    yield '[';
    const [size, each] = [shape[depth] ?? 0, count / (shape[depth] ?? 1)];
    for (let index = 0; index < size; index += 1) {
      if (index > 0) yield ', ';
      yield* level(depth + 1, from + index * each, each);
    }
    yield ']';
  }
  yield* level(
    0,
    0,
    shape.reduce((product, size) => product * size, 1),
  );
}

/** Named tensors as an object, in pieces. */
export function* tensorsJson(tensors: Readonly<Record<string, Tensor>>): Generator<string> {
  yield '{';
  for (const [index, [name, tensor]] of Object.entries(tensors).entries()) {
    yield `${index === 0 ? '' : ', '}${JSON.stringify(name)}: `;
    yield* tensorJson(name, tensor);
  }
  yield '}';
}
