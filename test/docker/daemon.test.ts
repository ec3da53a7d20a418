import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngineWatch, lookingStatus, type EngineWatch } from '../../src/main/docker/engineWatch.ts';
import { createStateHub, type StateHub } from '../../src/main/stateHub.ts';
import { defaultSettings } from '../../src/shared/contract/defaultSettings.ts';
import { whyNoEngine } from './engine.ts';

const why = whyNoEngine() ?? (process.getuid?.() === 0 ? undefined : 'skipped: a daemon of our own needs root');

describe.skipIf(why !== undefined)(why === undefined ? 'a daemon of our own' : `a daemon of our own [${why}]`, () => {
  let folder = '';
  let daemon: ChildProcess | undefined;
  let watch: EngineWatch;
  let hub: StateHub;

  function startDaemon(): ChildProcess {
    const places = [
      '-H',
      `unix://${folder}/d.sock`,
      '--data-root',
      `${folder}/data`,
      '--exec-root',
      `${folder}/exec`,
      '--pidfile',
      `${folder}/pid`,
    ];
    // In a network of its own: without a bridge it takes away the one that the engine beside it uses.
    return spawn('unshare', ['--net', 'dockerd', ...places, '--bridge=none', '--iptables=false'], { stdio: 'ignore' });
  }
  async function until(state: string): Promise<void> {
    const end = AbortSignal.timeout(60_000);
    for await (const event of hub.watch({ signal: end })) {
      if ((event.kind === 'snapshot' && event.state.engine.state === state) || (event.kind === 'engine' && event.engine.state === state))
        return;
    }
    throw new Error(`never ${state}`);
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-test-d-'));
    const facts = {
      version: '',
      platform: '',
      home: '',
      capabilities: { dropIsLink: false, pickFolderDialog: false, folderTree: false, revealFolder: false },
    };
    hub = createStateHub({ models: [], servings: [], tasks: [], engine: lookingStatus, settings: defaultSettings }, facts);
    watch = createEngineWatch({
      hub,
      env: { DOCKER_HOST: `unix://${folder}/d.sock`, HOME: folder },
      getChosen: () => '',
      signal: new AbortController().signal,
    });
  });
  afterAll(async () => {
    await watch[Symbol.asyncDispose]();
    if (daemon !== undefined && daemon.exitCode === null && daemon.signalCode === null) {
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
    }
    // The killed daemon left its mounts behind.
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '');
    for (const mount of mounts.filter((path) => path.startsWith(folder)).toReversed()) execFileSync('umount', ['-l', mount]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  test('is said to be away, is found when it comes, missed when it is killed, and found again by itself', async () => {
    await until('away');
    expect(hub.state.engine.problem?.code).toBe('DOCKER_NOT_RUNNING');
    daemon = startDaemon();
    await until('connected');
    expect([hub.state.engine.origin, watch.engine().endpoint]).toEqual(['DOCKER_HOST', `unix://${folder}/d.sock`]);
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    await until('away');
    expect(() => watch.engine()).toThrow('Docker is not running');
    // A killed daemon leaves its pid file; the next one would take a process of that number for itself.
    for (const name of ['pid', 'exec/containerd/containerd.pid']) if (existsSync(join(folder, name))) rmSync(join(folder, name));
    daemon = startDaemon();
    await until('connected');
    expect(hub.state.engine.version).toMatch(/^\d+\./);
  });
});
