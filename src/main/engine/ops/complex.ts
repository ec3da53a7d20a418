import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { StatusError } from '../../tfserving/status.ts';
import type { Kernel, MakeKernel, OpFamily } from '../kernel.ts';
import { numbers, allocate, isComplex, isHandle, type Cells, type Value } from '../value.ts';
import { broadcastShape, broadcastStrides, placesOf } from './broadcast.ts';

export type Complex = readonly [re: number, im: number];

const plus = ([a, b]: Complex, [c, d]: Complex): Complex => [a + c, b + d];
const minus = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d];
export const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const scaled = ([a, b]: Complex, by: number): Complex => [a * by, b * by];
function over([a, b]: Complex, [c, d]: Complex): Complex {
  const size = c * c + d * d;
  return [(a * c + b * d) / size, (b * c - a * d) / size];
}
export const one: Complex = [1, 0];
const isZero = ([a, b]: Complex): boolean => a === 0 && b === 0;
const exp = ([a, b]: Complex): Complex => [Math.exp(a) * Math.cos(b), Math.exp(a) * Math.sin(b)];
const log = ([a, b]: Complex): Complex => [Math.log(Math.hypot(a, b)), Math.atan2(b, a)];
function sqrt([a, b]: Complex): Complex {
  const size = Math.hypot(a, b);
  const root = Math.sqrt((size + Math.abs(a)) / 2);
  if (root === 0) return [0, b];
  const other = Math.abs(b) / (2 * root);
  const sign = b < 0 || Object.is(b, -0) ? -1 : 1;
  return a >= 0 ? [root, sign * other] : [other, sign * root];
}
const sinh = ([a, b]: Complex): Complex => [Math.sinh(a) * Math.cos(b), Math.cosh(a) * Math.sin(b)];
const cosh = ([a, b]: Complex): Complex => [Math.cosh(a) * Math.cos(b), Math.sinh(a) * Math.sin(b)];
function tanh([a, b]: Complex): Complex {
  const scale = Math.sinh(a) ** 2 + Math.cos(b) ** 2;
  if (scale === Infinity) return [Math.sign(a), 4 * Math.sin(b) * Math.cos(b) * Math.exp(-2 * Math.abs(a))];
  return [(Math.sinh(a) * Math.cosh(a)) / scale, (Math.sin(b) * Math.cos(b)) / scale];
}
/** Times i, and divided by it, with the signs of zeros. */
const turnedLeft = ([a, b]: Complex): Complex => [-b, a];
const turnedRight = ([a, b]: Complex): Complex => [b, -a];
/** A function of `iz`, as the circular functions are of the hyperbolic ones. */
const turned =
  (f: (z: Complex) => Complex): ((z: Complex) => Complex) =>
  (z) =>
    turnedRight(f(turnedLeft(z)));
const withSign = (size: number, sign: number): number => (sign < 0 || Object.is(sign, -0) ? -Math.abs(size) : Math.abs(size));
/** A function that keeps the quadrant, from its values in the first one. */
const byQuadrant =
  (f: (z: Complex) => Complex): ((z: Complex) => Complex) =>
  ([a, b]) => {
    const [re, im] = f([Math.abs(a), Math.abs(b)]);
    return [withSign(re, a), withSign(im, b)];
  };
const asinh = byQuadrant((z) => log(plus(z, sqrt(plus(times(z, z), one)))));
const acosh = (z: Complex): Complex => log(plus(z, times(sqrt(plus(z, one)), sqrt(minus(z, one)))));
const atanh = byQuadrant(([a, b]) => [
  Math.log1p((4 * a) / ((1 - a) * (1 - a) + b * b)) / 4,
  Math.atan2(2 * b, (1 - a) * (1 + a) - b * b) / 2,
]);
const asin = turned(asinh);
const acos = (z: Complex): Complex => {
  const [re, im] = asin(z);
  return [Math.PI / 2 - re, -im];
};
function rsqrt([a, b]: Complex): Complex {
  const size = Math.hypot(a, b);
  if (size === 0) return [Infinity, NaN];
  if (size === Infinity) return [0, 0];
  const root = Math.sqrt((Math.abs(a) + size) / 2);
  return a >= 0 ? [root / size, -b / (2 * root * size)] : [Math.abs(b) / (2 * root * size), b < 0 ? root / size : -root / size];
}
function log1p(z: Complex): Complex {
  const more = plus(one, z);
  return isZero(more) ? [-Infinity, NaN] : log(more);
}

/** Rounds what a function of complex64 keeps between its steps, where TensorFlow's terms cancel. */
type Round = (x: number) => number;
const rounded = ([a, b]: Complex, round: Round): Complex => [round(a), round(b)];
const logByParts = ([a, b]: Complex, round: Round): Complex => rounded([Math.log(round(Math.hypot(a, b))), Math.atan2(b, a)], round);
const power = (a: Complex, b: Complex, round: Round): Complex => (isZero(b) ? one : exp(rounded(times(b, logByParts(a, round)), round)));

const binaries: Readonly<Record<string, (a: Complex, b: Complex, round: Round) => Complex>> = {
  Add: plus,
  AddV2: plus,
  Sub: minus,
  Mul: times,
  MulNoNan: (a, b) => (isZero(b) ? [0, 0] : times(a, b)),
  Div: over,
  RealDiv: over,
  DivNoNan: (a, b) => (isZero(b) ? [0, 0] : over(a, b)),
  Xdivy: (a, b) => (isZero(a) ? [0, 0] : over(a, b)),
  Xlogy: (a, b) => (isZero(a) ? [0, 0] : times(a, log(b))),
  Xlog1py: (a, b, round) => (isZero(a) ? [0, 0] : times(a, logByParts(plus(one, b), round))),
  Pow: power,
  SquaredDifference: ([a, b], [c, d]) => [(a - c) ** 2 + (b - d) ** 2, 0],
};
const tests: Readonly<Record<string, (a: Complex, b: Complex) => boolean>> = {
  Equal: ([a, b], [c, d]) => a === c && b === d,
  NotEqual: ([a, b], [c, d]) => a !== c || b !== d,
};
const unaries: Readonly<Record<string, (a: Complex) => Complex>> = {
  Neg: ([a, b]) => [-a, -b],
  Square: (z) => times(z, z),
  Sign: (z) => (isZero(z) ? [0, 0] : scaled(z, 1 / Math.hypot(...z))),
  Reciprocal: (z) => over(one, z),
  Inv: (z) => over(one, z),
  Sqrt: sqrt,
  Rsqrt: rsqrt,
  Exp: exp,
  Expm1: (z) => minus(exp(z), one),
  Log: log,
  Log1p: log1p,
  Sin: turned(sinh),
  Cos: (z) => cosh(turnedLeft(z)),
  Tan: turned(tanh),
  Asin: asin,
  Acos: acos,
  Atan: turned(atanh),
  Sinh: sinh,
  Cosh: cosh,
  Tanh: tanh,
  Asinh: asinh,
  Acosh: acosh,
  Atanh: atanh,
  Sigmoid: (z) => over(one, plus(one, exp(scaled(z, -1)))),
};

const at = (values: Cells<number>, index: number): Complex => [values[index * 2]!, values[index * 2 + 1]!];

/** Complex cells one by one, and back. */
export const pairsOf = (x: Tensor): Complex[] => Array.from({ length: x.data.length / 2 }, (_, index) => at(numbers(x), index));
export function ofPairs(dtype: Tensor['dtype'], shape: readonly number[], pairs: readonly Complex[]): Tensor {
  const into = allocate(dtype, shape);
  const to = numbers(into);
  for (const [index, [re, im]] of pairs.entries()) [to[index * 2], to[index * 2 + 1]] = [re, im];
  return into;
}

/** A binary op of complex numbers, which lie as pairs. */
export function complexBinary(op: string, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShape(a.shape, b.shape);
  const [ax, bx] = [placesOf(shape, broadcastStrides(a.shape, shape)), placesOf(shape, broadcastStrides(b.shape, shape))];
  const [x, y] = [numbers(a), numbers(b)];
  const compare = tests[op];
  if (compare !== undefined)
    return { dtype: 'DT_BOOL', shape, data: Uint8Array.from(ax, (place, i) => (compare(at(x, place), at(y, bx[i]!)) ? 1 : 0)) };
  const f = binaries[op];
  if (f === undefined) throw new StatusError('UNIMPLEMENTED', `${op} of complex numbers is not supported`);
  const into = allocate(a.dtype, shape);
  const to = numbers(into);
  const round: Round = a.dtype === 'DT_COMPLEX64' ? Math.fround : (x) => x;
  for (let i = 0; i < ax.length; i += 1) [to[i * 2], to[i * 2 + 1]] = f(at(x, ax[i]!), at(y, bx[i]!), round) as [number, number];
  return into;
}

/** The real (0) or imaginary (1) parts; what is not complex is itself. */
function partOf(value: Value, which: 0 | 1): Value {
  if (isHandle(value) || !isComplex(value.dtype)) return value;
  const into = allocate(value.dtype === 'DT_COMPLEX128' ? 'DT_DOUBLE' : 'DT_FLOAT', value.shape);
  const [from, to] = [numbers(value), numbers(into)];
  for (let i = 0; i < to.length; i += 1) to[i] = from[i * 2 + which]!;
  return into;
}

/** Real and imaginary parts as one complex tensor. */
export function joined(re: Value, im: Value): Value {
  if (isHandle(re) || isHandle(im) || (re.dtype !== 'DT_FLOAT' && re.dtype !== 'DT_DOUBLE')) return re;
  const into = allocate(re.dtype === 'DT_DOUBLE' ? 'DT_COMPLEX128' : 'DT_COMPLEX64', re.shape);
  const [a, b, to] = [numbers(re), numbers(im), numbers(into)];
  for (let i = 0; i < a.length; i += 1) [to[i * 2], to[i * 2 + 1]] = [a[i]!, b[i]!];
  return into;
}

const hasComplex = (inputs: readonly Value[]): boolean => inputs.some((input) => isComplex(input.dtype));

/** Kernels that only move, choose or add elements: of complex tensors they run on the real and the imaginary parts by themselves. */
export const byParts = (family: OpFamily): OpFamily =>
  mapped(family, (kernel) => async (inputs, run) => {
    const [re, im] = [
      await kernel(
        inputs.map((input) => partOf(input, 0)),
        run,
      ),
      await kernel(
        inputs.map((input) => partOf(input, 1)),
        run,
      ),
    ];
    return Array.isArray(re) ? re.map((one: Value, at) => joined(one, (im as readonly Value[])[at]!)) : joined(re as Value, im as Value);
  });

/** Kernels that multiply two tensors and sum: (a + bi)(c + di) by four real products. */
export const byProducts = (family: OpFamily): OpFamily =>
  mapped(family, (kernel) => async (inputs, run) => {
    const complex = inputs.flatMap((input, at) => (isComplex(input.dtype) ? [at] : []));
    const product = async (first: 0 | 1, second: 0 | 1): Promise<Tensor> =>
      (await kernel(
        inputs.map((input, at) => partOf(input, at === complex[0] ? first : second)),
        run,
      )) as Tensor;
    if (complex.length === 1) return joined(await product(0, 0), await product(1, 0));
    const [ac, bd, ad, bc] = [await product(0, 0), await product(1, 1), await product(0, 1), await product(1, 0)];
    const combine = (x: Tensor, y: Tensor, sign: 1 | -1): Tensor => {
      const into = allocate(x.dtype, x.shape);
      const [p, q, to] = [numbers(x), numbers(y), numbers(into)];
      for (let i = 0; i < to.length; i += 1) to[i] = p[i]! + sign * q[i]!;
      return into;
    };
    return joined(combine(ac, bd, -1), combine(ad, bc, 1));
  });

/** The other sign of the imaginary parts; what is not complex is itself. */
function conjugate(value: Value): Value {
  if (isHandle(value) || !isComplex(value.dtype)) return value;
  return ofPairs(
    value.dtype,
    value.shape,
    pairsOf(value).map(([re, im]) => [re, -im]),
  );
}

/** A product of tensors that may be adjoints, which are conjugated as well as transposed; `flags` has the attribute of an input. */
export const adjoined =
  (make: MakeKernel, flags: Readonly<Record<number, string>>): MakeKernel =>
  (op) => {
    const kernel = byProducts({ product: make })['product']!(op);
    const adjoints = Object.entries(flags).flatMap(([input, flag]) => (op.attributes.bool(flag) ? [Number(input)] : []));
    if (adjoints.length === 0) return kernel;
    return (inputs, run) =>
      kernel(
        inputs.map((input, at) => (adjoints.includes(at) ? conjugate(input) : input)),
        run,
      );
  };

function mapped(family: OpFamily, ofComplex: (kernel: Kernel) => Kernel): OpFamily {
  return Object.fromEntries(
    Object.entries(family).map(([name, make]) => [
      name,
      (op) => {
        const kernel = make(op);
        const complex = ofComplex(kernel);
        return (inputs, run) => (hasComplex(inputs) ? complex(inputs, run) : kernel(inputs, run));
      },
    ]),
  );
}

/** A unary op of complex numbers. */
export function complexUnary(op: string, a: Tensor): Tensor {
  const f = unaries[op];
  if (f === undefined) throw new StatusError('UNIMPLEMENTED', `${op} of complex numbers is not supported`);
  const into = allocate(a.dtype, a.shape);
  const [from, to] = [numbers(a), numbers(into)];
  for (let i = 0; i * 2 < to.length; i += 1) [to[i * 2], to[i * 2 + 1]] = f(at(from, i)) as [number, number];
  return into;
}
