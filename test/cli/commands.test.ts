import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fixtures } from '../fixtures.ts';
import { whyNoEngine } from '../docker/engine.ts';
import { lineOf, slipway, startSlipway } from './runSlipway.ts';

const root = join(import.meta.dirname, '..', '..');
const sample = join(root, 'resources', 'sample', 'digits');
let home = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('without an engine', () => {
  const noDocker = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };

  test('inspect answers one JSON document and its exit code', async () => {
    const { code, out } = await slipway(home, ['inspect', sample, '--json']);
    const document = JSON.parse(out) as { kind: string; name: string; versions: { version: string; verified: boolean }[] };
    expect([code, document.kind, document.name, document.versions.map(({ version, verified }) => [version, verified])]).toEqual([
      0,
      'ok',
      'digits',
      [
        ['1', false],
        ['2', false],
        ['3', false],
      ],
    ]);
    const rejected = await slipway(home, ['inspect', join(home, 'nowhere'), '--json']);
    expect([rejected.code, (JSON.parse(rejected.out) as { kind: string }).kind]).toEqual([1, 'rejected']);
  });

  test('wrong usage is 2, what is refused is 1 with its code', async () => {
    const refused = await slipway(home, ['rollback', 'nothing', '--json']);
    expect([
      (await slipway(home, ['inspect'])).code,
      (await slipway(home, ['serve', sample, '--versions', 'some'])).code,
      (await slipway(home, ['frobnicate'])).code,
      (await slipway(home, ['switch', 'digits', 'v2'])).code,
      refused.code,
      (JSON.parse(refused.out) as { error: { code: string } }).error.code,
    ]).toEqual([2, 2, 2, 2, 1, 'SERVING_NOT_FOUND']);
  });

  test('serving by Docker without it says so', async () => {
    const away = await slipway(home, ['serve', sample, '--engine', 'docker', '--json'], { env: noDocker });
    const last = JSON.parse(away.out.trim().split('\n').at(-1) ?? '') as { error: { code: string } };
    expect([away.code, last.error.code]).toEqual([1, 'DOCKER_NOT_RUNNING']);
  });

  test('commands that race for the data folder all get their answer', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => slipway(home, ['ps', '--json'], { env: noDocker })));
    expect(answers.map(({ code, out }) => [code, out.trim()])).toEqual(Array.from({ length: 4 }, () => [0, '[]']));
  });
});

const why = whyNoEngine();
describe.skipIf(why !== undefined)(why === undefined ? 'on a real engine' : `on a real engine [${why}]`, () => {
  const models = join(fixtures() ?? '', 'models', 'models');
  const goldens = join(fixtures() ?? '', 'models', 'goldens');
  const ps = async (): Promise<{ name: string; state: string; versions: string[]; rest: string }[]> =>
    JSON.parse((await slipway(home, ['ps', '--json'])).out) as never;

  /** A model of a name that no other suite serves on this engine at the same time. */
  const half = `half_${randomBytes(3).toString('hex')}`;
  const containersOf = (name: string): string =>
    execFileSync('docker', ['ps', '-aq', '--filter', `name=slipway-${name}-`], { encoding: 'utf8' }).trim();
  beforeAll(() => cpSync(join(models, 'half_plus_two'), join(home, half), { recursive: true }));

  afterEach(async () => {
    for (const { name } of await ps()) await slipway(home, ['rm', name]);
  });

  test('serve, ask, stop, start, remove: the same answer as TensorFlow’s', async () => {
    const folder = join(models, 'digits_cnn');
    const served = await slipway(home, ['serve', folder, '--detach', '--json']);
    const events = served.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; rest?: string });
    expect([served.code, events.at(-1)?.event]).toEqual([0, 'ready']);
    const golden = JSON.parse(readFileSync(join(goldens, 'digits_cnn', '1', 'goldens.json'), 'utf8')) as {
      cases: {
        name: string;
        tolerance: { atol: number; rtol: number };
        rest: { row: { request: unknown; response: { predictions: number[][] } } | null };
      }[];
    };
    const one = golden.cases.find(({ rest }) => rest.row !== null);
    const asked = await slipway(home, ['predict', 'digits_cnn', '--input', '-', '--json'], {
      input: JSON.stringify(one?.rest.row?.request),
    });
    const got = (JSON.parse(asked.out) as { predictions: number[][] }).predictions.flat();
    const want = one?.rest.row?.response.predictions.flat() ?? [];
    const { atol, rtol } = one?.tolerance ?? { atol: 0, rtol: 0 };
    expect([
      got.length,
      got.every((value, index) => Math.abs(value - (want[index] ?? NaN)) <= atol + rtol * Math.abs(want[index] ?? NaN)),
    ]).toEqual([want.length, true]);
    expect((await slipway(home, ['logs', 'digits_cnn'])).out).toContain('Successfully loaded servable version');
    await slipway(home, ['stop', 'digits_cnn']);
    expect((await ps())[0]?.state).toBe('stopped');
    const again = await slipway(home, ['start', 'digits_cnn', '--json']);
    expect([again.code, (await ps())[0]?.rest]).toEqual([0, events.at(-1)?.rest]);
    await slipway(home, ['rm', 'digits_cnn']);
    expect(await ps()).toEqual([]);
  });

  test('a foreground serve ends with its signal, and leaves nothing', async () => {
    const child = startSlipway(home, ['serve', join(home, half), '--json']);
    await lineOf(child.stdout, /"event":"ready"/);
    const id = containersOf(half);
    child.kill('SIGINT');
    await once(child, 'exit');
    expect([id !== '', child.exitCode, containersOf(half)]).toEqual([true, 0, '']);
  });

  test('several folders at once: progress, ready, then changes of state; an interrupt ends all', async () => {
    const folders = ['one', 'two'].map((name) => join(home, `${name}_at_once`));
    for (const folder of folders) cpSync(join(models, 'half_plus_two'), folder, { recursive: true });
    const child = startSlipway(home, ['serve', ...folders, '--json']);
    const told: (readonly [event: string, name: string])[] = [];
    for await (const line of createInterface(child.stdout)) {
      const { event, name } = JSON.parse(line) as { event: string; name: string };
      if (told.at(-1)?.[0] !== event) told.push([event, name]);
      if (event === 'state') child.kill('SIGINT');
      if (event !== 'ready' || name !== 'two_at_once') continue;
      execFileSync('docker', ['stop', '-t', '1', containersOf('two_at_once')], { stdio: 'ignore' });
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect([child.exitCode, told, await ps()]).toEqual([
      0,
      [
        ['progress', 'one_at_once'],
        ['ready', 'one_at_once'],
        ['progress', 'two_at_once'],
        ['ready', 'two_at_once'],
        ['state', 'two_at_once'],
      ],
      [],
    ]);
  });

  test('an interrupt while it starts leaves nothing, detached or not', async () => {
    for (const more of [[], ['--detach']]) {
      const child = startSlipway(home, ['serve', join(home, half), '--json', ...more]);
      await new Promise((resolve) => child.stdout.once('data', resolve));
      child.kill('SIGTERM');
      child.stdout.resume();
      await once(child, 'exit');
      expect([child.exitCode, await ps()]).toEqual([more.length, []]);
      // A background owner ends what it began in its own time.
      await expect.poll(() => containersOf(half), { timeout: 20_000 }).toBe('');
    }
  });

  test('a log is followed line by line until interrupted', async () => {
    await slipway(home, ['serve', join(models, 'half_plus_two'), '--detach']);
    const child = startSlipway(home, ['logs', 'half_plus_two', '-f', '--json']);
    let found = false;
    for await (const line of createInterface(child.stdout)) {
      const { message, level } = JSON.parse(line) as { message: string; level: string };
      if (level !== 'info' || !message.includes('Exporting HTTP/REST API')) continue;
      found = true;
      child.kill('SIGINT');
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect([found, child.exitCode]).toEqual([true, 0]);
  });

  test('kill -9 of the owner: what it served goes on, and the next one knows it', async () => {
    await slipway(home, ['serve', join(home, half), '--detach']);
    const owner = execFileSync('pgrep', ['-f', 'slipway.ts owner'], { encoding: 'utf8' }).trim().split('\n').map(Number);
    const ours = owner.filter((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SLIPWAY_HOME=${home}`));
    for (const pid of ours) process.kill(pid, 'SIGKILL');
    expect([ours.length, (await ps()).map(({ name, state, versions }) => [name, state, versions])]).toEqual([
      1,
      [[half, 'serving', ['2']]],
    ]);
    const { out } = await slipway(home, ['predict', half, '--input', '-', '--insist', '--json'], {
      input: '{"instances": [1.0, 2.0]}',
    });
    expect(JSON.parse(out)).toEqual({ predictions: [3.5, 4] });
  });

  test('a container that is killed or removed behind our back is told', async () => {
    await slipway(home, ['serve', join(home, half), '--detach']);
    execFileSync('docker', ['stop', '-t', '1', containersOf(half)], { stdio: 'ignore' });
    const stopped = (await ps())[0]?.state;
    await slipway(home, ['start', half]);
    execFileSync('docker', ['rm', '-f', containersOf(half)], { stdio: 'ignore' });
    const removed = (await ps())[0]?.state;
    expect([stopped, removed, (await slipway(home, ['start', half])).code]).toEqual(['stopped', 'stopped', 0]);
  });

  test.each([
    ['no_serve_tag', 'FOLDER_REJECTED'],
    ['missing_data', 'FOLDER_REJECTED'],
    ['unknown_op', 'FOLDER_REJECTED'],
    ['keras_file', 'FOLDER_REJECTED'],
  ])('a broken folder, %s, is refused before anything starts', async (name, code) => {
    const { out } = await slipway(home, ['serve', join(fixtures() ?? '', 'models', 'bad', name), '--detach', '--json']);
    expect((JSON.parse(out.trim().split('\n').at(-1) ?? '') as { error: { code: string } }).error.code).toBe(code);
  });

  test('a taken port is named before the start', async () => {
    await slipway(home, ['serve', join(models, 'half_plus_two'), '--detach']);
    const port = new URL((await ps())[0]?.rest ?? '').port;
    const { out } = await slipway(home, ['serve', sample, '--rest-port', port, '--detach', '--json']);
    expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'PORT_TAKEN', title: `Port ${port} is in use by half_plus_two` },
    });
  });

  test('a folder that is gone fails the next start with its path', async () => {
    const folder = join(home, 'moving');
    cpSync(join(models, 'half_plus_two'), folder, { recursive: true });
    await slipway(home, ['serve', folder, '--detach']);
    await slipway(home, ['stop', 'moving']);
    rmSync(folder, { recursive: true });
    const { out } = await slipway(home, ['start', 'moving', '--json']);
    expect((JSON.parse(out.trim().split('\n').at(-1) ?? '') as { error: { code: string } }).error.code).toBe('MOUNT_MISSING');
  });
});
