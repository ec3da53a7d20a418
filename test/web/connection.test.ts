import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { implement } from '@orpc/server';
import { chromium, type Browser, type Page } from 'playwright';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveChannel } from '../../src/main/rpc/serveChannel.ts';
import { startWebShell, type WebShell } from '../../src/main/web/webShell.ts';
import { contract } from '../../src/shared/contract/index.ts';
import { chromiumOptions } from '../chromium.ts';

const os = implement(contract);
const router = { tasks: { cancel: os.tasks.cancel.handler(() => undefined) } };

let folder: string;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-test-page-'));
  const page = join(import.meta.dirname, 'page');
  await build({
    configFile: false,
    root: page,
    logLevel: 'silent',
    build: {
      outDir: join(folder, 'bundle'),
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      rollupOptions: { input: join(page, 'index.web.html') },
    },
  });
  browser = await chromium.launch(chromiumOptions());
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly home: string;
  shell(): WebShell;
  /** Ends the shell; `again` starts it on the same port, with the same folder or a fresh one. */
  end(): Promise<{ again(more?: { readonly forgetTokens: boolean }): Promise<void> }>;
  /** Drops paths of this machine onto the page. */
  drop(...paths: readonly string[]): Promise<void>;
  dispatch(event: 'call' | 'stop' | 'stop-at-once'): Promise<void>;
  heard(line: string | RegExp): Promise<void>;
}

async function open(): Promise<Opened> {
  await using undo = new AsyncDisposableStack();
  const home = await mkdtemp(join(folder, 'home-'));
  const start = (port: number, tokens: string): Promise<WebShell> =>
    startWebShell({
      bundle: join(folder, 'bundle'),
      uploadsFolder: join(home, 'uploads'),
      tokensFile: join(home, tokens),
      adoptUpload: (path) => Promise.resolve(`ticket for ${path}`),
      serve: (channel) => serveChannel(channel, router),
      port,
    });
  let shell = await start(0, 'tokens');
  const { port } = shell;
  undo.defer(() => shell[Symbol.asyncDispose]());
  const context = await browser.newContext();
  undo.defer(() => context.close());
  const page = await context.newPage();
  await page.goto(shell.url());
  const running = undo.move();
  return {
    page,
    home,
    shell: () => shell,
    async end() {
      await shell[Symbol.asyncDispose]();
      return {
        async again({ forgetTokens } = { forgetTokens: false }) {
          shell = await start(port, forgetTokens ? 'other-tokens' : 'tokens');
        },
      };
    },
    async drop(...files) {
      const cdp = await context.newCDPSession(page);
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        await cdp.send('Input.dispatchDragEvent', { type, x: 50, y: 50, data: { items: [], files: [...files], dragOperationsMask: 1 } });
      }
      await cdp.detach();
    },
    dispatch: (event) => page.evaluate((name) => void document.dispatchEvent(new Event(name)), event),
    heard: (line) => page.getByText(line).last().waitFor({ timeout: 30_000 }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const lines = (page: Page): Promise<string[]> => page.locator('p').allTextContents();

describe('a page of the web shell in Chromium', () => {
  test('connects by its link, forgets the code, calls, and survives a reload', async () => {
    await using opened = await open();
    const { page } = opened;
    await opened.heard('status connected');
    await opened.dispatch('call');
    await opened.heard('called');
    const address = page.url();
    await page.reload();
    await opened.heard('status connected');
    expect([address, await lines(page), await page.evaluate(() => document.cookie + JSON.stringify(localStorage))]).toEqual([
      `http://127.0.0.1:${opened.shell().port}/`,
      ['now connecting', 'status connected'],
      '{}',
    ]);
  });

  test('a lost connection fails calls, and comes back by itself after a restart', async () => {
    await using opened = await open();
    await opened.heard('status connected');
    const ended = await opened.end();
    await opened.heard('status lost');
    await opened.dispatch('call');
    await opened.heard('called CONNECTION_LOST');
    await ended.again();
    await opened.heard(/^status connected$/);
    await opened.page.waitForFunction(() => document.body.textContent?.endsWith('status connected'));
    expect(await lines(opened.page)).toEqual([
      'now connecting',
      'status connected',
      'status lost',
      'called CONNECTION_LOST',
      'status connected',
    ]);
  });

  test('where its right is gone it says so, and a new link brings it back', async () => {
    await using opened = await open();
    await opened.heard('status connected');
    await (await opened.end()).again({ forgetTokens: true });
    await opened.heard('status refused');
    await opened.page.goto(opened.shell().url());
    await opened.page.waitForFunction(() => document.body.textContent?.endsWith('status connected'));
    expect([(await lines(opened.page)).at(-1), new URL(opened.page.url()).hash]).toEqual(['status connected', '']);
  });

  test('a spent link opened in another page is refused', async () => {
    await using opened = await open();
    const link = opened.shell().url();
    await opened.page.goto('about:blank');
    await opened.page.goto(link);
    await opened.heard('status connected');
    const second = await opened.page.context().newPage();
    await second.goto(link);
    await second.getByText('status refused').waitFor();
    expect(await second.evaluate(() => sessionStorage.length)).toBe(0);
  });

  test('folders and files dropped together arrive whole, each with its ticket, and the bytes are told', async () => {
    await using opened = await open();
    await opened.heard('status connected');
    const many = join(opened.home, 'many 数');
    await mkdir(join(many, '1', 'empty'), { recursive: true });
    const names = Array.from({ length: 250 }, (_, at) => `file ${at} %.txt`);
    for (const name of names) await writeFile(join(many, '1', name), name);
    const alone = join(opened.home, 'model.zip');
    await writeFile(alone, 'archive');
    await opened.drop(many, alone);
    await opened.heard(/^sent /);
    const said = await lines(opened.page);
    const [folderTicket = '', fileTicket = ''] = said
      .filter((line) => line.startsWith('ticket for '))
      .map((line) => line.slice('ticket for '.length));
    const bytes = names.join('').length + 'archive'.length;
    expect({
      first: said.find((line) => line.startsWith('sending')),
      last: said.at(-1),
      inside: (await readdir(join(folderTicket, '1'))).toSorted(),
      text: await readFile(join(folderTicket, '1', 'file 7 %.txt'), 'utf8'),
      archive: await readFile(fileTicket, 'utf8'),
    }).toEqual({
      first: `sending 0 of ${bytes}`,
      last: `sent ${bytes} of ${bytes}`,
      inside: ['empty', ...names].toSorted(),
      text: 'file 7 %.txt',
      archive: 'archive',
    });
  });

  /** A file of many bytes that costs none: more than can be sent before it is stopped. */
  async function dropLarge(opened: Opened): Promise<void> {
    const large = join(opened.home, 'large');
    await mkdir(large);
    await writeFile(join(large, 'weights'), '');
    await truncate(join(large, 'weights'), 8_000_000_000);
    await opened.drop(large);
  }
  async function nothingIsLeft(opened: Opened): Promise<void> {
    await expect.poll(() => readdir(join(opened.home, 'uploads')), { timeout: 30_000 }).toEqual([]);
  }

  test('an upload that is stopped in the middle leaves nothing', async () => {
    await using opened = await open();
    await opened.heard('status connected');
    await dropLarge(opened);
    await opened.heard('first bytes are out');
    await opened.dispatch('stop');
    await opened.heard('failed CANCELLED');
    await nothingIsLeft(opened);
  });

  test('an upload that is stopped while it is announced leaves nothing', async () => {
    await using opened = await open();
    await opened.heard('status connected');
    await opened.dispatch('stop-at-once');
    await dropLarge(opened);
    await opened.heard('failed CANCELLED');
    await nothingIsLeft(opened);
  });
});
