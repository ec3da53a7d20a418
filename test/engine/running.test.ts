import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../src/main/engine/loadModel.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';

const folder = fixtures();
const version = (path: string): string => join(folder ?? '', 'models', 'models', path);
const int64 = (value: number): Tensor => ({ dtype: 'DT_INT64', shape: [], data: BigInt64Array.of(BigInt(value)) });
const floats = (shape: readonly number[], values: readonly number[]): Tensor => ({
  dtype: 'DT_FLOAT',
  shape,
  data: Float32Array.from(values),
});

describe.skipIf(folder === undefined)(`runs of a loaded model (${folder === undefined ? whyNoFixtures : 'corpus'})`, () => {
  test('runs of a model with state follow each other in the order of the calls', async () => {
    await using model = await loadModel(version('counter/1'));
    const answers = await Promise.all([1, 2, 3, 4].map((by) => model.run('add', { by: int64(by) })));
    expect(answers.map(({ n }) => n?.data[0])).toEqual([11n, 13n, 16n, 20n]);
  });

  test('only the outputs that are asked for are answered, in any order', async () => {
    await using model = await loadModel(version('multi_io/1'));
    const [name = '', { inputs, outputs } = { inputs: {}, outputs: {} }] = Object.entries(model.signatures)[0] ?? [];
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([input, { dtype, shape }]): [string, Tensor] => {
        const dims = (shape ?? []).map((dim) => (dim < 0 ? 1 : dim));
        const size = dims.reduce((product, dim) => product * dim, 1);
        return [
          input,
          dtype === 'DT_STRING'
            ? { dtype, shape: dims, data: Array.from({ length: size }, () => Buffer.from('a')) }
            : dtype === 'DT_INT64'
              ? { dtype, shape: dims, data: new BigInt64Array(size) }
              : dtype === 'DT_INT32'
                ? { dtype, shape: dims, data: new Int32Array(size) }
                : floats(
                    dims,
                    Array.from({ length: size }, () => 0.5),
                  ),
        ];
      }),
    );
    const all = await model.run(name, feeds);
    expect(Object.keys(all).toSorted()).toEqual(Object.keys(outputs).toSorted());
    const wanted = Object.keys(outputs).toReversed().slice(0, 1);
    const some = await model.run(name, feeds, { outputs: wanted });
    expect(some).toEqual(Object.fromEntries(wanted.map((output) => [output, all[output]])));
  });

  test('inputs of other names and types are refused in TensorFlow’s words', async () => {
    await using model = await loadModel(version('half_plus_two/1'));
    await expect(model.run('serving_default', { y: floats([1, 1], [1]) })).rejects.toThrow(
      'input size does not match signature: 1!=1 len({y}) != len({x}). Sent extra: {y}. Missing but required: {x}.',
    );
    await expect(model.run('serving_default', { x: int64(1) })).rejects.toThrow('Expects arg[0] to be float but int64 is provided');
    await expect(model.run('nope', {})).rejects.toThrow('Serving signature name: "nope" not found in signature def');
  });

  test('a run that is cancelled before it starts is refused as such', async () => {
    await using model = await loadModel(version('half_plus_two/1'));
    const run = model.run('serving_default', { x: floats([1, 1], [1]) }, { signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ status: 'CANCELLED' });
  });

  test('many runs at the same time of a model with sessions answer as one after the other', async () => {
    await using model = await loadModel(version('digits_cnn/1'), { intraOpThreads: 1 });
    const dims = [4, 8, 8, 1];
    const size = dims.reduce((product, dim) => product * dim, 1);
    const feeds = Array.from({ length: 8 }, (_, seed) => ({
      conv1_input: floats(
        dims,
        Array.from({ length: size }, (__, at) => ((at * (seed + 3)) % 13) / 13),
      ),
    }));
    const together = await Promise.all(feeds.map((feed) => model.run('serving_default', feed)));
    for (const [index, feed] of feeds.entries()) expect(await model.run('serving_default', feed)).toEqual(together[index]);
  });
});
