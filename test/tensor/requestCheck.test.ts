import { expect, test } from 'vitest';
import type { SignatureInfo, TensorInfo } from '../../src/shared/contract/savedModel.ts';
import { dtypeEnum, type Dtype } from '../../src/shared/tensor/dtype.ts';
import { parseJson, JsonSyntax } from '../../src/shared/tensor/json.ts';
import { checkRequest } from '../../src/shared/tensor/requestCheck.ts';
import { requestTemplate } from '../../src/shared/tensor/requestTemplate.ts';
import { inferTensor } from '../../src/shared/tensor/inferTensor.ts';
import { tensorStats } from '../../src/shared/tensor/tensorStats.ts';

const tensor = (dtype: Dtype, shape: readonly number[] | null): TensorInfo => ({
  name: 'n:0',
  dtype,
  dtype_enum: dtypeEnum(dtype),
  shape,
  unknown_rank: shape === null,
});
const signature = (
  inputs: Record<string, TensorInfo>,
  outputs: Record<string, TensorInfo> = { y: tensor('DT_FLOAT', [-1, 1]) },
): SignatureInfo => ({ method_name: 'tensorflow/serving/predict', inputs, outputs });
const says = (of: SignatureInfo, body: string): string => {
  const check = checkRequest(of, body);
  return check.kind === 'fits' ? `fits ${check.form}` : (check.misfits[0]?.message ?? '');
};

test('what does not fit is said with its dimension or value', () => {
  const one = signature({ x: tensor('DT_FLOAT', [-1, 10]) });
  const row = (count: number): string => `[${Array.from({ length: count }, () => '0.1').join(',')}]`;
  const ints = signature({ n: tensor('DT_INT8', [-1]) });
  const two = signature({ a: tensor('DT_INT64', [-1, 2]), b: tensor('DT_STRING', [-1]) });
  expect([
    says(one, `{"instances": [${row(10)}]}`),
    says(one, `{"inputs": [${row(10)}, ${row(10)}]}`),
    says(one, `{"instances": [${row(9)}]}`),
    says(one, `{"inputs": ${row(10)}}`),
    says(one, '{"instances": []}'),
    says(one, `{"instances": [${row(10)}`),
    says(one, '{"rows": []}'),
    says(ints, '{"instances": [1.0]}'),
    says(ints, '{"instances": [128]}'),
    says(ints, '{"instances": [-128, 127]}'),
    says(two, '{"instances": [{"a": [1, 9223372036854775807], "b": "x"}]}'),
    says(two, '{"instances": [{"a": [1, 9223372036854775808], "b": "x"}]}'),
    says(two, '{"instances": [{"a": [1, 2]}]}'),
    says(two, '{"inputs": {"a": [[1, 2], [3]], "b": ["x", {"b64": "eA=="}]}}'),
    says(signature({ h: tensor('DT_HALF', [-1]) }), '{"instances": [1]}'),
  ]).toEqual([
    'fits row',
    'fits columnar',
    'Dimension 2 of x is 9; the model wants 10.',
    'x has 1 dimensions; the model wants 2, [?, 10].',
    'instances is empty; the server wants at least one row.',
    'This is no JSON: a comma or ] is missing.',
    'The request needs instances (rows) or inputs (columns), and only one of them.',
    'n is int8: 1.0 is not a whole number without a point.',
    'n is int8: 128 is not a number from -128 to 127.',
    'fits row',
    'fits row',
    'a is int64: 9223372036854775808 is not a number from -9223372036854775808 to 9223372036854775807.',
    'Row 1 lacks b.',
    'a is ragged: dimension 2 is 2 in one place and 1 in another.',
    'h is float16, which JSON cannot carry; use gRPC.',
  ]);
});

test('every template fits its own signature', () => {
  const all = [
    signature({ x: tensor('DT_FLOAT', [-1, 8, 8, 1]) }),
    signature({ a: tensor('DT_INT32', [-1, 5]), b: tensor('DT_STRING', [-1, 1]), c: tensor('DT_BOOL', [-1]) }),
    signature({ s: tensor('DT_FLOAT', []) }, { y: tensor('DT_FLOAT', []) }),
    signature({ u: tensor('DT_DOUBLE', null) }),
  ];
  expect(all.map((one) => checkRequest(one, requestTemplate('serving_default', one)).kind)).toEqual(['fits', 'fits', 'fits', 'fits']);
});

test('whole numbers of 64 bits are summed up exactly, also where nobody told their type', () => {
  const tensor = inferTensor('y', parseJson('[[9223372036854775807, -9223372036854775808]]'));
  expect(tensor === null ? null : [tensor.dtype, tensor.shape, tensorStats('y', tensor)]).toEqual([
    'DT_INT64',
    [1, 2],
    {
      first: ['9223372036854775807', '-9223372036854775808'],
      min: '-9223372036854775808',
      max: '9223372036854775807',
      mean: '-0.5',
      sum: '-1',
      nans: 0,
      infinities: 0,
      histogram: [1, ...Array.from({ length: 22 }, () => 0), 1],
    },
  ]);
});

test('a text nested without end is refused, not crashed on', () => {
  expect(() => parseJson('['.repeat(100_000))).toThrow(JsonSyntax);
});
