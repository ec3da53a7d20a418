import { describe, expect, test } from 'vitest';
import type { SignatureInfo, TensorInfo } from '../../src/shared/contract/savedModel.ts';
import { dtypeEnum, type Dtype } from '../../src/shared/tensor/dtype.ts';
import { parseJson } from '../../src/shared/tensor/json.ts';
import { convertBody } from '../../src/shared/tensor/jsonInputs.ts';
import { checkRequest } from '../../src/shared/tensor/requestCheck.ts';
import { fixBody } from '../../src/shared/tensor/tensorFix.ts';

const info = (dtype: Dtype, shape: readonly number[] | null): TensorInfo => ({
  name: 'x:0',
  dtype,
  dtype_enum: dtypeEnum(dtype),
  shape,
  unknown_rank: shape === null,
});
const signature = (inputs: Readonly<Record<string, TensorInfo>>): SignatureInfo => ({
  method_name: 'tensorflow/serving/predict',
  inputs,
  outputs: {},
});

/** What is offered for a request that does not fit, and the request after it. */
function offered(of: SignatureInfo, text: string): unknown {
  const check = checkRequest(of, text);
  if (check.kind === 'fits') return 'fits';
  const [misfit] = check.misfits;
  if (misfit?.fix == null || misfit.input === null) return null;
  const fixed = fixBody(of, parseJson(text), misfit.input, misfit.fix);
  return [misfit.fix, fixed, checkRequest(of, fixed).kind];
}

describe('a request that does not fit', () => {
  const image = signature({ x: info('DT_FLOAT', [-1, 2, 2, 1]) });
  const ids = signature({ x: info('DT_INT64', [-1, 2]) });
  test.each([
    [
      'lacks a batch dimension',
      image,
      '{"inputs": [[[1.0], [2.0]], [[3.0], [4.0]]]}',
      [{ kind: 'add-batch' }, '{"inputs": [[[[1.0], [2.0]], [[3.0], [4.0]]]]}', 'fits'],
    ],
    [
      'lacks it in rows',
      signature({ x: info('DT_FLOAT', [-1, 3]) }),
      '{"instances": [1, 2, 3]}',
      [{ kind: 'add-batch' }, '{"instances": [[1, 2, 3]]}', 'fits'],
    ],
    [
      'has one too many',
      ids,
      '{"instances": [[[9007199254740993, -1]]]}',
      [{ kind: 'drop-batch' }, '{"instances": [[9007199254740993, -1]]}', 'fits'],
    ],
    [
      'has its channels first',
      signature({ x: info('DT_FLOAT', [-1, 1, 2, 3]) }),
      '{"inputs": [[[[1, 2]], [[3, 4]], [[5, 6]]]]}',
      [{ kind: 'transpose', order: [0, 2, 3, 1] }, '{"inputs": [[[[1, 3, 5], [2, 4, 6]]]]}', 'fits'],
    ],
    [
      'is flat',
      image,
      '{"instances": [[-0.0, 1e-45, NaN, 4]]}',
      [{ kind: 'reshape', shape: [1, 2, 2, 1] }, '{"instances": [[[[-0.0], [1e-45]], [[NaN], [4]]]]}', 'fits'],
    ],
    [
      'has points in whole numbers',
      ids,
      '{"inputs": [[1.0, 9007199254740993]]}',
      [{ kind: 'cast', dtype: 'DT_INT64' }, '{"inputs": [[1, 9007199254740993]]}', 'fits'],
    ],
    [
      'has numbers as texts',
      signature({ x: info('DT_FLOAT', [-1]), n: info('DT_INT32', [-1]) }),
      '{"signature_name": "s", "instances": [{"x": "2.50", "n": 1}]}',
      [{ kind: 'cast', dtype: 'DT_FLOAT' }, '{"signature_name": "s", "instances": [{"x": 2.50, "n": 1}]}', 'fits'],
    ],
    ['has a fraction where whole numbers are wanted', ids, '{"inputs": [[1.5, 2]]}', null],
    ['has too few values', image, '{"inputs": [[1, 2, 3]]}', null],
  ] as const)('that %s is offered the change that makes it fit', (_, of, text, want) => {
    expect(offered(of, text)).toEqual(want);
  });
});

test('rows become columns and rows again, every number as it was typed', () => {
  const of = signature({ x: info('DT_FLOAT', [-1, 2]), s: info('DT_STRING', [-1]) });
  const rows = '{"instances": [{"x": [1.50, -0.0], "s": {"b64": "/w=="}}, {"x": [1e400, NaN], "s": "b"}]}';
  const columns = '{"inputs": {"x": [[1.50, -0.0], [1e400, NaN]], "s": [{"b64": "/w=="}, "b"]}}';
  expect([
    convertBody(of, parseJson(rows), 'columnar'),
    convertBody(of, parseJson(columns), 'row'),
    convertBody(of, parseJson('{"inputs": {"x": [[1, 2]], "s": ["a", "b"]}}'), 'row'),
  ]).toEqual([columns, `{"instances": [{"x": [1.50, -0.0], "s": {"b64": "/w=="}}, {"x": [1e400, NaN], "s": "b"}]}`, null]);
});
