import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../src/main/engine/loadModel.ts';
import type { LoadModel } from '../../src/main/engine/loadedModel.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { corpus, readGolden } from '../savedmodel/corpus.ts';
import { expectOutputs, tensorOfGolden, type GoldenCase } from './goldens.ts';

const load: LoadModel = loadModel;
const folder = fixtures();
/** What these need comes with the second half of the engine; until then they are refused by name. */
const later = new Set(['image_bytes', 'control_flow_v1']);
const models = corpus().models;
const pathOf = (path: string): string => join(folder ?? '', 'models', path);

describe.skipIf(folder === undefined)(
  `the engine over the corpus (${folder === undefined ? whyNoFixtures : 'goldens of TensorFlow'})`,
  () => {
    test.each(models.filter(({ name }) => !later.has(name)))('$name $version answers as TensorFlow does', async ({ path, goldens }) => {
      const { cases } = readGolden(goldens, 'goldens.json') as { readonly cases: readonly GoldenCase[] };
      const tensors = (record: GoldenCase['feeds']): Record<string, ReturnType<typeof tensorOfGolden>> =>
        Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, tensorOfGolden(tensor, pathOf(goldens))]));
      await using model = await load(pathOf(path));
      for (const { signature, feeds, outputs, tolerance } of cases) {
        const answer = await model.run(signature, tensors(feeds)).catch(String);
        expectOutputs(answer, outputs === undefined ? null : tensors(outputs), tolerance);
      }
    });

    test.each(models.filter(({ name }) => later.has(name)))('$name $version is refused with the ops that are missing', async ({ path }) => {
      await expect(load(pathOf(path))).rejects.toThrow('The embedded engine lacks');
    });
  },
);
