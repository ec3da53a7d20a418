import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { narrowed, widened } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import {
  allocate,
  bigints,
  cells,
  invalid,
  isComplex,
  isWide,
  numbers,
  reshaped,
  shapeText,
  sizeOf,
  tensorOf,
  type Cells,
} from '../value.ts';
import { broadcastShape, broadcastStrides, placesOf, zipBroadcast } from './broadcast.ts';
import { adjoined, byParts, byProducts } from './complex.ts';
import { transpose } from './shape.ts';
import { unsupportedType } from './elementwise.ts';

/** `into[m,n] += a[m,k] b[k,n]`, row by row, so that the innermost loop runs over neighbouring cells. Sums are kept in double. */
function multiply(
  a: Cells<number>,
  aAt: number,
  b: Cells<number>,
  bAt: number,
  into: Cells<number>,
  at: number,
  m: number,
  k: number,
  n: number,
): void {
  const row = new Float64Array(n);
  for (let i = 0; i < m; i += 1) {
    row.fill(0);
    for (let j = 0; j < k; j += 1) {
      const x = a[aAt + i * k + j]!;
      const base = bAt + j * n;
      for (let c = 0; c < n; c += 1) row[c]! += x * b[base + c]!;
    }
    for (let c = 0; c < n; c += 1) into[at + i * n + c] = row[c]!;
  }
}

function multiplyWide(
  a: Cells<bigint>,
  aAt: number,
  b: Cells<bigint>,
  bAt: number,
  into: Cells<bigint>,
  at: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i += 1)
    for (let c = 0; c < n; c += 1) {
      let sum = 0n;
      for (let j = 0; j < k; j += 1) sum += a[aAt + i * k + j]! * b[bAt + j * n + c]!;
      into[at + i * n + c] = sum;
    }
}

const swapLast = (x: Tensor): Tensor => {
  const rank = x.shape.length;
  return transpose(
    x,
    x.shape.map((_, axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis)),
  );
};

/** Products of the matrices in the last two axes; the axes before them are broadcast. */
export function batchMatMul(given: Tensor, other: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  if (given.dtype !== other.dtype || given.dtype === 'DT_STRING' || isComplex(given.dtype)) throw unsupportedType(given.dtype);
  const a = transposeA ? swapLast(widened(given)) : widened(given);
  const b = transposeB ? swapLast(widened(other)) : widened(other);
  const [m = 0, k = 0] = a.shape.slice(-2);
  const [, n = 0] = b.shape.slice(-2);
  const [aBatch, bBatch] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = broadcastShape(aBatch, bBatch);
  const into = allocate(a.dtype, [...batch, m, n]);
  const [ax, bx] = [placesOf(batch, broadcastStrides(aBatch, batch)), placesOf(batch, broadcastStrides(bBatch, batch))];
  for (let i = 0; i < ax.length; i += 1) {
    const [aAt, bAt, at] = [ax[i]! * m * k, bx[i]! * k * n, i * m * n];
    if (isWide(a.dtype))
      multiplyWide(
        cells(a.data) as Cells<bigint>,
        aAt,
        cells(b.data) as Cells<bigint>,
        bAt,
        cells(into.data) as Cells<bigint>,
        at,
        m,
        k,
        n,
      );
    else multiply(cells(a.data) as Cells<number>, aAt, cells(b.data) as Cells<number>, bAt, cells(into.data) as Cells<number>, at, m, k, n);
  }
  return narrowed(into, given.dtype);
}

const matMul: MakeKernel = ({ attributes }) => {
  const [ta, tb] = [attributes.bool('transpose_a'), attributes.bool('transpose_b')];
  return (inputs) => {
    const [a, b] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    if (a.shape.length !== b.shape.length)
      throw invalid(`In[0] and In[1] has different ndims: ${shapeText(a.shape)} vs. ${shapeText(b.shape)}`);
    if (a.shape.length !== 2) throw invalid(`In[0] and In[1] ndims must be == 2: ${a.shape.length}`);
    if (a.shape[ta ? 0 : 1] !== b.shape[tb ? 1 : 0])
      throw invalid(`Matrix size-incompatible: In[0]: ${shapeText(a.shape)}, In[1]: ${shapeText(b.shape)}`);
    return batchMatMul(a, b, ta, tb);
  };
};

const canBroadcast = (a: readonly number[], b: readonly number[]): boolean =>
  a.toReversed().every((dim, at) => dim === 1 || (b.at(-1 - at) ?? 1) === 1 || dim === b.at(-1 - at));

const batched: MakeKernel = ({ node, attributes }) => {
  const [ta, tb] = [attributes.bool('adj_x'), attributes.bool('adj_y')];
  return (inputs) => {
    const [a, b] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    if (a.shape.length < 2) throw invalid(`In[0] ndims must be >= 2: ${a.shape.length}`);
    if (b.shape.length < 2) throw invalid(`In[1] ndims must be >= 2: ${b.shape.length}`);
    if (node.op === 'BatchMatMul') {
      for (let axis = 0; axis < a.shape.length - 2; axis += 1)
        if (a.shape[axis] !== b.shape[axis])
          throw invalid(`In[0].dim(${axis}) and In[1].dim(${axis}) must be the same: ${shapeText(a.shape)} vs ${shapeText(b.shape)}`);
    } else if (!canBroadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)))
      throw invalid(`In[0] and In[1] must have compatible batch dimensions: ${shapeText(a.shape)} vs. ${shapeText(b.shape)}`);
    if (a.shape.at(ta ? -2 : -1) !== b.shape.at(tb ? -1 : -2))
      throw invalid(`Matrix size-incompatible: In[0]: ${shapeText(a.shape)}, In[1]: ${shapeText(b.shape)}`);
    return batchMatMul(a, b, ta, tb);
  };
};

interface EinsumTerm {
  readonly labels: string;
}

/** `...` becomes capital letters of its own, counted from the right, so that batch axes are aligned as in broadcasting. */
function expandEllipsis(term: string, rank: number): string {
  const named = term.replace('...', '').length;
  return term.includes('...') ? term.replace('...', '‥'.repeat(Math.max(0, rank - named)).replaceAll('‥', '?')) : term;
}

function labelsOf(term: string, rank: number): string {
  let left = term.includes('...') ? rank - (term.length - 3) : 0;
  return expandEllipsis(term, rank).replaceAll('?', () => String.fromCodePoint(0x4e00 + (left -= 1)));
}

/** Sums out labels that only this operand has, takes diagonals of labels that it has twice. */
function simplified(x: Tensor, labels: string, kept: ReadonlySet<string>): readonly [Tensor, EinsumTerm] {
  const own = Array.from(labels);
  const unique = [...new Set(own)];
  const keep = unique.filter((label) => kept.has(label));
  const gone = unique.filter((label) => !kept.has(label));
  if (own.length === unique.length && gone.length === 0) return [x, { labels }];
  const strides = own.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  const all = [...keep, ...gone];
  const dims = all.map((label) => x.shape[own.indexOf(label)]!);
  const steps = all.map((label) => own.reduce((sum, one, axis) => sum + (one === label ? strides[axis]! : 0), 0));
  const places = placesOf(dims, steps);
  const into = allocate(x.dtype, dims.slice(0, keep.length));
  const length = sizeOf(dims.slice(keep.length));
  const [from, to] = [cells(x.data) as Cells<number>, cells(into.data) as Cells<number>];
  for (let i = 0; i < to.length; i += 1) {
    let sum = from[places[i * length]!]!;
    for (let j = 1; j < length; j += 1) sum += from[places[i * length + j]!]!;
    to[i] = sum;
  }
  return [into, { labels: keep.join('') }];
}

/** Einstein summation of one or two operands, by one batched matrix product. */
export function einsum(equation: string, given: readonly Tensor[]): Tensor {
  const [left = '', right = ''] = equation.split('->');
  const terms = left.split(',');
  if (terms.length !== given.length || given.length > 2) throw invalid(`Expecting 1 or 2 inputs for einsum, got ${given.length}`);
  const dtype = given[0]!.dtype;
  const operands = given.map(widened);
  const labels = terms.map((term, index) => labelsOf(term, operands[index]!.shape.length));
  for (const [index, term] of labels.entries())
    if (term.length !== operands[index]!.shape.length)
      throw invalid(`Expected input ${index} to have rank ${term.length} but got: ${operands[index]!.shape.length}`);
  const widest = labels
    .flatMap((term) => Array.from(term).filter((label) => label > '\u4000'))
    .toSorted()
    .at(-1);
  const batchCount = widest === undefined ? 0 : widest.codePointAt(0)! - 0x4e00 + 1;
  if (batchCount > 0 && !right.includes('...'))
    throw invalid(`Output contains ${batchCount} broadcasting dimension(s) but no ellipsis (...) was found in the output subscripts.`);
  const result = labelsOf(right, batchCount + right.replace('...', '').length);
  const dims = new Map<string, number>();
  for (const [index, term] of labels.entries())
    for (const [axis, label] of Array.from(term).entries()) {
      const dim = operands[index]!.shape[axis]!;
      const known = dims.get(label) ?? 1;
      if (known !== 1 && dim !== 1 && known !== dim)
        throw invalid(
          `Expected dimension ${known} at axis ${axis} of the input shaped ${shapeText(operands[index]!.shape)} but got dimension ${dim}`,
        );
      dims.set(label, Math.max(known, dim) === 1 && dim === 0 ? 0 : known === 1 ? dim : known);
    }
  if (operands.length === 1) {
    const [one, term] = simplified(operands[0]!, labels[0]!, new Set(result));
    return narrowed(
      transpose(
        one,
        Array.from(result, (label) => term.labels.indexOf(label)),
      ),
      dtype,
    );
  }
  const [a, aTerm] = simplified(operands[0]!, labels[0]!, new Set(labels[1]! + result));
  const [b, bTerm] = simplified(operands[1]!, labels[1]!, new Set(labels[0]! + result));
  const [aLabels, bLabels] = [Array.from(aTerm.labels), Array.from(bTerm.labels)];
  const batch = aLabels.filter((label) => bLabels.includes(label) && result.includes(label));
  const summed = aLabels.filter((label) => bLabels.includes(label) && !result.includes(label));
  const aFree = aLabels.filter((label) => !bLabels.includes(label));
  const bFree = bLabels.filter((label) => !aLabels.includes(label));
  const size = (list: readonly string[]): number => sizeOf(list.map((label) => dims.get(label)!));
  const order = (x: Tensor, own: readonly string[], wanted: readonly string[]): Tensor => {
    const moved = transpose(
      x,
      wanted.map((label) => own.indexOf(label)),
    );
    const shape = wanted.map((label) => dims.get(label)!);
    return shapeText(moved.shape) === shapeText(shape) ? moved : repeated(moved, shape);
  };
  const x = reshaped(order(a, aLabels, [...batch, ...aFree, ...summed]), [size(batch), size(aFree), size(summed)]);
  const y = reshaped(order(b, bLabels, [...batch, ...summed, ...bFree]), [size(batch), size(summed), size(bFree)]);
  const product = summed.length === 0 ? outerProduct(x, y) : batchMatMul(x, y, false, false);
  const made = [...batch, ...aFree, ...bFree];
  const whole = reshaped(
    product,
    made.map((label) => dims.get(label)!),
  );
  return narrowed(
    transpose(
      whole,
      Array.from(result, (label) => made.indexOf(label)),
    ),
    dtype,
  );
}

/** Products without a sum: of [batch, m, 1] and [batch, 1, n]. */
function outerProduct(x: Tensor, y: Tensor): Tensor {
  const shape = broadcastShape(x.shape, y.shape);
  const into = allocate(x.dtype, shape);
  if (isWide(x.dtype)) zipBroadcast(bigints(x), x.shape, bigints(y), y.shape, bigints(into), shape, (a, b) => a * b);
  else zipBroadcast(numbers(x), x.shape, numbers(y), y.shape, numbers(into), shape, (a, b) => a * b);
  return into;
}

function repeated(x: Tensor, shape: readonly number[]): Tensor {
  const into = allocate(x.dtype, shape);
  const [from, to, places] = [cells(x.data), cells(into.data), placesOf(shape, broadcastStrides(x.shape, shape))];
  for (let i = 0; i < to.length; i += 1) to[i] = from[places[i]!];
  return into;
}

const biasAdd: MakeKernel = ({ attributes }) => {
  const channelsFirst = attributes.text('data_format') === 'NCHW';
  return (inputs) => {
    const [given, biasGiven] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    const [x, bias] = [widened(given), widened(biasGiven)];
    const rank = x.shape.length;
    if (rank < 2) throw invalid(`Input tensor must be at least 2D: ${shapeText(x.shape)}`);
    if (bias.shape.length !== 1) throw invalid(`Biases must be 1D: ${shapeText(bias.shape)}`);
    const axis = channelsFirst ? 1 : rank - 1;
    if (bias.shape[0] !== x.shape[axis])
      throw invalid(
        `Must provide as many biases as the last dimension of the input tensor: ${shapeText(bias.shape)} vs. ${shapeText(x.shape)}`,
      );
    const inner = sizeOf(x.shape.slice(axis + 1));
    const count = bias.shape[0]!;
    const into = allocate(x.dtype, x.shape);
    const [from, add, to] = [cells(x.data) as Cells<number>, cells(bias.data) as Cells<number>, cells(into.data) as Cells<number>];
    if (inner === 1) for (let i = 0, c = 0; i < to.length; i += 1, c = c + 1 === count ? 0 : c + 1) to[i] = from[i]! + add[c]!;
    else for (let i = 0; i < to.length; i += 1) to[i] = from[i]! + add[Math.floor(i / inner) % count]!;
    return narrowed(into, given.dtype);
  };
};

const adjoints = { 0: 'adj_x', 1: 'adj_y' };

const products = byProducts({
  MatMul: matMul,
  Einsum: ({ attributes }) => {
    const equation = attributes.text('equation');
    return (inputs) => einsum(equation, inputs.map(tensorOf));
  },
});

export const matrixOps: OpFamily = {
  ...products,
  BatchMatMul: adjoined(batched, adjoints),
  BatchMatMulV2: adjoined(batched, adjoints),
  BatchMatMulV3: adjoined(batched, adjoints),
  ...byParts({ BiasAdd: biasAdd }),
};
