import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { reachGateway } from '../../src/main/gateway/reachGateway.ts';
import { gatewaySocket } from '../../src/main/owner/dataFolder.ts';
import type { PlaceChanges } from '../../src/shared/contract/placeChange.ts';
import type { Serving } from '../../src/shared/contract/serving.ts';
import { whyNoEngine } from '../docker/engine.ts';
import { fixtures } from '../fixtures.ts';
import { ownElsewhere, ownHere, type Mirror } from './openOwner.ts';
import { restAndGrpcLoad, type RestAndGrpcLoad } from './restAndGrpcLoad.ts';

const older = 'tensorflow/serving:2.19.1';
const newer = 'tensorflow/serving:latest';
const folder = join(fixtures() ?? '', 'models', 'models', 'half_plus_two');
const why = whyNoEngine();

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'slipway-place-'));
  undo.push(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

async function own(home = newHome()): Promise<Mirror> {
  const owner = await ownHere(home);
  undo.push(() => owner[Symbol.asyncDispose]());
  return owner;
}

async function serve(owner: Mirror, choices: Parameters<Mirror['serve']>[1] = {}): Promise<Serving> {
  const serving = await owner.serve(folder, { engine: 'docker', image: older, through: 'gateway', ...choices });
  undo.push(() => owner.client.servings.remove({ id: serving.id }).catch(() => undefined));
  return serving;
}

/** Changes the place, or rolls back without changes, and waits until that has ended. */
async function change(owner: Mirror, { id, name }: Serving, changes: PlaceChanges | null): Promise<Serving> {
  const { servings } = owner.client;
  const { taskId } = await (changes === null ? servings.rollbackPlace({ id }) : servings.changePlace({ id, changes }));
  return owner.serving(name, 'serving', ({ change: one }) => one?.taskId === taskId && one.state !== 'running');
}

/** Many more answers have come, and no failure. */
async function goesOn({ answered, failures }: RestAndGrpcLoad): Promise<void> {
  const before = answered();
  const more = (): boolean => failures.length > 0 || Math.min(answered().rest - before.rest, answered().grpc - before.grpc) > 100;
  await expect.poll(more, { timeout: 60_000 }).toBe(true);
  expect(failures).toEqual([]);
}

const docker = (...args: readonly string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();

describe.skipIf(why !== undefined)(why === undefined ? 'a change of place' : `a change of place [${why}]`, () => {
  test('under 200 requests a second an image is upgraded and rolled back: none fails, and none goes to the old place after it is said done', async () => {
    const owner = await own();
    const serving = await serve(owner);
    const load = restAndGrpcLoad(serving.plan, 200);
    undo.push(() => load.stop());
    await goesOn(load);
    const upgraded = await change(owner, serving, { image: newer });
    expect(upgraded.change).toMatchObject({
      state: 'done',
      problem: null,
      cutOff: 0,
      refusedMs: null,
      from: { image: older },
      to: { image: newer },
    });
    expect(upgraded).toMatchObject({ plan: { image: newer }, previous: { plan: { image: older }, containerId: serving.containerId } });
    // A request to it would hang, and fail.
    docker('pause', serving.containerId ?? '');
    await goesOn(load);
    docker('unpause', serving.containerId ?? '');
    const back = await change(owner, serving, null);
    expect(back).toMatchObject({
      containerId: serving.containerId,
      change: { state: 'done', cutOff: 0 },
      previous: { plan: { image: newer } },
    });
    docker('pause', upgraded.containerId ?? '');
    await goesOn(load);
    docker('unpause', upgraded.containerId ?? '');
    await load.stop();
    expect(load.failures).toEqual([]);
  }, 240_000);

  test('a change that cannot be is taken back, says why, and leaves nothing; what served goes on without a failed request', async () => {
    const owner = await own();
    const serving = await serve(owner, { name: 'stays' });
    const load = restAndGrpcLoad(serving.plan, 200);
    undo.push(() => load.stop());
    for (const [changes, step] of [
      [{ image: '127.0.0.1:1/none:1' }, 'pull'],
      [{ tags: ['no-such-tag'] }, 'load'],
    ] as const) {
      const after = await change(owner, serving, 'tags' in changes ? { tags: [...changes.tags] } : changes);
      expect(after).toMatchObject({
        containerId: serving.containerId,
        plan: serving.plan,
        previous: null,
        change: { state: 'failed', containerId: null },
      });
      expect(after.change?.steps.find(({ state }) => state === 'failed')?.id).toBe(step);
      expect(after.change?.problem).not.toBe(null);
      expect(docker('ps', '-aq', '--filter', `name=${serving.id.slice(0, 8)}`).split('\n')).toHaveLength(1);
      await goesOn(load);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
  }, 240_000);

  test('the embedded engine hands over to Docker and back under load without a failed request', async () => {
    const owner = await own();
    const serving = await serve(owner, { name: 'moves', engine: 'embedded' });
    const load = restAndGrpcLoad(serving.plan, 200);
    undo.push(() => load.stop());
    await goesOn(load);
    expect(await change(owner, serving, { engine: 'docker', image: newer })).toMatchObject({
      engine: 'docker',
      change: { state: 'done', cutOff: 0, from: { engine: 'embedded', image: null } },
    });
    await goesOn(load);
    expect(await change(owner, serving, null)).toMatchObject({ engine: 'embedded', change: { state: 'done' } });
    await goesOn(load);
    await load.stop();
    expect(load.failures).toEqual([]);
  }, 240_000);

  test('a direct serving changes, too: its address is refused for a moment that is told, and from then on it stands behind the gateway', async () => {
    const owner = await own();
    const serving = await serve(owner, { name: 'direct', through: 'direct' });
    expect(serving.plan.placePorts).toBeUndefined();
    const after = await change(owner, serving, { image: newer });
    expect(after).toMatchObject({ plan: { through: 'gateway', restPort: serving.plan.restPort }, change: { state: 'done' } });
    expect(after.change?.refusedMs).toBeGreaterThan(0);
    const load = restAndGrpcLoad(serving.plan, 200);
    undo.push(() => load.stop());
    await goesOn(load);
    expect(await change(owner, serving, null)).toMatchObject({ change: { state: 'done', refusedMs: null }, plan: { image: older } });
    await load.stop();
    expect(load.failures).toEqual([]);
  }, 240_000);

  const ask = async ({ plan }: Serving): Promise<unknown> =>
    (
      await fetch(`http://127.0.0.1:${plan.restPort}/v1/models/${plan.name}:predict`, { method: 'POST', body: '{"instances":[1.0]}' })
    ).json();
  const gatewayOf = async (home: string, { id }: Serving) => {
    using control = await reachGateway(gatewaySocket(home, id));
    return (await control?.state()) ?? null;
  };

  test('the gateway stays when the owner is killed, is adopted with its serving, is started anew when it is killed, and ends with the serving', async () => {
    const home = newHome();
    const first = await ownElsewhere(home);
    const serving = await first.serve(folder, { name: 'kept', engine: 'docker', image: older, through: 'gateway' });
    const before = await gatewayOf(home, serving);
    await first.kill();
    await first[Symbol.asyncDispose]();
    expect(await ask(serving)).toEqual({ predictions: [3.5] });
    const second = await own(home);
    await second.serving('kept', 'serving');
    undo.push(() => second.client.servings.remove({ id: serving.id }).catch(() => undefined));
    expect((await gatewayOf(home, serving))?.pid).toBe(before?.pid);
    process.kill(before?.pid ?? 0, 'SIGKILL');
    const isAnew = async (): Promise<boolean> => ![undefined, before?.pid].includes((await gatewayOf(home, serving))?.pid);
    await expect.poll(isAnew, { timeout: 30_000 }).toBe(true);
    await expect.poll(() => ask(serving).catch(() => null), { timeout: 30_000 }).toEqual({ predictions: [3.5] });
    await second.client.servings.stop({ id: serving.id });
    expect(await gatewayOf(home, serving)).toBe(null);
    await expect(ask(serving)).rejects.toThrow('fetch failed');
    await second.client.servings.startAgain({ id: serving.id });
    expect(await ask(await second.serving('kept', 'serving'))).toEqual({ predictions: [3.5] });
  }, 240_000);

  test.each(['load', 'drain'] as const)(
    'kill -9 of the owner at the step %s of a change: the next one says what has become of it, and it is so',
    async (step) => {
      const home = newHome();
      const first = await ownElsewhere(home);
      const serving = await first.serve(folder, { name: 'mid', engine: 'docker', image: older, through: 'gateway' });
      // A request that is under way holds the draining.
      const slow = connect(serving.plan.restPort, '127.0.0.1');
      slow.on('error', () => undefined);
      slow.write('POST /v1/models/mid:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{');
      await expect.poll(async () => (await gatewayOf(home, serving))?.underWay.now, { timeout: 20_000 }).toBe(1);
      await first.client.servings.changePlace({ id: serving.id, changes: { image: newer } });
      await first.until(step, ({ servings }) => servings[0]?.change?.steps.some(({ id, state }) => id === step && state === 'running'));
      await first.kill();
      await first[Symbol.asyncDispose]();
      slow.destroy();
      expect(await ask(serving)).toEqual({ predictions: [3.5] });
      const second = await own(home);
      undo.push(() => second.client.servings.remove({ id: serving.id }).catch(() => undefined));
      const after = await second.serving('mid', 'serving', ({ change }) => change?.state !== 'running');
      const isDone = step === 'drain';
      expect(after).toMatchObject({
        plan: { image: isDone ? newer : older },
        change: { state: isDone ? 'done' : 'failed', problem: isDone ? null : { code: 'CHANGE_INTERRUPTED' } },
      });
      expect((await gatewayOf(home, serving))?.place).toEqual(after.plan.placePorts);
      const running = (): string[] =>
        docker('ps', '-q', '--no-trunc', '--filter', `name=${serving.id.slice(0, 8)}`)
          .split('\n')
          .toSorted();
      const expected = [after, ...(isDone ? [serving] : [])].map(({ containerId }) => containerId ?? '').toSorted();
      await expect.poll(running, { timeout: 30_000 }).toEqual(expected);
      expect(await ask(after)).toEqual({ predictions: [3.5] });
      // And it changes as if nothing had been.
      expect(await change(second, serving, isDone ? null : { image: newer })).toMatchObject({
        change: { state: 'done' },
        plan: { image: isDone ? older : newer },
      });
      await second.client.servings.remove({ id: serving.id });
      await expect.poll(() => docker('ps', '-aq', '--filter', `name=${serving.id.slice(0, 8)}`), { timeout: 30_000 }).toBe('');
    },
    240_000,
  );
});
