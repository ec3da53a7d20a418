import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fill, OutputStep, TensorStep } from '../../src/shared/contract/processing.ts';
import type { SignatureInfo, TensorInfo } from '../../src/shared/contract/savedModel.ts';
import { dtypeEnum, type Dtype } from '../../src/shared/tensor/dtype.ts';
import { fillTensor } from '../../src/shared/tensor/fillTensor.ts';
import { applyOutputSteps } from '../../src/shared/tensor/outputSteps.ts';
import { chooseMode, rowBarrier } from '../../src/shared/tensor/requestMode.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { elementText } from '../../src/shared/tensor/tensorJson.ts';
import { tensorStats } from '../../src/shared/tensor/tensorStats.ts';
import { applyStep } from '../../src/shared/tensor/tensorSteps.ts';

const texts = (tensor: Tensor): readonly string[] => {
  const text = elementText('', tensor);
  return Array.from({ length: tensor.shape.reduce((product, size) => product * size, 1) }, (_, index) => text(index));
};
const floats = (shape: readonly number[], ...values: readonly number[]): Tensor => ({
  dtype: 'DT_FLOAT',
  shape,
  data: Float32Array.from(values),
});

describe('fills', () => {
  test.each([
    [{ kind: 'zeros' }, 'DT_FLOAT', [2], ['0.0', '0.0']],
    [{ kind: 'ones' }, 'DT_HALF', [2], ['1.0', '1.0']],
    [{ kind: 'ones' }, 'DT_BOOL', [1], ['true']],
    [{ kind: 'constant', value: '-9223372036854775808' }, 'DT_INT64', [1], ['-9223372036854775808']],
    [{ kind: 'constant', value: '-0.0' }, 'DT_DOUBLE', [1], ['-0.0']],
    [{ kind: 'constant', value: 'hé' }, 'DT_STRING', [1], ['"hé"']],
    [{ kind: 'range', start: 250, step: 3 }, 'DT_UINT8', [3], ['250', '253', '255']],
    [{ kind: 'one-hot', index: 2 }, 'DT_INT32', [2, 3], ['0', '0', '1', '1', '0', '0']],
  ] as const satisfies readonly (readonly [Fill, Dtype, readonly number[], readonly string[]])[])('%o of %s', (how, dtype, shape, want) => {
    expect(texts(fillTensor(how, dtype, shape))).toEqual(want);
  });

  test('a value that the type has not is refused', () => {
    expect(() => fillTensor({ kind: 'constant', value: '256' }, 'DT_UINT8', [1])).toThrow('256 is not uint8');
    expect(() => fillTensor({ kind: 'constant', value: '1.0' }, 'DT_INT64', [1])).toThrow('1.0 is not int64');
  });

  test('random numbers are those of the seed, and of the wanted distribution', () => {
    const uniform = fillTensor({ kind: 'uniform', low: -1, high: 1, seed: 5 }, 'DT_FLOAT', [10_000]);
    const normal = fillTensor({ kind: 'normal', mean: 3, deviation: 2, seed: 5 }, 'DT_DOUBLE', [10_000]);
    const again = fillTensor({ kind: 'uniform', low: -1, high: 1, seed: 5 }, 'DT_FLOAT', [10_000]);
    const other = fillTensor({ kind: 'uniform', low: -1, high: 1, seed: 6 }, 'DT_FLOAT', [10_000]);
    const { min, max, mean } = tensorStats('', uniform);
    const values = [...(normal.data as Float64Array)];
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length);
    expect([
      Number(min) >= -1,
      Number(max) < 1,
      Math.abs(Number(mean)) < 0.02,
      Math.abs(average - 3) < 0.06,
      Math.abs(deviation - 2) < 0.05,
    ]).toEqual([true, true, true, true, true]);
    expect(again).toEqual(uniform);
    expect(other).not.toEqual(uniform);
    // mulberry32 of seed 5, as the golden answers' README has it.
    expect((fillTensor({ kind: 'uniform', low: 0, high: 1, seed: 5 }, 'DT_DOUBLE', [1]).data as Float64Array)[0]).toBe(0.6897749109193683);
  });
});

describe('statistics', () => {
  test('tell range, mean, what is not finite and a histogram', () => {
    const { first, histogram, ...rest } = tensorStats('y', floats([6], 0, 1, NaN, Infinity, 0.5, -Infinity));
    expect([first, rest, histogram?.[0], histogram?.[12], histogram?.[23]]).toEqual([
      ['0.0', '1.0', 'NaN', 'Infinity', '0.5', '-Infinity'],
      { min: '0.0', max: '1.0', mean: '0.5', sum: '1.5', nans: 1, infinities: 2 },
      1,
      1,
      1,
    ]);
  });

  test('of any floats count every element once', () => {
    fc.assert(
      fc.property(fc.array(fc.float()), (values) => {
        const { nans, infinities, histogram, min, max } = tensorStats('', floats([values.length], ...values));
        const finite = values.filter(Number.isFinite);
        const least = finite.length === 0 ? null : Math.min(...finite);
        expect(nans + infinities + finite.length).toBe(values.length);
        expect(min === null ? null : Math.fround(Number(min))).toBe(least === 0 ? Number(min) : least);
        expect(max === null).toBe(finite.length === 0);
        expect((histogram ?? [finite.length]).reduce((sum, count) => sum + count, 0)).toBe(finite.length);
      }),
    );
  });
});

describe('steps', () => {
  const six = floats([2, 3], 1, 2, 3, 4, 5, 6);
  test.each([
    [{ kind: 'transpose', order: [1, 0] }, [3, 2], ['1.0', '4.0', '2.0', '5.0', '3.0', '6.0']],
    [{ kind: 'reshape', shape: [-1, 2] }, [3, 2], ['1.0', '2.0', '3.0', '4.0', '5.0', '6.0']],
    [{ kind: 'add-batch' }, [1, 2, 3], ['1.0', '2.0', '3.0', '4.0', '5.0', '6.0']],
    [{ kind: 'affine', multiply: 0.5, add: -1 }, [2, 3], ['-0.5', '0.0', '0.5', '1.0', '1.5', '2.0']],
    [{ kind: 'cast', dtype: 'DT_STRING' }, [2, 3], ['"1.0"', '"2.0"', '"3.0"', '"4.0"', '"5.0"', '"6.0"']],
  ] as const satisfies readonly (readonly [TensorStep, readonly number[], readonly string[]])[])('%o', (step, shape, want) => {
    const made = applyStep(six, step);
    expect([made.shape, texts(made)]).toEqual([shape, want]);
  });

  test('a transposition and its reverse are nothing, of any shape', () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.nat()), (shape, random) => {
        const order = shape.map((_, axis) => axis).toSorted(() => ((random.next().value ?? 0) % 2 === 0 ? 1 : -1));
        const back = order.map((_, axis) => order.indexOf(axis));
        const tensor = fillTensor({ kind: 'range', start: 0, step: 1 }, 'DT_INT32', shape);
        const there = applyStep(tensor, { kind: 'transpose', order });
        expect(applyStep(there, { kind: 'transpose', order: back })).toEqual(tensor);
      }),
    );
  });

  test('a cast cuts fractions off, keeps to the range, and reads and writes texts exactly', () => {
    const of = (tensor: Tensor, dtype: Dtype): unknown => texts(applyStep(tensor, { kind: 'cast', dtype }));
    const whole: Tensor = { dtype: 'DT_INT64', shape: [2], data: BigInt64Array.of(9_007_199_254_740_993n, -1n) };
    const words = applyStep(whole, { kind: 'cast', dtype: 'DT_STRING' });
    expect([
      of(floats([5], -1.9, 2.9, 300, NaN, -Infinity), 'DT_UINT8'),
      of(whole, 'DT_UINT64'),
      of(words, 'DT_INT64'),
      of(floats([3], 0, -0, 0.5), 'DT_BOOL'),
    ]).toEqual([
      ['0', '2', '255', '0', '0'],
      ['9007199254740993', '0'],
      ['9007199254740993', '-1'],
      ['false', 'false', 'true'],
    ]);
    expect(() => applyStep(words, { kind: 'reshape', shape: [3] })).toThrow('2 values do not fill [3]');
  });

  test('one-hot takes indices of any whole type', () => {
    const of = (dtype: 'DT_INT64' | 'DT_INT32', data: BigInt64Array | Int32Array): unknown =>
      applyStep({ dtype, shape: [2], data }, { kind: 'one-hot', depth: 3 });
    const want = floats([2, 3], 0, 0, 1, 0, 0, 0);
    expect([of('DT_INT64', BigInt64Array.of(2n, -1n)), of('DT_INT32', Int32Array.of(2, 3))]).toEqual([want, want]);
  });
});

test.each([
  [[{ kind: 'softmax' }], [1000, 1000, -1000], ['0.5', '0.5', '0.0']],
  [[{ kind: 'sigmoid' }], [0, 1000, -1000], ['0.5', '1.0', '0.0']],
  [
    [{ kind: 'sigmoid' }, { kind: 'threshold', value: 0.5 }],
    [0, -1, 1],
    ['1.0', '0.0', '1.0'],
  ],
  [[{ kind: 'affine', multiply: 100, add: 0.5 }], [0, 1, -1], ['0.5', '100.5', '-99.5']],
] as const satisfies readonly (readonly [readonly OutputStep[], readonly number[], readonly string[]])[])(
  'the postprocessing %j of %j',
  async (steps, values, want) => {
    const { tensor } = await applyOutputSteps('y', floats([1, 3], ...values), steps, () => Promise.resolve(null));
    expect(texts(tensor)).toEqual(want);
  },
);

describe('the mode of a request', () => {
  const info = (dtype: Dtype, shape: readonly number[] | null): TensorInfo => ({
    name: '',
    dtype,
    dtype_enum: dtypeEnum(dtype),
    shape,
    unknown_rank: shape === null,
  });
  const of = (inputs: Readonly<Record<string, TensorInfo>>, outputs: Readonly<Record<string, TensorInfo>>): SignatureInfo => ({
    method_name: '',
    inputs,
    outputs,
  });
  const x = { x: floats([2, 1], 1, 2) };
  test.each([
    ['rows', of({ x: info('DT_FLOAT', [-1, 1]) }, { y: info('DT_FLOAT', [-1]) }), 'row', { kind: 'rows' }],
    ['an unknown rank', of({ x: info('DT_FLOAT', null) }, { y: info('DT_FLOAT', null) }), 'row', { kind: 'rows' }],
    [
      'a scalar answer',
      of({ x: info('DT_FLOAT', [-1, 1]) }, { y: info('DT_FLOAT', []) }),
      'columnar',
      { kind: 'scalar', tensor: 'y', side: 'output' },
    ],
    [
      'an answer of fixed rows',
      of({ x: info('DT_FLOAT', [-1, 1]) }, { y: info('DT_FLOAT', [3]) }),
      'columnar',
      { kind: 'fixed-rows', tensor: 'y', side: 'output' },
    ],
    [
      'bfloat16',
      of({ x: info('DT_FLOAT', [-1, 1]) }, { y: info('DT_BFLOAT16', [-1]) }),
      'grpc',
      { kind: 'type', tensor: 'y', side: 'output', dtype: 'bfloat16' },
    ],
  ] as const)('%s', (_, signature, mode, reason) => {
    expect(chooseMode(signature, x)).toEqual({ mode, reason });
  });

  test('inputs of unequal rows have none in common', () => {
    const both = of({ x: info('DT_FLOAT', [-1, 1]), z: info('DT_FLOAT', [-1]) }, {});
    expect(rowBarrier(both, { ...x, z: floats([3], 1, 2, 3) })).toEqual({ kind: 'unequal-rows', tensor: 'z', side: 'input' });
  });
});
