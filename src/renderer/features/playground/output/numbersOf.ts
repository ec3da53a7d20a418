import type { Tensor } from '../../../../shared/tensor/tensor.ts';
import { isStrings } from '../../../../shared/tensor/tensorData.ts';
import { plainNumbers } from '../../../../shared/tensor/tensorStats.ts';

const made = new WeakMap<Tensor, ArrayLike<number>>();

/** The elements as doubles, for drawing: whole numbers of 64 bits are rounded, of complex ones the real part is meant. Strings are NaN. */
export function numbersOf(tensor: Tensor): ArrayLike<number> {
  let numbers = made.get(tensor);
  if (numbers === undefined) {
    const { data, dtype } = tensor;
    if (isStrings(data)) numbers = new Float32Array(data.length).fill(NaN);
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) numbers = Float64Array.from(data, Number);
    else if (dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128') numbers = data.filter((_, index) => index % 2 === 0);
    else numbers = plainNumbers(tensor) ?? data;
    made.set(tensor, numbers);
  }
  return numbers;
}

/** A part of numbers without a copy where they are typed. */
export function part(values: ArrayLike<number>, from: number, count: number): ArrayLike<number> {
  return ArrayBuffer.isView(values) ? (values as Float32Array).subarray(from, from + count) : Array.from(values).slice(from, from + count);
}

/** The least and the largest finite value; [0, 0] where there is none. */
export function extentOf(values: ArrayLike<number>): readonly [least: number, largest: number] {
  let [least, largest] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value - value !== 0) continue;
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  return least > largest ? [0, 0] : [least, largest];
}

/** The places of the largest values, largest first; of equals the first comes first, NaN comes last. One pass, whatever the length. */
export function largestOf(values: ArrayLike<number>, count: number): readonly number[] {
  const at = (index: number): number => {
    const value = values[index] as number;
    return Number.isNaN(value) ? -Infinity : value;
  };
  const best: number[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (best.length === count && at(index) <= at(best[count - 1] as number)) continue;
    let [low, high] = [0, best.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(best[middle] as number) >= at(index)) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, index);
    if (best.length > count) best.pop();
  }
  return best;
}
