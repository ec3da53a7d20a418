import type { OutputDifference } from '../../shared/contract/predict.ts';
import type { Json } from '../../shared/tensor/json.ts';

interface Tally {
  largest: number;
  largestRelative: number;
  different: number;
  size: number;
  problem: string | null;
}

function shapeOf(json: Json): readonly number[] {
  const shape: number[] = [];
  for (let rest: Json | undefined = json; rest?.kind === 'list'; rest = rest.items[0]) shape.push(rest.items.length);
  return shape;
}

function compareNumbers(a: string, b: string, tally: Tally): void {
  if (a === b) return;
  const [one, other] = [Number(a.replace(/Inf$/, 'Infinity')), Number(b.replace(/Inf$/, 'Infinity'))];
  // Two spellings of one value; NaN is like NaN.
  if (Object.is(one, other) || one === other) return;
  tally.different += 1;
  const difference = Math.abs(one - other);
  tally.largest = Number.isNaN(difference) ? Infinity : Math.max(tally.largest, difference);
  const relative = difference / Math.abs(other);
  tally.largestRelative = Number.isNaN(relative) ? Infinity : Math.max(tally.largestRelative, relative);
}

function compare(a: Json, b: Json, tally: Tally): void {
  if (a.kind === 'list' && b.kind === 'list' && a.items.length === b.items.length) {
    for (const [index, item] of a.items.entries()) compare(item, b.items[index] ?? { kind: 'null' }, tally);
    return;
  }
  tally.size += 1;
  if (a.kind === 'number' && b.kind === 'number') compareNumbers(a.text, b.text, tally);
  else if (a.kind === 'list' || b.kind === 'list' || a.kind !== b.kind) tally.problem ??= 'The values are of different kinds.';
  else if (JSON.stringify(a) !== JSON.stringify(b)) tally.different += 1;
}

/** One output of two answers, element by element, in TensorFlow Serving's JSON. Strings differ or do not. */
export function compareOutput(name: string, a: Json, b: Json): OutputDifference {
  const [one, other] = [shapeOf(a), shapeOf(b)];
  const tally: Tally = { largest: 0, largestRelative: 0, different: 0, size: 0, problem: null };
  if (one.join() === other.join()) compare(a, b, tally);
  else tally.problem = `The shapes differ: [${one.join(', ')}] and [${other.join(', ')}].`;
  const { problem, largest, largestRelative, different, size } = tally;
  return problem === null
    ? { name, largest, largestRelative, different, size, problem }
    : { name, largest: null, largestRelative: null, different, size, problem };
}
