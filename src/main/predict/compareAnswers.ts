import type { ClassChanges, ComparedOutput, DifferingElement } from '../../shared/contract/compareAnswers.ts';
import type { OutputDifference } from '../../shared/contract/predict.ts';
import { elementText } from '../../shared/tensor/tensorJson.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { elementCount, isStrings } from '../../shared/tensor/tensorData.ts';
import { plainNumbers } from '../../shared/tensor/tensorStats.ts';

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Elements that are named one by one, and rows. */
const mostElements = 20;
const mostRows = 100;
const mostClasses = 1_000;

/** Called with each element that differs, in their order; Infinity where one of them is no number. */
type Differs = (index: number, distance: number) => void;

/**
 * One output of two answers, element by element. NaN is like NaN and −0 like 0; strings and whole numbers of 64 bits differ or do
 * not, the latter with their distance.
 */
export function compareOutput(name: string, a: Tensor | null, b: Tensor, differs: Differs = () => undefined): OutputDifference {
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
    let different = 0;
    for (const [index, value] of a.data.entries()) {
      if (sameBytes(value, b.data[index] ?? new Uint8Array())) continue;
      different += 1;
      differs(index, 0);
    }
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
    const difference = Math.abs(Number(exact ? left - right : Number(left) - Number(right)));
    const distance = Number.isNaN(difference) ? Infinity : difference;
    largest = Math.max(largest, distance);
    const relative = difference / Math.abs(Number(right));
    largestRelative = Number.isNaN(relative) ? Infinity : Math.max(largestRelative, relative);
    differs(index, distance);
  }
  return { name, largest, largestRelative, different, size, problem: null };
}

/** An element's place in each dimension. */
function placeOf(index: number, shape: readonly number[]): readonly number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return at;
    })
    .toReversed();
}

/** Numbers that make one element. */
const partsOf = ({ dtype }: Tensor): number => (dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128' ? 2 : 1);

/** Second less first, whole numbers exactly; null for what is no number. */
function differenceOf(first: Tensor, second: Tensor, index: number): string | null {
  if (isStrings(first.data) || isStrings(second.data) || partsOf(first) > 1) return null;
  const [before, after] = [(plainNumbers(first) ?? first.data)[index], (plainNumbers(second) ?? second.data)[index]];
  if (typeof before === 'bigint' && typeof after === 'bigint') return String(after - before);
  return String(Number((Number(after) - Number(before)).toPrecision(9)));
}

const floats = new Set<Tensor['dtype']>(['DT_FLOAT', 'DT_DOUBLE', 'DT_HALF', 'DT_BFLOAT16']);

/** The class of each row, where the output is rows of scores. */
function classesOf(tensor: Tensor): readonly number[] | null {
  const { dtype, shape } = tensor;
  const width = shape.at(-1) ?? 0;
  const values = floats.has(dtype) && shape.length >= 1 && shape.length <= 2 ? plainNumbers(tensor) : null;
  if (values === null || width < 2 || width > mostClasses) return null;
  return Array.from({ length: values.length / width }, (_, row) => {
    const from = row * width;
    let best = 0;
    for (let at = 1; at < width; at += 1) {
      const [value, highest] = [values[from + at] ?? NaN, values[from + best] ?? NaN];
      if (value > highest || highest !== highest) best = at;
    }
    return best;
  });
}

function classChanges(first: Tensor, second: Tensor): ClassChanges | null {
  const [before, after] = [classesOf(first), classesOf(second)];
  if (before === null || after === null || first.shape.join() !== second.shape.join()) return null;
  const changed = before.flatMap((one, row) => (after[row] === one ? [] : [{ row, classes: [one, after[row] ?? one] as const }]));
  return { rows: before.length, changed: changed.length, first: changed.slice(0, mostRows) };
}

/** The same with what is worth looking at: the elements that lie furthest apart, and rows that changed their class. */
export function compareClosely(name: string, first: Tensor, second: Tensor | null): ComparedOutput {
  const furthest: { readonly index: number; readonly distance: number }[] = [];
  const parts = partsOf(first);
  let sum = 0;
  const difference = compareOutput(name, second, first, (part, distance) => {
    const index = Math.floor(part / parts);
    sum += distance;
    const last = furthest.at(-1);
    if (furthest.length === mostElements && last !== undefined && distance <= last.distance) return;
    const before = furthest.findIndex((one) => one.distance < distance);
    furthest.splice(before < 0 ? furthest.length : before, 0, { index, distance });
    if (furthest.length > mostElements) furthest.pop();
  });
  const { largest, size, problem } = difference;
  if (second === null || problem !== null) return { ...difference, mean: null, furthest: [], classes: null };
  const texts = [elementText(name, first), elementText(name, second)] as const;
  const elements: readonly DifferingElement[] = furthest.map(({ index }) => ({
    at: placeOf(index, first.shape),
    values: [texts[0](index), texts[1](index)],
    difference: differenceOf(first, second, index),
  }));
  return {
    ...difference,
    mean: largest === null || !Number.isFinite(sum) ? null : size === 0 ? 0 : sum / size,
    furthest: elements,
    classes: classChanges(first, second),
  };
}
