import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { StatusError } from '../../tfserving/status.ts';
import { numbers, allocate, type Cells } from '../value.ts';
import { broadcastShape, broadcastStrides, placesOf } from './broadcast.ts';

type Complex = readonly [re: number, im: number];

const binaries: Readonly<Record<string, (a: Complex, b: Complex) => Complex>> = {
  Add: ([a, b], [c, d]) => [a + c, b + d],
  AddV2: ([a, b], [c, d]) => [a + c, b + d],
  Sub: ([a, b], [c, d]) => [a - c, b - d],
  Mul: ([a, b], [c, d]) => [a * c - b * d, a * d + b * c],
  RealDiv: ([a, b], [c, d]) => {
    const size = c * c + d * d;
    return [(a * c + b * d) / size, (b * c - a * d) / size];
  },
  SquaredDifference: ([a, b], [c, d]) => [(a - c) ** 2 + (b - d) ** 2, 0],
};
const tests: Readonly<Record<string, (a: Complex, b: Complex) => boolean>> = {
  Equal: ([a, b], [c, d]) => a === c && b === d,
  NotEqual: ([a, b], [c, d]) => a !== c || b !== d,
};
const unaries: Readonly<Record<string, (a: Complex) => Complex>> = {
  Neg: ([a, b]) => [-a, -b],
  Square: ([a, b]) => [a * a - b * b, 2 * a * b],
  Exp: ([a, b]) => [Math.exp(a) * Math.cos(b), Math.exp(a) * Math.sin(b)],
  Conj: ([a, b]) => [a, -b],
  Reciprocal: ([a, b]) => [a / (a * a + b * b), -b / (a * a + b * b)],
};

const at = (values: Cells<number>, index: number): Complex => [values[index * 2]!, values[index * 2 + 1]!];

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
  for (let i = 0; i < ax.length; i += 1) [to[i * 2], to[i * 2 + 1]] = f(at(x, ax[i]!), at(y, bx[i]!)) as [number, number];
  return into;
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
