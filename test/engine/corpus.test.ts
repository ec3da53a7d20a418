import { join } from 'node:path';
import { describe, test } from 'vitest';
import { loadModel } from '../../src/main/engine/loadModel.ts';
import type { LoadModel } from '../../src/main/engine/loadedModel.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { corpus, readGolden } from '../savedmodel/corpus.ts';
import { expectOutputs, tensorOfGolden, type GoldenCase } from './goldens.ts';

const load: LoadModel = loadModel;
const folder = fixtures();
const models = corpus().models;
/** Signatures that leave more open than the batch. */
const open = new Set(['transformer', 'unet_tiny', 'audio_mel', 'seq_lstm', 'image_bytes']);
const pathOf = (path: string): string => join(folder ?? '', 'models', path);

/** Runs all cases of a model, so many times in turn. */
async function expectGoldens({ path, goldens }: (typeof models)[number], rounds: number): Promise<void> {
  const { cases } = readGolden(goldens, 'goldens.json') as { readonly cases: readonly GoldenCase[] };
  const tensors = (record: GoldenCase['feeds']): Record<string, ReturnType<typeof tensorOfGolden>> =>
    Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, tensorOfGolden(tensor, pathOf(goldens))]));
  await using model = await load(pathOf(path));
  for (let round = 0; round < rounds; round += 1) {
    for (const { signature, feeds, outputs, tolerance } of cases) {
      const answer = await model.run(signature, tensors(feeds)).catch(String);
      expectOutputs(answer, outputs === undefined ? null : tensors(outputs), tolerance);
    }
  }
}

describe.skipIf(folder === undefined)(
  `the engine over the corpus (${folder === undefined ? whyNoFixtures : 'goldens of TensorFlow'})`,
  () => {
    test.each(models)('$name $version answers as TensorFlow does', (model) => expectGoldens(model, 1));

    test.each(models.filter(({ name }) => open.has(name)))('$name answers the same once its sizes have a plan of their own', (model) =>
      expectGoldens(model, 5),
    );
  },
);
