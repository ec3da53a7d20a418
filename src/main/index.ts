import { app } from 'electron';
import { prepareDesktop, runDesktop } from './desktop/desktop.ts';

// 1. One instance of the app; a second one hands over what it was asked to open.
if (app.requestSingleInstanceLock()) {
  // 2. What must be said before Electron is ready.
  prepareDesktop();
  // 3. Services, window, tray.
  await app.whenReady();
  await runDesktop();
} else app.quit();
