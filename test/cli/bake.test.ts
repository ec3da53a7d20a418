import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { testImage, whyNoEngine } from '../docker/engine.ts';
import { slipway, startSlipway } from './runSlipway.ts';

const sample = join(import.meta.dirname, '..', '..', 'resources', 'sample', 'digits');
const folder = mkdtempSync(join(tmpdir(), 'slipway-bake-'));
const home = join(folder, 'home');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const docker = async (...args: string[]): Promise<string> => (await promisify(execFile)('docker', args)).stdout.trim();

test('slipway bake says what is wrong with its arguments', async () => {
  const codes = async (...lines: readonly (readonly string[])[]): Promise<readonly (number | null)[]> =>
    Promise.all(lines.map(async (args) => (await slipway(home, ['bake', ...args])).code));
  expect(
    await codes(
      [],
      [sample],
      [sample, '--tag', 'two words'],
      [sample, '--tag', 'a:1', '--versions', 'some'],
      [sample, '--tag', 'a:1', '--simplest', '--dockerfile', 'Dockerfile'],
      ['--help'],
    ),
  ).toEqual([2, 2, 2, 2, 2, 0]);
});

test('slipway bake --print-dockerfile prints a Dockerfile and nothing else, without any Docker', async () => {
  const env = { DOCKER_HOST: `unix://${join(folder, 'nothing.sock')}` };
  const printed = await slipway(home, ['bake', sample, '--print-dockerfile'], { env });
  expect([printed.code, printed.out.includes('\nFROM tensorflow/serving:latest\nCOPY . /\nENV MODEL_NAME=digits\n')]).toEqual([0, true]);
  const simplest = await slipway(home, ['bake', sample, '--print-dockerfile', '--simplest', '--base', 'tensorflow/serving:2.19.1'], {
    env,
  });
  expect(simplest.out).toBe('FROM tensorflow/serving:2.19.1\nCOPY models/digits /models/digits\nENV MODEL_NAME=digits\n');
  const missing = await slipway(home, ['bake', sample, '--print-dockerfile', '--versions', '7', '--json'], { env });
  expect([missing.code, (JSON.parse(missing.out) as { error: { code: string } }).error.code]).toEqual([1, 'NO_VERSION_FOUND']);
});

const why = whyNoEngine();
describe.skipIf(why !== undefined)(why === undefined ? 'slipway bake' : `slipway bake [${why}]`, { timeout: 180_000 }, () => {
  test('bakes, pushes, and tells all of it as one JSON document', async () => {
    const reference = `localhost:5000/slipway-test/cli-${randomBytes(4).toString('hex')}:1`;
    try {
      const { code, out } = await slipway(home, ['bake', sample, '--tag', reference, '--push', '--json']);
      const told = JSON.parse(out) as Record<string, unknown>;
      expect([code, told['reference'], told['user']]).toEqual([0, reference, '1000:1000']);
      expect(told['pushed']).toMatchObject({ target: reference, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string });
      expect(await docker('image', 'inspect', '--format', '{{.Id}}', reference)).toBe(told['id']);
    } finally {
      await docker('rmi', '--force', reference).catch(() => '');
    }
  });

  test('an interrupt ends it, and leaves nothing of it', async () => {
    const token = `D=${randomBytes(4).toString('hex')}`;
    const file = join(folder, 'Dockerfile');
    writeFileSync(file, `FROM ${testImage}\nENV ${token}\nRUN sleep 600\n`);
    const child = startSlipway(home, ['bake', sample, '--tag', 'slipway-test/interrupted:1', '--dockerfile', file, '--json']);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.resume();
    const carrying = async (...list: string[]): Promise<readonly string[]> => {
      const ids = [...new Set((await docker(...list)).split('\n').filter(Boolean))];
      const envs = await Promise.all(ids.map((id) => docker('inspect', '--format', '{{json .Config.Env}}', id).catch(() => '')));
      return ids.filter((_, at) => (envs[at] ?? '').includes(token));
    };
    const running = () => carrying('ps', '--quiet', '--no-trunc');
    await expect.poll(running, { timeout: 60_000 }).toHaveLength(1);
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, (JSON.parse(out) as { error: { code: string } }).error.code]).toEqual([1, 'CANCELLED']);
    const left = async (): Promise<readonly string[]> => [
      ...(await carrying('ps', '--all', '--quiet', '--no-trunc')),
      ...(await carrying('images', '--all', '--quiet', '--no-trunc')),
    ];
    await expect.poll(left, { timeout: 60_000 }).toEqual([]);
  });
});
