/**
 * A stand-in for the module `electron`, for machines without its binary: the built desktop bundle runs under it unmodified. A
 * BrowserWindow is a page of a headless Chromium, ports and IPC are carried over Playwright, and what would be drawn by the
 * system (menu, tray, dialogs, notifications) is kept for the test to look at and to click. It shows that main, preload and
 * renderer work together. It does not show what only Electron has: isolation of the preload, permissions, fuses, asar, chrome.
 */
import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright';
import { chromiumOptions } from '../../chromium.ts';
import { pageSide } from './pageSide.ts';
import { MessageChannelMain, pack, unpack, type Packed, type Port } from './ports.ts';

export { MessageChannelMain };

type Listener = (...args: never[]) => unknown;
interface Item {
  readonly label?: string;
  readonly role?: string;
  readonly type?: string;
  readonly submenu?: readonly Item[];
  readonly click?: () => void;
}

// Electron's arguments are itself, the app's folder, and the rest; here the launcher and the app's module are between them.
export const mainModule = process.argv.splice(1, 2)[1] ?? '';

/** What the test sees and sets. */
const seen = {
  menu: [] as readonly Item[],
  tray: null as null | { tip: string; items: readonly Item[]; emitter: EventEmitter },
  notifications: [] as { title: string; body: string; click: () => void }[],
  opened: [] as string[],
  violations: [] as string[],
  asked: [] as unknown[],
  /** What the person would choose in the next dialogs. */
  folders: [] as string[],
  button: undefined as number | undefined,
};

/** Scheme -> the secure origin that stands for `SCHEME://app` in Chromium, which knows no schemes of ours. */
const originOf = (scheme: string): string => `https://${scheme}.invalid`;
const outward = (url: string): string => url.replace(/^(\w+):\/\/app(?=\/|$)/, (_, scheme: string) => originOf(scheme));
const inward = (url: string): string => url.replace(/^https:\/\/(\w+)\.invalid(?=\/|$)/, '$1://app');

const paths = new Map<string, string>();
let browser: Promise<BrowserContext> | undefined;
let quitting = false;

class Preventable {
  defaultPrevented = false;
  readonly url: string;
  constructor(url = '') {
    this.url = url;
  }
  preventDefault(): void {
    this.defaultPrevented = true;
  }
}
/** Emits an event that listeners can prevent; answers whether it may happen. */
function mayHappen(emitter: EventEmitter, name: string, url = ''): boolean {
  const event = new Preventable(url);
  emitter.emit(name, event);
  return !event.defaultPrevented;
}

class App extends EventEmitter {
  readonly isPackaged = false;
  readonly name = 'slipway';
  // Started again as a command it is Node here, which takes the command's own entry.
  readonly getAppPath = (): string => join(dirname(mainModule), 'slipway.js');
  readonly getVersion = (): string => '0.0.0';
  readonly getLocale = (): string => process.env['STAND_IN_LOCALE'] ?? 'en-US';
  readonly enableSandbox = (): void => undefined;
  readonly setAppUserModelId = (): void => undefined;
  readonly getPath = (name: string): string => paths.get(name) ?? join(process.env['STAND_IN_FOLDER'] ?? '', name);
  readonly setPath = (name: string, path: string): void => void paths.set(name, path);
  requestSingleInstanceLock(data: unknown): boolean {
    const folder = this.getPath('userData');
    mkdirSync(folder, { recursive: true });
    const lock = join(folder, 'lock');
    const message = join(folder, 'second.json');
    if (existsSync(lock)) {
      writeFileSync(message, JSON.stringify({ cwd: process.cwd(), data }));
      return false;
    }
    writeFileSync(lock, '');
    process.on('exit', () => rmSync(lock));
    watch(folder, () => {
      if (!existsSync(message)) return;
      const text = readFileSync(message, 'utf8');
      if (text === '') return;
      rmSync(message);
      const { cwd, data: told } = JSON.parse(text) as { readonly cwd: string; readonly data: unknown };
      this.emit('second-instance', {}, [], cwd, told);
    });
    return true;
  }
  private readonly loaded = Promise.withResolvers<void>();
  readonly codeLoaded = (): void => this.loaded.resolve();
  async whenReady(): Promise<void> {
    await this.loaded.promise;
    browser ??= chromium.launchPersistentContext(join(process.env['STAND_IN_FOLDER'] ?? '', 'chromium'), {
      ...chromiumOptions(),
      args: [...chromiumOptions().args, '--remote-debugging-port=0'],
      locale: this.getLocale(),
      timezoneId: 'UTC',
    });
    const context = await browser;
    await context.exposeBinding('standInCall', ({ page, frame }, ...args: unknown[]) =>
      BrowserWindow.of(page)?.webContents.called(frame.parentFrame() === null, ...(args as [string])),
    );
    await context.route('**/*', (route) => protocol.answer(route));
  }
  readonly exit = (code: number): void =>
    void Promise.resolve(browser?.then((context) => context.close())).finally(() => process.exit(code));
  quit(): void {
    if (quitting || !mayHappen(this, 'before-quit')) return;
    quitting = true;
    for (const window of BrowserWindow.getAllWindows()) window.close();
    this.emit('will-quit', new Preventable());
    this.emit('quit');
    void Promise.resolve(browser?.then((context) => context.close())).finally(() => process.exit(0));
  }
}
export const app = new App();

/** A utility process is a Node process here, with Node's own channel. */
export const utilityProcess = {
  fork: (
    program: string,
    args: readonly string[],
    { stdio, env }: { readonly stdio: string[]; readonly env: ForkOptions['env'] },
  ): ChildProcess => fork(program, args, { stdio: [...(stdio as 'pipe'[]), 'ipc'], env, execArgv: [] }),
};

type Handler = (request: Request) => Promise<Response>;
const handlers = new Map<string, Handler>();
export const protocol = {
  registerSchemesAsPrivileged: (): void => undefined,
  handle: (scheme: string, handler: Handler): void => void handlers.set(scheme, handler),
  async answer(route: Parameters<Parameters<BrowserContext['route']>[1]>[0]): Promise<void> {
    const request = route.request();
    const url = inward(request.url());
    const scheme = url.slice(0, url.indexOf(':'));
    if (request.isNavigationRequest()) {
      const contents = BrowserWindow.of(request.frame().page())?.webContents;
      if (contents?.loaded === true && !mayHappen(contents, 'will-navigate', url)) return route.abort('aborted');
    }
    const handler = handlers.get(scheme);
    if (handler === undefined) return route.abort('blockedbyclient');
    const answer = await handler({ method: request.method(), url } as Request);
    return route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    });
  },
};

class IpcMain extends EventEmitter {
  readonly handlers = new Map<string, Listener>();
  readonly handle = (channel: string, handler: Listener): void => void this.handlers.set(channel, handler);
}
export const ipcMain = new IpcMain();

let nextPort = 1;
class WebContents extends EventEmitter {
  loaded = false;
  openHandler: (details: { readonly url: string }) => unknown = () => undefined;
  private readonly ports = new Map<number, Port>();
  private readonly page: Promise<Page>;
  private last: Promise<unknown> = Promise.resolve();
  constructor(page: Promise<Page>) {
    super();
    this.page = page;
  }
  readonly setWindowOpenHandler = (handler: typeof this.openHandler): void => void (this.openHandler = handler);
  /** Calls the page's side, in order. A page that has gone hears nothing. */
  private tell(name: 'post' | 'end' | 'deliver', ...args: readonly unknown[]): void {
    this.last = this.last
      .then(async () =>
        (await this.page).evaluate(
          ([method, list]) => (globalThis as unknown as { standIn: Record<string, Listener> }).standIn[method]?.(...(list as never[])),
          [name, args] as const,
        ),
      )
      .catch(() => undefined);
  }
  private async pathOf(text: string): Promise<string> {
    const page = await this.page;
    const cdp = await page.context().newCDPSession(page);
    const { result } = await cdp.send('Runtime.evaluate', { expression: `standIn.file(${text.split(' ').at(-1) ?? ''})` });
    const { path } = await cdp.send('DOM.getFileInfo', { objectId: result.objectId ?? '' });
    await cdp.detach();
    return path;
  }
  async called(isTop: boolean, kind: string, ...args: unknown[]): Promise<unknown> {
    const [first, second] = args;
    const frame = {
      origin: inward(new URL((await this.page).url()).origin),
      parent: isTop ? null : {},
      postMessage: (channel: string, message: unknown, [port]: readonly Port[]) => {
        const id = nextPort++;
        if (port === undefined) return;
        this.ports.set(id, port);
        this.tell('deliver', channel, message, id);
        port.on('message', ({ data }: { readonly data: unknown }) => this.tell('post', id, pack(data)));
        port.on('close', () => this.tell('end', id));
        port.start();
      },
    };
    const event = { sender: this, senderFrame: frame };
    switch (kind) {
      case 'document':
        this.loaded = true;
        for (const port of this.ports.values()) port.close();
        this.ports.clear();
        return undefined;
      case 'open':
        return void this.openHandler({ url: inward(first as string) });
      case 'violation':
        return void seen.violations.push(first as string);
      case 'port':
        return this.ports.get(first as number)?.postMessage('other' in (second as object) ? second : unpack(second as Packed));
      case 'send':
        return void ipcMain.emit(first as string, event, ...args.slice(1));
      default: {
        const rest = await Promise.all(
          args.slice(1).map((one) => (typeof one === 'string' && one.startsWith('stand-in file ') ? this.pathOf(one) : one)),
        );
        return (ipcMain.handlers.get(first as string) as ((...all: unknown[]) => unknown) | undefined)?.(event, ...rest);
      }
    }
  }
}

interface Bounds {
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
  readonly height: number;
}
const windows = new Map<BrowserWindow, Page | undefined>();
export class BrowserWindow extends EventEmitter {
  readonly webContents: WebContents;
  readonly options: Bounds & { readonly webPreferences: { readonly preload: string } };
  bounds: Bounds;
  visible = false;
  maximized = false;
  private readonly page: Promise<Page>;
  static readonly of = (page: Page): BrowserWindow | undefined => [...windows].find(([, one]) => one === page)?.[0];
  static readonly getAllWindows = (): readonly BrowserWindow[] => [...windows.keys()];

  constructor(options: BrowserWindow['options']) {
    super();
    this.options = options;
    this.bounds = { x: 40, y: 30, ...options };
    windows.set(this, undefined);
    this.page = this.open();
    this.webContents = new WebContents(this.page);
    app.emit('web-contents-created', {}, this.webContents);
  }
  private async open(): Promise<Page> {
    const context = await (browser ?? Promise.reject(new Error('the app is not ready')));
    const free = context.pages().find((page) => BrowserWindow.of(page) === undefined && page.url() === 'about:blank');
    const page = free ?? (await context.newPage());
    windows.set(this, page);
    const preload = readFileSync(this.options.webPreferences.preload, 'utf8');
    const start = `if (window === top && location.protocol === 'https:') { (${pageSide.toString()})(); ((require) => {${preload}\n})(() => standInElectron); }`;
    await page.addInitScript({ content: start });
    await page.setViewportSize({ width: this.bounds.width, height: this.bounds.height });
    return page;
  }
  async loadURL(url: string): Promise<void> {
    const page = await this.page;
    await page.goto(outward(url));
    this.emit('ready-to-show');
  }
  readonly show = (): void => void (this.visible = true);
  readonly hide = (): void => void (this.visible = false);
  readonly focus = (): void => undefined;
  readonly restore = (): void => undefined;
  readonly maximize = (): void => void (this.maximized = true);
  readonly isVisible = (): boolean => this.visible;
  readonly isMinimized = (): boolean => false;
  readonly isMaximized = (): boolean => this.maximized;
  readonly isDestroyed = (): boolean => !windows.has(this);
  readonly getNormalBounds = (): Bounds => {
    const { x = 0, y = 0, width, height } = this.bounds;
    return { x, y, width, height };
  };
  close(): void {
    if (!mayHappen(this, 'close')) return;
    windows.delete(this);
    void this.page.then((page) => page.close());
    this.emit('closed');
    if (windows.size === 0 && !quitting) app.emit('window-all-closed');
  }
}

export class Menu {
  readonly items: readonly Item[];
  constructor(items: readonly Item[] = []) {
    this.items = items;
  }
  static readonly buildFromTemplate = (items: readonly Item[]): Menu => new Menu(items);
  static readonly setApplicationMenu = (menu: Menu): void => void (seen.menu = menu.items);
}
export class Tray extends EventEmitter {
  constructor() {
    super();
    seen.tray = { tip: '', items: [], emitter: this };
  }
  readonly setToolTip = (tip: string): void => void (seen.tray !== null && (seen.tray.tip = tip));
  readonly setContextMenu = (menu: Menu): void => void (seen.tray !== null && (seen.tray.items = menu.items));
  readonly destroy = (): void => void (seen.tray = null);
}
export class Notification extends EventEmitter {
  static readonly isSupported = (): boolean => true;
  private readonly said: { readonly title: string; readonly body: string };
  constructor(said: { readonly title: string; readonly body: string }) {
    super();
    this.said = said;
  }
  readonly show = (): void => void seen.notifications.push({ ...this.said, click: () => this.emit('click') });
}
export const nativeImage = { createFromPath: (path: string): { readonly path: string } => ({ path }) };
export const nativeTheme = { themeSource: 'system', shouldUseDarkColors: false };
export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] };
export const shell = {
  openExternal: (url: string) => Promise.resolve(void seen.opened.push(url)),
  showItemInFolder: (): void => undefined,
};
export const session = {
  defaultSession: {
    setPermissionRequestHandler: (): void => undefined,
    setPermissionCheckHandler: (): void => undefined,
    setDevicePermissionHandler: (): void => undefined,
  },
};
export const safeStorage = {
  isEncryptionAvailable: (): boolean => true,
  getSelectedStorageBackend: (): string => 'gnome_libsecret',
  encryptString: (text: string): Buffer => Buffer.from(Buffer.from(text, 'utf8').map((one) => one ^ 0x5a)),
  decryptString: (bytes: Buffer): string => Buffer.from(bytes.map((one) => one ^ 0x5a)).toString('utf8'),
};
export const dialog = {
  showOpenDialog(...args: unknown[]): Promise<{ readonly canceled: boolean; readonly filePaths: readonly string[] }> {
    seen.asked.push(args.at(-1));
    const filePaths = seen.folders.splice(0);
    return Promise.resolve({ canceled: filePaths.length === 0, filePaths });
  },
  showMessageBoxSync(...args: unknown[]): number {
    seen.asked.push(args.at(-1));
    return seen.button ?? (args.at(-1) as { readonly cancelId: number }).cancelId;
  },
  showErrorBox: (title: string, content: string): void => void seen.asked.push({ title, content }),
};

const roles: Readonly<Record<string, () => void>> = { quit: () => app.quit(), close: () => BrowserWindow.getAllWindows()[0]?.close() };
/** Clicks the item that its labels (or its role) lead to. */
function click(items: readonly Item[], [label, ...rest]: readonly string[]): void {
  const item = items.find((one) => one.label === label || one.role === label);
  if (item === undefined) throw new Error(`there is no ${label ?? ''} among ${items.map((one) => one.label ?? one.role ?? '').join(', ')}`);
  if (rest.length > 0) click(item.submenu ?? [], rest);
  else (item.click ?? roles[item.role ?? ''])?.();
}
interface Order {
  readonly id: number;
  readonly order: string;
  readonly args: readonly string[];
}
const orders: Readonly<Record<string, (...args: string[]) => unknown>> = {
  look: () => ({
    ...seen,
    tray: seen.tray === null ? null : { tip: seen.tray.tip, items: seen.tray.items },
    windows: BrowserWindow.getAllWindows().map(({ options, bounds, visible, maximized }) => ({ options, bounds, visible, maximized })),
  }),
  choose: (...folders) => void seen.folders.push(...folders),
  answer: (button) => void (seen.button = Number(button)),
  menu: (...labels) => click(seen.menu, labels),
  tray: (...labels) => (labels.length === 0 ? seen.tray?.emitter.emit('click') : click(seen.tray?.items ?? [], labels)),
  notification: (at) => seen.notifications[Number(at)]?.click(),
  hide: () => BrowserWindow.getAllWindows()[0]?.hide(),
  bounds: (x, y, width, height) => {
    const [window] = BrowserWindow.getAllWindows();
    if (window !== undefined) window.bounds = { x: Number(x), y: Number(y), width: Number(width), height: Number(height) };
  },
  maximize: () => BrowserWindow.getAllWindows()[0]?.maximize(),
  close: () => BrowserWindow.getAllWindows()[0]?.close(),
  quit: () => app.quit(),
};
// The test's own end of it: no question, no orphaned Chromium.
process.on('SIGTERM', () => void Promise.resolve(browser?.then((context) => context.close())).finally(() => process.exit(0)));
process.on('message', ({ id, order, args }: Order) => {
  let answer: unknown;
  try {
    answer = { value: orders[order]?.(...args) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.send?.({ id, ...(JSON.parse(JSON.stringify(answer)) as object) });
});

export default {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  nativeImage,
  nativeTheme,
  Notification,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
};
