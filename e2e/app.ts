import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect, _electron, type BrowserContext, type Page } from '@playwright/test';
import { fixtures, whyNoFixtures } from '../test/fixtures.ts';
import { removeContainersOf } from './containers.ts';
import { electronBinary } from './electronBinary.ts';
import { endProgram, projectRoot, slipway, startWebShellProgram } from './programs.ts';

export interface ShellOptions {
  /** Which shell the specs run against: one Playwright project each. */
  readonly shell: 'web' | 'desktop';
}

/** How a spec wants the app to be started. */
export interface Launch {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Names of models and of broken folders (`bad/NAME`) to be copied into the spec's own folder before the start. */
  readonly models?: readonly string[];
}

/** The app under test, with a fresh data folder and a folder of its own that holds every model it may serve. */
export interface AppUnderTest {
  readonly page: Page;
  /** Root of the folder tree; models stand in it by their name. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Console errors that this spec provokes on purpose. */
  expectErrors(...patterns: readonly RegExp[]): void;
  /** Runs a command of ours against the same data folder. */
  command(...args: readonly string[]): Promise<string>;
  /** Ends the app's process as a crash would; `again` starts it on the same address and data folder. Web shell only. */
  kill(): Promise<{ again(): Promise<void> }>;
  /** What the program has written to its error output. */
  errors(): string;
  /** A fresh link to the running app. Web shell only. */
  newLink(): Promise<string>;
}

/** Where a model stands after it was copied for a spec. */
export function modelFolder({ folder }: Pick<AppUnderTest, 'folder'>, name: string): string {
  return join(folder, name);
}

interface Faults {
  readonly list: string[];
  readonly expected: RegExp[];
}

async function watchFaults(context: BrowserContext, faults: Faults): Promise<void> {
  await context.exposeBinding('slipwayViolation', (_, text: string) => faults.list.push(`policy: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) => {
      const report = (globalThis as unknown as { slipwayViolation: (text: string) => void }).slipwayViolation;
      report(`${effectiveDirective} ${blockedURI} at ${sourceFile}:${lineNumber}`);
    });
  });
  context.on('console', (message) => {
    if (message.type() === 'error') faults.list.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => faults.list.push(`thrown: ${error.error().stack ?? error.error().message}`));
}

interface Started extends AsyncDisposable {
  readonly page: Page;
  readonly kill: AppUnderTest['kill'];
  readonly newLink: () => Promise<string>;
  readonly errors: () => string;
}

interface StartOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly args: readonly string[];
  readonly folder: string;
  readonly faults: Faults;
}

async function startWeb({ env, args, folder, faults }: StartOptions, context: BrowserContext): Promise<Started> {
  await watchFaults(context, faults);
  const usual = ['--root', folder, ...args];
  let program = await startWebShellProgram(env, ['--port', '0', ...usual]);
  const { port } = new URL(program.url);
  const page = await context.newPage();
  await page.goto(program.url);
  const heading = page.getByRole('heading', { level: 1 });
  // A page whose first files are lost to a change of the network is loaded again, as a person would.
  await heading.waitFor({ timeout: 20_000 }).catch(() => page.reload());
  await heading.waitFor();
  return {
    page,
    errors: () => program.errors(),
    newLink: () => slipway(env, 'web', '--url'),
    async kill() {
      await endProgram(program.child, 'SIGKILL');
      return {
        async again() {
          program = await startWebShellProgram(env, ['--port', port, ...usual]);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      // The page first, so that it does not report the connection that it loses.
      await page.close();
      await endProgram(program.child);
    },
  };
}

async function startDesktop({ env, args, faults }: StartOptions, executablePath: string): Promise<Started> {
  const app = await _electron.launch({
    executablePath,
    args: [projectRoot, ...args],
    env: Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
  });
  await watchFaults(app.context(), faults);
  const notHere = (): Promise<never> => Promise.reject(new Error('the desktop shell has no address'));
  return { page: await app.firstWindow(), kill: notHere, newLink: notHere, errors: () => '', [Symbol.asyncDispose]: () => app.close() };
}

export const test = base.extend<ShellOptions & { launch: Launch; app: AppUnderTest }>({
  shell: ['web', { option: true }],
  launch: [{}, { option: true }],
  app: async ({ shell, launch, context }, use, testInfo) => {
    const material = fixtures();
    testInfo.skip(material === undefined, whyNoFixtures);
    const electron = shell === 'desktop' ? electronBinary() : { path: '' };
    testInfo.skip('why' in electron, `skipped: ${'why' in electron ? electron.why : ''}`);

    await using undo = new AsyncDisposableStack();
    const scratch = await mkdtemp(join(tmpdir(), 'slipway-e2e-'));
    undo.defer(() => rm(scratch, { recursive: true, force: true }));
    const folder = join(scratch, 'models');
    await mkdir(folder);
    for (const name of launch.models ?? []) {
      const source = name.startsWith('bad/') ? name : join('models', name);
      await cp(join(material ?? '', 'models', source), join(folder, name), { recursive: true, verbatimSymlinks: true });
    }
    const env = { ...process.env, SLIPWAY_HOME: join(scratch, 'home'), ...launch.env };
    undo.defer(() => removeContainersOf(scratch));
    // What the machine's network does while others' containers come and go is not the app's; that it is survived has its spec.
    const faults: Faults = { list: [], expected: [/net::ERR_NETWORK_CHANGED/] };
    const options = { env, args: launch.args ?? [], folder, faults };
    const started = undo.use(
      await ('path' in electron && electron.path !== '' ? startDesktop(options, electron.path) : startWeb(options, context)),
    );
    // A person's first look: the frame has drawn itself.
    await expect(started.page.getByRole('main')).toBeVisible();

    await use({
      page: started.page,
      folder,
      env,
      expectErrors: (...patterns) => faults.expected.push(...patterns),
      command: (...args) => slipway(env, ...args),
      errors: started.errors,
      kill: started.kill,
      newLink: started.newLink,
    });

    const unexpected = faults.list.filter((text) => !faults.expected.some((pattern) => pattern.test(text)));
    if (testInfo.status !== testInfo.expectedStatus) await testInfo.attach('program.txt', { body: started.errors() });
    expect(unexpected, 'violations of the policy, console errors and uncaught throws').toEqual([]);
  },
});

export { expect };
