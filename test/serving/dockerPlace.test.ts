import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDockerodeEngine } from '../../src/main/docker/dockerodeEngine.ts';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import { createDockerPlace } from '../../src/main/serving/dockerPlace.ts';
import { defaultSettings } from '../../src/shared/contract/defaultSettings.ts';
import { summarize, type VersionSummary } from '../../src/shared/contract/savedModel.ts';
import type { ServingPlan } from '../../src/shared/contract/serving.ts';
import { testEndpoint, whyNoEngine } from '../docker/engine.ts';
import { fixtures } from '../fixtures.ts';
import { placeContract, planFor, recordReport } from './placeContract.ts';

const why = whyNoEngine();
const signal = AbortSignal.timeout(280_000);
const home = mkdtempSync(join(tmpdir(), 'slipway-place-'));
const versions = new Map<string, readonly VersionSummary[]>();
const engine = createDockerodeEngine(testEndpoint);
const place = createDockerPlace({
  getEngine: () => engine,
  getSettings: () => defaultSettings,
  getEnginePlatform: () => 'linux/amd64',
  credentials: () => Promise.resolve(undefined),
  getVersions: (modelId) => versions.get(modelId) ?? [],
  ownerId: `test-${process.pid}`,
  dataFolder: home,
});

beforeAll(async () => {
  if (why !== undefined) return;
  for (const folder of ['models/half_plus_two', 'models/digits_cnn', 'bad/unknown_op']) {
    const inspection = summarize(await inspectFolder(join(fixtures() ?? '', 'models', folder), { signal }));
    versions.set(
      folder,
      inspection.versions.toSorted((a, b) => Number(b.version) - Number(a.version)),
    );
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

placeContract('docker', why, () => place);

describe.skipIf(why !== undefined)(why === undefined ? 'a container as a place' : `a container as a place [${why}]`, () => {
  const handles: (() => string)[] = [];
  afterEach(async () => {
    for (const getHandle of handles.splice(0)) if (getHandle() !== '') await place.remove(getHandle());
  });
  async function start(folder: string, changes: Partial<ServingPlan> = {}) {
    const plan = await planFor('docker', folder, changes);
    const { report, told, getHandle } = recordReport();
    handles.push(getHandle);
    return { plan, told, getHandle, running: place.start(plan, report, { signal }) };
  }
  const dockerInspect = (id: string) =>
    JSON.parse(execFileSync('docker', ['inspect', id], { encoding: 'utf8' }))[0] as {
      readonly HostConfig: Readonly<Record<string, unknown>>;
      readonly Config: Readonly<Record<string, unknown>>;
    };

  test('is made as SECURITY.md says, and may start by itself again only once it has served', async () => {
    const { plan, getHandle, running } = await start('models/half_plus_two');
    while (getHandle() === '') await new Promise((resolve) => setImmediate(resolve));
    const before = dockerInspect(getHandle()).HostConfig['RestartPolicy'];
    await running;
    const { HostConfig, Config } = dockerInspect(getHandle());
    expect(before).toMatchObject({ Name: 'no' });
    expect(HostConfig).toMatchObject({
      Privileged: false,
      Init: true,
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,nosuid,nodev' },
      CapAdd: null,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      NetworkMode: 'default',
      Memory: plan.memoryBytes,
      PidsLimit: 2_048,
      Binds: null,
      Mounts: [{ Type: 'bind', Source: plan.mount.source, Target: '/models/m', ReadOnly: true }],
      PortBindings: {
        '8500/tcp': [{ HostIp: '127.0.0.1', HostPort: String(plan.grpcPort) }],
        '8501/tcp': [{ HostIp: '127.0.0.1', HostPort: String(plan.restPort) }],
      },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    });
    const labels = Config['Labels'] as Readonly<Record<string, string>>;
    expect([
      Config['User'],
      (Config['Env'] as readonly string[]).includes('MODEL_NAME=m'),
      Config['Cmd'],
      JSON.parse(labels['dev.slipway.plan'] ?? ''),
      labels['dev.slipway.life'],
    ]).toEqual([plan.user, true, ['--max_num_load_retries=0'], plan, 'kept']);
  });

  test('runs as the folder’s owner; where that is root as 1000', async () => {
    const folder = join(home, 'owned');
    cpSync(join(fixtures() ?? '', 'models', 'models', 'half_plus_two'), folder, { recursive: true });
    const { userFor } = await import('../../src/main/serving/planServing.ts');
    expect(await userFor(folder)).toBe(process.getuid?.() === 0 ? '1000:1000' : `${process.getuid?.()}:${process.getgid?.()}`);
    if (process.getuid?.() !== 0) return;
    execFileSync('chown', ['-R', '4321:4322', folder]);
    chmodSync(folder, 0o700);
    expect(await userFor(folder)).toBe('4321:4322');
    const { getHandle, running } = await start('models/half_plus_two', {
      mount: { source: folder, target: '/models/m' },
      user: '4321:4322',
    });
    expect((await running).versions).toEqual(['2']);
    expect(dockerInspect(getHandle()).Config['User']).toBe('4321:4322');
    execFileSync('chown', ['-R', '0:0', folder]);
    await expect(userFor(folder)).rejects.toMatchObject({ code: 'MODEL_UNREADABLE' });
  });

  test.each([
    ['a folder without a number', 'bad/unversioned_ok', 'F01', 'NO_VERSION_FOUND', false],
    ['a version called v1', 'bad/version_not_numeric', 'F01', 'NO_VERSION_FOUND', false],
    ['a base path that is not there', 'models/half_plus_two', 'F04', 'BASE_PATH_MISSING', true],
    ['an empty version', 'bad/missing_pb', 'F10', 'NO_SAVED_MODEL_PB', false],
    ['no graph tagged serve', 'bad/no_serve_tag', 'F11', 'NO_SERVE_GRAPH', false],
    ['a frozen graph by another name', 'bad/frozen_as_saved_model', 'F11', 'NO_SERVE_GRAPH', false],
    ['no variables.index', 'bad/missing_index', 'F12', 'WEIGHTS_MISSING', false],
    ['no shard', 'bad/missing_data', 'F12', 'WEIGHTS_MISSING', false],
    ['half a shard', 'bad/truncated_data', 'F12', 'WEIGHTS_MISSING', false],
    ['a flipped byte', 'bad/corrupt_data', 'F12', 'WEIGHTS_MISSING', false],
    ['an unknown op', 'bad/unknown_op', 'F13', 'OP_UNKNOWN', false],
    ['a graph of random bytes', 'bad/random_pb', 'F36', 'LOAD_FAILED', false],
    ['a missing vocabulary', 'bad/missing_asset', 'F36', 'LOAD_FAILED', false],
  ])('%s is told as its cause, with the remedy: %s, %s', async (_, folder, cause, code, elsewhere) => {
    const source = join(fixtures() ?? '', 'models', folder);
    const { told, running } = await start(folder, { mount: { source, target: elsewhere ? '/models/elsewhere' : '/models/m' } });
    await expect(running).rejects.toMatchObject({ code });
    expect(told).toContain(`cause ${cause}`);
  });

  test.skipIf(process.getuid?.() !== 0)('a folder that the container’s user may not read is told as F05', async () => {
    const folder = join(home, 'closed');
    cpSync(join(fixtures() ?? '', 'models', 'models', 'half_plus_two'), folder, { recursive: true });
    chmodSync(folder, 0o700);
    const { told, running } = await start('models/half_plus_two', { mount: { source: folder, target: '/models/m' }, user: '1000:1000' });
    await expect(running).rejects.toMatchObject({ code: 'MODEL_UNREADABLE' });
    expect(told).toContain('cause F05');
  });

  test('a container that failed and is started anew is judged by what it says now, not by what it said then', async () => {
    const folder = join(home, 'mended');
    cpSync(join(fixtures() ?? '', 'models', 'bad', 'no_serve_tag'), folder, { recursive: true });
    const { plan, getHandle, running } = await start('models/half_plus_two', { mount: { source: folder, target: '/models/m' } });
    await expect(running).rejects.toMatchObject({ code: 'NO_SERVE_GRAPH' });
    cpSync(join(fixtures() ?? '', 'models', 'models', 'half_plus_two', '2'), join(folder, '2'), { recursive: true });
    await engine.start(getHandle(), { signal });
    expect(await place.resume(getHandle(), plan, recordReport().report, { signal })).toMatchObject({ versions: ['2'] });
  });

  test('a missing folder is F06 and a taken port F23, in the engine’s own words', async () => {
    const missing = await start('models/half_plus_two', { mount: { source: join(home, 'nowhere'), target: '/models/m' } });
    await expect(missing.running).rejects.toMatchObject({ code: 'MOUNT_MISSING', data: { path: join(home, 'nowhere') } });
    const first = await start('models/half_plus_two');
    await first.running;
    const second = await start('models/half_plus_two', { restPort: first.plan.restPort });
    await expect(second.running).rejects.toMatchObject({ code: 'PORT_TAKEN', data: { port: first.plan.restPort } });
  });

  test('a container that is killed while it loads is not said to have run out of memory', async () => {
    const { getHandle, running } = await start('models/digits_cnn');
    running.catch(() => undefined);
    while (getHandle() === '') await new Promise((resolve) => setImmediate(resolve));
    await expect
      .poll(async () => (await engine.inspect(getHandle(), { signal }))?.state, { timeout: 60_000, interval: 10 })
      .toBe('running');
    execFileSync('docker', ['kill', getHandle()], { stdio: 'ignore' });
    await expect(running).rejects.toMatchObject({ code: 'CONTAINER_ENDED' });
  });
});
