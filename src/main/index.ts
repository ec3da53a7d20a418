import { app } from 'electron';
import { prepareDesktop, runDesktop } from './desktop/desktop.ts';
import { commandArguments, runDesktopCommand } from './desktop/desktopCommand.ts';

/** Runs to its end within Electron's start: Electron is ready only after this module, so nothing here may await that at the top. */
function main(): Promise<void> {
  // 1. A command wants no window.
  const command = commandArguments(process.argv, app);
  if (command !== null) return app.whenReady().then(() => runDesktopCommand(command));
  // 2. What must be said before Electron is ready.
  const { home, folder } = prepareDesktop();
  // 3. One instance of the app for a data folder; a second one hands over what it was asked to open.
  if (!app.requestSingleInstanceLock({ folder })) return Promise.resolve(app.quit());
  // 4. Services, window, tray.
  return app.whenReady().then(() => runDesktop(home, folder));
}

void main();
