import type { JpegComponent } from './readJpeg.ts';

/** The two integer transforms that TensorFlow lets one choose from. Both are exact: each of their roundings is part of the answer. */
export type DctMethod = 'fast' | 'accurate';

/** The samples of one component: `columns * 8` a row, `rows * 8` rows. */
export function samplesOf({ columns, rows, coefficients, steps }: JpegComponent, method: DctMethod): Uint8Array {
  const [width, samples, work] = [columns * 8, new Uint8Array(columns * rows * 64), new Int32Array(64)];
  const factors = method === 'fast' ? fastFactors(steps) : Int32Array.from(steps);
  const transform = method === 'fast' ? fast : accurate;
  for (let block = 0; block < columns * rows; block += 1) {
    for (let i = 0; i < 64; i += 1) work[i] = coefficients[block * 64 + i]! * factors[i]!;
    for (let column = 0; column < 8; column += 1) transform(work, column, 8, true);
    for (let row = 0; row < 8; row += 1) transform(work, row * 8, 1, false);
    const at = Math.floor(block / columns) * 8 * width + (block % columns) * 8;
    for (let i = 0; i < 64; i += 1) samples[at + (i >> 3) * width + (i & 7)] = Math.min(255, Math.max(0, work[i]! + 128));
  }
  return samples;
}

/** Steps with the transform's own scales in them, with two bits more. Source: Arai, Agui and Nakajima 1988. */
function fastFactors(steps: Uint16Array): Int32Array {
  const scale = Array.from({ length: 8 }, (_, k) => (k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16)));
  return Int32Array.from(steps, (step, i) => (step * Math.round(16384 * scale[i >> 3]! * scale[i & 7]!) + 2048) >> 12);
}

/** Five multiplications by constants of eight bits, cut and not rounded. */
function fast(x: Int32Array, at: number, by: number, isFirst: boolean): void {
  const [c0, c1, c2, c3] = [x[at]!, x[at + by]!, x[at + 2 * by]!, x[at + 3 * by]!];
  const [c4, c5, c6, c7] = [x[at + 4 * by]!, x[at + 5 * by]!, x[at + 6 * by]!, x[at + 7 * by]!];
  const [sum, difference, both] = [c0 + c4, c0 - c4, c2 + c6];
  const cross = (((c2 - c6) * 362) >> 8) - both;
  const [e0, e3, e1, e2] = [sum + both, sum - both, difference + cross, difference - cross];
  const [z13, z10, z11, z12] = [c5 + c3, c5 - c3, c1 + c7, c1 - c7];
  const o7 = z11 + z13;
  const z5 = ((z10 + z12) * 473) >> 8;
  const o6 = ((z10 * -669) >> 8) + z5 - o7;
  const o5 = (((z11 - z13) * 362) >> 8) - o6;
  const o4 = ((z12 * 277) >> 8) - z5 + o5;
  const shift = isFirst ? 0 : 5;
  x[at] = (e0 + o7) >> shift;
  x[at + 7 * by] = (e0 - o7) >> shift;
  x[at + by] = (e1 + o6) >> shift;
  x[at + 6 * by] = (e1 - o6) >> shift;
  x[at + 2 * by] = (e2 + o5) >> shift;
  x[at + 5 * by] = (e2 - o5) >> shift;
  x[at + 4 * by] = (e3 + o4) >> shift;
  x[at + 3 * by] = (e3 - o4) >> shift;
}

/** Twelve multiplications by constants of thirteen bits, rounded at the end of each pass. Source: Loeffler, Ligtenberg and Moschytz 1989. */
function accurate(x: Int32Array, at: number, by: number, isFirst: boolean): void {
  const [c0, c1, c2, c3] = [x[at]!, x[at + by]!, x[at + 2 * by]!, x[at + 3 * by]!];
  const [c4, c5, c6, c7] = [x[at + 4 * by]!, x[at + 5 * by]!, x[at + 6 * by]!, x[at + 7 * by]!];
  const turned = (c2 + c6) * 4433;
  const [low, high] = [turned - c6 * 15137, turned + c2 * 6270];
  const [sum, difference] = [(c0 + c4) * 8192, (c0 - c4) * 8192];
  const [e0, e3, e1, e2] = [sum + high, sum - high, difference + low, difference - low];
  const z5 = (c7 + c3 + c5 + c1) * 9633;
  const [z1, z2, z3, z4] = [(c7 + c1) * -7373, (c5 + c3) * -20995, (c7 + c3) * -16069 + z5, (c5 + c1) * -3196 + z5];
  const [o0, o1, o2, o3] = [c7 * 2446 + z1 + z3, c5 * 16819 + z2 + z4, c3 * 25172 + z2 + z3, c1 * 12299 + z1 + z4];
  const shift = isFirst ? 11 : 18;
  const half = 1 << (shift - 1);
  x[at] = (e0 + o3 + half) >> shift;
  x[at + 7 * by] = (e0 - o3 + half) >> shift;
  x[at + by] = (e1 + o2 + half) >> shift;
  x[at + 6 * by] = (e1 - o2 + half) >> shift;
  x[at + 2 * by] = (e2 + o1 + half) >> shift;
  x[at + 5 * by] = (e2 - o1 + half) >> shift;
  x[at + 3 * by] = (e3 + o0 + half) >> shift;
  x[at + 4 * by] = (e3 - o0 + half) >> shift;
}
