import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Serving } from '../../src/shared/contract/serving.ts';
import { whyNoEngine } from '../docker/engine.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { writeVersion } from './numberedVersions.ts';
import { ownHere, type Mirror } from './openOwner.ts';
import { steadyLoad } from './steadyLoad.ts';

const places = [
  { engine: 'docker', why: whyNoEngine() },
  { engine: 'embedded', why: fixtures() === undefined ? whyNoFixtures : undefined },
] as const;

describe.each(places)('several models by one server of $engine', { timeout: 180_000 }, ({ engine, why }) => {
  let home = '';
  const folderOf = (name: string): string => join(home, name === 'first' ? 'here' : 'elsewhere', name);
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'slipway-shared-'));
    if (why === undefined)
      for (const name of ['first', 'second', 'third']) for (const version of [1, 2]) writeVersion(folderOf(name), version);
  });
  afterEach(async () => {
    if (why === undefined) {
      await using owner = await ownHere(home);
      if (engine === 'docker') await owner.until('Docker', ({ engine: status }) => status.state === 'connected');
      for (const { id } of await owner.until('the state', (state) => state.servings)) await owner.client.servings.remove({ id });
    }
    rmSync(home, { recursive: true, force: true });
  });
  const urlOf = ({ plan }: Serving): string => `http://127.0.0.1:${plan.restPort}/v1/models/${plan.name}`;
  async function answering(serving: Serving): Promise<number | string> {
    const answer = await fetch(`${urlOf(serving)}:predict`, { method: 'POST', body: '{"instances":[0.0]}' });
    const { predictions, error } = (await answer.json()) as { readonly predictions?: readonly number[]; readonly error?: string };
    return predictions?.[0] === undefined ? (error ?? '') : predictions[0] / 10;
  }
  const joinServer = async (owner: Mirror, name: string, host: string): Promise<Serving> => {
    const model = await owner.client.local.addPath({ path: folderOf(name) });
    await owner.client.servings.start({ modelId: model.id, inServerOf: host });
    return owner.serving(name, 'serving');
  };

  test.skipIf(why !== undefined)(
    'a model joins a server that runs, is switched and leaves it, and what was there answers all the while',
    async () => {
      await using owner = await ownHere(home);
      const first = await owner.serve(folderOf('first'), { engine, through: 'gateway' });
      const load = steadyLoad(urlOf(first), 50);
      const second = await joinServer(owner, 'second', 'first');
      expect([second.plan.restPort, second.engine, second.plan.inServerOf]).toEqual([first.plan.restPort, engine, first.id]);
      expect(second.canary?.kind).toBe('answered');
      const third = await joinServer(owner, 'third', 'first');
      expect([await answering(first), await answering(second), await answering(third)]).toEqual([2, 2, 2]);

      await owner.client.switching.start({ id: 'second', target: { kind: 'pin', versions: ['1'] } });
      await owner.until('the switch', ({ servings }) =>
        servings.find(({ name, switching }) => name === 'second' && switching.current?.state === 'done'),
      );
      expect([await answering(first), await answering(second), await answering(third)]).toEqual([2, 1, 2]);
      await owner.client.switching.start({ id: 'first', target: { kind: 'pin', versions: ['1'] } });
      await owner.until('the switch', ({ servings }) =>
        servings.find(({ name, switching }) => name === 'first' && switching.current?.state === 'done'),
      );
      expect([await answering(first), await answering(second), await answering(third)]).toEqual([1, 1, 2]);

      await owner.client.servings.stop({ id: 'third' });
      expect((await owner.serving('third', 'stopped')).state).toEqual({ kind: 'stopped', reason: 'person' });
      expect([await answering(first), await answering(second)]).toEqual([1, 1]);
      expect(await answering(third)).toMatch(/not found|Could not find/);
      await load.stop();
      expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(load.answers.length).toBeGreaterThan(50);
    },
  );

  test.skipIf(why !== undefined)('what joined a server ends and comes back with it, and stands alone once that is removed', async () => {
    await using owner = await ownHere(home);
    const first = await owner.serve(folderOf('first'), { engine });
    await joinServer(owner, 'second', 'first');
    await owner.client.servings.restart({ id: 'first' });
    await owner.until('it is on its way', ({ servings }) =>
      servings.some(({ name, state }) => name === 'second' && state.kind !== 'serving'),
    );
    const back = await owner.serving('second', 'serving');
    expect([await answering(first), await answering(back)]).toEqual([2, 2]);

    // By a server of its own, and back again.
    await owner.client.servings.stop({ id: 'second' });
    await owner.client.servings.start({ modelId: back.modelId });
    const own = await owner.serving('second', 'serving');
    expect([own.plan.inServerOf, own.plan.restPort === first.plan.restPort, await answering(own)]).toEqual([undefined, false, 2]);
    await owner.client.servings.stop({ id: 'second' });
    await joinServer(owner, 'second', 'first');

    await expect(owner.client.servings.changePlace({ id: 'second', changes: {} })).rejects.toMatchObject({ code: 'SHARED_SERVER' });
    await owner.client.servings.stop({ id: 'first' });
    await owner.serving('second', 'stopped');
    const third = await owner.client.local.addPath({ path: folderOf('third') });
    await expect(owner.client.servings.start({ modelId: third.id, inServerOf: 'first' })).rejects.toMatchObject({ code: 'NOT_SERVING' });

    await owner.client.servings.remove({ id: 'first' });
    await owner.client.servings.startAgain({ id: 'second' });
    const alone = await owner.serving('second', 'serving');
    expect(alone.plan.inServerOf).toBeUndefined();
    expect(await answering(alone)).toBe(2);
    await expect(owner.client.servings.start({ modelId: third.id, inServerOf: 'second', tags: ['train'] })).resolves.toBeDefined();
    await owner.serving('third', 'serving');
  });

  test.skipIf(why !== undefined)('a model that does not load is refused, and the server goes on without it', async () => {
    await using owner = await ownHere(home);
    const first = await owner.serve(folderOf('first'), { engine });
    rmSync(folderOf('second'), { recursive: true });
    writeVersion(folderOf('second'), 1, { corrupt: true });
    const model = await owner.client.local.addPath({ path: folderOf('second') });
    await owner.client.servings.start({ modelId: model.id, inServerOf: 'first' });
    const failed = await owner.serving('second', 'failed');
    expect(failed.state).toMatchObject({ kind: 'failed', step: 'load' });
    expect(await answering(first)).toBe(2);
    const third = await joinServer(owner, 'third', 'first');
    expect([await answering(first), await answering(third)]).toEqual([2, 2]);
  });
});

const noEngine = whyNoEngine();

describe.skipIf(noEngine !== undefined)(
  noEngine === undefined ? 'several models by one container' : `several models by one container [${noEngine}]`,
  { timeout: 180_000 },
  () => {
    test('managed copies come by one mount, and the owner that comes next finds all of it as it runs', async () => {
      const home = mkdtempSync(join(tmpdir(), 'slipway-shared-'));
      try {
        const folders = ['first', 'second', 'third'].map((name) => join(home, 'from', name));
        for (const folder of folders) writeVersion(folder, 1);
        {
          await using owner = await ownHere(home);
          await owner.until('Docker', ({ engine }) => engine.state === 'connected');
          const first = await owner.serve(folders[0] ?? '', { engine: 'docker', through: 'gateway' });
          const imports = owner.session.app?.imports;
          if (imports === undefined) throw new Error('this process is not the owner');
          for (const [index, name] of ['second', 'third'].entries()) {
            const model = await imports.add(await imports.mintLinked(folders[index + 1] ?? ''), { name, copy: true });
            await owner.client.servings.start({ modelId: model.id, inServerOf: 'first' });
            await owner.serving(name, 'serving');
          }
          const now = await owner.serving('first', 'serving');
          // Back to the place before, which knew none of them: it is started anew with them.
          await owner.client.servings.rollbackPlace({ id: 'first' });
          await owner.serving('first', 'serving', ({ change }) => change?.kind === 'rollback' && change.state === 'done');
          for (const name of ['second', 'third']) await owner.serving(name, 'serving');
          // The second needed a container that sees the store, the third none.
          expect([now.containerId === first.containerId, now.plan.mounts?.length, now.change?.state]).toEqual([false, 1, 'done']);
          expect(await owner.serving('third', 'serving')).toMatchObject({
            steps: expect.arrayContaining([expect.objectContaining({ id: 'create', state: 'skipped' })]) as unknown,
          });
        }
        await using next = await ownHere(home);
        for (const name of ['first', 'second', 'third']) {
          const serving = await next.serving(name, 'serving');
          const answer = await fetch(`http://127.0.0.1:${serving.plan.restPort}/v1/models/${name}:predict`, {
            method: 'POST',
            body: '{"instances":[0.0]}',
          });
          expect(await answer.json()).toEqual({ predictions: [10] });
        }
        for (const { id } of await next.until('the state', (state) => state.servings)) await next.client.servings.remove({ id });
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    });
  },
);
