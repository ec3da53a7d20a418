/** Functions that JavaScript's Math lacks, in double precision; sources are the formulas' usual names. */

/** erf by its Maclaurin series near zero, else by erfc. */
export function erf(x: number): number {
  if (x === 0) return x;
  const z = Math.abs(x);
  if (z >= 2) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n += 1) {
    term *= (-x * x) / n;
    const next = term / (2 * n + 1);
    sum += next;
    if (Math.abs(next) < 1e-17 * Math.abs(sum)) break;
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** erfc by its continued fraction (Lentz) from 2 on. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x < 2) return x < -2 ? 2 - erfc(-x) : 1 - erf(x);
  if (x > 27) return 0;
  let fraction = 0;
  for (let n = 120; n > 0; n -= 1) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** The inverse by Newton steps from a logarithmic start (Giles' shape). */
export function erfinv(y: number): number {
  if (y === 0) return 0;
  if (y <= -1 || y >= 1) return y === 1 ? Infinity : y === -1 ? -Infinity : NaN;
  const log = Math.log((1 - y) * (1 + y));
  const half = 2 / (Math.PI * 0.147) + log / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(half * half - log / 0.147) - half);
  for (let step = 0; step < 4; step += 1) {
    const error = y > 0.5 ? 1 - y - erfc(x) : y < -0.5 ? erfc(-x) - 1 - y : erf(x) - y;
    const signed = y > 0.5 ? error : y < -0.5 ? error : error;
    x -= signed / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));
  }
  return x;
}

/** The normal distribution's quantile. */
export const ndtri = (p: number): number => Math.SQRT2 * erfinv(2 * p - 1);

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** log|gamma(x)| by Lanczos (g = 7), reflected for x < 0.5. */
export function lgamma(x: number): number {
  if ((x <= 0 && Number.isInteger(x)) || x === Infinity || x === -Infinity) return Infinity;
  if (x === 1 || x === 2) return 0;
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgamma(1 - x);
  const z = x - 1;
  let sum = lanczos[0]!;
  for (let i = 1; i < lanczos.length; i += 1) sum += lanczos[i]! / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The logarithmic derivative of gamma: upward recurrence, then the asymptotic series. */
export function digamma(x: number): number {
  if (x <= 0 && Number.isInteger(x)) return NaN;
  if (x < 0) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * x);
  let [z, sum] = [x, 0];
  while (z < 12) {
    sum -= 1 / z;
    z += 1;
  }
  const inverse = 1 / (z * z);
  return sum + Math.log(z) - 0.5 / z - inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse * (1 / 240 - inverse / 132))));
}
