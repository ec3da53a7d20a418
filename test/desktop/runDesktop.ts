import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright';

const projectRoot = resolve(import.meta.dirname, '..', '..');

interface Item {
  readonly label?: string;
  readonly role?: string;
  readonly submenu?: readonly Item[];
}

/** What the stand-in shows of what the system would draw. */
export interface Seen {
  readonly menu: readonly Item[];
  readonly tray: { readonly tip: string; readonly items: readonly Item[] } | null;
  readonly notifications: readonly { readonly title: string; readonly body: string }[];
  readonly opened: readonly string[];
  readonly violations: readonly string[];
  readonly asked: readonly Readonly<Record<string, unknown>>[];
  readonly windows: readonly {
    readonly options: Readonly<Record<string, unknown>>;
    readonly bounds: Readonly<Record<string, unknown>>;
    readonly visible: boolean;
    readonly maximized: boolean;
  }[];
}

/** The built desktop bundle, run by Node under the stand-in. */
export interface RunningDesktop extends AsyncDisposable {
  /** The page of the window that is open now. */
  page(): Promise<Page>;
  /** Console errors and uncaught throws of the pages so far. */
  readonly faults: readonly string[];
  look(): Promise<Seen>;
  /** Does in the system what a person would: see `orders` of the stand-in. */
  act(order: string, ...args: readonly string[]): Promise<void>;
  /** The exit code, once the program has ended. */
  readonly ended: Promise<number | null>;
  /** All that it wrote. */
  written(): string;
}

/** Names of the variables that lead to this machine's real folders and engine are set by the test. */
export function startDesktop(folder: string, env: NodeJS.ProcessEnv, args: readonly string[] = []): RunningDesktop {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--import',
      pathToFileURL(join(import.meta.dirname, 'standIn', 'register.ts')).href,
      join(import.meta.dirname, 'standIn', 'launch.ts'),
      join(projectRoot, 'out', 'main', 'index.js'),
      projectRoot,
      ...args,
    ],
    { env: { ...process.env, STAND_IN_FOLDER: folder, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.on('message', ({ id, value, error }: { readonly id: number; readonly value?: unknown; readonly error?: string }) => {
    if (error === undefined) waiting.get(id)?.resolve(value);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  });
  let last = 0;
  async function order(name: string, args: readonly string[]): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    last += 1;
    waiting.set(last, answer);
    if (child.connected) child.send({ id: last, order: name, args });
    return Promise.race([answer.promise, ended.then(() => Promise.reject(new Error(`the shell has ended\n${written}`)))]);
  }
  const faults: string[] = [];
  const watched = new WeakSet<Page>();
  function watch(page: Page): void {
    if (watched.has(page)) return;
    watched.add(page);
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => faults.push(`thrown: ${error.message}`));
  }
  // A second client of the same Chromium: it tells its port in its own folder.
  async function connect(): Promise<ReturnType<typeof chromium.connectOverCDP>> {
    const told = join(folder, 'chromium', 'DevToolsActivePort');
    // Chromium makes the file before it writes into it.
    const readPort = (): string | undefined => (existsSync(told) ? /^(\d+)\n/.exec(readFileSync(told, 'utf8'))?.[1] : undefined);
    let port = readPort();
    for (; port === undefined; port = readPort()) {
      if (child.exitCode !== null) throw new Error(`the shell has ended\n${written}`);
      await new Promise((settle) => setTimeout(settle, 20));
    }
    return chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  }
  let browser: ReturnType<typeof connect> | undefined;
  return {
    faults,
    ended,
    written: () => written,
    look: async () => (await order('look', [])) as Seen,
    act: async (name, ...args) => void (await order(name, args)),
    async page() {
      browser ??= connect();
      const context = (await browser).contexts()[0];
      if (context === undefined) throw new Error('Chromium has no context');
      for (;;) {
        const page = context.pages().find((one) => one.url().startsWith('https://slipway.invalid/'));
        if (page !== undefined) {
          watch(page);
          return page;
        }
        await new Promise((settle) => setTimeout(settle, 20));
      }
    },
    async [Symbol.asyncDispose]() {
      await (await browser?.catch(() => undefined))?.close();
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}
