import type { OutputDifference } from '../../shared/contract/predict.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { elementCount, isStrings } from '../../shared/tensor/tensorData.ts';
import { plainNumbers } from '../../shared/tensor/tensorStats.ts';

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/**
 * One output of two answers, element by element. NaN is like NaN and −0 like 0; strings and whole numbers of 64 bits differ or do
 * not, the latter with their distance.
 */
export function compareOutput(name: string, a: Tensor | null, b: Tensor): OutputDifference {
  const size = elementCount(b.shape);
  const cannot = (problem: string, different = 0): OutputDifference => ({
    name,
    largest: null,
    largestRelative: null,
    different,
    size,
    problem,
  });
  if (a === null) return cannot('One of the answers lacks it.');
  if (a.shape.join() !== b.shape.join()) return cannot(`The shapes differ: [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`);
  if (isStrings(a.data) || isStrings(b.data)) {
    if (!isStrings(a.data) || !isStrings(b.data)) return cannot('The values are of different kinds.');
    const theirs = b.data;
    const different = a.data.filter((value, index) => !sameBytes(value, theirs[index] ?? new Uint8Array())).length;
    return { name, largest: null, largestRelative: null, different, size, problem: null };
  }
  const [one, other] = [plainNumbers(a) ?? a.data, plainNumbers(b) ?? b.data];
  let [largest, largestRelative, different] = [0, 0, 0];
  for (let index = 0; index < other.length; index += 1) {
    const [left, right] = [one[index] ?? 0, other[index] ?? 0];
    // Two zeros are one, and so are two NaN.
    if (left === right || (left !== left && right !== right)) continue;
    different += 1;
    const exact = typeof left === 'bigint' && typeof right === 'bigint';
    const distance = Math.abs(Number(exact ? left - right : Number(left) - Number(right)));
    largest = Number.isNaN(distance) ? Infinity : Math.max(largest, distance);
    const relative = distance / Math.abs(Number(right));
    largestRelative = Number.isNaN(relative) ? Infinity : Math.max(largestRelative, relative);
  }
  return { name, largest, largestRelative, different, size, problem: null };
}
