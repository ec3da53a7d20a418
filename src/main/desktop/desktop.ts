import { homedir } from 'node:os';
import { join } from 'node:path';
import { app, BrowserWindow, dialog, Menu, nativeTheme, Notification, protocol, screen, session, shell, type WebContents } from 'electron';
import type { Serving } from '../../shared/contract/serving.ts';
import type { Settings } from '../../shared/contract/settings.ts';
import { resourcesFolder } from '../cli/outside.ts';
import { version } from '../cli/version.ts';
import { dataFolder } from '../owner/dataFolder.ts';
import { openLastingOwner } from '../owner/lastingOwner.ts';
import { appMenuTemplate } from './appMenu.ts';
import { answerAppRequest, appOrigin, appScheme } from './appProtocol.ts';
import { answerPreloads } from './bridge.ts';
import { desktopGateway } from './desktopProgram.ts';
import { openDesktopStore } from './desktopStore.ts';
import { folderArgument } from './folderArgument.ts';
import { followServings } from './followServings.ts';
import { guardContents, guardSession, openLink } from './guards.ts';
import { noticeOf } from './notice.ts';
import { losesByQuitting } from './quitting.ts';
import { systemSecretBox } from './secretBox.ts';
import { createTray } from './tray.ts';
import { utilityEngines } from './utilityEngines.ts';
import { windowOptions } from './windowOptions.ts';
import { windowPlace } from './windowPlace.ts';
import { shellWords } from './words.ts';

const bundle = join(import.meta.dirname, '..', 'renderer');
const preload = join(import.meta.dirname, '..', 'preload', 'preload.cjs');

/** A page that did not load because its window was closed first is nobody's problem. */
const closedMeanwhile = (): undefined => undefined;

/** What must be said before the app is ready: the sandbox for all, the window's scheme, whose folder it is. */
export function prepareDesktop(): { readonly home: string; readonly folder: string | null } {
  const home = dataFolder(process.env);
  app.enableSandbox();
  // Chromium's own files, and with them the lock of the single instance, belong to the data folder.
  app.setPath('userData', join(home, 'window'));
  protocol.registerSchemesAsPrivileged([{ scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
  guardContents(app);
  return { home, folder: folderArgument(process.argv, { isPackaged: app.isPackaged, cwd: process.cwd() }) };
}

/** Runs the desktop shell until it is quit; `folder` is one whose import sheet is to be shown. Called once, when Electron is ready. */
export async function runDesktop(home: string, folder: string | null): Promise<void> {
  const store = openDesktopStore(home);
  const secretBox = systemSecretBox();
  const ours = new Set<WebContents>();
  const end = new AbortController();
  let window: BrowserWindow | null = null;
  let servings: readonly Serving[] = [];
  let settings: Settings = store.settings.read();
  const words = () => shellWords(settings.language, app.getLocale());

  // 1. The owner of the data folder: this process, or another that runs.
  const pickFolder = async (): Promise<string | null> => {
    const ask = { properties: ['openDirectory' as const] };
    const { filePaths } = await (window === null ? dialog.showOpenDialog(ask) : dialog.showOpenDialog(window, ask));
    return filePaths[0] ?? null;
  };
  const owner = await openLastingOwner(
    {
      home,
      env: process.env,
      version,
      role: 'desktop',
      settings: store.settings,
      roots: [homedir()],
      samplePath: join(resourcesFolder(), 'sample', 'digits'),
      gatewayProgram: desktopGateway(),
      forkEngine: utilityEngines(join(import.meta.dirname, 'slipway.js')),
      capabilities: { dropIsLink: true, pickFolderDialog: true, folderTree: false, revealFolder: true },
      pickFolder,
      reveal: (path) => shell.showItemInFolder(path),
      toBin: (path) => shell.trashItem(path),
      ...(secretBox === undefined ? {} : { secretBox }),
    },
    { webLink: () => null, show: () => show(), quit: () => app.quit() },
  );

  // 2. What a window may reach.
  guardSession(session.defaultSession);
  protocol.handle(appScheme, (request) => answerAppRequest(request, bundle));
  const ticketFor = async (path: string): Promise<string> => (await owner.client.local.ticket({ path })).ticket;
  answerPreloads({ ours, serveWindow: owner.serveWindow, ticketFor });

  // 3. The window.
  const addressOf = (servingId: string | undefined): string =>
    `${appOrigin}/index.desktop.html${servingId === undefined ? '' : `#/servings/${encodeURIComponent(servingId)}`}`;
  function openWindow(): BrowserWindow {
    const { bounds, maximized } = windowPlace(
      store.readWindowPlace(),
      screen.getAllDisplays().map(({ workArea }) => workArea),
    );
    nativeTheme.themeSource = settings.theme;
    const made = new BrowserWindow(windowOptions(preload, bounds, { dark: nativeTheme.shouldUseDarkColors }));
    const { webContents } = made;
    ours.add(webContents);
    made.once('ready-to-show', () => {
      if (maximized) made.maximize();
      made.show();
      // Not before: a window that is closed unseen leaves the kept place as it is.
      made.on('close', () => store.writeWindowPlace({ bounds: made.getNormalBounds(), maximized: made.isMaximized() }));
    });
    made.on('closed', () => {
      ours.delete(webContents);
      window = null;
    });
    return made;
  }
  function show(servingId?: string): void {
    const isNew = window === null;
    window ??= openWindow();
    // A serving's address differs from the page's by its hash alone: the page stays.
    if (isNew || servingId !== undefined) window.loadURL(addressOf(servingId)).catch(closedMeanwhile);
    if (isNew) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }
  async function openFolder(path: string | null): Promise<void> {
    show();
    if (path !== null) await owner.client.local.open({ path });
  }

  // 4. Menu, tray and notifications, in the person's language and as the servings are.
  const tray = createTray(join(resourcesFolder(), 'icons', 'tray.png'), {
    show,
    stop: (id) => void owner.client.servings.stop({ id }).catch(() => show(id)),
    quit: () => app.quit(),
  });
  const drawMenu = (): void =>
    Menu.setApplicationMenu(
      Menu.buildFromTemplate(
        appMenuTemplate(words(), process.platform, {
          openFolder: () => void pickFolder().then((path) => (path === null ? undefined : openFolder(path))),
          openLink,
        }),
      ),
    );
  drawMenu();
  void followServings(
    owner,
    {
      onChange(all, now) {
        const drawn = words();
        [servings, settings] = [all, now];
        nativeTheme.themeSource = now.theme;
        if (words() !== drawn) drawMenu();
        tray.update(all, words());
      },
      onServing(before, after) {
        const isSeen = window !== null && window.isVisible() && !window.isMinimized();
        const notice = isSeen || !Notification.isSupported() ? null : noticeOf(before, after, words());
        if (notice === null) return;
        const notification = new Notification(notice);
        notification.on('click', () => show(after.id));
        notification.show();
      },
    },
    { signal: end.signal },
  );

  // 5. The app's own life.
  app.on(
    'second-instance',
    (_event, _argv, _cwd, told) => void openFolder((told as { readonly folder?: string | null } | null)?.folder ?? null),
  );
  app.on('activate', () => show());
  app.on('window-all-closed', () => {
    // Servings that are shown in the tray go on; without any, closing the window ends the app.
    if (!servings.some(({ state }) => state.kind === 'serving' || state.kind === 'starting')) app.quit();
  });
  let agreed = false;
  app.on('before-quit', (event) => {
    if (agreed) return;
    event.preventDefault();
    if (owner.app !== null && settings.askBeforeQuit && losesByQuitting(servings)) {
      const { quit, cancel, quitQuestion, quitDetail } = words();
      const asked = {
        type: 'question' as const,
        buttons: [quit, cancel],
        defaultId: 1,
        cancelId: 1,
        message: quitQuestion,
        detail: quitDetail,
      };
      if (dialog.showMessageBoxSync(asked) !== 0) return;
    }
    agreed = true;
    end.abort();
    tray[Symbol.dispose]();
    void Promise.resolve(owner[Symbol.asyncDispose]()).finally(() => app.quit());
  });

  await openFolder(folder);
}
