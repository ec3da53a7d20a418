import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CaseResult } from '../../src/shared/contract/cases.ts';
import { slipway } from '../cli/runSlipway.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { ownElsewhere } from '../serving/openOwner.ts';

const models = join(fixtures() ?? '', 'models', 'models');
const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
const signal = new AbortController().signal;

describe.skipIf(fixtures() === undefined)(`saved cases ${fixtures() === undefined ? whyNoFixtures : ''}`, () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'slipway-test-saved-cases-'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test('a request that was asked is kept as a case, passes on the version that it was asked, and fails on another', async () => {
    await using owner = await ownElsewhere(home, { env });
    const { client } = owner;
    const serving = await owner.serve(join(models, 'half_plus_two'), { name: 'halves', versions: { kind: 'all' }, engine: 'embedded' });
    const { modelId } = serving;
    const asked = { servingId: serving.id, signature: 'serving_default', version: '1' };
    const answer = await client.predict.run({ ...asked, body: '{"instances": [[1.0], [2.0], [5.0]]}' });
    const saved = await client.cases.save({ modelId, name: 'three rows', exchange: answer.exchange, note: 'as typed' });
    expect(saved).toMatchObject({
      name: 'three rows',
      note: 'as typed',
      inputs: [{ name: 'x', dtype: 'DT_FLOAT', shape: [3, 1] }],
      expects: { kind: 'outputs', names: ['y'] },
      problem: null,
    });
    await expect(client.cases.save({ modelId, name: 'three rows', exchange: answer.exchange })).rejects.toMatchObject({
      code: 'CASE_EXISTS',
    });
    await client.cases.save({ modelId, name: 'typed', exchange: answer.exchange, expected: { y: '[[2.5], [3.0], [99]]' } });
    const refused = await client.predict.run({
      ...asked,
      signature: 'regress_x_to_y',
      body: '{"examples": [{}], "signature_name": "regress_x_to_y"}',
    });
    expect(refused.ok).toBe(false);

    const run = async (version: string): Promise<readonly CaseResult[]> => {
      const results: CaseResult[] = [];
      for await (const one of await client.cases.run({ modelId, target: { servingId: serving.id, version } }, { signal }))
        results.push(one);
      return results;
    };
    expect(await run('1')).toMatchObject([
      { name: 'three rows', outcome: 'passed', largest: 0 },
      { name: 'typed', outcome: 'failed', detail: expect.stringContaining('y: 1 of 3 elements beyond the tolerance') },
    ]);
    const [other] = await run('2');
    expect(other).toMatchObject({ outcome: 'failed', outputs: [{ name: 'y', beyond: 3 }] });
    expect(other?.largest).toBeGreaterThan(0);
    const [gone] = await run('7');
    expect(gone).toMatchObject({ outcome: expect.stringMatching(/failed|not-run/), detail: expect.stringContaining('7') });

    await client.cases.remove({ modelId, name: 'typed' });
    expect((await client.cases.list({ modelId })).map(({ name }) => name)).toEqual(['three rows']);
  });

  test('the command runs the cases of a folder, ends with their outcome, and writes JUnit’s report', async () => {
    const folder = join(home, 'kept');
    const made = { slipway_case: 1, inputs: { x: { dtype: 'float32', shape: [1, 1], values: [[1]] } } };
    const write = (name: string, rest: object): void =>
      writeFileSync(join(folder, `${name}.case.json`), JSON.stringify({ ...made, ...rest }));
    await cp(join(models, 'half_plus_two'), join(home, 'halves'), { recursive: true });
    mkdirSync(folder);
    write('right', { expect: { outputs: { y: { dtype: 'float32', shape: [1, 1], values: [[2.5]] } } } });
    const test = (...args: string[]) => slipway(home, ['test', join(home, 'halves'), '--version', '1', '--cases', ...args], { env });
    const good = await test(join(folder, 'right.case.json'), '--junit', join(home, 'out', 'good.xml'));
    expect([good.code, good.out.split('  ')[0], good.err.trim().split('\n').at(-1)]).toEqual([0, '✓ right', '1 of 1 passed']);
    expect(readFileSync(join(home, 'out', 'good.xml'), 'utf8')).toContain('tests="1" failures="0" errors="0"');
    write('wrong', { expect: { outputs: { y: { dtype: 'float32', shape: [1, 1], values: [[3]] } } } });
    write('refused', { signature: 'nothing', expect: { error: '' } });
    const bad = await test(folder, '--json', '--junit', join(home, 'out', 'bad.xml'));
    const lines = bad.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as CaseResult);
    expect([bad.code, lines.map(({ name, outcome }) => `${name} ${outcome}`)]).toEqual([
      1,
      ['refused not-run', 'right passed', 'wrong failed'],
    ]);
    expect(readFileSync(join(home, 'out', 'bad.xml'), 'utf8')).toContain('tests="3" failures="1" errors="1"');
  });

  test('wrong usage and missing cases are said', async () => {
    const [address, none] = [
      await slipway(home, ['test', 'http://127.0.0.1:1/v1/models/x']),
      await slipway(home, ['test', join(models, 'iris'), '--cases', home, '--json'], { env }),
    ];
    expect([address.code, address.err.split('\n')[0]]).toEqual([
      2,
      'http://127.0.0.1:1/v1/models/x is an address; cases are run on a serving or a folder',
    ]);
    expect([none.code, JSON.parse(none.out)]).toMatchObject([1, { error: { code: 'CASE_UNREADABLE' } }]);
  });
});
