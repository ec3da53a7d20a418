import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, cells, integers, invalid, numbers, sizeOf, tensorOf, type Cells } from '../value.ts';

/** Fourier transforms along the last axis. */

/** For a power of two: where each value goes first, and the roots of unity of the first half circle. */
interface Table {
  readonly order: Uint32Array;
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}
const tables = new Map<number, Table>();

function tableOf(n: number): Table {
  const known = tables.get(n);
  if (known !== undefined) return known;
  const order = new Uint32Array(n);
  for (let i = 1; i < n; i += 1) order[i] = (order[i >> 1]! >> 1) | ((i & 1) * (n >> 1));
  const roots = Array.from({ length: n / 2 }, (_, k) => (2 * Math.PI * k) / n);
  const made = { order, cos: Float64Array.from(roots, Math.cos), sin: Float64Array.from(roots, Math.sin) };
  tables.set(n, made);
  return made;
}

/** In place: by halves where the length is a power of two, otherwise through one that is (Bluestein). */
function transform(re: Float64Array, im: Float64Array, inverse: boolean): void {
  const n = re.length;
  if (n <= 1) return;
  if ((n & (n - 1)) !== 0) {
    bluestein(re, im, inverse);
    return;
  }
  const { order, cos, sin } = tableOf(n);
  for (let i = 0; i < n; i += 1) {
    const j = order[i]!;
    if (i >= j) continue;
    const [a, b] = [re[i]!, im[i]!];
    re[i] = re[j]!;
    im[i] = im[j]!;
    re[j] = a;
    im[j] = b;
  }
  const sign = inverse ? 1 : -1;
  for (let half = 1, step = n / 2; half < n; half *= 2, step /= 2) {
    for (let start = 0; start < n; start += 2 * half) {
      for (let at = start, root = 0; at < start + half; at += 1, root += step) {
        const other = at + half;
        const c = cos[root]!;
        const s = sign * sin[root]!;
        const x = re[other]! * c - im[other]! * s;
        const y = re[other]! * s + im[other]! * c;
        re[other] = re[at]! - x;
        im[other] = im[at]! - y;
        re[at]! += x;
        im[at]! += y;
      }
    }
  }
}

function bluestein(re: Float64Array, im: Float64Array, inverse: boolean): void {
  const n = re.length;
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const [ar, ai, br, bi] = [0, 1, 2, 3].map(() => new Float64Array(size)) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const sign = inverse ? 1 : -1;
  const chirp = (k: number): readonly [number, number] => {
    const angle = (Math.PI * ((k * k) % (2 * n))) / n;
    return [Math.cos(angle), sign * Math.sin(angle)];
  };
  for (let k = 0; k < n; k += 1) {
    const [c, s] = chirp(k);
    ar[k] = re[k]! * c - im[k]! * s;
    ai[k] = re[k]! * s + im[k]! * c;
    br[k] = c;
    bi[k] = -s;
    if (k > 0) [br[size - k], bi[size - k]] = [c, -s];
  }
  transform(ar, ai, false);
  transform(br, bi, false);
  for (let k = 0; k < size; k += 1) [ar[k], ai[k]] = [ar[k]! * br[k]! - ai[k]! * bi[k]!, ar[k]! * bi[k]! + ai[k]! * br[k]!];
  transform(ar, ai, true);
  for (let k = 0; k < n; k += 1) {
    const [c, s] = chirp(k);
    const [x, y] = [ar[k]! / size, ai[k]! / size];
    re[k] = x * c - y * s;
    im[k] = x * s + y * c;
  }
}

const row = (length: number): readonly [Float64Array, Float64Array] => [new Float64Array(length), new Float64Array(length)];
/** The length of the rows; refuses those shorter than the transform wants. */
function lastDimension({ shape }: Tensor, least: number): number {
  const width = shape.at(-1);
  if (width === undefined) throw invalid('Input must have rank of at least 1 but got: []');
  if (width < least && sizeOf(shape) > 0)
    throw invalid(`Input dimension ${shape.length - 1} must have length of at least ${least} but got: ${width}`);
  return width;
}
const isDouble = (x: Tensor): boolean => x.dtype === 'DT_DOUBLE' || x.dtype === 'DT_COMPLEX128';

const real: MakeKernel = () => (inputs) => {
  const x = tensorOf(inputs[0]);
  const [length = 0] = integers(tensorOf(inputs[1]));
  const width = lastDimension(x, length);
  const half = Math.floor(length / 2) + 1;
  const into = allocate(isDouble(x) ? 'DT_COMPLEX128' : 'DT_COMPLEX64', [...x.shape.slice(0, -1), half]);
  const [from, to] = [numbers(x), numbers(into)];
  const fold = length % 2 === 0 ? 2 : 1;
  const size = length / fold;
  const [re, im] = row(size);
  const used = Math.min(width, length);
  const angle = (2 * Math.PI) / length;
  const [cos, sin] = [Math.cos, Math.sin].map((of) => Float64Array.from({ length: half }, (_, k) => of(angle * k))) as [
    Float64Array,
    Float64Array,
  ];
  for (let r = 0; r < sizeOf(x.shape.slice(0, -1)); r += 1) {
    // An even length is half as long with its odd places as imaginary parts; the spectra of both are then taken apart.
    re.fill(0);
    im.fill(0);
    for (let i = 0; i * fold < used; i += 1) re[i] = from[r * width + i * fold]!;
    if (fold === 2) for (let i = 0; i * 2 + 1 < used; i += 1) im[i] = from[r * width + i * 2 + 1]!;
    transform(re, im, false);
    for (let k = 0; k < half; k += 1) {
      const at = (r * half + k) * 2;
      const a = k === size ? 0 : k;
      if (fold === 1) {
        to[at] = re[a]!;
        to[at + 1] = im[a]!;
        continue;
      }
      const b = a === 0 ? 0 : size - a;
      const [evenRe, evenIm] = [(re[a]! + re[b]!) / 2, (im[a]! - im[b]!) / 2];
      const [oddRe, oddIm] = [(im[a]! + im[b]!) / 2, (re[b]! - re[a]!) / 2];
      to[at] = evenRe + oddRe * cos[k]! + oddIm * sin[k]!;
      to[at + 1] = evenIm + oddIm * cos[k]! - oddRe * sin[k]!;
    }
  }
  return into;
};

const inverseReal: MakeKernel = () => (inputs) => {
  const x = tensorOf(inputs[0]);
  const [length = 0] = integers(tensorOf(inputs[1]));
  const half = Math.floor(length / 2) + 1;
  const width = lastDimension(x, half);
  const into = allocate(isDouble(x) ? 'DT_DOUBLE' : 'DT_FLOAT', [...x.shape.slice(0, -1), length]);
  const [from, to] = [numbers(x), numbers(into)];
  for (let r = 0; r < sizeOf(x.shape.slice(0, -1)); r += 1) {
    const [re, im] = row(length);
    for (let i = 0; i < Math.min(width, half); i += 1) {
      [re[i], im[i]] = [from[(r * width + i) * 2]!, i === 0 || i * 2 === length ? 0 : from[(r * width + i) * 2 + 1]!];
      if (i > 0 && i * 2 !== length) [re[length - i], im[length - i]] = [re[i]!, -im[i]!];
    }
    transform(re, im, true);
    for (let i = 0; i < length; i += 1) to[r * length + i] = re[i]! / length;
  }
  return into;
};

const complex =
  (inverse: boolean): MakeKernel =>
  () =>
  (inputs) => {
    const x = tensorOf(inputs[0]);
    const length = lastDimension(x, 0);
    const into = allocate(x.dtype, x.shape);
    const [from, to] = [cells(x.data) as Cells<number>, numbers(into)];
    for (let r = 0; r < sizeOf(x.shape.slice(0, -1)); r += 1) {
      const [re, im] = row(length);
      for (let i = 0; i < length; i += 1) [re[i], im[i]] = [from[(r * length + i) * 2]!, from[(r * length + i) * 2 + 1]!];
      transform(re, im, inverse);
      const scale = inverse ? 1 / length : 1;
      for (let i = 0; i < length; i += 1) [to[(r * length + i) * 2], to[(r * length + i) * 2 + 1]] = [re[i]! * scale, im[i]! * scale];
    }
    return into;
  };

export const signalOps: OpFamily = {
  RFFT: real,
  IRFFT: inverseReal,
  FFT: complex(false),
  IFFT: complex(true),
};
