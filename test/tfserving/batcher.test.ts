import { describe, expect, test } from 'vitest';
import { Batcher, batchingParametersFromText } from '../../src/main/tfserving/batcher.ts';
import { ServerMetrics } from '../../src/main/tfserving/metrics.ts';
import { StatusError } from '../../src/main/tfserving/status.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';

type Tensors = Readonly<Record<string, Tensor>>;

const floats = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor => ({
  dtype: 'DT_FLOAT',
  shape,
  data: Float32Array.from(values),
});

/** A batcher and the runs that it made; `run` doubles what it gets. */
function batching(text: string): { readonly run: (inputs: Tensors) => Promise<Tensors>; readonly runs: Tensor[] } {
  const batcher = new Batcher(batchingParametersFromText(text, 'batch.params'), new ServerMetrics());
  const runs: Tensor[] = [];
  const double = (inputs: Tensors): Promise<Tensors> => {
    const { x } = inputs;
    if (x === undefined) throw new Error('no x');
    runs.push(x);
    return Promise.resolve({ y: { ...x, data: Float32Array.from(x.data as Float32Array, (value) => 2 * value) } });
  };
  return { run: (inputs) => batcher.run('serving_default', inputs, double), runs };
}

const valuesOf = (tensors: Tensors): unknown => ({
  shape: tensors['y']?.shape,
  values: Array.from((tensors['y']?.data ?? []) as Float32Array),
});

describe('requests that come together', () => {
  test('are run as one and answered each for itself', async () => {
    const { run, runs } = batching('max_batch_size { value: 8 } batch_timeout_micros { value: 1000 }');
    const answers = await Promise.all([run({ x: floats([1]) }), run({ x: floats([2, 3]) }), run({ x: floats([4]) })]);
    expect(answers.map(valuesOf)).toEqual([
      { shape: [1], values: [2] },
      { shape: [2], values: [4, 6] },
      { shape: [1], values: [8] },
    ]);
    expect(runs.map(({ shape }) => shape)).toEqual([[4]]);
  });

  test('fill batches of at most max_batch_size', async () => {
    const { run, runs } = batching('max_batch_size { value: 4 } max_enqueued_batches { value: 100 } num_batch_threads { value: 1 }');
    await Promise.all(Array.from({ length: 6 }, () => run({ x: floats([1, 2]) })));
    expect(runs.map(({ shape }) => shape)).toEqual([[4], [4], [4]]);
  });

  test('are split over runs where they are larger than one, the first part into the batch that is open', async () => {
    const { run, runs } = batching(
      'max_batch_size { value: 8 } enable_large_batch_splitting { value: true } max_execution_batch_size { value: 3 } batch_timeout_micros { value: 1000 }',
    );
    const answers = await Promise.all([run({ x: floats([1, 2]) }), run({ x: floats([3, 4, 5, 6, 7]) })]);
    expect(answers.map(valuesOf)).toEqual([
      { shape: [2], values: [2, 4] },
      { shape: [5], values: [6, 8, 10, 12, 14] },
    ]);
    expect(runs.map(({ data }) => Array.from(data as Float32Array))).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    await expect(run({ x: floats([1, 2, 3, 4, 5, 6, 7, 8, 9]) })).rejects.toThrow('Task size 9 is larger than maximum input batch size 8');
  });

  test('are joined by parameters of which those without effect are told', () => {
    const text = 'max_execution_batch_size { value: 4 } mixed_priority_batching_policy { value: 1 }';
    expect(batchingParametersFromText(text, '').withoutEffect).toEqual([
      'max_execution_batch_size without enable_large_batch_splitting',
      'mixed_priority_batching_policy',
    ]);
  });

  test('are refused whole where the queue has no room for all of their parts', async () => {
    const { run, runs } = batching(
      'max_batch_size { value: 8 } enable_large_batch_splitting { value: true } max_execution_batch_size { value: 2 } max_enqueued_batches { value: 3 }',
    );
    await expect(run({ x: floats([1, 2, 3, 4, 5, 6, 7, 8]) })).rejects.toThrow('max_enqueued_batches is 3');
    expect(runs).toEqual([]);
  });

  test('are filled up to an allowed size with the first row', async () => {
    const { run, runs } = batching('max_batch_size { value: 8 } allowed_batch_sizes: 2 allowed_batch_sizes: 8');
    expect(valuesOf(await run({ x: floats([5]) }))).toEqual({ shape: [1], values: [10] });
    expect(runs.map(({ data }) => Array.from(data as Float32Array))).toEqual([[5, 5]]);
  });

  test('of different widths are padded with their first element where that is wanted', async () => {
    const { run, runs } = batching('max_batch_size { value: 8 } batch_timeout_micros { value: 1000 } pad_variable_length_inputs: true');
    await Promise.all([run({ x: floats([1, 2], [1, 2]) }), run({ x: floats([3, 4, 5], [1, 3]) })]);
    expect(runs).toEqual([floats([1, 2, 1, 3, 4, 5], [2, 3])]);
  });

  test('of different widths get runs of their own where it is not', async () => {
    const { run, runs } = batching('max_batch_size { value: 8 } batch_timeout_micros { value: 1000 }');
    const answers = await Promise.all([run({ x: floats([1, 2], [1, 2]) }), run({ x: floats([3, 4, 5], [1, 3]) })]);
    expect(answers.map(valuesOf)).toEqual([
      { shape: [1, 2], values: [2, 4] },
      { shape: [1, 3], values: [6, 8, 10] },
    ]);
    expect(runs).toHaveLength(2);
  });

  test('beyond the queue are refused, and the others answered', async () => {
    const batcher = new Batcher(
      batchingParametersFromText('max_batch_size { value: 1 } max_enqueued_batches { value: 2 } num_batch_threads { value: 1 }', ''),
      new ServerMetrics(),
    );
    const gate = Promise.withResolvers<void>();
    const asked = Array.from({ length: 5 }, () =>
      batcher.run('s', { x: floats([1]) }, async ({ x }) => {
        await gate.promise;
        return { y: x ?? floats([]) };
      }),
    );
    const outcomes = Promise.allSettled(asked);
    gate.resolve();
    expect((await outcomes).map((one) => (one.status === 'rejected' ? (one.reason as StatusError).message : 'answered'))).toEqual([
      'answered',
      'answered',
      'answered',
      ...Array.from(
        { length: 2 },
        () =>
          'The batch scheduling queue to which this task was submitted is full; currently 2 batches enqueued and max_enqueued_batches is 2',
      ),
    ]);
  });

  test.each([
    [{ x: floats([1, 2, 3, 4, 5]) }, 'Task size 5 is larger than maximum input batch size 4'],
    [{ x: floats([1], []) }, 'Batching Run() input tensors must have at least one dimension'],
    [{ x: floats([1]), z: floats([1, 2]) }, 'Batching Run() input tensors must have equal 0th-dimension size'],
  ])('that cannot be joined with any are refused in the genuine words', async (inputs, message) => {
    await expect(batching('max_batch_size { value: 4 }').run(inputs)).rejects.toThrow(message);
  });

  test('an empty request is answered at once', async () => {
    expect(valuesOf(await batching('').run({ x: floats([]) }))).toEqual({ shape: [0], values: [] });
  });

  test('outputs that are not as many as the inputs are refused', async () => {
    const batcher = new Batcher(batchingParametersFromText('', ''), new ServerMetrics());
    await expect(batcher.run('s', { x: floats([1]) }, () => Promise.resolve({ y: floats([1], []) }))).rejects.toThrow(
      'Batched output tensor has 0 dimensions',
    );
    await expect(batcher.run('s', { x: floats([1]) }, () => Promise.resolve({ y: floats([1, 2]) }))).rejects.toThrow(
      "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input tensors",
    );
  });
});

test('allowed sizes end with the largest', () => {
  expect(
    () => new Batcher(batchingParametersFromText('max_batch_size { value: 8 } allowed_batch_sizes: 4', ''), new ServerMetrics()),
  ).toThrow('Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8');
});
