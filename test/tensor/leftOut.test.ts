import { expect, test } from 'vitest';
import type { SignatureInfo, TensorInfo } from '../../src/shared/contract/savedModel.ts';
import { chooseMode } from '../../src/shared/tensor/requestMode.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { checkTensors } from '../../src/shared/tensor/tensorCheck.ts';

const float: TensorInfo = { name: 'x:0', dtype: 'DT_FLOAT', dtype_enum: 1, shape: [-1], unknown_rank: false };
const signature: SignatureInfo = {
  method_name: 'tensorflow/serving/predict',
  inputs: { a: float, b: float },
  outputs: { y: float },
  optional: ['b'],
};
const one: Tensor = { dtype: 'DT_FLOAT', shape: [1], data: Float32Array.of(1) };

test('an input that has a default may be left out, over gRPC; one that has none may not', () => {
  expect(checkTensors(signature, { a: one })).toEqual([]);
  expect(chooseMode(signature, { a: one })).toEqual({ mode: 'grpc', reason: { kind: 'left-out', tensor: 'b' } });
  expect(checkTensors(signature, { b: one }).map(({ message }) => message)).toEqual(['a is missing.']);
  expect(chooseMode(signature, { a: one, b: one }).mode).toBe('row');
});
