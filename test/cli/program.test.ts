import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildIfNeeded } from '../../scripts/build.ts';
import { whyNoEngine } from '../docker/engine.ts';
import { fixtures } from '../fixtures.ts';
import { lineOf, slipway, startSlipway } from './runSlipway.ts';

const root = join(import.meta.dirname, '..', '..');
const sample = join(root, 'resources', 'sample', 'digits');
const built = join(root, 'out', 'main', 'slipway.js');
const noDocker = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
let home = '';
beforeAll(async () => {
  await buildIfNeeded();
  home = mkdtempSync(join(tmpdir(), 'slipway-program-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A Node on the PATH that is too old for the program. */
function olderNode(): string | undefined {
  const all = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return all.find((path) => {
    if (!existsSync(path)) return false;
    const [major = 0, minor = 0] = execFileSync(path, ['--version'], { encoding: 'utf8' }).slice(1).split('.').map(Number);
    return major < 24 || (major === 24 && minor < 10);
  });
}

describe('every command', () => {
  test.each(['web', 'inspect', 'serve', 'ps', 'stop', 'start', 'logs', 'rm', 'predict'])(
    '%s tells its options with an example',
    async (command) => {
      const { code, out, err } = await slipway(home, [command, '--help']);
      expect([code, err, out.startsWith(`slipway ${command}`), /^Example: .*slipway /m.test(out)]).toEqual([0, '', true, true]);
      const wrong = await slipway(home, [command, '--frobnicate', '--json']);
      expect([wrong.code, wrong.out, wrong.err.includes(`slipway ${command}`)]).toEqual([2, '', true]);
    },
  );

  test('the program tells its commands and its version', async () => {
    const [help, version] = [await slipway(home, ['--help']), await slipway(home, ['--version'])];
    expect([help.code, help.err, /^Example: /m.test(help.out), version]).toEqual([0, '', true, { code: 0, out: '0.1.0\n', err: '' }]);
  });

  test.each([
    ['stop', ['stop', 'nobody']],
    ['start', ['start', 'nobody']],
    ['rm', ['rm', 'nobody']],
    ['logs', ['logs', 'nobody']],
    ['predict', ['predict', 'nobody']],
  ])('%s of a name that is not there is refused in one JSON document', async (_, args) => {
    const { code, out } = await slipway(home, [...args, '--json'], { env: noDocker });
    expect([code, JSON.parse(out)]).toEqual([
      1,
      { error: { code: 'SERVING_NOT_FOUND', title: 'No serving is called nobody', advice: 'Known: none.' } },
    ]);
    const told = await slipway(home, args, { env: noDocker });
    expect([told.code, told.out, told.err]).toEqual([1, '', 'No serving is called nobody. Known: none.\n']);
  });

  test('a folder takes no further arguments, and a name that is neither folder nor command is wrong usage', async () => {
    expect([(await slipway(home, [sample, 'more'])).code, (await slipway(home, ['./nowhere'])).code]).toEqual([2, 2]);
  });
});

describe('the web shell', () => {
  test('a folder opens it, a second one reaches it, and a signal ends it', async () => {
    const own = mkdtempSync(join(tmpdir(), 'slipway-folder-'));
    const first = startSlipway(own, [sample], { ...noDocker, PATH: '' });
    const url = await lineOf(first.stdout, /^http:/);
    const second = await slipway(own, [sample], { env: noDocker });
    const link = await slipway(own, ['web', '--url', '--json'], { env: noDocker });
    const { origin } = new URL(url);
    expect([second.code, new URL(second.out).origin, new URL((JSON.parse(link.out) as { url: string }).url).origin]).toEqual([
      0,
      origin,
      origin,
    ]);
    first.kill('SIGTERM');
    await once(first, 'exit');
    expect(first.exitCode).toBe(0);
    const none = await slipway(own, ['web', '--url', '--json'], { env: noDocker });
    expect([none.code, (JSON.parse(none.out) as { error: { code: string } }).error.code]).toEqual([1, 'WEB_SHELL_NOT_RUNNING']);
    rmSync(own, { recursive: true, force: true });
  });
});

const older = olderNode();
describe.skipIf(older === undefined)(
  older === undefined ? 'under an older Node [skipped: no Node below 24.10 on the PATH]' : 'under an older Node',
  () => {
    const start = (args: readonly string[]): ChildProcessByStdio<null, Readable, null> =>
      spawn(older ?? '', [built, ...args], {
        env: { ...process.env, SLIPWAY_HOME: home },
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      });

    test('the program runs with the right one, and its exit code is passed on', async () => {
      const child = start(['inspect', join(home, 'nowhere'), '--json']);
      const out = text(child.stdout);
      await once(child, 'exit');
      expect([child.exitCode, (JSON.parse(await out) as { kind: string }).kind]).toEqual([1, 'rejected']);
    });

    test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s to the launcher alone ends what it launched', async (signal) => {
      const child = start(['web', '--no-open']);
      const url = await lineOf(child.stdout, /^http:/);
      child.kill(signal);
      await once(child, 'exit');
      expect([
        child.exitCode,
        await fetch(url).then(
          () => 'answers',
          () => 'gone',
        ),
      ]).toEqual([0, 'gone']);
    });

    const why = whyNoEngine();
    test.skipIf(why !== undefined)(
      `an interrupt from the terminal, which reaches both, leaves no container${why === undefined ? '' : ` [${why}]`}`,
      async () => {
        const child = start(['serve', join(fixtures() ?? '', 'models', 'models', 'half_plus_two'), '--name', 'interrupted_both', '--json']);
        await lineOf(child.stdout, /"event":"ready"/);
        process.kill(-(child.pid ?? 0), 'SIGINT');
        await once(child, 'exit');
        const left = execFileSync('docker', ['ps', '-aq', '--filter', 'name=slipway-interrupted_both-'], { encoding: 'utf8' }).trim();
        expect([child.exitCode, left]).toEqual([0, '']);
      },
    );
  },
);

describe('through npm', () => {
  test('npm start --silent prints the result and nothing else, with paths from where the person is', async () => {
    const child = spawn('npm', ['start', '--silent', '--', 'inspect', 'sample/digits', '--json'], {
      cwd: join(root, 'resources'),
      env: { ...process.env, SLIPWAY_HOME: home },
    });
    const [out, err] = [text(child.stdout), text(child.stderr)];
    await once(child, 'exit');
    expect([child.exitCode, (JSON.parse(await out) as { kind: string }).kind, await err]).toEqual([0, 'ok', '']);
  });
});
