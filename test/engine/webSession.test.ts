import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadModel } from '../../src/main/engine/loadModel.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { corpus, readGolden } from '../savedmodel/corpus.ts';
import { expectOutputs, tensorOfGolden, type GoldenCase } from './goldens.ts';

const folder = fixtures();
const pathOf = (path: string): string => join(folder ?? '', 'models', path);
const models = corpus().models.filter(({ name }) => ['digits_cnn', 'mobilenet', 'half_plus_two'].includes(name));

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.resetModules();
});

describe.skipIf(folder === undefined)(`sessions in WebAssembly (${folder === undefined ? whyNoFixtures : 'goldens of TensorFlow'})`, () => {
  test.each(models)('$name $version answers as TensorFlow does, with no request to a network', async ({ name: of, path, goldens }) => {
    vi.stubEnv('SLIPWAY_ONNX', 'web');
    const requests = vi.spyOn(globalThis, 'fetch');
    const { InferenceSession } = await import('onnxruntime-web');
    const created = vi.spyOn(InferenceSession, 'create');
    const { cases } = readGolden(goldens, 'goldens.json') as { readonly cases: readonly GoldenCase[] };
    const tensors = (record: GoldenCase['feeds']): Record<string, ReturnType<typeof tensorOfGolden>> =>
      Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, tensorOfGolden(tensor, pathOf(goldens))]));
    await using model = await loadModel(pathOf(path));
    for (const { signature, feeds, outputs, tolerance } of cases) {
      const answer = await model.run(signature, tensors(feeds)).catch(String);
      expectOutputs(answer, outputs === undefined ? null : tensors(outputs), tolerance);
    }
    const opened = await Promise.all(created.mock.results.map(({ value }) => value as Promise<unknown>));
    expect([opened.length > 0, requests.mock.calls]).toEqual([of !== 'half_plus_two', []]);
  });
});
