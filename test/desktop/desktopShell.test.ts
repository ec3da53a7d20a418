import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { windowOptions } from '../../src/main/desktop/windowOptions.ts';
import { whyNoEngine } from '../docker/engine.ts';
import { startDesktop, type RunningDesktop } from './runDesktop.ts';

const projectRoot = resolve(import.meta.dirname, '..', '..');
const sample = join(projectRoot, 'resources', 'sample', 'digits');
const patience = { timeout: 30_000 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-test-desktop-'));
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

interface Own {
  readonly home: string;
  readonly start: (args?: readonly string[]) => RunningDesktop;
}

/** A data folder of its own, without an engine unless one is named. */
async function own(env: NodeJS.ProcessEnv = {}): Promise<Own> {
  const home = await mkdtemp(join(folder, 'home-'));
  return {
    home,
    start(args = []) {
      const scratch = join(home, `electron-${performance.now()}`);
      const noEngine = { DOCKER_HOST: `unix://${join(home, 'no-engine.sock')}` };
      return startDesktop(scratch, { HOME: home, SLIPWAY_HOME: join(home, 'data'), ...noEngine, ...env }, args);
    },
  };
}

async function ready(desktop: RunningDesktop): Promise<Page> {
  const page = await desktop.page();
  await page.getByRole('main').waitFor(patience);
  // The page may be there before the shell has heard of it.
  await vi.waitFor(async () => expect((await desktop.look()).windows[0]?.visible).toBe(true), patience);
  return page;
}

/** Drops a folder as a file manager would. */
async function drop(page: Page, path: string): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await cdp.send('Input.dispatchDragEvent', { type, x: 500, y: 400, data: { items: [], files: [path], dragOperationsMask: 1 } });
  }
  await cdp.detach();
}

/** The import sheet with the sample's signature in it. */
async function seesImport(page: Page): Promise<void> {
  await page.getByRole('dialog').getByText('serving_default').first().waitFor(patience);
}
async function closeImport(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ ...patience, state: 'detached' });
}

const labelsOf = (items: readonly { readonly label?: string; readonly role?: string }[] = []): readonly string[] =>
  items.map(({ label, role }) => label ?? role ?? '—');

describe('the built desktop bundle under the stand-in for Electron', () => {
  let home: string;
  let first: Own;
  let desktop: RunningDesktop;
  let page: Page;
  beforeAll(async () => {
    first = await own();
    home = join(first.home, 'data');
    desktop = first.start();
    page = await ready(desktop);
  });
  afterAll(() => desktop[Symbol.asyncDispose]());

  test('opens one window with our options, and the page speaks to main', async () => {
    const { windows } = await desktop.look();
    await page
      .getByRole('banner')
      .getByText(/engine|Docker/i)
      .first()
      .waitFor(patience);
    expect(windows.map(({ options, visible }) => [options, visible])).toEqual([
      [windowOptions(join(projectRoot, 'out', 'preload', 'preload.cjs'), {}, { dark: false }), true],
    ]);
  });

  test('a dropped folder becomes a ticket in main, and its signatures are shown; the page never had the path', async () => {
    await drop(page, sample);
    await seesImport(page);
    await closeImport(page);
  });

  test('a folder chosen in the system’s dialog opens the import sheet, from the menu and from the page', async () => {
    await desktop.act('choose', sample);
    await desktop.act('menu', 'File', 'Open Model Folder…');
    await seesImport(page);
    await closeImport(page);
    await desktop.act('choose', sample);
    await page.getByRole('button', { name: /Choose a folder/ }).click();
    await seesImport(page);
    await closeImport(page);
    expect((await desktop.look()).asked).toEqual([{ properties: ['openDirectory'] }, { properties: ['openDirectory'] }]);
  });

  test('a second start with a folder hands it to the first, and ends', async () => {
    await using second = first.start([sample]);
    expect([await second.ended, second.written()]).toEqual([0, '']);
    await seesImport(page);
    await closeImport(page);
  });

  test('a command that is given a folder shows the hidden window, and the import sheet in it', async () => {
    await desktop.act('hide');
    const env = { ...process.env, SLIPWAY_HOME: home };
    const command = [join(projectRoot, 'out', 'main', 'slipway.js'), sample];
    expect(execFileSync(process.execPath, command, { env, encoding: 'utf8' })).toBe('');
    await seesImport(page);
    await closeImport(page);
    expect((await desktop.look()).windows.map(({ visible }) => visible)).toEqual([true]);
  });

  test('links and windows of the page lead nowhere, but for a listed address in the person’s browser', async () => {
    await page.evaluate(() => {
      window.open('https://example.org/');
      window.open('https://www.tensorflow.org/guide/saved_model');
    });
    await expect.poll(async () => (await desktop.look()).opened, patience).toEqual(['https://www.tensorflow.org/guide/saved_model']);
    const before = page.url();
    await page.evaluate(() => void (location.href = 'https://example.org/'));
    await page.evaluate(() => new Promise((settle) => requestAnimationFrame(settle)));
    expect(page.url()).toBe(before);
  });

  test('a malformed message closes its own port; the window’s still answers', async () => {
    const closed = await page.evaluate(async () => {
      const { slipwayShell } = globalThis as unknown as { readonly slipwayShell: { openPort(nonce: string): void } };
      const garbage: readonly unknown[] = ['{"no": "message of ours"', new Uint8Array([1, 2, 3]), { an: 'object' }, 'x'.repeat(1_000)];
      const outcomes: string[] = [];
      for (const [at, message] of garbage.entries()) {
        const port = await new Promise<MessagePort>((settle) => {
          window.addEventListener('message', ({ data, ports }: MessageEvent<{ readonly nonce?: string }>) => {
            if (data.nonce === `mine ${at}` && ports[0] !== undefined) settle(ports[0]);
          });
          slipwayShell.openPort(`mine ${at}`);
        });
        port.start();
        const gone = new Promise<string>((settle) => port.addEventListener('close', () => settle('closed')));
        port.postMessage(message);
        outcomes.push(await gone);
      }
      return outcomes;
    });
    await drop(page, sample);
    await seesImport(page);
    await closeImport(page);
    expect(closed).toEqual(['closed', 'closed', 'closed', 'closed']);
  });

  test('a reload keeps the window working', async () => {
    await page.reload();
    await page.getByRole('main').waitFor(patience);
    await drop(page, sample);
    await seesImport(page);
    await closeImport(page);
  });

  test('settings are kept by electron-store in the file that every shell reads, and a new language reaches the menu', async () => {
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('radiogroup', { name: 'Theme' }).getByText('Dark').click();
    await page.getByRole('radiogroup', { name: 'Language' }).getByText('简体中文').click();
    await expect.poll(async () => labelsOf((await desktop.look()).menu), patience).toEqual(['文件', '编辑', '视图', '窗口', '帮助']);
    expect(JSON.parse(await readFile(join(home, 'settings.json'), 'utf8'))).toEqual({ theme: 'dark', language: 'zh' });
  });

  test('in all of this the policy was kept and nothing was thrown', async () => {
    expect([desktop.faults, (await desktop.look()).violations]).toEqual([[], []]);
  });

  test('quitting is clean: it asks nothing, leaves no socket and no lock, says nothing, and the next start finds its place and settings', async () => {
    await desktop.act('bounds', '200', '100', '900', '700');
    await desktop.act('maximize');
    const { asked } = await desktop.look();
    await desktop.act('quit').catch(() => undefined);
    expect([await desktop.ended, desktop.written(), asked.length]).toEqual([0, '', 2]);
    expect((await readdir(home)).filter((name) => /sock|wal$|shm$/.test(name))).toEqual([]);
    desktop = first.start();
    page = await ready(desktop);
    const [window] = (await desktop.look()).windows;
    const { x, y, width, height } = window?.bounds ?? {};
    expect([{ x, y, width, height }, window?.maximized]).toEqual([{ x: 200, y: 100, width: 900, height: 700 }, true]);
    await page.getByRole('link', { name: '设置' }).waitFor(patience);
  });
});

test('a folder given on the command line opens its import sheet, and closing the only window ends the app', async () => {
  await using desktop = (await own()).start([sample]);
  const page = await ready(desktop);
  await seesImport(page);
  await desktop.act('close').catch(() => undefined);
  expect([await desktop.ended, desktop.faults]).toEqual([0, []]);
});

test('a command needs no window: it prints, serves by utility processes, and ends with its exit code', async () => {
  const { home, start } = await own();
  const outcomeOf = async (...args: readonly string[]): Promise<readonly [number | null, string]> => {
    await using desktop = start(args);
    return [await desktop.ended, desktop.written()];
  };
  const [code, described] = await outcomeOf('inspect', sample, '--json');
  expect([code, (JSON.parse(described) as { kind: string }).kind]).toEqual([0, 'ok']);
  expect((await outcomeOf('inspect', join(home, 'nowhere')))[0]).toBe(1);
  const [tried, said] = await outcomeOf('try', '--once');
  expect([tried, said]).toEqual([0, expect.stringContaining('It is an 8')]);
});

test('a damaged settings file falls back to the defaults', async () => {
  const { home, start } = await own();
  await cp(sample, join(home, 'data'), { recursive: true });
  await writeFile(join(home, 'data', 'settings.json'), '{ "theme": "da');
  await using desktop = start();
  await ready(desktop);
  expect([desktop.written(), labelsOf((await desktop.look()).tray?.items)]).toEqual(['', ['Open Slipway', 'Quit']]);
});

test.skipIf(whyNoEngine() !== undefined)(
  `on a real engine: what is ready is told where the window is hidden, stands in the tray, outlives the app unasked, and is stopped from there ${whyNoEngine() ?? ''}`,
  async () => {
    const { home, start } = await own({ DOCKER_HOST: '' });
    const model = join(home, 'flowers');
    await cp(sample, model, { recursive: true });
    await using undo = new AsyncDisposableStack();
    undo.defer(() => {
      const ids = execFileSync('docker', ['ps', '-aq', '--filter', `volume=${model}`], { encoding: 'utf8' })
        .split('\n')
        .filter(Boolean);
      if (ids.length > 0) execFileSync('docker', ['rm', '-f', ...ids]);
    });
    const running = async (desktop: RunningDesktop): Promise<readonly string[]> =>
      labelsOf((await desktop.look()).tray?.items)
        .slice(0, -2)
        .filter((label) => label !== '—');

    const before = undo.use(start([model]));
    const page = await ready(before);
    await seesImport(page);
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Serve/ })
      .last()
      .click();
    await before.act('hide');
    await expect
      .poll(async () => (await before.look()).notifications, { timeout: 120_000 })
      .toEqual([{ title: 'flowers is serving', body: expect.stringMatching(/^It answers at 127\.0\.0\.1:\d+\.$/) as string }]);
    const label = (await running(before))[0] ?? '';
    expect(label).toMatch(/^flowers {2}127\.0\.0\.1:\d+$/);
    await before.act('notification', '0');
    await page.waitForURL(/#\/servings\//, patience);
    await before.act('quit').catch(() => undefined);
    expect([await before.ended, before.written(), before.faults]).toEqual([0, '', []]);

    const after = undo.use(start());
    await ready(after);
    await expect.poll(() => running(after), { timeout: 60_000 }).toEqual([label]);
    expect((await after.look()).asked).toEqual([]);
    await after.act('tray', label, 'Stop');
    await expect.poll(() => running(after), { timeout: 60_000 }).toEqual([]);
  },
  240_000,
);
