import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Serving } from '../../src/shared/contract/serving.ts';
import { whyNoEngine } from '../docker/engine.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { writeHeldCase } from './heldCase.ts';
import { writeVersion } from './numberedVersions.ts';
import { ownHere, type Mirror } from './openOwner.ts';
import { steadyLoad } from './steadyLoad.ts';
import { answering, change, removeAll, urlOf } from './switching.ts';

const places = [
  { engine: 'docker', why: whyNoEngine() },
  { engine: 'embedded', why: fixtures() === undefined ? whyNoFixtures : undefined },
] as const;

/** Keeps what the present version answers for 0 as a case. */
async function saveCase(owner: Mirror, { id, modelId }: Serving, name: string, absolute: number): Promise<void> {
  const { exchange } = await owner.client.predict.run({ servingId: id, signature: 'serving_default', body: '{"instances":[[0.0]]}' });
  await owner.client.cases.save({ modelId, name, exchange, tolerance: { absolute, relative: 0 } });
}

describe.each(places)('what a switch on $engine tries, stops and unloads', { timeout: 180_000 }, ({ engine, why }) => {
  let home = '';
  let base = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'slipway-switch-cases-'));
    base = join(home, 'models-of-mine', 'half');
    if (why === undefined) for (const version of [1, 2, 3]) writeVersion(base, version);
  });
  afterEach(async () => {
    if (why === undefined) await removeAll(home, engine);
    rmSync(home, { recursive: true, force: true });
  });
  const heldOf = ({ switching }: Serving) => switching.held.map(({ version, why: reason }) => [version, reason.kind]);

  test.skipIf(why !== undefined)(
    'a version that fails a saved case is not served, and the case is named; a person may serve it all the same',
    async () => {
      await using owner = await ownHere(home);
      const serving = await owner.serve(base, { engine });
      await saveCase(owner, serving, 'exact', 0);
      await saveCase(owner, serving, 'loose', 100);
      const load = steadyLoad(urlOf(serving), 100);
      const refused = await change(owner, serving, { kind: 'pin', versions: ['2'] });
      expect(refused.switching.current).toMatchObject({
        state: 'failed',
        problem: { code: 'CASES_FAILED', data: { failed: 1, count: 2, names: 'exact' } },
        cases: {
          count: 2,
          passed: 1,
          failed: 1,
          failures: [{ version: '2', name: 'exact', detail: expect.stringContaining('y: 1 of 1') }],
        },
      });
      expect([refused.plan.served?.admitted, await answering(serving)]).toEqual([['3'], 3]);
      await owner.until('2 is told as gone', ({ servings }) =>
        servings.some(({ state }) => state.kind === 'serving' && state.versions.join() === '3'),
      );

      writeVersion(base, 4);
      const newer = await owner.until('4 is held', ({ servings }) =>
        servings.find((one) => one.switching.current?.state === 'failed' && heldOf(one).length > 0),
      );
      expect([heldOf(newer), newer.switching.current?.by, newer.switching.current?.problem?.code]).toEqual([
        [['4', 'refused']],
        'automatic',
        'CASES_FAILED',
      ]);
      const tries = await owner.client.switching.history({ id: serving.id });
      expect(tries.filter(({ cause }) => cause === 'appeared').map(({ outcome }) => outcome)).toEqual(['refused']);
      expect(await answering(serving)).toBe(3);
      await load.stop();
      expect(load.answers.filter(({ version }) => version !== 3)).toEqual([]);
      expect(load.answers.length).toBeGreaterThan(20);

      const served = await change(owner, serving, { kind: 'latest' }, { despiteCases: true });
      expect(served.switching.current).toMatchObject({ state: 'done', cases: { count: 2, passed: 1, failed: 1 } });
      expect(await answering(serving)).toBe(4);
      // What was served before is not held up by cases that it fails.
      await change(owner, serving, { kind: 'pin', versions: ['2'] }, { despiteCases: true });
      await owner.client.cases.remove({ modelId: serving.modelId, name: 'loose' });
      const back = await change(owner, serving, { kind: 'back' });
      expect([back.switching.current?.state, back.switching.current?.cases, await answering(serving)]).toEqual(['done', undefined, 4]);
    },
  );

  test.skipIf(why !== undefined || process.platform === 'win32')(
    'a switch that is stopped in the middle of its cases leaves what served before, and unloads what it had loaded',
    async () => {
      await using owner = await ownHere(home);
      const serving = await owner.serve(base, { engine });
      await using held = await writeHeldCase(join(home, 'cases', serving.modelId), {
        input: ['x', [1]],
        output: { y: { dtype: 'float32', shape: [1], values: [20] } },
      });
      const { taskId } = await owner.client.switching.start({ id: serving.id, target: { kind: 'pin', versions: ['2'] } });
      await owner.until('its cases', ({ servings }) =>
        servings.find(({ switching }) => switching.current?.steps.some(({ id, state }) => id === 'cases' && state === 'running')),
      );
      expect([await answering(serving), await answering(serving, '/versions/2')]).toEqual([3, 2]);
      await owner.client.tasks.cancel({ id: taskId });
      await held.release();
      const stopped = await owner.until('it is stopped', ({ servings }) =>
        servings.find(({ switching }) => switching.current !== null && switching.current.state !== 'running'),
      );
      expect([stopped.switching.current?.state, stopped.plan.served?.admitted]).toEqual(['cancelled', ['3']]);
      await expect.poll(() => answering(serving, '/versions/2'), { timeout: 30_000 }).toBeNaN();
      expect(await answering(serving)).toBe(3);
      const [newest] = await owner.client.switching.history({ id: serving.id });
      expect(newest).toMatchObject({ by: 'person', outcome: 'cancelled', state: { versions: ['3'] } });
    },
  );

  test.skipIf(why !== undefined)('all versions answer beside each other, also one that comes; a return leaves it out', async () => {
    await using owner = await ownHere(home);
    const serving = await owner.serve(base, { engine });
    const all = await change(owner, serving, { kind: 'all' });
    expect([all.plan.versions, all.plan.served?.admitted]).toEqual([{ kind: 'all' }, ['3', '2', '1']]);
    const each = (versions: readonly number[]) => Promise.all(versions.map((version) => answering(serving, `/versions/${version}`)));
    expect([await each([1, 2, 3]), await answering(serving)]).toEqual([[1, 2, 3], 3]);
    writeVersion(base, 4);
    await owner.until('4 serves', ({ servings }) =>
      servings.find(({ plan, switching }) => plan.served?.admitted[0] === '4' && switching.current?.state === 'done'),
    );
    expect([await each([1, 2, 3, 4]), await answering(serving)]).toEqual([[1, 2, 3, 4], 4]);
    const back = await change(owner, serving, { kind: 'back' });
    expect([back.plan.versions, await each([1, 2, 3]), await answering(serving)]).toEqual([
      { kind: 'specific', versions: ['3', '2', '1'] },
      [1, 2, 3],
      3,
    ]);
  });

  test.skipIf(why !== undefined)(
    'what is kept for going back is unloaded after a quarter of an hour, unless it was gone back to',
    async () => {
      const waiting = new Set<{ readonly ms: number; readonly act: () => void }>();
      const later = (ms: number, act: () => void): (() => void) => {
        const one = { ms, act };
        waiting.add(one);
        return () => waiting.delete(one);
      };
      await using owner = await ownHere(home, {}, { later });
      const serving = await owner.serve(base, { engine, versions: { kind: 'specific', versions: ['2'] } });
      await change(owner, serving, { kind: 'latest' });
      expect(await answering(serving, '/versions/2')).toBe(2);
      await expect.poll(() => [...waiting].map(({ ms }) => ms)).toEqual([900_000]);
      await change(owner, serving, { kind: 'back' });
      await expect.poll(() => waiting.size).toBe(0);
      await change(owner, serving, { kind: 'latest' });
      await expect.poll(() => waiting.size).toBe(1);
      for (const { act } of waiting) act();
      const after = await owner.until('2 is unloaded', ({ servings }) => servings.find(({ plan }) => plan.served?.admitted.join() === '3'));
      await owner.until('its end', ({ servings }) =>
        servings.find(({ switching }) => switching.current?.cause === 'unloaded' && switching.current.state === 'done'),
      );
      await expect.poll(() => answering(after, '/versions/2'), { timeout: 30_000 }).toBeNaN();
      expect(await answering(after)).toBe(3);
    },
  );
});
