import { describe, expect, test } from 'vitest';
import { verdictOf } from '../../src/main/library/verdict.ts';
import type { SignatureInfo, TensorInfo } from '../../src/shared/contract/savedModel.ts';

type Sides = { readonly in?: Record<string, TensorInfo>; readonly out?: Record<string, TensorInfo>; readonly method?: string };

const tensor = (shape: readonly number[] | null, dtype: TensorInfo['dtype'] = 'DT_FLOAT'): TensorInfo => ({
  name: `graph_${Math.random()}:0`,
  dtype,
  dtype_enum: 1,
  shape,
  unknown_rank: shape === null,
});
const signature = ({
  in: inputs = { x: tensor([-1, 4]) },
  out: outputs = { y: tensor([-1, 3]) },
  method = 'tensorflow/serving/predict',
}: Sides): SignatureInfo => ({
  method_name: method,
  inputs,
  outputs,
});
const version = (signatures: Record<string, SignatureInfo>, tags: readonly string[] = ['serve']) => ({
  meta_graphs: [{ tags, signatures, tensorflow_version: '', producer: 0, assets: [], ops: {} }],
});
const one = (sides: Sides) => version({ serving_default: signature(sides) });
const told = (before: ReturnType<typeof version>, after: ReturnType<typeof version>): unknown => {
  const { verdict, reasons } = verdictOf(before, after);
  return [verdict, ...reasons.map(({ code }) => code)];
};

describe('a client of one version meets another', () => {
  const base = one({});

  test.each<[what: string, after: ReturnType<typeof version>, expected: readonly string[]]>([
    ['the same, whatever its graph calls them', one({}), ['drop-in']],
    ['an initialisation entry', version({ serving_default: signature({}), __saved_model_init_op: signature({}) }), ['drop-in']],
    ['a further signature', version({ serving_default: signature({}), embed: signature({}) }), ['compatible', 'SIGNATURE_NEW']],
    ['an input of any second dimension', one({ in: { x: tensor([-1, -1]) } }), ['compatible', 'INPUT_WIDER']],
    ['an input of any rank', one({ in: { x: tensor(null) } }), ['compatible', 'INPUT_WIDER']],
    ['a fixed batch', one({ in: { x: tensor([1, 4]) } }), ['breaking', 'INPUT_NARROWER']],
    ['another number of features', one({ in: { x: tensor([-1, 5]) } }), ['breaking', 'INPUT_SHAPE']],
    ['another rank', one({ in: { x: tensor([-1, 4, 1]) } }), ['breaking', 'INPUT_SHAPE']],
    ['one dimension freed and another fixed', one({ in: { x: tensor([1, -1]) } }), ['breaking', 'INPUT_SHAPE']],
    ['another dtype', one({ in: { x: tensor([-1, 4], 'DT_DOUBLE') } }), ['breaking', 'INPUT_DTYPE']],
    ['another name', one({ in: { z: tensor([-1, 4]) } }), ['breaking', 'INPUT_GONE', 'INPUT_NEW']],
    ['a further input', one({ in: { x: tensor([-1, 4]), z: tensor([1]) } }), ['breaking', 'INPUT_NEW']],
    ['an output of a fixed batch', one({ out: { y: tensor([1, 3]) } }), ['compatible', 'OUTPUT_NARROWER']],
    ['an output of any number of classes', one({ out: { y: tensor([-1, -1]) } }), ['breaking', 'OUTPUT_WIDER']],
    ['another number of classes', one({ out: { y: tensor([-1, 4]) } }), ['breaking', 'OUTPUT_SHAPE']],
    ['an output of another dtype', one({ out: { y: tensor([-1, 3], 'DT_HALF') } }), ['breaking', 'OUTPUT_DTYPE']],
    [
      'a second output, which gives REST answers names',
      one({ out: { y: tensor([-1, 3]), z: tensor([1]) } }),
      ['breaking', 'OUTPUT_NOW_NAMED', 'OUTPUT_NEW'],
    ],
    ['another method', one({ method: 'tensorflow/serving/classify' }), ['breaking', 'METHOD_CHANGED']],
    ['another signature name', version({ predict: signature({}) }), ['breaking', 'SIGNATURE_GONE', 'SIGNATURE_NEW']],
    ['no graph for serving', version({ serving_default: signature({}) }, ['train']), ['breaking', 'NO_SERVE_GRAPH']],
  ])('%s', (_, after, expected) => {
    expect(told(base, after)).toEqual(expected);
  });

  test('a third output beside two is compatible, one left of two is not', () => {
    const two = one({ out: { y: tensor([1]), z: tensor([1]) } });
    const three = one({ out: { y: tensor([1]), z: tensor([1]), w: tensor([1]) } });
    expect([told(two, three), told(two, one({ out: { y: tensor([1]) } }))]).toEqual([
      ['compatible', 'OUTPUT_NEW'],
      ['breaking', 'OUTPUT_GONE', 'OUTPUT_NOW_BARE'],
    ]);
  });

  test('is told in words', () => {
    const { reasons } = verdictOf(base, one({ in: { x: tensor([1, 4]) } }));
    expect(reasons.map(({ message }) => message)).toEqual(['serving_default: the input x takes only [1, 4] of [?, 4].']);
  });
});
