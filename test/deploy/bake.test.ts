import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Bake, BakeRequest } from '../../src/shared/contract/deploy.ts';
import type { LocalClient } from '../../src/shared/rpc/connectClient.ts';
import { whyNoEngine, testImage } from '../docker/engine.ts';
import { fixtures } from '../fixtures.ts';
import { ownHere, type Mirror } from '../serving/openOwner.ts';
import { freePort } from '../freePort.ts';

const why = whyNoEngine();
const run = promisify(execFile);
const docker = async (...args: string[]): Promise<string> => (await run('docker', args)).stdout.trim();
const patience = { timeout: 50_000, interval: 100 };

describe.skipIf(why !== undefined)(why === undefined ? 'baking' : `baking [${why}]`, { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bake-'));
  const token = randomBytes(4).toString('hex');
  const iris = join(folder, 'iris');
  const references = new Set<string>();
  const containers: string[] = [];
  let owner: Mirror & { readonly client: LocalClient };
  let modelId = '';

  beforeAll(async () => {
    mkdirSync(iris);
    for (const version of ['1', '2', '3'])
      cpSync(join(fixtures() ?? '', 'models', 'models', 'iris', version), join(iris, version), { recursive: true });
    owner = await ownHere(join(folder, 'home'), { HOME: folder });
    modelId = (await owner.client.local.addPath({ path: iris })).id;
  });
  afterEach(async () => {
    for (const id of containers.splice(0)) await docker('rm', '--force', '--volumes', id).catch(() => '');
    for (const { id } of await owner.until('the state', ({ servings }) => servings)) await owner.client.servings.remove({ id });
    // By names first, then what they stood for.
    for (const reference of references) await docker('rmi', '--force', reference).catch(() => '');
    references.clear();
  });
  afterAll(async () => {
    await owner[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const newReference = (name: string): string => {
    const reference = `slipway-test/${name}-${randomBytes(4).toString('hex')}:1`;
    references.add(reference);
    return reference;
  };
  type Wanted = Partial<BakeRequest> & { readonly reference: string };
  const begin = (wanted: Wanted) => owner.client.deploy.bake({ modelId, ...wanted });
  /** The first state of a bake that `pick` takes. */
  async function until(bakeId: string, pick: (bake: Bake) => boolean): Promise<Bake> {
    const end = new AbortController();
    try {
      for await (const bake of await owner.client.deploy.follow({ id: bakeId }, { signal: end.signal })) if (pick(bake)) return bake;
    } finally {
      end.abort();
    }
    throw new Error('the bake was never so');
  }
  const settled = async (wanted: Wanted): Promise<Bake> => until((await begin(wanted)).bakeId, ({ state }) => state !== 'running');
  async function baked(wanted: Wanted): Promise<Bake & { readonly image: NonNullable<Bake['image']> }> {
    const bake = await settled(wanted);
    expect([bake.state, bake.problem]).toEqual(['done', null]);
    return bake as Bake & { readonly image: NonNullable<Bake['image']> };
  }
  /** `docker run` as anybody would, without anything of ours; answers the container and its REST address. */
  async function runByHand(reference: string, options: readonly string[] = [], args: readonly string[] = []) {
    const port = await freePort();
    const id = await docker('run', '--detach', '--publish', `127.0.0.1:${port}:8501`, ...options, reference, ...args);
    containers.push(id);
    return { id, url: `http://127.0.0.1:${port}/v1/models` };
  }
  const statusOf = async (url: string): Promise<readonly string[]> => {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok !== true) return [];
    const { model_version_status: all } = (await answer.json()) as {
      readonly model_version_status: readonly { readonly version: string; readonly state: string }[];
    };
    return all.map(({ version, state }) => `${version} ${state}`).toSorted();
  };
  const inspected = async (id: string, format: string): Promise<string> => docker('inspect', '--format', format, id);
  /** Images and containers of the engine that carry a variable: what a build with it in its Dockerfile has left. */
  async function leftOf(variable: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (const list of [
      ['images', '--all', '--quiet', '--no-trunc'],
      ['ps', '--all', '--quiet', '--no-trunc'],
    ]) {
      for (const id of new Set((await docker(...list)).split('\n').filter(Boolean)))
        if ((await inspected(id, '{{json .Config.Env}}').catch(() => '')).includes(variable)) found.push(id);
    }
    return found;
  }

  test('an image serves what was chosen as nobody’s root, says how it is, answers by another name, takes flags, and stops on TERM', async () => {
    const reference = newReference('hardened');
    const { image, steps } = await baked({ reference });
    expect(steps.map(({ id, state }) => [id, state])).toEqual([
      ['read', 'done'],
      ['base', 'skipped'],
      ['send', 'done'],
      ['build', 'done'],
      ['try', 'done'],
    ]);
    expect(image).toMatchObject({ user: '1000:1000', modelPath: '/models/iris', versions: ['3'], canary: { kind: 'answered' } });
    const labels = JSON.parse(await docker('image', 'inspect', '--format', '{{json .Config.Labels}}', reference)) as Record<string, string>;
    expect(labels).toMatchObject({
      'dev.slipway.model': 'iris',
      'dev.slipway.versions': '3',
      'org.opencontainers.image.base.name': testImage,
    });
    expect(labels['dev.slipway.fingerprint']).toMatch(/^[0-9a-f]{64}$/);

    const byHand = await runByHand(reference, ['--read-only', '--cap-drop', 'ALL']);
    await expect.poll(() => statusOf(`${byHand.url}/iris`), patience).toEqual(['3 AVAILABLE']);
    const rows = (await docker('top', byHand.id, '-o', 'uid,pid,args')).split('\n').slice(1);
    expect(rows.map((row) => row.trim().split(/\s+/)[0])).toEqual(['1000', '1000']);
    await expect.poll(() => inspected(byHand.id, '{{.State.Health.Status}}'), patience).toBe('healthy');
    await docker('stop', '--time', '30', byHand.id);
    // 128 + TERM: it was not killed after its grace.
    expect(await inspected(byHand.id, '{{.State.ExitCode}}')).toBe('143');

    const other = await runByHand(reference, ['--init', '--env', 'MODEL_NAME=flowers'], ['--rest_api_enable_cors_support=true']);
    await expect.poll(() => statusOf(`${other.url}/flowers`), patience).toEqual(['3 AVAILABLE']);
    const answer = await fetch(`${other.url}/flowers`, { headers: { origin: 'http://elsewhere.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    await docker('stop', '--time', '30', other.id);
    expect(await inspected(other.id, '{{.State.ExitCode}}')).toBe('143');
  });

  test('the same input gives the same layers, without the cache and from a copy of the folder', async () => {
    const copy = join(folder, 'copy', 'iris');
    cpSync(iris, copy, { recursive: true });
    const other = await owner.client.local.addPath({ path: copy, name: 'iris_copy' });
    const first = await baked({ reference: newReference('once'), noCache: true, versions: { kind: 'all' } });
    const second = await baked({ reference: newReference('twice'), noCache: true, versions: { kind: 'all' } });
    expect(second.image.layers).toEqual(first.image.layers);
    expect(first.image.layers.length).toBe(
      JSON.parse(await docker('image', 'inspect', '--format', '{{json .RootFS.Layers}}', testImage)).length + 1,
    );
    // Another name is another content: the copy differs in nothing else.
    const renamed = await baked({ modelId: other.id, reference: newReference('renamed'), noCache: true, versions: { kind: 'all' } });
    expect(renamed.image.layers.slice(0, -1)).toEqual(first.image.layers.slice(0, -1));
    const manifest = await owner.client.deploy.manifest({ id: first.id });
    expect((await owner.client.deploy.manifest({ id: renamed.id })).versions).toEqual(manifest.versions);
    await owner.client.models.forget({ id: other.id });
  });

  test('an image says what is in it: versions, signatures, files with their sums', async () => {
    const reference = newReference('manifest');
    const { id, image } = await baked({ reference, versions: { kind: 'specific', versions: ['1', '3'] }, monitoring: true });
    expect(image.versions).toEqual(['3', '1']);
    const inside = await docker('run', '--rm', '--entrypoint', 'cat', reference, '/slipway/manifest.json');
    const manifest = await owner.client.deploy.manifest({ id });
    expect(JSON.parse(inside)).toEqual(manifest);
    expect(manifest.versions.map(({ version }) => version)).toEqual(['3', '1']);
    const sums = await docker(
      'run',
      '--rm',
      '--workdir',
      '/models/iris/3',
      '--entrypoint',
      'sha256sum',
      reference,
      'saved_model.pb',
      'variables/variables.index',
    );
    for (const line of sums.split('\n')) {
      const [sha256 = '', path = ''] = line.split(/\s+/);
      expect(manifest.versions[0]?.files).toContainEqual({ path, sha256, bytes: expect.any(Number) as number });
    }
    const { url } = await runByHand(reference);
    await expect.poll(() => statusOf(`${url}/iris`), patience).toEqual(['1 AVAILABLE', '3 AVAILABLE']);
    expect((await fetch(url.replace('/v1/models', '/monitoring/prometheus/metrics'))).status).toBe(200);
  });

  test('a baked image is served by one call beside the model’s own serving, and answers the same', async () => {
    for (const form of ['hardened', 'simplest'] as const) {
      const { id, image } = await baked({ reference: newReference(form), form });
      expect(image.user).toBe(form === 'hardened' ? '1000:1000' : '');
      const { servingId } = await owner.client.deploy.run({ id });
      const name = 'iris-image';
      const serving = await owner.serving(name, 'serving');
      expect(serving.plan).toMatchObject({ image: image.reference, inImage: '/models/iris', user: '1000:1000' });
      const container = serving.containerId ?? '';
      expect(await inspected(container, '{{json .HostConfig.Mounts}}')).toBe('null');
      const body = '{"instances":[[5.1,3.5,1.4,0.2]]}';
      const answer = await owner.client.predict.run({ servingId, signature: 'serving_default', body });
      expect(answer.ok).toBe(true);
      await owner.client.servings.remove({ id: servingId });
    }
  });

  test('what was pushed is pulled back and answers, and what was saved is loaded again', async () => {
    const name = `localhost:5000/slipway-test/bake-${token}`;
    const reference = `${name}:1`;
    references.add(reference);
    const { id, image } = await baked({ reference });
    await owner.client.deploy.push({ id, reference });
    await owner.client.deploy.save({ id });
    const { push, save } = await until(id, (one) => one.push?.kind === 'done' && one.save?.kind === 'done');
    const digest = push?.kind === 'done' ? push.digest : null;
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const file = save?.target ?? '';
    expect(readdirSync(folder).filter((one) => one.endsWith('.partial'))).toEqual([]);

    await docker('rmi', '--force', reference);
    await docker('pull', `${name}@${digest ?? ''}`);
    references.add(`${name}@${digest ?? ''}`);
    const pulled = await runByHand(`${name}@${digest ?? ''}`);
    await expect.poll(() => statusOf(`${pulled.url}/iris`), patience).toEqual(['3 AVAILABLE']);
    const asked = await fetch(`${pulled.url}/iris:predict`, { method: 'POST', body: '{"instances":[[5.1,3.5,1.4,0.2]]}' });
    expect(asked.status).toBe(200);
    await docker('rm', '--force', pulled.id);
    await docker('rmi', '--force', `${name}@${digest ?? ''}`);

    await docker('load', '--input', file);
    expect(await docker('image', 'inspect', '--format', '{{.Id}}', reference)).toBe(image.id);
    await fetch(`http://127.0.0.1:5000/v2/${name.replace('localhost:5000/', '')}/manifests/${digest ?? ''}`, { method: 'DELETE' });
  });

  test('a Dockerfile that cannot be built is told with its line, in the builder’s words', async () => {
    const outcome = async (dockerfile: string): Promise<unknown> => {
      const { state, problem } = await settled({ reference: newReference('wrong'), dockerfile });
      return [state, problem?.code, problem?.data['line'], problem?.advice];
    };
    const from = `FROM ${testImage}`;
    expect([
      await outcome(`# a remark\n${from}\n\nCOPPY . /\n`),
      await outcome(`${from}\nENV A=${token}\nCOPY nowhere /there\n`),
      await outcome(`${from}\nENV A=${token}\nRUN echo one && \\\n  false\n`),
      await outcome('FROM localhost:5000/slipway-test/none:1\n'),
    ]).toEqual([
      ['failed', 'DOCKERFILE_WRONG', 4, expect.stringContaining('COPPY')],
      ['failed', 'DOCKERFILE_WRONG', 3, expect.stringContaining('nowhere')],
      ['failed', 'DOCKERFILE_WRONG', 3, expect.stringContaining('non-zero code: 1')],
      ['failed', 'IMAGE_NOT_FOUND', undefined, expect.any(String)],
    ]);
    await expect.poll(() => leftOf(`A=${token}`), patience).toEqual([]);
  });

  test('an image that does not serve the model gets no name', async () => {
    const reference = newReference('empty');
    const { state, problem, image } = await settled({ reference, dockerfile: `FROM ${testImage}\nENV MODEL_NAME=iris B=${token}\n` });
    expect([state, problem?.code, image]).toEqual(['failed', 'BASE_PATH_MISSING', null]);
    await expect.poll(() => leftOf(`B=${token}`), patience).toEqual([]);
    await expect(docker('image', 'inspect', reference)).rejects.toThrow('No such image');
  });

  test('a bake that is stopped ends, and nothing is left of it, whether it sends, copies or runs', async () => {
    const large = join(folder, 'large');
    cpSync(join(iris, '3'), join(large, '3'), { recursive: true });
    writeFileSync(join(large, '3', 'more.bin'), randomBytes(200 << 20));
    const { id: largeId } = await owner.client.local.addPath({ path: large });
    const dockerfile = `FROM ${testImage}\nENV C=${token}\nCOPY . /\nENV MODEL_NAME=large\nRUN sleep 600\n`;
    const stopAt: readonly ((bake: Bake) => boolean)[] = [
      ({ steps }) => steps.some(({ id, progress }) => id === 'send' && (progress ?? 0) > 0.05),
      ({ steps }) => steps.some(({ detail }) => detail?.startsWith('COPY') === true),
      ({ output }) => output.some((line) => line.includes('Running in')) && output.some((line) => line.includes('RUN sleep')),
    ];
    for (const at of stopAt) {
      const { bakeId, taskId } = await begin({ modelId: largeId, reference: newReference('stopped'), dockerfile, noCache: true });
      await until(bakeId, at);
      await owner.client.tasks.cancel({ id: taskId });
      const { state, problem } = await until(bakeId, (bake) => bake.state !== 'running');
      expect([state, problem]).toEqual(['cancelled', null]);
      await expect.poll(() => leftOf(`C=${token}`), patience).toEqual([]);
    }
    await owner.client.models.forget({ id: largeId });
  });

  test('a link that leads out of the model’s folder is not baked', async () => {
    const linked = join(folder, 'linked');
    cpSync(join(iris, '3'), join(linked, '1'), { recursive: true });
    writeFileSync(join(folder, 'secret'), 'not for an image');
    symlinkSync(join(folder, 'secret'), join(linked, '1', 'assets.txt'));
    const { id } = await owner.client.local.addPath({ path: linked });
    const { state, problem } = await settled({ modelId: id, reference: newReference('linked') });
    expect([state, problem?.code]).toEqual(['failed', 'PATH_REFUSED']);
    await owner.client.models.forget({ id });
  });

  test('a base is named by its digest where a registry knows one, and refused to be where none does', async () => {
    const base = 'localhost:5000/tensorflow/serving:2.19.1';
    execFileSync('docker', ['pull', '--quiet', base], { stdio: 'ignore' });
    references.add(base);
    const { dockerfile, baseDigest } = await owner.client.deploy.preview({ modelId, base, pinBase: true });
    expect(dockerfile).toContain(`FROM localhost:5000/tensorflow/serving:2.19.1@${baseDigest ?? ''}\n`);
    const { id } = await baked({ reference: newReference('pinned'), base, pinBase: true });
    expect((await owner.client.deploy.manifest({ id })).base.digest).toBe(baseDigest);
    const local = newReference('local');
    await docker('tag', base, local);
    await docker('rmi', base);
    const { problem } = await settled({ reference: newReference('unpinned'), base: local, pinBase: true });
    expect(problem?.code).toBe('BASE_NOT_PINNABLE');
  });

  test('what was baked is found again by its labels, also by another owner: with its versions, its manifest, and served by one call', async () => {
    const reference = newReference('again');
    const before = await baked({ reference, versions: { kind: 'specific', versions: ['3', '2'] } });
    const manifest = await owner.client.deploy.manifest({ id: before.id });
    const other = await ownHere(join(folder, 'other'), { HOME: folder });
    try {
      const model = await other.client.local.addPath({ path: iris });
      const { baked: found, latestBake } = await other.client.deploy.preview({ modelId: model.id });
      const one = found.find((image) => image.reference === reference);
      expect([latestBake, one?.versions.toSorted(), one?.id]).toEqual([null, ['2', '3'], before.image.id]);
      const id = one?.id ?? '';
      expect(await other.client.deploy.manifest({ id })).toEqual(manifest);
      const { servingId } = await other.client.deploy.run({ id });
      const serving = await other.until('it serves', ({ servings }) =>
        servings.find((candidate) => candidate.id === servingId && candidate.state.kind === 'serving'),
      );
      expect(serving).toMatchObject({ plan: { image: reference, inImage: '/models/iris' }, state: { versions: ['3', '2'] } });
    } finally {
      // A container outlives its owner.
      for (const { id } of await other.until('the state', ({ servings }) => servings)) await other.client.servings.remove({ id });
      await other[Symbol.asyncDispose]();
    }
    // To its own owner it is the bake that it knows.
    const { baked: known } = await owner.client.deploy.preview({ modelId });
    expect(known.find((image) => image.reference === reference)?.id).toBe(before.id);
  });
});
