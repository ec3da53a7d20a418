import { invalid, shapeText, sizeOf, stridesOf, type Cells } from '../value.ts';

/** The common shape of two operands. Throws in the words of TensorFlow's binary ops. */
export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis += 1) {
    const [x, y] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) throw invalid(`Incompatible shapes: ${shapeText(a)} vs. ${shapeText(b)}`);
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

/** Strides of `shape` as seen under the larger `target`: 0 along what is repeated. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const own = stridesOf(shape);
  return target.map((_, axis) => {
    const at = axis - target.length + shape.length;
    return at < 0 || shape[at] === 1 ? 0 : own[at]!;
  });
}

/** For each element of `shape` in row-major order, its place by the given strides. */
export function placesOf(shape: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const size = sizeOf(shape);
  const places = new Int32Array(size);
  if (size === 0) return places;
  places[0] = start;
  let filled = 1;
  // From the innermost axis outwards: what is filled is repeated, moved by the axis's stride.
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const [dim, stride] = [shape[axis]!, strides[axis]!];
    for (let index = 1; index < dim; index += 1) {
      const [move, base] = [index * stride, index * filled];
      for (let at = 0; at < filled; at += 1) places[base + at] = places[at]! + move;
    }
    filled *= dim;
  }
  return places;
}

/** Whether a shape is that of the last axes of another one, so that it is repeated whole. */
const isRow = (row: readonly number[], shape: readonly number[]): boolean =>
  row.length <= shape.length && row.every((dim, axis) => dim === shape[axis + shape.length - row.length]);

/** Applies `f` to two operands, repeated to the shape of `into`. */
export function zipBroadcast<A, R>(
  a: Cells<A>,
  aShape: readonly number[],
  b: Cells<A>,
  bShape: readonly number[],
  into: Cells<R>,
  shape: readonly number[],
  f: (x: A, y: A) => R,
): void {
  const size = into.length;
  if (a.length === size && b.length === size) for (let i = 0; i < size; i += 1) into[i] = f(a[i]!, b[i]!);
  else if (b.length === 1 && a.length === size) for (let i = 0, y = b[0]!; i < size; i += 1) into[i] = f(a[i]!, y);
  else if (a.length === 1 && b.length === size) for (let i = 0, x = a[0]!; i < size; i += 1) into[i] = f(x, b[i]!);
  else if (a.length === size && isRow(bShape, shape))
    for (let i = 0, j = 0; i < size; i += 1) {
      into[i] = f(a[i]!, b[j]!);
      j = j + 1 === b.length ? 0 : j + 1;
    }
  else {
    const [ax, bx] = [placesOf(shape, broadcastStrides(aShape, shape)), placesOf(shape, broadcastStrides(bShape, shape))];
    for (let i = 0; i < size; i += 1) into[i] = f(a[ax[i]!]!, b[bx[i]!]!);
  }
}
