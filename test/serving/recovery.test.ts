import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/main/database/database.ts';
import type { Serving } from '../../src/shared/contract/serving.ts';
import { whyNoEngine } from '../docker/engine.ts';
import { fixtures } from '../fixtures.ts';
import { ownElsewhere, ownHere } from './openOwner.ts';

const why = whyNoEngine();
const docker = (...args: string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

describe.skipIf(why !== undefined)(why === undefined ? 'behind our back' : `behind our back [${why}]`, { timeout: 180_000 }, () => {
  let home = '';
  let folder = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'slipway-recovery-'));
    folder = join(home, 'models-of-mine', 'half');
    cpSync(join(fixtures() ?? '', 'models', 'models', 'half_plus_two'), folder, { recursive: true });
  });
  afterEach(async () => {
    {
      await using owner = await ownHere(home);
      await owner.until('Docker', ({ engine }) => engine.state === 'connected');
      const servings = await owner.until('the state', (state) => state.servings);
      for (const { id } of servings) await owner.client.servings.remove({ id });
    }
    rmSync(home, { recursive: true, force: true });
  });
  const ask = async ({ plan }: Serving): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${plan.restPort}/v1/models/${plan.name}:predict`, {
      method: 'POST',
      body: '{"instances":[1.0,2.0]}',
    });
    return answer.json();
  };
  const halves = { predictions: [3.5, 4] };
  const containersOf = ({ id }: Serving): string => docker('ps', '-aq', '--filter', `name=-${id.slice(0, 8)}`);

  test('kill -9 of the owner: what was kept goes on and is adopted, what was in the foreground ends with its command', async () => {
    const first = await ownElsewhere(home);
    const kept = await first.serve(folder, { name: 'kept' });
    const passing = await first.serve(folder, { name: 'passing', life: 'foreground' });
    await first.kill();
    await first[Symbol.asyncDispose]();
    expect(await ask(kept)).toEqual(halves);
    await using second = await ownElsewhere(home);
    const adopted = await second.serving('kept', 'serving');
    await second.until('passing is gone', ({ servings }) => !servings.some(({ name }) => name === 'passing'));
    expect([adopted.containerId, adopted.state, adopted.note, containersOf(passing)]).toEqual([kept.containerId, kept.state, null, '']);
    expect(await ask(adopted)).toEqual(halves);
  });

  test('kill -9 of the owner in the middle of a start: the next one takes it up where it is', async () => {
    const first = await ownElsewhere(home);
    const { id: modelId } = await first.client.local.addPath({ path: folder });
    await first.client.servings.start({ modelId, name: 'half' });
    await first.until('a container', ({ servings }) => servings.some(({ containerId }) => containerId !== null));
    await first.kill();
    await first[Symbol.asyncDispose]();
    await using second = await ownElsewhere(home);
    const { state } = await second.until('an end', ({ servings }) =>
      servings.find((one) => one.state.kind === 'serving' || one.state.kind === 'stopped'),
    );
    // Killed between the container's making and its start, it was not running; else it is taken up.
    if (state.kind === 'stopped') await second.client.servings.startAgain({ id: 'half' });
    const serving = await second.serving('half', 'serving');
    expect(await ask(serving)).toEqual(halves);
    expect(docker('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}', serving.containerId ?? '')).toBe('on-failure');
  });

  test('a lost database: what runs is known again by the plan on its label', async () => {
    const first = await ownElsewhere(home);
    const { plan, containerId } = await first.serve(folder, { name: 'half' });
    await first.kill();
    await first[Symbol.asyncDispose]();
    const db = openDatabase(home);
    for (const { id } of db.servings.all()) db.servings.remove(id);
    db.close();
    await using second = await ownHere(home);
    const adopted = await second.serving('half', 'serving');
    expect([adopted.plan, adopted.containerId, adopted.note]).toEqual([plan, containerId, 'adopted']);
  });

  test('a container that is stopped, started, paused and killed from outside is shown as it is', async () => {
    await using owner = await ownHere(home);
    const { containerId } = await owner.serve(folder, { name: 'half' });
    const container = containerId ?? '';
    docker('stop', '-t', '5', container);
    expect(await owner.serving('half', 'stopped')).toMatchObject({ state: { reason: 'outside' }, note: 'stopped-outside' });
    docker('start', container);
    const again = await owner.serving('half', 'serving');
    expect([again.note, again.state, await ask(again)]).toEqual(['started-outside', { kind: 'serving', versions: ['2'] }, halves]);
    docker('pause', container);
    await owner.serving('half', 'serving', ({ note }) => note === 'paused-outside');
    docker('unpause', container);
    await owner.serving('half', 'serving', ({ note }) => note === null);
    docker('kill', container);
    expect(await owner.serving('half', 'stopped')).toMatchObject({ state: { reason: 'outside' }, note: 'stopped-outside' });
    await owner.client.servings.startAgain({ id: 'half' });
    expect(await ask(await owner.serving('half', 'serving'))).toEqual(halves);
  });

  test('a server that dies is started again by Docker, and shown as loading until it answers', async () => {
    await using owner = await ownHere(home);
    const { containerId } = await owner.serve(folder, { name: 'half' });
    const container = containerId ?? '';
    const inside = docker('top', container, '-o', 'pid,comm')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/));
    const server = inside.findLast(([, name]) => name !== 'docker-init' && name !== 'tini')?.[0];
    process.kill(Number(server), 'SIGKILL');
    await owner.serving('half', 'starting');
    const again = await owner.serving('half', 'serving');
    expect([again.note, again.containerId, await ask(again)]).toEqual(['restarted', container, halves]);
  });

  test('a container that is removed from outside is said to be gone, and a start makes it anew', async () => {
    await using owner = await ownHere(home);
    const { containerId, plan } = await owner.serve(folder, { name: 'half' });
    docker('rm', '-f', containerId ?? '');
    expect(await owner.serving('half', 'stopped', (one) => one.containerId === null)).toMatchObject({
      state: { reason: 'removed' },
      note: 'removed-outside',
    });
    await owner.client.servings.startAgain({ id: 'half' });
    const again = await owner.serving('half', 'serving');
    expect([again.plan.restPort, again.note, await ask(again)]).toEqual([plan.restPort, null, halves]);
  });

  test('a folder that is emptied under a server is said, and what comes back is served', async () => {
    await using owner = await ownHere(home);
    await owner.serve(folder, { name: 'half' });
    for (const version of ['1', '2']) renameSync(join(folder, version), join(home, version));
    await owner.serving('half', 'serving', ({ note }) => note === 'no-version');
    await owner.until('the model has none', ({ models }) => models[0]?.versions.length === 0);
    renameSync(join(home, '1'), join(folder, '1'));
    const back = await owner.serving('half', 'serving', ({ note }) => note === null);
    expect([back.state, await ask(back)]).toEqual([{ kind: 'serving', versions: ['1'] }, { predictions: [2.5, 3] }]);
  });

  test('a folder that is gone before a start is named, and nothing of the serving is lost', async () => {
    await using owner = await ownHere(home);
    const { plan } = await owner.serve(folder, { name: 'half' });
    await owner.client.servings.stop({ id: 'half' });
    renameSync(folder, join(home, 'away'));
    await owner.until('the model is away', ({ models }) => models[0]?.present === false);
    await expect(owner.client.servings.startAgain({ id: 'half' })).rejects.toMatchObject({ code: 'MOUNT_MISSING', data: { path: folder } });
    renameSync(join(home, 'away'), folder);
    await owner.client.servings.startAgain({ id: 'half' });
    // Behind the gateway its place listens elsewhere; the address is the same.
    expect({ ...(await owner.serving('half', 'serving')).plan, placePorts: null }).toEqual({ ...plan, placePorts: null });
  });

  test('what happened is in the history', async () => {
    await using owner = await ownHere(home);
    const { containerId } = await owner.serve(folder, { name: 'half' });
    docker('rm', '-f', containerId ?? '');
    await owner.serving('half', 'stopped');
    await owner.client.servings.remove({ id: 'half' });
    const db = openDatabase(home);
    const happened = db.events.recent(10).toReversed();
    db.close();
    expect(happened.map(({ about, kind }) => `${about} ${kind}`)).toEqual([
      'half starting',
      'half serving',
      'half stopped',
      'half removed',
    ]);
  });
});
