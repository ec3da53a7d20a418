import type { ComparedRow, FailedRow, OutputAgreement, TableAgreement, TableComparison } from '../../shared/contract/tables.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { isStrings } from '../../shared/tensor/tensorData.ts';
import { elementText } from '../../shared/tensor/tensorJson.ts';
import { plainNumbers } from '../../shared/tensor/tensorStats.ts';
import { bareText, rowJson, rowOf, rowWidth } from './rowTexts.ts';

type Outputs = Readonly<Record<string, Tensor>>;
type Tolerance = TableComparison['tolerance'];

/** One row's answer: outputs with a row each in the first dimension and the place of this row, or why there is none. */
export type RowAnswer = { readonly outputs: Outputs; readonly at: number } | { readonly problem: string };

/** What two answers to every row have in common, added up row by row; its size does not grow with the rows. */
export interface Agreement {
  /** Row from 0; answers of the reference and of the other. Gives what was found, null where one did not answer. */
  add(row: number, answers: readonly [RowAnswer, RowAnswer], given: () => readonly string[]): RowDifference | null;
  summary(): Pick<TableAgreement, 'compared' | 'equal' | 'within' | 'changed' | 'outputs' | 'worst' | 'failures'>;
}

export interface RowDifference {
  readonly largest: number | null;
  readonly within: boolean;
  readonly changed: boolean;
}

const mostWorst = 100;
const mostFailures = 20;
const mostChanges = 50;
/** More pairs of classes than this are no longer told apart. */
const mostPairs = 10_000;
const mostClasses = 1_000;
const mostChars = 2_000;

interface OutputSums {
  rows: number;
  equal: number;
  within: number;
  largest: number | null;
  largestRow: number | null;
  sum: number;
  count: number;
  apart: number;
  classed: number;
  agree: number;
  problem: string | null;
  readonly changes: Map<string, { readonly from: string; readonly to: string; count: number }>;
}

/** One output of one row. */
interface Difference {
  readonly equal: boolean;
  readonly within: boolean;
  readonly largest: number | null;
  readonly sum: number;
  readonly count: number;
  readonly apart: number;
  readonly classes: readonly [string, string] | null;
  readonly problem: string | null;
}

const unlike = (problem: string | null): Difference => ({
  equal: problem === null,
  within: problem === null,
  largest: null,
  sum: 0,
  count: 0,
  apart: 0,
  classes: null,
  problem,
});

const floats: ReadonlySet<string> = new Set(['DT_FLOAT', 'DT_DOUBLE', 'DT_HALF', 'DT_BFLOAT16']);
const isComplex = (dtype: string): boolean => dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128';

/** The class of a row: the place of its highest score, or its one whole number, bool or string; null where it is something else. */
function classOf(name: string, row: Tensor): string | null {
  const { dtype, shape, data } = row;
  if (floats.has(dtype)) {
    const values = shape.length === 1 && data.length >= 2 && data.length <= mostClasses ? plainNumbers(row) : null;
    if (values === null) return null;
    let best = 0;
    for (let index = 1; index < values.length; index += 1) if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
    return String(best);
  }
  return data.length === 1 && !isComplex(dtype) ? bareText(elementText(name, row)(0)).slice(0, 200) : null;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Two rows of one output, the reference first. NaN is like NaN, and −0 like 0. */
function differenceOf(name: string, want: Tensor, got: Tensor, { absolute, relative }: Tolerance): Difference {
  if (want.shape.join() !== got.shape.join()) return unlike(`The shapes differ: [${want.shape.join(', ')}] and [${got.shape.join(', ')}].`);
  const [from, to] = [classOf(name, want), classOf(name, got)];
  const classes = from === null || to === null ? null : ([from, to] as const);
  if (isStrings(want.data) || isStrings(got.data)) {
    const [theirs, ours] = [want.data, got.data];
    const equal = isStrings(theirs) && isStrings(ours) && theirs.every((value, at) => sameBytes(value, ours[at] ?? new Uint8Array()));
    return { ...unlike(null), equal, within: equal, classes };
  }
  const exact = !floats.has(want.dtype) && !isComplex(want.dtype);
  const [a, b] = [plainNumbers(want) ?? want.data, plainNumbers(got) ?? got.data];
  let [equal, within, largest, sum, count, apart] = [true, true, 0, 0, 0, 0];
  for (let index = 0; index < a.length; index += 1) {
    const [left, right] = [a[index] ?? 0, b[index] ?? 0];
    if (left === right || (left !== left && right !== right)) {
      if (Number.isFinite(Number(left))) count += 1;
      continue;
    }
    equal = false;
    const distance = Math.abs(typeof left === 'bigint' && typeof right === 'bigint' ? Number(left - right) : Number(left) - Number(right));
    if (!Number.isFinite(distance)) {
      apart += 1;
      within = false;
      continue;
    }
    count += 1;
    sum += distance;
    if (distance > largest) largest = distance;
    if (exact || distance > absolute + relative * Math.abs(Number(left))) within = false;
  }
  return { equal, within, largest: count === 0 ? null : largest, sum, count, apart, classes, problem: null };
}

const cut = (text: string): string => (text.length > mostChars ? `${text.slice(0, mostChars)}…` : text);

/** A row's output as text; of a large one its beginning. */
function textOf(name: string, { outputs, at }: { readonly outputs: Outputs; readonly at: number }): string {
  const tensor = outputs[name];
  if (tensor === undefined) return '';
  if (rowWidth(tensor) > 1_000) {
    const row = rowOf(tensor, at);
    return cut(rowJson(name, { ...tensor, shape: [1, isComplex(tensor.dtype) ? 128 : 256], data: row.data.slice(0, 256) }, 0));
  }
  return cut(rowJson(name, tensor, at));
}

/** Changed classes first, then the larger difference; what cannot be subtracted is larger than any number. */
const order = (a: Ranked, b: Ranked): number => Number(b.row.changed) - Number(a.row.changed) || b.size - a.size || a.row.row - b.row.row;

interface Ranked {
  readonly row: Pick<ComparedRow, 'changed' | 'row'>;
  readonly size: number;
}

export function createAgreement(tolerance: Tolerance): Agreement {
  const outputs = new Map<string, OutputSums>();
  let [compared, equal, within, changed] = [0, 0, 0, 0];
  let worst: { readonly row: ComparedRow; readonly size: number }[] = [];
  const failures: FailedRow[] = [];

  const sumsOf = (name: string): OutputSums => {
    const known = outputs.get(name);
    if (known !== undefined) return known;
    const fresh: OutputSums = {
      rows: 0,
      equal: 0,
      within: 0,
      largest: null,
      largestRow: null,
      sum: 0,
      count: 0,
      apart: 0,
      classed: 0,
      agree: 0,
      problem: null,
      changes: new Map(),
    };
    outputs.set(name, fresh);
    return fresh;
  };

  function addOutput(name: string, row: number, found: Difference): void {
    const sums = sumsOf(name);
    sums.rows += 1;
    if (found.equal) sums.equal += 1;
    if (found.within) sums.within += 1;
    sums.sum += found.sum;
    sums.count += found.count;
    sums.apart += found.apart;
    sums.problem ??= found.problem;
    if (found.largest !== null && (sums.largest === null || found.largest > sums.largest)) {
      sums.largest = found.largest;
      sums.largestRow = row + 1;
    }
    if (found.classes === null) return;
    const [from, to] = found.classes;
    sums.classed += 1;
    if (from === to) {
      sums.agree += 1;
      return;
    }
    const key = JSON.stringify([from, to]);
    const change = sums.changes.get(key);
    if (change !== undefined) change.count += 1;
    else if (sums.changes.size < mostPairs) sums.changes.set(key, { from, to, count: 1 });
  }

  return {
    add(row, answers, given) {
      const [want, got] = answers;
      if ('problem' in want || 'problem' in got) {
        const problems = [want, got].map((one) => ('problem' in one ? one.problem : null));
        if (failures.length < mostFailures)
          failures.push({ row: row + 1, given: given(), problems: [problems[0] ?? null, problems[1] ?? null] });
        return null;
      }
      const names = [...new Set([...Object.keys(want.outputs), ...Object.keys(got.outputs)])];
      const found = names.map((name) => {
        const [theirs, ours] = [want.outputs[name], got.outputs[name]];
        return theirs === undefined || ours === undefined
          ? ([name, unlike('One of the answers lacks it.')] as const)
          : ([name, differenceOf(name, rowOf(theirs, want.at), rowOf(ours, got.at), tolerance)] as const);
      });
      for (const [name, one] of found) addOutput(name, row, one);
      const all = found.map(([, one]) => one);
      const known = all.flatMap((one) => one.largest ?? []);
      const difference = {
        largest: known.length === 0 ? null : Math.max(...known),
        within: all.every((one) => one.within),
        changed: all.some(({ classes }) => classes !== null && classes[0] !== classes[1]),
      };
      compared += 1;
      if (difference.within) within += 1;
      if (difference.changed) changed += 1;
      if (all.every((one) => one.equal)) {
        equal += 1;
        return difference;
      }
      const numberless = all.some((one) => one.apart > 0 || (!one.equal && one.largest === null));
      const ranked = { row: { row: row + 1, changed: difference.changed }, size: numberless ? Infinity : (difference.largest ?? 0) };
      const last = worst[mostWorst - 1];
      if (last !== undefined && order(last, ranked) <= 0) return difference;
      worst.push({
        size: ranked.size,
        row: {
          ...ranked.row,
          given: given().map(cut),
          outputs: found.map(([name, { largest, within: fits, classes }]) => ({
            name,
            texts: [textOf(name, want), textOf(name, got)],
            largest,
            within: fits,
            classes,
          })),
        },
      });
      worst = worst.toSorted(order).slice(0, mostWorst);
      return difference;
    },
    summary: () => ({
      compared,
      equal,
      within,
      changed,
      outputs: [...outputs].map(
        ([
          name,
          { rows, equal: same, within: fits, largest, largestRow, sum, count, apart, classed, agree, changes, problem },
        ]): OutputAgreement => ({
          name,
          rows,
          equal: same,
          within: fits,
          largest,
          largestRow,
          mean: count === 0 ? null : sum / count,
          apart,
          classes:
            classed === 0 ? null : { agree, changes: [...changes.values()].toSorted((a, b) => b.count - a.count).slice(0, mostChanges) },
          problem,
        }),
      ),
      worst: worst.map(({ row }) => row),
      failures,
    }),
  };
}
