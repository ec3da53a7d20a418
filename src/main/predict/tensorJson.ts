import { isUtf8 } from 'node:buffer';
import { smallFloat } from '../../shared/tensor/smallFloat.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { isStrings } from '../tfserving/tensorMessage.ts';

/** The shortest text that reads back to the same number; −0, NaN and the infinities in TensorFlow Serving's words. */
const floatText = (value: number): string => (Object.is(value, -0) ? '-0.0' : String(value));
/** Nine digits tell every float of 32 bits apart. */
const singleText = (value: number): string => (Number.isInteger(value) ? floatText(value) : String(Number(value.toPrecision(9))));

function bytesText(name: string, value: Uint8Array): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return name.endsWith('_bytes') || !isUtf8(bytes) ? `{"b64": "${bytes.toString('base64')}"}` : JSON.stringify(bytes.toString('utf8'));
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
  return dtype === 'DT_FLOAT' ? (index) => singleText(at(index)) : (index) => floatText(at(index));
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

/** A request body over REST in columns, which every signature can be asked in. */
export function columnarBody(signature: string, inputs: Readonly<Record<string, Tensor>>): Buffer {
  const pieces: Buffer[] = [Buffer.from(`{"signature_name": ${JSON.stringify(signature)}, "inputs": `)];
  let waiting: string[] = [];
  let length = 0;
  for (const piece of tensorsJson(inputs)) {
    waiting.push(piece);
    length += piece.length;
    if (length < 1_000_000) continue;
    pieces.push(Buffer.from(waiting.join('')));
    [waiting, length] = [[], 0];
  }
  pieces.push(Buffer.from(waiting.join('')), Buffer.from('}'));
  return Buffer.concat(pieces);
}
