import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { StatusError } from '../../tfserving/status.ts';
import { isFloat16, narrowed, widened } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, bigints, invalid, isComplex, isFloating, isWide, numbers, strings, tensorOf, typeText, type Value } from '../value.ts';
import { broadcastShape, zipBroadcast } from './broadcast.ts';
import { complexBinary, complexUnary } from './complex.ts';
import { digamma, erf, erfc, erfinv, lgamma, ndtri } from './specialFunctions.ts';

type OfNumber = (x: number, y: number) => number;
type OfBigint = (x: bigint, y: bigint) => bigint;

function pair(inputs: readonly Value[]): readonly [Tensor, Tensor] {
  const [a, b] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
  if (a.dtype !== b.dtype) throw invalid(`Inputs have the types ${typeText(a.dtype)} and ${typeText(b.dtype)}`);
  return [a, b];
}

/** A binary op with broadcasting: for numbers as doubles, and for 64-bit integers, which wrap. `small` is for 32-bit products. */
export function binary(ofNumber: OfNumber, ofBigint?: OfBigint, small: OfNumber = ofNumber): MakeKernel {
  return ({ node }) =>
    (inputs) => {
      const [given, other] = pair(inputs);
      if (isComplex(given.dtype)) return complexBinary(node.op, given, other);
      const shape = broadcastShape(given.shape, other.shape);
      const [a, b] = [widened(given), widened(other)];
      const into = allocate(a.dtype, shape);
      if (isWide(a.dtype)) {
        if (ofBigint === undefined) throw unsupportedType(a.dtype);
        zipBroadcast(bigints(a), a.shape, bigints(b), b.shape, bigints(into), shape, ofBigint);
      } else {
        if (a.dtype === 'DT_STRING') throw unsupportedType(a.dtype);
        zipBroadcast(numbers(a), a.shape, numbers(b), b.shape, numbers(into), shape, isFloating(a.dtype) ? ofNumber : small);
      }
      return narrowed(into, given.dtype);
    };
}

export const unsupportedType = (dtype: Dtype): StatusError => new StatusError('UNIMPLEMENTED', `Not supported for ${typeText(dtype)}`);

function divideInteger(x: number, y: number): number {
  if (y === 0) throw invalid('Integer division by zero');
  return Math.trunc(x / y);
}
function floorDivideInteger(x: number, y: number): number {
  if (y === 0) throw invalid('Integer division by zero');
  return Math.floor(x / y);
}
function floorModulo(x: number, y: number): number {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}
const whole =
  (f: OfNumber): OfNumber =>
  (x, y) => {
    if (y === 0) throw invalid('Integer division by zero');
    return f(x, y);
  };
const wholeBig =
  (f: OfBigint): OfBigint =>
  (x, y) => {
    if (y === 0n) throw invalid('Integer division by zero');
    return f(x, y);
  };
const floorModuloBig = (x: bigint, y: bigint): bigint => {
  const rest = x % y;
  return rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
};
const floorDivideBig = (x: bigint, y: bigint): bigint => (x - floorModuloBig(x, y)) / y;

function powInteger(x: number, y: number): number {
  if (y < 0) throw invalid('Integers to negative integer powers are not allowed');
  let [result, base] = [1, x];
  for (let power = y; power > 0; power = Math.floor(power / 2)) {
    if (power % 2 === 1) result = Math.imul(result, base);
    base = Math.imul(base, base);
  }
  return result;
}
function powBig(x: bigint, y: bigint): bigint {
  if (y < 0n) throw invalid('Integers to negative integer powers are not allowed');
  let [result, base] = [1n, x];
  for (let power = y; power > 0n; power >>= 1n) {
    if ((power & 1n) === 1n) result = BigInt.asIntN(64, result * base);
    base = BigInt.asIntN(64, base * base);
  }
  return result;
}

/** A unary op on floating-point numbers; other types only where `ofBigint` or `integers` says so. */
export function unary(
  ofNumber: (x: number) => number,
  {
    integers = false,
    ofBigint,
    small = ofNumber,
  }: { readonly integers?: boolean; readonly ofBigint?: (x: bigint) => bigint; readonly small?: (x: number) => number } = {},
): MakeKernel {
  return ({ node }) =>
    (inputs) => {
      const given = tensorOf(inputs[0]);
      if (isComplex(given.dtype)) return complexUnary(node.op, given);
      const x = widened(given);
      const into = allocate(x.dtype, x.shape);
      if (isWide(x.dtype)) {
        if (ofBigint === undefined) throw unsupportedType(x.dtype);
        const [from, to] = [bigints(x), bigints(into)];
        for (let i = 0; i < to.length; i += 1) to[i] = ofBigint(from[i]!);
      } else {
        if (!isFloating(x.dtype) && !integers) throw unsupportedType(x.dtype);
        const [from, to] = [numbers(x), numbers(into)];
        const f = isFloating(x.dtype) ? ofNumber : small;
        for (let i = 0; i < to.length; i += 1) to[i] = f(from[i]!);
      }
      return narrowed(into, given.dtype);
    };
}

/** A comparison, with broadcasting; strings by their bytes where `ofText` is given. */
function comparison(f: (x: number | bigint, y: number | bigint) => boolean, ofText?: (order: number) => boolean): MakeKernel {
  return ({ node, attributes }) => {
    const anyShape = (node.op === 'Equal' || node.op === 'NotEqual') && !attributes.bool('incompatible_shape_error');
    return (inputs) => {
      const [given, other] = pair(inputs);
      let shape: readonly number[];
      try {
        shape = broadcastShape(given.shape, other.shape);
      } catch (error) {
        if (!anyShape) throw error;
        return { dtype: 'DT_BOOL', shape: [], data: Uint8Array.of(node.op === 'Equal' ? 0 : 1) };
      }
      const into = allocate('DT_BOOL', shape);
      if (given.dtype === 'DT_STRING') {
        if (ofText === undefined) throw unsupportedType(given.dtype);
        zipBroadcast(strings(given), given.shape, strings(other), other.shape, numbers(into), shape, (x, y) =>
          ofText(Buffer.compare(x, y)) ? 1 : 0,
        );
      } else if (isComplex(given.dtype)) return complexBinary(node.op, given, other);
      else {
        const [a, b] = [widened(given), widened(other)];
        zipBroadcast(numbers(a), a.shape, numbers(b), b.shape, numbers(into), shape, (x, y) => (f(x, y) ? 1 : 0));
      }
      return into;
    };
  };
}

const truth =
  (f: (x: number, y: number) => boolean): MakeKernel =>
  () =>
  (inputs) => {
    const [a, b] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    const shape = broadcastShape(a.shape, b.shape);
    const into = allocate('DT_BOOL', shape);
    zipBroadcast(numbers(a), a.shape, numbers(b), b.shape, numbers(into), shape, (x, y) => (f(x, y) ? 1 : 0));
    return into;
  };

/** A test of each number. */
const test =
  (f: (x: number) => boolean): MakeKernel =>
  () =>
  (inputs) => {
    const x = widened(tensorOf(inputs[0]));
    const into = allocate('DT_BOOL', x.shape);
    const [from, to] = [numbers(x), numbers(into)];
    for (let i = 0; i < to.length; i += 1) to[i] = f(from[i]!) ? 1 : 0;
    return into;
  };

/** Ties go to the even neighbour. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  // Halves between -1 and 0 become a negative zero, as by Math.round.
  return floor % 2 === 0 ? floor : Math.round(x);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => (x > 20 ? x : x < -20 ? Math.exp(x) : Math.log1p(Math.exp(x)));
const selu = (x: number): number => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x);
const keepNaN =
  (f: OfNumber): OfNumber =>
  (x, y) =>
    Number.isNaN(x) || Number.isNaN(y) ? NaN : f(x, y);
/** No less than zero, no more than `most`. TensorFlow's loop of vectors makes a negative zero positive, its plain one, of 16 bits, does not. */
const rectifier = (most: number): MakeKernel => {
  const capped = (x: number): number => (x > most ? most : x);
  const ofBigint = (x: bigint): bigint => (x < 0n ? 0n : most === 6 && x > 6n ? 6n : x);
  const plain = unary((x) => (x < 0 ? 0 : capped(x)));
  const byVectors = unary((x) => (x <= 0 ? 0 : capped(x)), { integers: true, ofBigint });
  return (op) => {
    const [half, other] = [plain(op), byVectors(op)];
    return (inputs, run) => (isFloat16(inputs[0]!.dtype) ? half : other)(inputs, run);
  };
};
const add = binary(
  (x, y) => x + y,
  (x, y) => x + y,
);
const multiply = binary(
  (x, y) => x * y,
  (x, y) => x * y,
  Math.imul,
);
const int = { integers: true } as const;

const addN: MakeKernel = ({ node }) => {
  const two = add({ node: { ...node, op: 'AddV2' } } as never);
  return (inputs, run) => {
    let sum = tensorOf(inputs[0]);
    for (const one of inputs.slice(1)) {
      const next = tensorOf(one);
      if (next.shape.join() !== sum.shape.join())
        throw invalid(
          `Inputs to operation ${node.name} of type AddN must have the same size and shape.  Input 0: [${sum.shape.join(',')}] != input 1: [${next.shape.join(',')}]`,
        );
      sum = two([sum, next], run) as Tensor;
    }
    return sum;
  };
};

/** Addition of one string to another, elementwise. */
const addStrings: MakeKernel = (op) => {
  const sum = add(op);
  return (inputs, run) => {
    const [a, b] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    if (a.dtype !== 'DT_STRING' || b.dtype !== 'DT_STRING') return sum(inputs, run);
    const shape = broadcastShape(a.shape, b.shape);
    const into = allocate('DT_STRING', shape);
    zipBroadcast(strings(a), a.shape, strings(b), b.shape, strings(into), shape, (x, y) => Buffer.concat([x, y]));
    return into;
  };
};

export const elementwise: OpFamily = {
  Add: addStrings,
  AddV2: addStrings,
  AddN: addN,
  Sub: binary(
    (x, y) => x - y,
    (x, y) => x - y,
  ),
  Mul: multiply,
  MulNoNan: binary((x, y) => (y === 0 ? 0 : x * y)),
  Div: binary(
    (x, y) => x / y,
    wholeBig((x, y) => x / y),
    divideInteger,
  ),
  RealDiv: binary(
    (x, y) => x / y,
    wholeBig((x, y) => x / y),
    divideInteger,
  ),
  TruncateDiv: binary(
    (x, y) => Math.trunc(x / y),
    wholeBig((x, y) => x / y),
    divideInteger,
  ),
  DivNoNan: binary((x, y) => (y === 0 ? 0 : x / y)),
  FloorDiv: binary((x, y) => Math.floor(x / y), wholeBig(floorDivideBig), floorDivideInteger),
  FloorMod: binary(floorModulo, wholeBig(floorModuloBig), whole(floorModulo)),
  Mod: binary(
    (x, y) => x % y,
    wholeBig((x, y) => x % y),
    whole((x, y) => x % y),
  ),
  TruncateMod: binary(
    (x, y) => x % y,
    wholeBig((x, y) => x % y),
    whole((x, y) => x % y),
  ),
  Pow: binary((x, y) => x ** y, powBig, powInteger),
  Maximum: binary(
    keepNaN((x, y) => (x > y ? x : y)),
    (x, y) => (x > y ? x : y),
  ),
  Minimum: binary(
    keepNaN((x, y) => (x < y ? x : y)),
    (x, y) => (x < y ? x : y),
  ),
  SquaredDifference: binary(
    (x, y) => (x - y) * (x - y),
    (x, y) => (x - y) * (x - y),
    (x, y) => Math.imul(x - y, x - y),
  ),
  Atan2: binary(Math.atan2),
  Xdivy: binary((x, y) => (x === 0 ? x : x / y)),
  Xlogy: binary((x, y) => (x === 0 ? x : x * Math.log(y))),
  Xlog1py: binary((x, y) => (x === 0 ? x : x * Math.log1p(y))),
  BitwiseAnd: binary(
    (x, y) => x & y,
    (x, y) => x & y,
  ),
  BitwiseOr: binary(
    (x, y) => x | y,
    (x, y) => x | y,
  ),
  BitwiseXor: binary(
    (x, y) => x ^ y,
    (x, y) => x ^ y,
  ),
  LeftShift: binary(
    (x, y) => x << y,
    (x, y) => x << y,
  ),
  RightShift: binary(
    // Beyond 31 bits only where the type is unsigned.
    (x, y) => (x > 0x7fffffff ? x >>> y : x >> y),
    (x, y) => x >> y,
  ),
  Invert: unary((x) => ~x, { integers: true, ofBigint: (x) => ~x }),
  Equal: comparison(
    (x, y) => x === y,
    (order) => order === 0,
  ),
  NotEqual: comparison(
    (x, y) => x !== y,
    (order) => order !== 0,
  ),
  Less: comparison(
    (x, y) => x < y,
    (order) => order < 0,
  ),
  LessEqual: comparison(
    (x, y) => x <= y,
    (order) => order <= 0,
  ),
  Greater: comparison(
    (x, y) => x > y,
    (order) => order > 0,
  ),
  GreaterEqual: comparison(
    (x, y) => x >= y,
    (order) => order >= 0,
  ),
  LogicalAnd: truth((x, y) => x !== 0 && y !== 0),
  LogicalOr: truth((x, y) => x !== 0 || y !== 0),
  LogicalNot: test((x) => x === 0),
  IsNan: test(Number.isNaN),
  IsInf: test((x) => x === Infinity || x === -Infinity),
  IsFinite: test(Number.isFinite),
  Abs: unary(Math.abs, { integers: true, ofBigint: (x) => (x < 0n ? -x : x) }),
  Neg: unary((x) => -x, { integers: true, ofBigint: (x) => -x }),
  Sign: unary((x) => (x > 0 ? 1 : x < 0 ? -1 : x + 0), { integers: true, ofBigint: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n) }),
  Square: unary((x) => x * x, { integers: true, small: (x) => Math.imul(x, x), ofBigint: (x) => x * x }),
  Reciprocal: unary((x) => 1 / x, int),
  Inv: unary((x) => 1 / x, int),
  Sqrt: unary(Math.sqrt),
  Rsqrt: unary((x) => 1 / Math.sqrt(x)),
  Exp: unary(Math.exp),
  Expm1: unary(Math.expm1),
  Log: unary(Math.log),
  Log1p: unary(Math.log1p),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundHalfEven, { integers: true, ofBigint: (x) => x }),
  Rint: unary(roundHalfEven),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tan: unary(Math.tan),
  Asin: unary(Math.asin),
  Acos: unary(Math.acos),
  Atan: unary(Math.atan),
  Sinh: unary(Math.sinh),
  Cosh: unary(Math.cosh),
  Tanh: unary(Math.tanh),
  Asinh: unary(Math.asinh),
  Acosh: unary(Math.acosh),
  Atanh: unary(Math.atanh),
  Erf: unary(erf),
  Erfc: unary(erfc),
  Erfinv: unary(erfinv),
  Ndtri: unary(ndtri),
  Lgamma: unary(lgamma),
  Digamma: unary(digamma),
  Sigmoid: unary(sigmoid),
  Softplus: unary(softplus),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Relu: rectifier(Infinity),
  Relu6: rectifier(6),
  Elu: unary((x) => (x < 0 ? Math.expm1(x) : x)),
  Selu: unary(selu),
  LeakyRelu: (op) => {
    const alpha = op.attributes.float('alpha');
    return unary((x) => (x > 0 ? x : x * alpha))(op);
  },
};
