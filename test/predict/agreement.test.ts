import { describe, expect, test } from 'vitest';
import { createAgreement, type RowAnswer } from '../../src/main/predict/agreement.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';

const floats = (...rows: readonly (readonly number[])[]): Tensor => ({
  dtype: 'DT_FLOAT',
  shape: [rows.length, rows[0]?.length ?? 0],
  data: Float32Array.from(rows.flat()),
});
const longs = (...values: readonly bigint[]): Tensor => ({ dtype: 'DT_INT64', shape: [values.length], data: BigInt64Array.from(values) });
const texts = (...values: readonly string[]): Tensor => ({
  dtype: 'DT_STRING',
  shape: [values.length],
  data: values.map((value) => new TextEncoder().encode(value)),
});
const rowsOf = (name: string, tensor: Tensor): readonly RowAnswer[] =>
  Array.from({ length: tensor.shape[0] ?? 0 }, (_, at) => ({ outputs: { [name]: tensor }, at }));

/** All rows of one output of two answers. */
function compared(want: Tensor, got: Tensor, tolerance = { absolute: 0.1, relative: 0 }) {
  const agreement = createAgreement(tolerance);
  const [a, b] = [rowsOf('y', want), rowsOf('y', got)];
  for (const [row, one] of a.entries()) agreement.add(row, [one, b[row] ?? { problem: 'none' }], () => [`given ${row}`]);
  return agreement.summary();
}

describe('two answers to the same rows', () => {
  test('NaN is like NaN and −0 like 0; what is NaN on one side only is apart, and no number tells how far', () => {
    const { outputs, within, equal, worst } = compared(
      floats([NaN, -0], [1, 2], [NaN, 0], [Infinity, 1]),
      floats([NaN, 0], [1.05, 2], [3, 0], [Infinity, 1.5]),
    );
    expect([equal, within, outputs[0]?.apart, outputs[0]?.largestRow, worst.map(({ row }) => row)]).toEqual([1, 2, 1, 4, [3, 4, 2]]);
    expect([outputs[0]?.largest, outputs[0]?.mean]).toEqual([0.5, expect.closeTo(0.55 / 5, 6)]);
  });

  test('the tolerance is of the reference', () => {
    const relative = { absolute: 0, relative: 0.1 };
    expect([compared(floats([10]), floats([11]), relative).within, compared(floats([11]), floats([12.2]), relative).within]).toEqual([
      1, 0,
    ]);
  });

  test('whole numbers agree only where they are equal, to the last digit, and are their own class', () => {
    const { outputs, within, changed } = compared(longs(9007199254740993n, 5n, 5n), longs(9007199254740992n, 5n, 7n), {
      absolute: 10,
      relative: 10,
    });
    expect([within, changed, outputs[0]?.largest, outputs[0]?.classes]).toEqual([
      1,
      2,
      2,
      {
        agree: 1,
        changes: [
          { from: '9007199254740993', to: '9007199254740992', count: 1 },
          { from: '5', to: '7', count: 1 },
        ],
      },
    ]);
  });

  test('strings are equal or not, and the most frequent change comes first', () => {
    const { outputs, equal } = compared(texts('cat', 'cat', 'dog', 'dog', 'owl'), texts('cat', 'dog', 'owl', 'owl', 'owl'));
    expect([equal, outputs[0]?.largest, outputs[0]?.classes?.changes]).toEqual([
      2,
      null,
      [
        { from: 'dog', to: 'owl', count: 2 },
        { from: 'cat', to: 'dog', count: 1 },
      ],
    ]);
  });

  test('a changed class goes before a larger difference', () => {
    const { worst } = compared(floats([0.4, 0.6], [0, 9]), floats([0.6, 0.4], [0, 5]));
    expect(worst.map(({ row, changed, given, outputs }) => [row, changed, given, outputs[0]?.classes])).toEqual([
      [1, true, ['given 0'], ['1', '0']],
      [2, false, ['given 1'], ['1', '1']],
    ]);
  });

  test('other shapes and missing outputs are told', () => {
    const other = compared(floats([1, 2]), floats([1, 2, 3]));
    const agreement = createAgreement({ absolute: 0, relative: 0 });
    const answer = (name: string): RowAnswer => ({ outputs: { [name]: floats([1]) }, at: 0 });
    agreement.add(0, [answer('x'), answer('y')], () => []);
    expect([other.within, other.outputs[0]?.problem, agreement.summary().outputs.map(({ name, problem }) => [name, problem])]).toEqual([
      0,
      'The shapes differ: [2] and [3].',
      [
        ['x', 'One of the answers lacks it.'],
        ['y', 'One of the answers lacks it.'],
      ],
    ]);
  });

  test('however many rows there are, a hundred of the worst and twenty without an answer are kept', () => {
    const agreement = createAgreement({ absolute: 0, relative: 0 });
    const count = 1_000;
    const want = floats(...Array.from({ length: count }, () => [0]));
    const got = floats(...Array.from({ length: count }, (_, row) => [(row * 7) % count]));
    for (let row = 0; row < count; row += 1) {
      agreement.add(
        row,
        [
          { outputs: { y: want }, at: row },
          { outputs: { y: got }, at: row },
        ],
        () => [],
      );
      agreement.add(row, [{ problem: 'left' }, { outputs: { y: got }, at: row }], () => []);
    }
    const { worst, failures, compared: both } = agreement.summary();
    expect([worst.map(({ outputs }) => outputs[0]?.largest), failures.length, failures[0]?.problems, both]).toEqual([
      Array.from({ length: 100 }, (_, at) => count - 1 - at),
      20,
      ['left', null],
      count,
    ]);
  });
});
