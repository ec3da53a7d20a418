import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../src/main/engine/loadModel.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';

const folder = fixtures();
const versionOf = (model: string, version: string): string => join(folder ?? '', 'reference', 'rest', 'models', model, version);
const floats = (shape: readonly number[], ...values: readonly number[]): Tensor => ({
  dtype: 'DT_FLOAT',
  shape,
  data: Float32Array.from(values),
});

const loadable =
  'const_out dense empty_out_dim fails fixed image lookup multi nanout nodefault noinput nonbatch one_bytes outtypes pixels precision ragged scalar scalar_out slow str2d strings strmat tf1 twoout types unknownrank versions wide with_default'.split(
    ' ',
  );

/** What the genuine server answered to these inputs; x is named as in the signature. */
const refusals: readonly (readonly [model: string, inputs: Record<string, Tensor>, message: string])[] = [
  [
    'dense',
    { input_1: floats([1, 3], 1, 2, 3) },
    'Matrix size-incompatible: In[0]: [1,3], In[1]: [4,2]\n\t [[{{node StatefulPartitionedCall/StatefulPartitionedCall/MatMul}}]]',
  ],
  [
    'empty_out_dim',
    { x: floats([], 3) },
    'slice index 0 of dimension 0 out of bounds.\n\t [[{{function_node __inference_<lambda>_1317}}{{node strided_slice}}]]',
  ],
  [
    'fails',
    { x: floats([], 3) },
    'Invalid reduction dimension (0 for input with 0 dimension(s)\n\t [[{{function_node __inference_asrt_825}}{{node All}}]]',
  ],
  [
    'fails',
    { x: floats([1], -1) },
    'assertion failed: [x must be positive] [-1]\n\t [[{{function_node Assert_AssertGuard_false_809}}{{node Assert/AssertGuard/Assert}}]]',
  ],
  [
    'fails',
    { x: floats([2, 2], 1, 2, 3, 4) },
    'The second input must be a scalar, but it has shape [2]\n\t [[{{function_node __inference_asrt_825}}{{node All}}]]',
  ],
  [
    'scalar_out',
    { x: floats([], 3) },
    'Invalid reduction dimension (0 for input with 0 dimension(s)\n\t [[{{function_node __inference_<lambda>_511}}{{node Sum}}]]',
  ],
  ['twoout', { x: floats([], 3) }, 'axis = 1 not in [-1, 1)\n\t [[{{function_node __inference_<lambda>_1553}}{{node stack}}]]'],
  [
    'multi',
    { a: floats([2], 1, 2), b: { dtype: 'DT_INT32', shape: [1], data: Int32Array.of(1) } },
    'Invalid reduction dimension (1 for input with 1 dimension(s)\n\t [[{{function_node __inference_<lambda>_80}}{{node Sum}}]]',
  ],
];

describe.skipIf(folder === undefined)(
  `the engine over the recorded models (${folder === undefined ? whyNoFixtures : 'as the genuine server answered'})`,
  () => {
    test.each(loadable)('%s loads, as it did in the genuine server', async (model) => {
      await using loaded = await loadModel(versionOf(model, '1'));
      expect(Object.keys(loaded.signatures)).not.toEqual([]);
    });

    test('an op that no TensorFlow has is refused by name and node', async () => {
      await expect(loadModel(versionOf('badop', '1'))).rejects.toMatchObject({
        status: 'UNIMPLEMENTED',
        message: 'The embedded engine lacks an op that this model runs: MyCustomMul (PartitionedCall/PartitionedCall/mul)',
      });
    });

    test.each(refusals)('%s refuses %j in the words of the genuine server', async (model, inputs, message) => {
      await using loaded = await loadModel(versionOf(model, '1'));
      await expect(loaded.run('serving_default', inputs)).rejects.toMatchObject({ status: 'INVALID_ARGUMENT', message });
    });
  },
);
