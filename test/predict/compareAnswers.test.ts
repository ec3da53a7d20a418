import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ComparedAnswers } from '../../src/shared/contract/compareAnswers.ts';
import { compareClosely } from '../../src/main/predict/compareAnswers.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { ownElsewhere, type Mirror } from '../serving/openOwner.ts';

const floats = (shape: readonly number[], ...values: readonly number[]) => ({
  dtype: 'DT_FLOAT' as const,
  shape,
  data: Float32Array.from(values),
});

describe('two outputs', () => {
  test('are told apart by number, by the elements that lie furthest apart, and by rows that changed their class', () => {
    const first = floats([3, 2], 0.75, 0.25, 0.5, 0.5, 0, 1);
    const second = floats([3, 2], 0.25, 0.75, 0.5, 0.5, 0, 1);
    expect(compareClosely('y', first, second)).toEqual({
      name: 'y',
      largest: 0.5,
      largestRelative: 2,
      different: 2,
      size: 6,
      problem: null,
      mean: 1 / 6,
      furthest: [
        { at: [0, 0], values: ['0.75', '0.25'], difference: '-0.5' },
        { at: [0, 1], values: ['0.25', '0.75'], difference: '0.5' },
      ],
      classes: { rows: 3, changed: 1, first: [{ row: 0, classes: [0, 1] }] },
    });
  });

  test('differ exactly where whole numbers of 64 bits do, and where one of them is no number', () => {
    const whole = (...values: readonly bigint[]) => ({
      dtype: 'DT_INT64' as const,
      shape: [values.length],
      data: BigInt64Array.from(values),
    });
    expect(compareClosely('y', whole(9007199254740993n, 5n), whole(9007199254740992n, 5n))).toMatchObject({
      different: 1,
      furthest: [{ at: [0], values: ['9007199254740993', '9007199254740992'], difference: '-1' }],
      classes: null,
    });
    expect(compareClosely('y', floats([3], NaN, 1, -0), floats([3], NaN, NaN, 0))).toMatchObject({
      different: 1,
      largest: Infinity,
      mean: null,
    });
    const text = (...values: readonly string[]) => ({
      dtype: 'DT_STRING' as const,
      shape: [values.length],
      data: values.map((value) => Buffer.from(value)),
    });
    expect(compareClosely('y', text('a', 'b'), text('a', 'c'))).toMatchObject({
      different: 1,
      largest: null,
      mean: null,
      furthest: [{ at: [1], values: ['"b"', '"c"'], difference: null }],
    });
    expect(compareClosely('y', floats([1], 1), null).problem).toBe('One of the answers lacks it.');
    expect(compareClosely('y', floats([1], 1), floats([2], 1, 1))).toMatchObject({
      problem: 'The shapes differ: [2] and [1].',
      furthest: [],
    });
  });
});

const models = join(fixtures() ?? '', 'models', 'models');

describe.skipIf(fixtures() === undefined)(`the same input to two targets ${fixtures() === undefined ? whyNoFixtures : ''}`, () => {
  let home: string;
  let owner: Mirror;
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'slipway-test-compare-'));
    owner = await ownElsewhere(home, { env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } });
  }, 120_000);
  afterAll(async () => {
    await owner[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });
  const facts = ({ sides }: ComparedAnswers): unknown =>
    sides.map(({ version, backend, standsIn, answer, problem }) => [version, backend, standsIn, answer?.mode ?? problem?.code]);

  test('two versions of which the serving serves one: the embedded engine stands in for the other, with its own answer', async () => {
    const { client } = owner;
    const { id: servingId } = await owner.serve(join(models, 'half_plus_two'), {
      engine: 'embedded',
      versions: { kind: 'specific', versions: ['2'] },
    });
    const asked = { signature: 'serving_default', body: '{"instances": [[1.0], [2.0]]}' };
    const versions = await client.predict.compare({
      ...asked,
      sides: [
        { servingId, version: '1' },
        { servingId, version: '2' },
      ],
    });
    const alone = await client.predict.run({ servingId, ...asked });
    expect([facts(versions), versions.sides[1].answer?.outputs[0]?.first, versions.sides[0].answer?.outputs[0]?.first]).toEqual([
      [
        ['1', 'embedded', true, 'row'],
        ['2', 'serving', false, 'row'],
      ],
      alone.outputs[0]?.first,
      ['2.5', '3.0'],
    ]);
    expect(versions.outputs).toMatchObject([
      { name: 'y', different: 2, furthest: [{ values: [expect.any(String), expect.any(String)] }, {}] },
    ]);

    const protocols = await client.predict.compare({ ...asked, sides: [{ servingId }, { servingId, mode: 'grpc' }] });
    const engines = await client.predict.compare({ ...asked, sides: [{ servingId }, { servingId, backend: 'embedded' }] });
    expect([facts(protocols), protocols.outputs[0]?.different, facts(engines), engines.outputs[0]?.different]).toEqual([
      [
        ['2', 'serving', false, 'row'],
        ['2', 'serving', false, 'grpc'],
      ],
      0,
      [
        ['2', 'serving', false, 'row'],
        ['2', 'embedded', false, 'row'],
      ],
      0,
    ]);

    // A model that nothing serves is asked all the same.
    const { id: modelId } = await client.local.addPath({ path: join(models, 'iris') });
    const iris = { signature: 'serving_default', body: '{"instances": [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3]]}' };
    const unserved = await client.predict.compare({
      ...iris,
      sides: [
        { modelId, version: '1' },
        { modelId, version: '3' },
      ],
    });
    expect([facts(unserved), unserved.outputs[0]?.classes?.rows, unserved.outputs[0]?.different]).toEqual([
      [
        ['1', 'embedded', true, 'row'],
        ['3', 'embedded', true, 'row'],
      ],
      2,
      6,
    ]);

    // One that cannot answer says so beside the other's answer; both are in the history.
    const gone = await client.predict.compare({ ...asked, sides: [{ servingId }, { servingId, version: '77' }] });
    expect([facts(gone), gone.outputs]).toEqual([
      [
        ['2', 'serving', false, 'row'],
        ['77', 'embedded', true, 'VERSION_NOT_FOUND'],
      ],
      [],
    ]);
  });
});
