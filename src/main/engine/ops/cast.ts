import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { decodeFloat16, encodeFloat16, isFloat16 } from '../float16.ts';
import type { OpFamily } from '../kernel.ts';
import { allocate, bigints, isComplex, isFloating, isWide, numbers, reshaped, tensorOf, invalid, typeText } from '../value.ts';
import { dtypeEnum, dtypeSizeBytes } from '../../../shared/tensor/dtype.ts';
import { dataFromBytes } from '../constant.ts';
import { broadcastShape } from './broadcast.ts';
import { joined } from './complex.ts';
import { unsupportedType } from './elementwise.ts';
import { broadcastTo } from './shape.ts';
import { StatusError } from '../../tfserving/status.ts';

/** What x86-64 makes of a float that no integer of 32 or 64 bits holds. */
const outOfRange32 = -(2 ** 31);
const outOfRange64 = -(2n ** 63n);

function toInteger32(x: number): number {
  const whole = Math.trunc(x);
  return whole >= -(2 ** 31) && whole < 2 ** 31 ? whole : outOfRange32;
}
function toBigint(x: number): bigint {
  return x >= -(2 ** 63) && x < 2 ** 63 ? BigInt(Math.trunc(x)) : outOfRange64;
}
function toUnsignedBigint(x: number): bigint {
  if (x >= 0 && x < 2 ** 64) return BigInt(Math.trunc(x));
  return BigInt.asUintN(64, toBigint(x));
}

/** Converts as static_cast does: towards zero, wrapping between integers; bool is `!= 0`. */
export function cast(given: Tensor, dtype: Dtype): Tensor {
  if (given.dtype === dtype) return given;
  if (given.dtype === 'DT_STRING' || dtype === 'DT_STRING')
    throw new StatusError('UNIMPLEMENTED', `Cast ${typeText(given.dtype)} to ${typeText(dtype)} is not supported`);
  const x = isFloat16(given.dtype)
    ? { ...given, dtype: 'DT_FLOAT' as const, data: decodeFloat16(given.dtype, given.data as Uint16Array) }
    : given;
  if (isFloat16(dtype)) {
    const floats = cast(x, 'DT_FLOAT').data as Float32Array;
    return { dtype, shape: given.shape, data: encodeFloat16(dtype, floats) };
  }
  if (isComplex(x.dtype) && !isComplex(dtype)) return cast(part(x, 0), dtype);
  const into = allocate(dtype, x.shape);
  if (isComplex(dtype)) {
    const [from, to] = [numbers(x), numbers(into)];
    const [step, stride] = [isComplex(x.dtype) ? 2 : 1, isComplex(dtype) ? 2 : 1];
    const source = isWide(x.dtype) ? numbers(cast(x, 'DT_DOUBLE')) : from;
    for (let i = 0; i * stride < to.length; i += 1) {
      to[i * stride] = source[i * step]!;
      if (step === 2 && stride === 2) to[i * 2 + 1] = from[i * 2 + 1]!;
    }
    return into;
  }
  const size = into.data.length;
  if (isWide(x.dtype)) {
    const from = bigints(x);
    if (isWide(dtype)) for (let i = 0, to = bigints(into); i < size; i += 1) to[i] = from[i]!;
    else if (dtype === 'DT_BOOL') for (let i = 0, to = numbers(into); i < size; i += 1) to[i] = from[i] === 0n ? 0 : 1;
    else if (isFloating(dtype)) for (let i = 0, to = numbers(into); i < size; i += 1) to[i] = Number(from[i]);
    else for (let i = 0, to = numbers(into); i < size; i += 1) to[i] = Number(BigInt.asIntN(32, from[i]!));
    return into;
  }
  const from = numbers(x);
  const floating = isFloating(x.dtype);
  if (isWide(dtype)) {
    const convert = !floating ? BigInt : dtype === 'DT_UINT64' ? toUnsignedBigint : toBigint;
    for (let i = 0, to = bigints(into); i < size; i += 1) to[i] = convert(from[i]!);
  } else {
    const to = numbers(into);
    if (dtype === 'DT_BOOL') for (let i = 0; i < size; i += 1) to[i] = from[i] === 0 ? 0 : 1;
    else if (floating && !isFloating(dtype)) {
      const convert = dtype === 'DT_UINT32' ? (value: number) => Number(BigInt.asUintN(32, toBigint(value))) : toInteger32;
      for (let i = 0; i < size; i += 1) to[i] = convert(from[i]!);
    } else for (let i = 0; i < size; i += 1) to[i] = from[i]!;
  }
  return into;
}

/** The same bytes as another type; sizes that differ add or take a last axis. */
function bitcast(x: Tensor, dtype: Dtype): Tensor {
  const [fromBytes, toBytes] = [dtypeSizeBytes(x.dtype), dtypeSizeBytes(dtype)];
  if (fromBytes === 0 || toBytes === 0) throw unsupportedType(x.dtype);
  const data = x.data as Float32Array;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let shape = x.shape;
  if (fromBytes > toBytes) shape = [...shape, fromBytes / toBytes];
  else if (fromBytes < toBytes) {
    if (shape.at(-1) !== toBytes / fromBytes) throw invalid(`Cannot bitcast from ${dtypeEnum(x.dtype)} to ${dtypeEnum(dtype)}`);
    shape = shape.slice(0, -1);
  }
  return { dtype, shape, data: dataFromBytes(dtype, bytes, bytes.length / toBytes) };
}

export const castOps: OpFamily = {
  Cast: ({ attributes }) => {
    const dtype = attributes.type('DstT');
    return (inputs) => cast(tensorOf(inputs[0]), dtype);
  },
  Bitcast: ({ attributes }) => {
    const dtype = attributes.type('type');
    return (inputs) => bitcast(tensorOf(inputs[0]), dtype);
  },
  Real: () => (inputs) => part(tensorOf(inputs[0]), 0),
  Imag: () => (inputs) => part(tensorOf(inputs[0]), 1),
  ComplexAbs: () => (inputs) => combined(tensorOf(inputs[0]), absolute),
  Angle: () => (inputs) => combined(tensorOf(inputs[0]), (re, im) => Math.atan2(im, re)),
  Complex: () => (inputs) => {
    const [re, im] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    const shape = broadcastShape(re.shape, im.shape);
    return joined(broadcastTo(re, shape), broadcastTo(im, shape));
  },
  Conj: () => (inputs) => {
    const x = tensorOf(inputs[0]);
    const into = allocate(x.dtype, x.shape);
    const [to, from] = [numbers(into), numbers(x)];
    for (let i = 0; i < to.length; i += 1) to[i] = i % 2 === 1 ? -from[i]! : from[i]!;
    return into;
  },
};

/** The root of the squares, which floats do not leave; hypot, which is slow, where they would. */
function absolute(re: number, im: number): number {
  const squares = re * re + im * im;
  return squares > 1e-280 && squares < 1e300 ? Math.sqrt(squares) : Math.hypot(re, im);
}

function combined(x: Tensor, f: (re: number, im: number) => number): Tensor {
  if (!isComplex(x.dtype)) throw unsupportedType(x.dtype);
  const into = allocate(x.dtype === 'DT_COMPLEX128' ? 'DT_DOUBLE' : 'DT_FLOAT', x.shape);
  const [to, from] = [numbers(into), numbers(x)];
  for (let i = 0; i < to.length; i += 1) to[i] = f(from[i * 2]!, from[i * 2 + 1]!);
  return into;
}

function part(x: Tensor, which: 0 | 1): Tensor {
  return isComplex(x.dtype) ? combined(x, (re, im) => (which === 0 ? re : im)) : reshaped(x, x.shape);
}
