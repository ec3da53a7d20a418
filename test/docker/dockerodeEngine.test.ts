import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { ContainerSpec } from '../../src/main/docker/dockerEngine.ts';
import { createDockerodeEngine } from '../../src/main/docker/dockerodeEngine.ts';
import type { AppError } from '../../src/shared/contract/errors.ts';
import type { PullProgress } from '../../src/shared/contract/serving.ts';
import { fixtures } from '../fixtures.ts';
import { testEndpoint, testImage, whyNoEngine } from './engine.ts';
import { freePort } from '../freePort.ts';

const why = whyNoEngine();
const signal = AbortSignal.timeout(120_000);

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was thrown',
    (error: AppError) => error.code,
  );

describe.skipIf(why !== undefined)(why === undefined ? 'a real engine' : `a real engine [${why}]`, () => {
  const engine = createDockerodeEngine(testEndpoint);
  const made: string[] = [];
  const references: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'slipway-docker-'));
  const model = join(fixtures() ?? '', 'models', 'models', 'half_plus_two');

  async function spec(changes: Partial<ContainerSpec> = {}): Promise<ContainerSpec> {
    return {
      name: `slipway-test-${randomBytes(4).toString('hex')}`,
      image: testImage,
      command: [],
      env: { MODEL_NAME: 'm' },
      labels: { 'dev.slipway.test': 'yes' },
      mounts: [{ source: model, target: '/models/m' }],
      ports: { 8501: await freePort() },
      user: '1000:1000',
      memoryBytes: 1 << 30,
      pidsLimit: 512,
      log: { maxSizeMb: 1, maxFiles: 2 },
      ...changes,
    };
  }
  async function create(changes: Partial<ContainerSpec> = {}): Promise<string> {
    const id = await engine.create(await spec(changes), { signal });
    made.push(id);
    return id;
  }
  afterEach(async () => {
    for (const id of made.splice(0)) await engine.remove(id);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const reference of references) execFileSync('docker', ['rmi', '-f', reference], { stdio: 'ignore' });
  });

  test('a container is made with what security asks for, runs, tells its log and figures, and stops at once', async () => {
    const id = await create();
    await engine.start(id, { signal });
    const host = JSON.parse(execFileSync('docker', ['inspect', id], { encoding: 'utf8' }))[0].HostConfig as Record<string, unknown>;
    expect(host).toMatchObject({
      ReadonlyRootfs: true,
      Init: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      Memory: 1 << 30,
      PidsLimit: 512,
      Binds: null,
    });
    expect(host['Mounts']).toEqual([{ Type: 'bind', Source: model, Target: '/models/m', ReadOnly: true }]);
    for await (const { text } of engine.logs(id, { signal, follow: true, tail: 100 })) if (text.includes('Entering the event loop')) break;
    for await (const { memoryBytes, memoryLimitBytes } of engine.figures(id, { signal })) {
      expect([memoryBytes > 10_000_000, memoryLimitBytes]).toEqual([true, 1 << 30]);
      break;
    }
    await engine.stop(id, { graceSeconds: 5 });
    expect(await engine.inspect(id, { signal })).toMatchObject({ state: 'exited', oomKilled: false });
    await engine.remove(id);
    expect(await engine.inspect(id, { signal })).toBeNull();
    await engine.stop(id, { graceSeconds: 1 });
    await engine.remove(id);
  });

  test('a taken port, a missing folder and an unknown image are told apart', async () => {
    const port = await freePort();
    const first = await create({ ports: { 8501: port } });
    await engine.start(first, { signal });
    const second = await create({ ports: { 8501: port } });
    expect([
      await codeOf(engine.start(second, { signal })),
      await codeOf(create({ mounts: [{ source: join(folder, 'nowhere'), target: '/models/m' }] })),
      await codeOf(create({ image: 'slipway-test/none:1' })),
      await engine.publisherOf(port, { signal }),
      await engine.inspectImage('slipway-test/none:1', { signal }),
    ]).toEqual(['PORT_TAKEN', 'MOUNT_MISSING', 'IMAGE_NOT_FOUND', (await engine.inspect(first, { signal }))?.name, null]);
  });

  test('events tell of our containers as they come and go', async () => {
    const abort = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { action, labels } of engine.events({ signal: abort.signal, since: new Date() })) {
        if (labels['dev.slipway.test'] !== 'yes' || labels['name'] === undefined) continue;
        seen.push(action);
        if (action === 'destroy') abort.abort();
      }
    })();
    const id = await create();
    await engine.start(id, { signal });
    await engine.remove(id);
    await watching;
    expect(['start', 'die', 'destroy'].every((action) => seen.includes(action))).toBe(true);
  });

  test('a pull tells layers and bytes, can be stopped, and goes on where it was', async () => {
    const reference = `localhost:5000/slipway-test-pull:${randomBytes(4).toString('hex')}`;
    references.push(reference);
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY a /a\nCOPY b /b\n');
    for (const name of ['a', 'b']) writeFileSync(join(folder, name), randomBytes(40_000_000));
    execFileSync('docker', ['build', '-q', '-t', reference, folder], { stdio: 'ignore', env: { ...process.env, DOCKER_BUILDKIT: '0' } });
    execFileSync('docker', ['push', '-q', reference], { stdio: 'ignore' });
    execFileSync('docker', ['rmi', reference], { stdio: 'ignore' });
    const abort = new AbortController();
    await expect(engine.pull(reference, { signal: abort.signal, onProgress: () => abort.abort() })).rejects.toThrow('aborted');
    const progress: PullProgress[] = [];
    await engine.pull(reference, { signal, onProgress: (one) => progress.push(one) });
    const last = progress.at(-1);
    expect([last?.layers.length, last?.layers.every(({ state }) => state === 'done' || state === 'exists')]).toEqual([2, true]);
    expect((await engine.inspectImage(reference, { signal }))?.digest).toMatch(/^sha256:/);
    expect(await codeOf(engine.pull('localhost:5000/slipway-test-pull:none', { signal, onProgress: () => undefined }))).toBe(
      'IMAGE_NOT_FOUND',
    );
  });

  test('an image comes from a saved file', async () => {
    const reference = `slipway-test-load:${randomBytes(4).toString('hex')}`;
    references.push(reference);
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
    execFileSync('docker', ['build', '-q', '-t', reference, folder], { stdio: 'ignore', env: { ...process.env, DOCKER_BUILDKIT: '0' } });
    execFileSync('docker', ['save', '-o', join(folder, 'image.tar'), reference]);
    execFileSync('docker', ['rmi', reference], { stdio: 'ignore' });
    expect(await engine.loadImage(join(folder, 'image.tar'), { signal, onProgress: () => undefined })).toEqual([reference]);
  });
});
