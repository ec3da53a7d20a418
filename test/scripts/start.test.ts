import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cannotBeHad, chooseShell, type ShellChoice, type StartFacts } from '../../scripts/chooseShell.ts';

const fine: StartFacts = { wanted: '', hasDisplay: true, isRoot: false, electron: '/electron' };
const words = (choice: ShellChoice): string => ('why' in choice ? `${choice.kind}: ${choice.why}` : choice.kind);

describe('which shell opens', () => {
  test.each<[string, Partial<StartFacts>, string]>([
    ['with all that it needs', {}, 'desktop'],
    ['without a display', { hasDisplay: false }, 'web: there is no display'],
    ['as root', { isRoot: true }, 'web: the desktop shell does not run as root'],
    ['without Electron, before it was looked for elsewhere', { electron: undefined }, 'download'],
    ['without Electron, after that', { electron: cannotBeHad }, 'web: Electron is not here and cannot be downloaded'],
    ['nothing is downloaded without a display', { hasDisplay: false, electron: undefined }, 'web: there is no display'],
    ['nothing is downloaded as root', { isRoot: true, electron: undefined }, 'web: the desktop shell does not run as root'],
    ['web is wanted', { wanted: 'web' }, 'web: SLIPWAY_SHELL=web'],
    ['web is wanted, and nothing is downloaded', { wanted: 'web', electron: undefined }, 'web: SLIPWAY_SHELL=web'],
    ['desktop is wanted', { wanted: 'desktop' }, 'desktop'],
    ['desktop is wanted without Electron', { wanted: 'desktop', electron: undefined }, 'download'],
    [
      'desktop is wanted without a display',
      { wanted: 'desktop', hasDisplay: false },
      'refused: SLIPWAY_SHELL=desktop, but there is no display',
    ],
    [
      'desktop is wanted, and cannot be had',
      { wanted: 'desktop', electron: cannotBeHad },
      'refused: SLIPWAY_SHELL=desktop, but Electron is not here and cannot be downloaded',
    ],
    ['something else is wanted', { wanted: 'tui' }, 'refused: SLIPWAY_SHELL is tui; it can be web or desktop'],
  ])('%s', (_, facts, outcome) => {
    expect(words(chooseShell({ ...fine, ...facts }))).toBe(outcome);
  });
});

describe('npm start', () => {
  const root = resolve(import.meta.dirname, '..', '..');
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'slipway-test-start-'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  /** Runs it to its end, or until it has printed a link and `opened` has settled: then it is interrupted as by Ctrl+C. */
  async function start(env: NodeJS.ProcessEnv, args: readonly string[] = [], opened: () => Promise<void> = () => Promise.resolve()) {
    const child = spawn('npm', ['start', ...args], {
      cwd: root,
      env: { ...process.env, SLIPWAY_HOME: home, DOCKER_HOST: `unix://${join(home, 'none.sock')}`, PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A terminal's signal reaches the whole group.
      detached: true,
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (!/#code=[\w-]{43}\n/.test(out)) return;
      void opened().finally(() => child.pid !== undefined && process.kill(-child.pid, 'SIGINT'));
    });
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  }

  test('a silent command has its result alone on stdout, and nothing beside it', async () => {
    const { code, out, err } = await start({}, ['--silent', '--', 'inspect', join(root, 'resources', 'sample', 'digits'), '--json']);
    expect([code, (JSON.parse(out) as { readonly kind: string }).kind, err]).toEqual([0, 'ok', '']);
  });

  test('the web shell opens in the browser, by a link that works once, with one line of why beside it', async () => {
    // In place of the browser: a program that keeps what it was asked to open.
    const opened = join(home, 'opened');
    for (const name of ['xdg-open', 'open']) await writeFile(join(home, name), `#!/bin/sh\necho "$1" >> "${opened}"\n`, { mode: 0o755 });
    const read = (): Promise<string> => readFile(opened, 'utf8').catch(() => '');
    const { out, err } = await start({ SLIPWAY_SHELL: 'web', PATH: `${home}:${process.env['PATH'] ?? ''}` }, [], async () => {
      await expect.poll(read, { timeout: 20_000 }).not.toBe('');
    });
    const link = /http:\/\/127\.0\.0\.1:\d+\/#code=[\w-]{43}/.exec(out)?.[0] ?? 'none';
    expect(await read()).toBe(`${link}\n`);
    expect(err).toBe('Opening the web shell: SLIPWAY_SHELL=web.\n');
  });

  test('a shell that there is not is refused in words', async () => {
    const { code, err } = await start({ SLIPWAY_SHELL: 'tui' });
    expect([code, err]).toEqual([1, expect.stringContaining('SLIPWAY_SHELL is tui; it can be web or desktop\n')]);
  });
});
