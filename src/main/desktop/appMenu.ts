import type { MenuItemConstructorOptions } from 'electron';
import type { ShellWords } from './words.ts';

/** What the menu does by itself; all else is a role that the system knows. */
export interface MenuActions {
  readonly openFolder: () => void;
  readonly openLink: (address: string) => void;
}

/** The application's menu. A Mac has an application menu of its own, where Quit is; elsewhere Quit is under File. */
export function appMenuTemplate(
  words: ShellWords,
  platform: NodeJS.Platform,
  { openFolder, openLink }: MenuActions,
): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  const line: MenuItemConstructorOptions = { type: 'separator' };
  return [
    ...(isMac ? [{ role: 'appMenu' as const }] : []),
    {
      label: words.file,
      submenu: [
        { label: words.openFolder, accelerator: 'CmdOrCtrl+O', click: openFolder },
        line,
        { label: words.closeWindow, role: 'close' },
        ...(isMac ? [] : [{ label: words.quit, accelerator: 'CmdOrCtrl+Q', role: 'quit' as const }]),
      ],
    },
    {
      label: words.edit,
      submenu: [
        { label: words.undo, role: 'undo' },
        { label: words.redo, role: 'redo' },
        line,
        { label: words.cut, role: 'cut' },
        { label: words.copy, role: 'copy' },
        { label: words.paste, role: 'paste' },
        { label: words.selectAll, role: 'selectAll' },
      ],
    },
    {
      label: words.view,
      submenu: [
        { label: words.actualSize, role: 'resetZoom' },
        { label: words.zoomIn, role: 'zoomIn' },
        { label: words.zoomOut, role: 'zoomOut' },
        line,
        { label: words.fullScreen, role: 'togglefullscreen' },
      ],
    },
    { label: words.window, role: 'window', submenu: [{ label: words.minimize, role: 'minimize' }] },
    {
      label: words.help,
      role: 'help',
      submenu: [{ label: words.aboutSavedModel, click: () => openLink('https://www.tensorflow.org/guide/saved_model') }],
    },
  ];
}
