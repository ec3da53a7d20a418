import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Serving } from '../../src/shared/contract/serving.ts';
import { testImage } from '../docker/engine.ts';
import { makeOwnDaemon, whyNoDaemon, type OwnDaemon } from '../docker/ownDaemon.ts';
import { fixtures } from '../fixtures.ts';
import { ownElsewhere, type Mirror } from './openOwner.ts';

const why = whyNoDaemon();

describe.skipIf(why !== undefined)(
  why === undefined ? 'a daemon that is hurt' : `a daemon that is hurt [${why}]`,
  { timeout: 240_000 },
  () => {
    let daemon: OwnDaemon;
    let owner: Mirror;
    let home = '';

    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'slipway-daemon-'));
      cpSync(join(fixtures() ?? '', 'models', 'models', 'half_plus_two'), join(home, 'half'), { recursive: true });
      daemon = makeOwnDaemon();
      await daemon.start();
      const save = spawn('docker', ['save', testImage], { stdio: ['ignore', 'pipe', 'ignore'] });
      const load = spawn('docker', ['-H', daemon.endpoint, 'load'], { stdio: [save.stdout, 'ignore', 'ignore'] });
      await once(load, 'exit');
      owner = await ownElsewhere(home, { env: { DOCKER_HOST: daemon.endpoint }, wrap: daemon.wrap });
    }, 240_000);
    afterAll(async () => {
      await owner[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
      rmSync(home, { recursive: true, force: true });
    }, 120_000);

    /** Asked from within the daemon's network. */
    function ask({ plan }: Serving): unknown {
      const script = `const answer = await fetch('http://127.0.0.1:${plan.restPort}/v1/models/${plan.name}:predict', { method: 'POST', body: '{"instances":[1.0,2.0]}' }); console.log(await answer.text());`;
      const [command, ...args] = [...daemon.wrap, process.execPath, '--input-type=module', '-e', script];
      return JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as unknown;
    }
    const halves = { predictions: [3.5, 4] };

    test('restarted with a serving in it: said to be away, then what became of it, and one start brings it back as it was', async () => {
      const before = await owner.serve(join(home, 'half'), { name: 'half' });
      expect(ask(before)).toEqual(halves);
      await daemon.end('SIGTERM');
      await owner.until('away', ({ engine }) => engine.state === 'away');
      await owner.until('it is said', ({ servings }) => servings[0]?.note === 'engine-away' || servings[0]?.note === 'engine-restarted');
      await expect(owner.client.servings.startAgain({ id: 'half' })).rejects.toMatchObject({ code: 'DOCKER_NOT_RUNNING' });
      await daemon.start();
      await owner.until('connected', ({ engine }) => engine.state === 'connected');
      const stopped = await owner.serving('half', 'stopped');
      expect(stopped).toMatchObject({ state: { reason: 'engine-away' }, note: 'engine-restarted' });
      await owner.client.servings.startAgain({ id: 'half' });
      const after = await owner.serving('half', 'serving');
      expect([{ ...after.plan, placePorts: null }, ask(after)]).toEqual([{ ...before.plan, placePorts: null }, halves]);
    });

    test.each(['direct', 'gateway'] as const)(
      'asked to end while a serving (%s) is looked at, which no longer listens and has not ended: that is stopped, not failed',
      async (through) => {
        const before = await owner.serve(join(home, 'half'), { name: through, through });
        expect(ask(before)).toEqual(halves);
        // As a server that has been told to end and takes its time.
        const container = before.containerId ?? '';
        execFileSync('docker', ['-H', daemon.endpoint, 'network', 'disconnect', 'bridge', container]);
        // What it has let go of makes it looked at.
        for (const act of ['pause', 'unpause']) execFileSync('docker', ['-H', daemon.endpoint, act, container]);
        await owner.serving(through, 'starting');
        await daemon.end('SIGTERM');
        await owner.until('away', ({ engine }) => engine.state === 'away');
        await daemon.start();
        await owner.until('connected', ({ engine }) => engine.state === 'connected');
        const ended = await owner.until('it has ended', ({ servings }) =>
          servings.find(({ name, state }) => name === through && (state.kind === 'stopped' || state.kind === 'failed')),
        );
        expect(ended).toMatchObject({ state: { kind: 'stopped', reason: 'engine-away' }, note: 'engine-restarted' });
        await owner.client.servings.startAgain({ id: through });
        expect(ask(await owner.serving(through, 'serving'))).toEqual(halves);
        await owner.client.servings.remove({ id: through });
      },
    );

    test('killed with a serving in it: the serving is what it is when the next daemon is there', async () => {
      const before = await owner.serving('half', 'serving');
      await daemon.end('SIGKILL');
      await owner.serving('half', 'serving', ({ note }) => note === 'engine-away');
      // A stop that cannot be is refused, and the serving is not left half-stopped.
      await expect(owner.client.servings.stop({ id: 'half' })).rejects.toMatchObject({ code: 'DOCKER_NOT_RUNNING' });
      await owner.serving('half', 'serving');
      await daemon.start();
      const now = await owner.until('what became of it', ({ servings, engine }) =>
        engine.state === 'connected' ? servings.find(({ state, note }) => state.kind !== 'starting' && note !== 'engine-away') : undefined,
      );
      if (now.state.kind === 'stopped') await owner.client.servings.startAgain({ id: 'half' });
      const after = await owner.serving('half', 'serving');
      expect([{ ...after.plan, placePorts: null }, ask(after)]).toEqual([{ ...before.plan, placePorts: null }, halves]);
    });

    test('killed in the middle of a start: the start fails for that reason, and works when there is a daemon again', async () => {
      await owner.client.servings.stop({ id: 'half' });
      await owner.client.servings.startAgain({ id: 'half' });
      await owner.until('it loads', ({ servings }) =>
        servings.some(({ state, containerId }) => state.kind === 'starting' && state.step === 'load' && containerId !== null),
      );
      await daemon.end('SIGKILL');
      const failed = await owner.serving('half', 'failed');
      expect(failed.state).toMatchObject({ problem: { code: 'DOCKER_NOT_RUNNING' } });
      await daemon.start();
      await owner.until('connected', ({ engine }) => engine.state === 'connected');
      await owner.client.servings.startAgain({ id: 'half' }).catch(() => undefined);
      expect(ask(await owner.serving('half', 'serving'))).toEqual(halves);
    });
  },
);
