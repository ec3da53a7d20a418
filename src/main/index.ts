import { app } from 'electron';
import { prepareDesktop, runDesktop } from './desktop/desktop.ts';

// 1. What must be said before Electron is ready.
const { home, folder } = prepareDesktop();
// 2. One instance of the app for a data folder; a second one hands over what it was asked to open.
if (app.requestSingleInstanceLock({ folder })) {
  await app.whenReady();
  // 3. Services, window, tray.
  await runDesktop(home, folder);
} else app.quit();
