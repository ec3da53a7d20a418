import { narrowed, widened } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, invalid, isComplex, numbers, tensorOf } from '../value.ts';

/** The lower triangle L of each matrix A = L Lᴴ, of which only the lower half is read. Where there is none, it is all NaN. */
const cholesky: MakeKernel = () => (inputs) => {
  const given = tensorOf(inputs[0]);
  const x = widened(given);
  const [rows, columns] = x.shape.slice(-2);
  if (rows === undefined || columns === undefined) throw invalid(`Input tensor 0 must have rank >= 2, got ${x.shape.length}`);
  if (rows !== columns) throw invalid('Input matrix must be square.');
  const into = allocate(x.dtype, x.shape);
  const [from, to] = [numbers(x), into.data as Float64Array];
  // A complex number takes two cells.
  const width = isComplex(x.dtype) ? 2 : 1;
  const imaginary = (values: { readonly [index: number]: number }, at: number): number => (width === 2 ? values[at + 1]! : 0);
  for (let base = 0; base < to.length; base += rows * rows * width) {
    const at = (row: number, column: number): number => base + (row * rows + column) * width;
    let isWhole = true;
    for (let column = 0; column < rows; column += 1) {
      for (let row = column; row < rows; row += 1) {
        let [re, im] = [from[at(row, column)]!, imaginary(from, at(row, column))];
        for (let k = 0; k < column; k += 1) {
          const [p, q] = [at(row, k), at(column, k)];
          const [a, b, c, d] = [to[p]!, imaginary(to, p), to[q]!, imaginary(to, q)];
          re -= a * c + b * d;
          im -= b * c - a * d;
        }
        if (row === column) {
          isWhole &&= re > 0;
          to[at(row, row)] = Math.sqrt(re);
        } else {
          const diagonal = to[at(column, column)]!;
          to[at(row, column)] = re / diagonal;
          if (width === 2) to[at(row, column) + 1] = im / diagonal;
        }
      }
    }
    if (!isWhole) for (let row = 0; row < rows; row += 1) to.fill(NaN, at(row, 0), at(row, row + 1));
  }
  return narrowed(into, given.dtype);
};

export const choleskyOps: OpFamily = { Cholesky: cholesky };
