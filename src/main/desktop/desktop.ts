import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  protocol,
  session,
  shell,
  type Rectangle,
  type WebContents,
} from 'electron';
import Store from 'electron-store';
import type { Outside } from '../app.ts';
import { resourcesFolder } from '../cli/outside.ts';
import { version } from '../cli/version.ts';
import { dataFolder } from '../owner/dataFolder.ts';
import { openOwner, type OwnerSession } from '../owner/owner.ts';
import { settingsOf } from '../settings/settingsStore.ts';
import { answerAppRequest, appOrigin, appScheme } from './appProtocol.ts';
import { guardContents, guardSession, isTrustedSender } from './guards.ts';
import { portChannel } from './portChannel.ts';
import { runTray } from './tray.ts';
import { windowOptions } from './windowOptions.ts';

const bundle = join(import.meta.dirname, '..', 'renderer');

/** What must be said before the app is ready: the sandbox for all, and the window's scheme. */
export function prepareDesktop(): void {
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([{ scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
  guardContents(app);
}

/** Settings by electron-store, in the data folder, in the format that every shell reads. */
function openStore(home: string): {
  readonly settings: Outside['settings'];
  readonly window: { read: () => Partial<Rectangle>; write: (bounds: Rectangle) => void };
} {
  const store = new Store<Record<string, unknown>>({ cwd: home, name: 'settings' });
  return {
    settings: {
      read: () => settingsOf(store.store),
      write(changes) {
        store.set(changes as Record<string, unknown>);
        return settingsOf(store.store);
      },
    },
    window: { read: () => store.get('windowBounds') ?? {}, write: (bounds) => store.set('windowBounds', bounds) },
  };
}

/** The folder that a command line names, where there is one. */
export function folderArgument(args: readonly string[], cwd: string): string | undefined {
  return args.map((one) => resolve(cwd, one)).find((path, index) => args[index]?.startsWith('-') === false && existsSync(path));
}

/** Whether quitting loses something: a start under way, or a serving that ends with this process. */
export function losesByQuitting(
  servings: readonly { readonly state: { readonly kind: string }; readonly plan: { readonly life: string } }[],
): boolean {
  return servings.some(({ state, plan }) => state.kind === 'starting' || (state.kind === 'serving' && plan.life === 'foreground'));
}

/** Runs the desktop shell until it is quit. Called once, when Electron is ready. */
export async function runDesktop(): Promise<void> {
  const home = dataFolder(process.env);
  const { settings, window: windowStore } = openStore(home);
  const windows = new Set<WebContents>();
  const end = new AbortController();
  let window: BrowserWindow | null = null;

  const outside = (): Outside => ({
    home,
    env: process.env,
    version,
    role: 'desktop',
    settings,
    roots: [homedir()],
    samplePath: join(resourcesFolder(), 'sample', 'digits'),
    capabilities: { dropIsLink: true, pickFolderDialog: true, folderTree: false, revealFolder: true },
    pickFolder: async () => {
      const { filePaths } = await (window === null
        ? dialog.showOpenDialog({ properties: ['openDirectory'] })
        : dialog.showOpenDialog(window, { properties: ['openDirectory'] }));
      return filePaths[0] ?? null;
    },
    reveal: (path) => shell.showItemInFolder(path),
  });
  const owner: OwnerSession = await openOwner(outside, home, { webLink: () => null, quit: () => app.quit() });

  guardSession(session.defaultSession);
  protocol.handle(appScheme, (request) => answerAppRequest(request, bundle));

  ipcMain.on('slipway:open', (event, nonce: unknown) => {
    if (!isTrustedSender(event.senderFrame, event.sender, windows) || typeof nonce !== 'string') return;
    const { port1, port2 } = new MessageChannelMain();
    owner.serveWindow(portChannel(port1));
    event.senderFrame?.postMessage('slipway:port', nonce, [port2]);
  });
  ipcMain.handle('slipway:ticket', async (event, path: unknown) => {
    if (!isTrustedSender(event.senderFrame, event.sender, windows) || typeof path !== 'string' || path === '') throw new Error('refused');
    return (await owner.client.local.ticket({ path })).ticket;
  });

  function show(): void {
    if (window !== null) {
      window.show();
      window.focus();
      return;
    }
    const made = new BrowserWindow(windowOptions(join(import.meta.dirname, '..', 'preload', 'preload.cjs'), windowStore.read()));
    window = made;
    windows.add(made.webContents);
    made.once('ready-to-show', () => made.show());
    made.on('close', () => windowStore.write(made.getNormalBounds()));
    made.on('closed', () => {
      windows.delete(made.webContents);
      window = null;
    });
    void made.loadURL(`${appOrigin}/index.desktop.html`);
  }
  const openFolder = async (path: string | undefined): Promise<void> => {
    show();
    if (path !== undefined) await owner.client.local.open({ path });
  };

  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : []),
      { role: 'fileMenu' },
      { role: 'editMenu' },
      { role: 'viewMenu' },
      { role: 'windowMenu' },
    ]),
  );
  app.on('second-instance', (_, args, cwd) => void openFolder(folderArgument(args.slice(1), cwd)));
  app.on('activate', show);
  app.on('window-all-closed', () => {
    // Servings that are shown in the tray go on; without any, closing the window ends the app.
    if (owner.app === null || !owner.app.hub.state.servings.some(({ state }) => state.kind === 'serving')) app.quit();
  });

  let agreed = false;
  app.on('before-quit', (event) => {
    if (agreed) return;
    event.preventDefault();
    const state = owner.app?.hub.state;
    if (state !== undefined && state.settings.askBeforeQuit && losesByQuitting(state.servings)) {
      const answer = dialog.showMessageBoxSync({
        type: 'question',
        buttons: ['Quit', 'Cancel'],
        defaultId: 1,
        cancelId: 1,
        message: 'Quit Slipway?',
        detail: 'What is starting or runs only while Slipway is open ends. Other servings go on.',
      });
      if (answer !== 0) return;
    }
    agreed = true;
    end.abort();
    void owner[Symbol.asyncDispose]().finally(() => app.quit());
  });

  if (owner.app !== null)
    void runTray(owner.app, { icon: join(resourcesFolder(), 'icons', 'tray.png'), show, quit: () => app.quit(), signal: end.signal });
  await openFolder(folderArgument(process.argv.slice(app.isPackaged ? 1 : 2), process.cwd()));
}
