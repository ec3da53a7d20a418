import type { Fill } from '../contract/processing.ts';
import { utf8Bytes } from './bytesText.ts';
import { dtypeLabel, type Dtype } from './dtype.ts';
import { wholeRanges } from './dtypeRanges.ts';
import { smallFloat } from './smallFloat.ts';
import type { Tensor } from './tensor.ts';
import { elementCount, newNumbers, putText, type NumberData } from './tensorData.ts';

/** A value is asked for that the type does not have, or a type that nothing fills. */
export class CannotFill extends Error {
  override readonly name = 'CannotFill';
}

/** mulberry32: 32 bits of state, the same numbers everywhere, in [0, 1). Source: Tommy Ettinger's public-domain generator. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Box and Muller's pairs, both used. */
function normal(rand: () => number): () => number {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - rand()));
    const angle = 2 * Math.PI * rand();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Writes doubles as the type has them: whole numbers rounded down and kept in range, halves as bits. */
function setter(dtype: Dtype, data: NumberData): (index: number, value: number) => void {
  const range = wholeRanges[dtype];
  if (dtype === 'DT_BOOL') return (index, value) => void (data[index] = value >= 0.5 ? 1 : 0);
  if (dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16') {
    const { bits } = smallFloat[dtype];
    return (index, value) => void (data[index] = bits(value));
  }
  if (dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128') return (index, value) => void (data[index * 2] = value);
  if (range === undefined) return (index, value) => void (data[index] = value);
  const [low, high] = [Number(range[0]), Number(range[1])];
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return (index, value) => {
      const whole = BigInt(Math.floor(Math.max(low, Math.min(high, value))));
      data[index] = whole > range[1] ? range[1] : whole;
    };
  return (index, value) => void (data[index] = Math.floor(value < low ? low : value > high ? high : value));
}

function texts(how: Fill, count: number): readonly Uint8Array[] {
  switch (how.kind) {
    case 'constant':
      return Array.from({ length: count }, () => utf8Bytes(how.value));
    case 'range':
      return Array.from({ length: count }, (_, index) => utf8Bytes(String(how.start + index * how.step)));
    case 'zeros':
    case 'ones':
      return Array.from({ length: count }, () => new Uint8Array());
    default: {
      const rand = mulberry32('seed' in how ? how.seed : 0);
      const word = (): string => Array.from({ length: 6 }, () => 'abcdefghijklmnopqrstuvwxyz'[Math.floor(rand() * 26)]).join('');
      return Array.from({ length: count }, () => utf8Bytes(word()));
    }
  }
}

/** A tensor of a type and shape, filled. Random numbers depend on the seed alone. Throws CannotFill. */
export function fillTensor(how: Fill, dtype: Dtype, shape: readonly number[]): Tensor {
  const count = elementCount(shape);
  if (dtype === 'DT_STRING') return { dtype, shape, data: texts(how, count) };
  const data = newNumbers(dtype, count);
  if (data === null) throw new CannotFill(`${dtypeLabel(dtype)} holds no values`);
  const put = setter(dtype, data);
  switch (how.kind) {
    case 'zeros':
      break;
    case 'ones':
      for (let index = 0; index < count; index += 1) put(index, 1);
      break;
    case 'constant':
      constant(how.value, dtype, data, count);
      break;
    case 'range':
      for (let index = 0; index < count; index += 1) put(index, how.start + index * how.step);
      break;
    case 'uniform': {
      const rand = mulberry32(how.seed);
      const width = how.high - how.low;
      for (let index = 0; index < count; index += 1) put(index, how.low + width * rand());
      break;
    }
    case 'normal': {
      const next = normal(mulberry32(how.seed));
      for (let index = 0; index < count; index += 1) put(index, how.mean + how.deviation * next());
      break;
    }
    case 'one-hot': {
      const depth = shape.at(-1) ?? 1;
      const rows = depth === 0 ? 0 : count / depth;
      for (let row = 0; row < rows; row += 1) put(row * depth + ((how.index + row) % depth), 1);
      break;
    }
  }
  return { dtype, shape, data };
}

/** One value, exactly, everywhere. */
function constant(text: string, dtype: Dtype, data: NumberData, count: number): void {
  const wanted = dtype === 'DT_BOOL' ? ({ true: '1', false: '0' }[text.trim()] ?? text.trim()) : text.trim();
  const range = wholeRanges[dtype];
  const fits =
    range === undefined
      ? /^-?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|Infinity|Inf|NaN)$/.test(wanted)
      : /^-?\d+$/.test(wanted) && BigInt(wanted) >= range[0] && BigInt(wanted) <= range[1];
  if (!fits || (dtype === 'DT_BOOL' && !/^[01]$/.test(wanted))) throw new CannotFill(`${text} is not ${dtypeLabel(dtype)}`);
  for (let index = 0; index < count; index += 1) putText(data, index, dtype, wanted);
}
