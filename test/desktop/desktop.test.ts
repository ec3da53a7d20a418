import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { implement } from '@orpc/server';
import type { MessagePortMain, Rectangle, WebContents, WebFrameMain } from 'electron';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import configuration from '../../electron-builder.ts';
import { appMenuTemplate } from '../../src/main/desktop/appMenu.ts';
import { answerAppRequest } from '../../src/main/desktop/appProtocol.ts';
import { folderArgument } from '../../src/main/desktop/folderArgument.ts';
import { externalLink, guardContents, guardSession, isTrustedSender } from '../../src/main/desktop/guards.ts';
import { noticeOf } from '../../src/main/desktop/notice.ts';
import { portChannel } from '../../src/main/desktop/portChannel.ts';
import { losesByQuitting } from '../../src/main/desktop/quitting.ts';
import { trayTemplate } from '../../src/main/desktop/tray.ts';
import { windowOptions } from '../../src/main/desktop/windowOptions.ts';
import { windowPlace } from '../../src/main/desktop/windowPlace.ts';
import { shellWords } from '../../src/main/desktop/words.ts';
import { openTypedCredentials } from '../../src/main/docker/typedCredentials.ts';
import { serveChannel } from '../../src/main/rpc/serveChannel.ts';
import { contract } from '../../src/shared/contract/index.ts';
import { AppError } from '../../src/shared/contract/errors.ts';
import type { Serving } from '../../src/shared/contract/serving.ts';
import { connectClient } from '../../src/shared/rpc/connectClient.ts';
import { memoryChannel } from '../../src/shared/rpc/memoryChannel.ts';

const opened = vi.hoisted((): string[] => []);
vi.mock('electron', () => ({
  shell: { openExternal: (url: string) => Promise.resolve(void opened.push(url)) },
  Menu: {},
  Tray: {},
  nativeImage: {},
}));

test('the window is sandboxed, isolated, and has no Node', () => {
  expect(windowOptions('/preload.cjs', { x: 1, y: 2, width: 900, height: 700 }, { dark: false })).toEqual({
    x: 1,
    y: 2,
    width: 900,
    height: 700,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Slipway',
    backgroundColor: '#F4F5F7',
    webPreferences: {
      preload: '/preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
});

describe("the app's scheme", () => {
  let bundle = '';
  beforeAll(() => {
    bundle = mkdtempSync(join(tmpdir(), 'slipway-bundle-'));
    writeFileSync(join(bundle, 'index.desktop.html'), '<meta nonce="__CSP_NONCE__">');
    writeFileSync(join(bundle, 'secret.key'), 'x');
  });
  afterAll(() => rmSync(bundle, { recursive: true, force: true }));

  test('the page comes with its policy and a nonce of its own', async () => {
    const answer = await answerAppRequest({ method: 'GET', url: 'slipway://app/index.desktop.html' }, bundle);
    const policy = answer.headers.get('content-security-policy') ?? '';
    const nonce = /nonce="([\w-]+)"/.exec(await answer.text())?.[1] ?? '';
    expect([answer.status, policy.includes("default-src 'none'"), policy.includes(`'nonce-${nonce}'`)]).toEqual([200, true, true]);
  });

  test.each([
    ['POST', 'slipway://app/index.desktop.html', 405],
    ['GET', 'slipway://other/index.desktop.html', 404],
    ['GET', 'slipway://app/secret.key', 404],
    ['GET', 'slipway://app/..%2f..%2fetc%2fpasswd.html', 404],
    ['GET', 'slipway://app/%2e%2e/x.html', 404],
    ['GET', 'slipway://app/none.js', 404],
  ])('%s %s is answered %i', async (method, url, status) => {
    expect((await answerAppRequest({ method, url }, bundle)).status).toBe(status);
  });
});

describe('guards', () => {
  test.each([
    ['https://www.tensorflow.org/tfx', 'https://www.tensorflow.org/tfx'],
    ['HTTPS://keras.io/x y"', 'https://keras.io/x%20y%22'],
    ['http://www.tensorflow.org', null],
    ['https://a@www.tensorflow.org/', null],
    ['https://www.tensorflow.org.example.org/', null],
    ['https://example.org', null],
    ['file:///etc/passwd', null],
    ['javascript:1', null],
    ['smb://keras.io/share', null],
    ['', null],
  ])('%j opens outside as %j', (asked, opened) => {
    expect(externalLink(asked)).toBe(opened);
  });

  test('a page is granted writing the clipboard, asked or checked, and no device', () => {
    type Answer = (granted: boolean) => void;
    const set: Record<string, (...args: never[]) => unknown> = {};
    const keep = (name: string) => (handler: (...args: never[]) => unknown) => void (set[name] = handler);
    guardSession({
      setPermissionRequestHandler: keep('request'),
      setPermissionCheckHandler: keep('check'),
      setDevicePermissionHandler: keep('device'),
    } as unknown as Parameters<typeof guardSession>[0]);
    const asked = [
      'clipboard-sanitized-write',
      'clipboard-read',
      'media',
      'geolocation',
      'notifications',
      'fileSystem',
      'openExternal',
      'hid',
    ];
    const request = set['request'] as unknown as (contents: null, permission: string, answer: Answer) => void;
    const check = set['check'] as unknown as (contents: null, permission: string) => boolean;
    const requested = asked.map((permission) => {
      let granted: boolean | undefined;
      request(null, permission, (answer) => (granted = answer));
      return granted;
    });
    const onlyFirst = asked.map((_, at) => at === 0);
    expect([requested, asked.map((permission) => check(null, permission)), (set['device'] as () => boolean)()]).toEqual([
      onlyFirst,
      onlyFirst,
      false,
    ]);
  });

  test('every webContents stays on our page, opens no window and attaches no webview', () => {
    const app = new EventEmitter();
    guardContents(app as unknown as Parameters<typeof guardContents>[0]);
    let openHandler: ((details: { readonly url: string }) => unknown) | undefined;
    const contents = Object.assign(new EventEmitter(), { setWindowOpenHandler: (set: typeof openHandler) => (openHandler = set) });
    app.emit('web-contents-created', {}, contents);
    const prevented = (name: string, url: string): boolean => {
      let stopped = false;
      contents.emit(name, { url, preventDefault: () => (stopped = true) });
      return stopped;
    };
    const foreign = [
      'https://example.org/',
      'file:///etc/passwd',
      'slipway://other/',
      'slipway://app.example.org/',
      'data:text/html,x',
      'about:blank',
      'x',
    ];
    const moves = ['will-navigate', 'will-redirect', 'will-frame-navigate'];
    expect({
      foreign: moves.flatMap((move) => foreign.map((url) => prevented(move, url))),
      own: moves.map((move) => prevented(move, 'slipway://app/index.desktop.html#/servings')),
      webview: prevented('will-attach-webview', ''),
      window: openHandler?.({ url: 'https://www.tensorflow.org/' }),
      opened: opened.splice(0),
    }).toEqual({
      foreign: moves.flatMap(() => foreign.map(() => true)),
      own: [false, false, false],
      webview: true,
      window: { action: 'deny' },
      opened: ['https://www.tensorflow.org/'],
    });
  });

  test('only our page, in the top frame of a window of ours, is listened to', () => {
    const [mine, other] = [{}, {}] as unknown as readonly [WebContents, WebContents];
    const top = { origin: 'slipway://app', parent: null };
    const child = { ...top, parent: {} as WebFrameMain };
    const ours = new Set([mine]);
    expect([
      isTrustedSender(top, mine, ours),
      isTrustedSender(top, other, ours),
      isTrustedSender(child, mine, ours),
      isTrustedSender({ ...top, origin: 'https://example.org' }, mine, ours),
      isTrustedSender(null, mine, ours),
    ]).toEqual([true, false, false, false, false]);
  });
});

const servingOf = (name: string, state: Serving['state']): Serving =>
  ({ id: `id-${name}`, name, state, plan: { restPort: 8501, life: 'kept' } }) as unknown as Serving;
const serving: Serving['state'] = { kind: 'serving', versions: ['1'] };
const starting: Serving['state'] = { kind: 'starting', step: 'load' };
const stopped: Serving['state'] = { kind: 'stopped', reason: 'person' };
const failed: Serving['state'] = { kind: 'failed', step: 'load', problem: new AppError('DISK_FULL').report() };
const en = shellWords('en', 'zh-CN');
const zh = shellWords('system', 'zh-CN');

describe('what the system draws for us', () => {
  interface Item {
    readonly label?: string;
    readonly role?: string;
    readonly click?: unknown;
    readonly submenu?: readonly Item[];
  }
  const clickOf = (item: Item | undefined, label: string): (() => void) =>
    item?.submenu?.find((one) => one.label === label)?.click as () => void;

  test('the tray holds what is served, each to be opened or stopped', () => {
    const done: string[] = [];
    const actions = {
      show: (id?: string) => done.push(`show ${id ?? ''}`),
      stop: (id: string) => done.push(`stop ${id}`),
      quit: () => done.push('quit'),
    };
    const items = trayTemplate(
      [servingOf('digits', serving), servingOf('old', stopped), servingOf('new', starting)],
      en,
      actions,
    ) as readonly Item[];
    for (const click of [clickOf(items[0], 'Open'), clickOf(items[0], 'Stop')]) click();
    expect([items.map(({ label }) => label), done]).toEqual([
      ['digits  127.0.0.1:8501', undefined, 'Open Slipway', 'Quit'],
      ['show id-digits', 'stop id-digits'],
    ]);
  });

  test.each<[NodeJS.Platform, readonly string[], boolean]>([
    ['linux', ['File', 'Edit', 'View', 'Window', 'Help'], true],
    ['darwin', ['appMenu', 'File', 'Edit', 'View', 'Window', 'Help'], false],
  ])('the menu on %s', (platform, names, quitsUnderFile) => {
    const items = appMenuTemplate(en, platform, { openFolder: () => undefined, openLink: () => undefined }) as readonly Item[];
    const file = items.find(({ label }) => label === 'File')?.submenu ?? [];
    expect([items.map(({ label, role }) => label ?? role), file.some(({ role }) => role === 'quit')]).toEqual([names, quitsUnderFile]);
  });

  test('the links of the menu are listed ones', () => {
    const links: string[] = [];
    const items = appMenuTemplate(zh, 'linux', { openFolder: () => undefined, openLink: (link) => links.push(link) }) as readonly Item[];
    clickOf(items.at(-1), zh.aboutSavedModel)();
    expect(links.map(externalLink)).toEqual(links);
  });

  test('who does not see the window is told what became ready or failed, and nothing else', () => {
    const told = (before: Serving['state'] | undefined, after: Serving['state'], words = en) =>
      noticeOf(before === undefined ? undefined : servingOf('m', before), servingOf('m', after), words)?.title ?? null;
    expect([
      told(starting, serving),
      told(starting, failed),
      told(serving, failed),
      told(serving, failed, zh),
      told(undefined, serving),
      told(serving, serving),
      told(serving, stopped),
      told(stopped, starting),
      told(failed, failed),
    ]).toEqual(['m is serving', 'm is not serving', 'm is not serving', 'm 未能提供服务', null, null, null, null, null]);
  });

  test('a language that is set wins over the system’s', () => {
    expect([shellWords('system', 'en-GB').quit, shellWords('system', 'zh-Hans-CN').quit, shellWords('zh', 'en').quit, en.quit]).toEqual([
      'Quit',
      '退出',
      '退出',
      'Quit',
    ]);
  });
});

describe('quitting and starting', () => {
  test('it is asked only where a start or a serving of this process would end', () => {
    const one = (kind: Serving['state']['kind'], life: 'kept' | 'foreground', engine: Serving['engine'] = 'docker') => [
      { state: { kind }, plan: { life, engine } },
    ];
    expect([
      losesByQuitting([]),
      losesByQuitting(one('serving', 'kept')),
      losesByQuitting(one('serving', 'foreground')),
      losesByQuitting(one('starting', 'kept')),
      losesByQuitting(one('stopped', 'foreground')),
      losesByQuitting(one('failed', 'foreground')),
      losesByQuitting(one('serving', 'kept', 'embedded')),
    ]).toEqual([false, false, true, true, false, false, true]);
  });

  test('the folder is the first argument that is neither a switch nor the app itself, and is there', () => {
    const here = import.meta.dirname;
    const unpackaged = { isPackaged: false, cwd: here };
    const packaged = { isPackaged: true, cwd: here };
    expect([
      folderArgument(['electron', '--inspect=0', '/project', '--no-sandbox', '../desktop'], unpackaged),
      folderArgument(['electron', '/project'], unpackaged),
      folderArgument(['slipway', '../desktop'], packaged),
      folderArgument(['slipway', 'not-there'], packaged),
      folderArgument(['slipway'], packaged),
    ]).toEqual([here, null, here, null, null]);
  });

  const screen = { x: 0, y: 0, width: 1920, height: 1080 };
  test.each<[string, unknown, readonly Rectangle[], object]>([
    [
      'where it was',
      { bounds: { x: 50, y: 60, width: 900, height: 700 }, maximized: true },
      [screen],
      { x: 50, y: 60, width: 900, height: 700 },
    ],
    [
      'on the second screen',
      { bounds: { x: 2000, y: 0, width: 900, height: 700 }, maximized: true },
      [screen, { ...screen, x: 1920 }],
      { x: 2000, y: 0, width: 900, height: 700 },
    ],
    [
      'on a screen that is gone: its size alone',
      { bounds: { x: 2000, y: 0, width: 900, height: 700 }, maximized: true },
      [screen],
      { width: 900, height: 700 },
    ],
    [
      'above the screen: its size alone',
      { bounds: { x: 50, y: -400, width: 900, height: 700 }, maximized: true },
      [screen],
      { width: 900, height: 700 },
    ],
  ])('the window opens %s', (_, kept, screens, bounds) => {
    expect(windowPlace(kept, screens)).toEqual({ bounds, maximized: true });
  });
  test.each([
    undefined,
    null,
    'x',
    {},
    { bounds: { x: 'left' }, maximized: true },
    { bounds: { x: 0, y: 0, width: -1, height: 1 }, maximized: false },
  ])('a place that was kept as %j is none', (kept) => expect(windowPlace(kept, [screen])).toEqual({ bounds: {}, maximized: false }));
});

describe("main's end of a window's port", () => {
  /** A port that nobody reads from. */
  class FakePort extends EventEmitter {
    closed = false;
    readonly sent: unknown[] = [];
    readonly start = (): void => undefined;
    readonly postMessage = (data: unknown): void => void this.sent.push(data);
    close(): void {
      if (this.closed) return;
      this.closed = true;
      this.emit('close');
    }
  }
  const portOf = (fake: FakePort): MessagePortMain => fake;

  test('no message of any kind ends more than its own port', async () => {
    const os = implement(contract);
    const router = { tasks: { cancel: os.tasks.cancel.handler(() => undefined) } };
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json(), fc.uint8Array({ maxLength: 200 }), fc.anything()), async (data) => {
        const fake = new FakePort();
        serveChannel(portChannel(portOf(fake)), router);
        fake.emit('message', { data });
        await new Promise((resolve) => setImmediate(resolve));
      }),
      { numRuns: 500 },
    );
    const [mine, theirs] = memoryChannel();
    serveChannel(theirs, router);
    await connectClient(mine).tasks.cancel({ id: 'still answers' });
  });

  test.each([{ an: 'object' }, 5, null, undefined, new ArrayBuffer(3)])('%j, which is no message, closes it', (data) => {
    const fake = new FakePort();
    portChannel(portOf(fake));
    fake.emit('message', { data });
    expect(fake.closed).toBe(true);
  });

  test('what comes before the owner is reached waits, within limits', () => {
    const [patient, flooding] = [new FakePort(), new FakePort()];
    const channel = portChannel(portOf(patient));
    patient.emit('message', { data: 'early' });
    const heard: unknown[] = [];
    channel.onMessage((message) => heard.push(message));
    portChannel(portOf(flooding));
    for (let at = 0; at < 300; at++) flooding.emit('message', { data: 'x' });
    expect([heard, patient.closed, flooding.closed]).toEqual([['early'], false, true]);
  });
});

describe('credentials that the person types', () => {
  const typed = { username: 'me', password: 'p4ssw0rd', serverAddress: 'registry.example' };
  const box = {
    seal: (text: string) => Buffer.from(text).map((one) => one ^ 0x5a),
    open: (sealed: Uint8Array) => Buffer.from(sealed.map((one) => one ^ 0x5a)).toString(),
  };
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-typed-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('are kept sealed where the system has a safe place, and readable nowhere', () => {
    const path = join(folder, 'sealed');
    openTypedCredentials(path, box).set('registry.example', typed);
    const bytes = readFileSync(path);
    expect([
      openTypedCredentials(path, box).get('registry.example'),
      bytes.includes('p4ssw0rd'),
      statSync(path).mode & 0o777,
      openTypedCredentials(path, undefined).get('registry.example'),
    ]).toEqual([typed, false, 0o600, undefined]);
  });

  test('are in memory only where it has none', () => {
    const path = join(folder, 'none');
    const kept = openTypedCredentials(path, undefined);
    kept.set('registry.example', typed);
    expect([kept.get('registry.example'), existsSync(path)]).toEqual([typed, false]);
  });

  test('that cannot be opened any more count as none', () => {
    const path = join(folder, 'damaged');
    writeFileSync(path, 'x');
    expect(openTypedCredentials(path, box).get('registry.example')).toBeUndefined();
  });
});

test('every fuse is set by name', () => {
  expect(configuration.electronFuses).toEqual({
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  });
});
