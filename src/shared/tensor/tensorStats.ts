import { elementText } from './tensorJson.ts';
import { smallFloat } from './smallFloat.ts';
import type { Tensor } from './tensor.ts';
import { elementCount, isStrings, type NumberData } from './tensorData.ts';

/** What is said of any tensor. Numbers are text where a double could not hold them. */
export interface TensorStats {
  /** The first values in row-major order, in TensorFlow Serving's JSON. */
  readonly first: readonly string[];
  /** Of the finite values; null where there are none. */
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: string | null;
  /** Of the finite values: of whole numbers exact. */
  readonly sum: string | null;
  readonly nans: number;
  readonly infinities: number;
  /** How many finite values lie in each of as many equal parts of min..max; null where there is no width to divide. */
  readonly histogram: readonly number[] | null;
}

/** Enough for the scores of a thousand classes. */
const firstCount = 1_000;
const bins = 24;

const smallTables = new Map<string, Float32Array>();

/** The elements as plain numbers, without a copy where they are; null for strings, complex numbers and whole ones of 64 bits. */
export function plainNumbers({ dtype, data }: Tensor): Exclude<NumberData, BigInt64Array | BigUint64Array> | null {
  if (isStrings(data) || data instanceof BigInt64Array || data instanceof BigUint64Array) return null;
  if (dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128') return null;
  if (dtype !== 'DT_HALF' && dtype !== 'DT_BFLOAT16') return data;
  let table = smallTables.get(dtype);
  if (table === undefined) {
    table = Float32Array.from({ length: 65_536 }, (_, bits) => smallFloat[dtype].value(bits));
    smallTables.set(dtype, table);
  }
  const values = new Float32Array(data.length);
  for (let index = 0; index < data.length; index += 1) values[index] = table[data[index] ?? 0] ?? 0;
  return values;
}

const shortText = (value: number): string => String(Number(value.toPrecision(6)));
const nothing = { min: null, max: null, mean: null, sum: null, nans: 0, infinities: 0, histogram: null };

function wholeStats(data: BigInt64Array | BigUint64Array): Omit<TensorStats, 'first'> {
  let [least, most] = [data[0], data[0]];
  if (least === undefined || most === undefined) return nothing;
  let sum = 0n;
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
    sum += value;
  }
  const [low, width] = [least, most - least];
  const counts = Array.from({ length: bins }, () => 0);
  if (width > 0n)
    for (const value of data) {
      const bin = Number(((value - low) * BigInt(bins)) / width);
      counts[Math.min(bin, bins - 1)] = (counts[Math.min(bin, bins - 1)] ?? 0) + 1;
    }
  const mean = shortText(Number(sum) / data.length);
  return { min: String(least), max: String(most), mean, sum: String(sum), nans: 0, infinities: 0, histogram: width > 0n ? counts : null };
}

function numberStats(tensor: Tensor, values: ArrayLike<number>): Omit<TensorStats, 'first'> {
  let [least, most, leastAt, mostAt, sum, nans, infinities] = [Infinity, -Infinity, -1, -1, 0, 0, 0];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value - value !== 0) {
      if (value === value) infinities += 1;
      else nans += 1;
      continue;
    }
    sum += value;
    if (value < least) [least, leastAt] = [value, index];
    if (value > most) [most, mostAt] = [value, index];
  }
  if (leastAt < 0) return { ...nothing, nans, infinities };
  const text = elementText('', tensor);
  const counts = Array.from({ length: bins }, () => 0);
  // Halves first: the width of all doubles is no double.
  const width = most / 2 - least / 2;
  const scale = bins / 2 / width;
  const divides = width > 0 && Number.isFinite(scale);
  if (divides)
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index] as number;
      if (value - value !== 0) continue;
      const bin = Math.min(bins - 1, Math.floor((value / 2 - least / 2) * 2 * scale));
      counts[bin] = (counts[bin] as number) + 1;
    }
  const floats = values instanceof Float32Array || values instanceof Float64Array;
  return {
    min: text(leastAt),
    max: text(mostAt),
    mean: shortText(sum / (values.length - nans - infinities)),
    sum: floats ? shortText(sum) : String(sum),
    nans,
    infinities,
    histogram: divides ? counts : null,
  };
}

/** Range, mean, what is not finite, a histogram and the first values; whole numbers exactly. Of strings and bools only the first values. */
export function tensorStats(name: string, tensor: Tensor): TensorStats {
  const { dtype, data, shape } = tensor;
  const text = elementText(name, tensor);
  const first = Array.from({ length: Math.min(firstCount, elementCount(shape)) }, (_, index) => text(index));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return { first, ...wholeStats(data) };
  const values = dtype === 'DT_BOOL' ? null : plainNumbers(tensor);
  if (values !== null) return { first, ...numberStats(tensor, values) };
  if (dtype !== 'DT_COMPLEX64' && dtype !== 'DT_COMPLEX128') return { first, ...nothing };
  let [nans, infinities] = [0, 0];
  for (const part of data as Float64Array) {
    if (Number.isNaN(part)) nans += 1;
    else if (!Number.isFinite(part)) infinities += 1;
  }
  return { first, ...nothing, nans, infinities };
}
