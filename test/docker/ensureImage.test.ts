import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerodeEngine } from '../../src/main/docker/dockerodeEngine.ts';
import { ensureImage } from '../../src/main/docker/pullImage.ts';
import type { PullProgress } from '../../src/shared/contract/serving.ts';
import { testEndpoint, whyNoEngine } from './engine.ts';

const why = whyNoEngine();
const signal = AbortSignal.timeout(200_000);
const registry = 'localhost:5000';

describe.skipIf(why !== undefined)(why === undefined ? 'the image' : `the image [${why}]`, () => {
  const engine = createDockerodeEngine(testEndpoint);
  const tag = randomBytes(4).toString('hex');
  const folder = mkdtempSync(join(tmpdir(), 'slipway-image-'));
  const docker = (...args: string[]): string =>
    execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const ensure = (reference: string, mirror = '', progress: PullProgress[] = []) =>
    ensureImage(engine, {
      reference,
      mirror,
      enginePlatform: 'linux/amd64',
      credentials: () => Promise.resolve(undefined),
      signal,
      onProgress: (one) => progress.push(one),
    });

  beforeAll(() => {
    writeFileSync(join(folder, 'a'), randomBytes(1_000_000));
    execFileSync('sh', ['-c', `tar -C ${folder} -cf - a | docker import - slipway-test-image:${tag}`], { stdio: 'ignore' });
    docker('tag', `slipway-test-image:${tag}`, `${registry}/slipway-test/image:${tag}`);
    docker('push', '-q', `${registry}/slipway-test/image:${tag}`);
    // The same image, said to be for another processor.
    const saved = join(folder, 'saved');
    mkdirSync(saved);
    docker('save', '-o', join(folder, 'amd64.tar'), `slipway-test-image:${tag}`);
    execFileSync('tar', ['-C', saved, '-xf', join(folder, 'amd64.tar')]);
    const manifest = JSON.parse(readFileSync(join(saved, 'manifest.json'), 'utf8')) as [{ Config: string; RepoTags: string[] }];
    const config = join(saved, manifest[0].Config);
    writeFileSync(config, readFileSync(config, 'utf8').replace('"amd64"', '"arm64"'));
    manifest[0].RepoTags = [`${registry}/slipway-test/arm:${tag}`];
    writeFileSync(join(saved, 'manifest.json'), JSON.stringify(manifest));
    rmSync(join(saved, 'repositories'), { force: true });
    execFileSync('tar', ['-C', saved, '-cf', join(folder, 'arm64.tar'), ...readdirSync(saved)]);
    docker('rmi', `slipway-test-image:${tag}`, `${registry}/slipway-test/image:${tag}`);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    const left = docker('images', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=*/*/*:${tag}`).split('\n');
    for (const one of [...left, `slipway-test/image:${tag}`].filter((name) => name !== '')) {
      try {
        docker('rmi', '-f', one);
      } catch {
        // It went with its other name.
      }
    }
  });

  test('comes by a mirror under its own name, with the registry’s digest, and is not pulled twice', async () => {
    const progress: PullProgress[] = [];
    const facts = await ensure(`slipway-test/image:${tag}`, registry, progress);
    expect(facts.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(docker('inspect', '--format', '{{json .RepoTags}}', `slipway-test/image:${tag}`)).toContain(`"slipway-test/image:${tag}"`);
    expect(progress.at(-1)?.image).toBe(`${registry}/slipway-test/image:${tag}`);
    const told = progress.length;
    expect([(await ensure(`slipway-test/image:${tag}`, registry, progress)).id, progress.length]).toEqual([facts.id, told]);
  });

  test('for another processor is refused before a byte of it is pulled, and where it is here before it runs', async () => {
    const [loaded = ''] = await engine.loadImage(join(folder, 'arm64.tar'), { signal, onProgress: () => undefined });
    expect(loaded).toBe(`${registry}/slipway-test/arm:${tag}`);
    await expect(ensure(loaded)).rejects.toMatchObject({
      code: 'IMAGE_WRONG_ARCHITECTURE',
      data: { image_arch: 'linux/arm64', engine_arch: 'linux/amd64' },
    });
    docker('push', '-q', loaded);
    docker('rmi', loaded);
    expect(await engine.fetchPlatforms(loaded, { signal })).toEqual(['linux/arm64']);
    const progress: PullProgress[] = [];
    await expect(ensure(loaded, '', progress)).rejects.toMatchObject({ code: 'IMAGE_WRONG_ARCHITECTURE' });
    expect([progress, await engine.inspectImage(loaded, { signal })]).toEqual([[], null]);
  });

  test('that no registry has is said so', async () => {
    expect(await engine.fetchPlatforms(`${registry}/slipway-test/none:${tag}`, { signal })).toBeNull();
    await expect(ensure(`${registry}/slipway-test/none:${tag}`)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  });
});
