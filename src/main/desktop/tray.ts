import { Menu, nativeImage, Tray, type MenuItemConstructorOptions } from 'electron';
import type { Serving } from '../../shared/contract/serving.ts';
import type { ShellWords } from './words.ts';

export interface TrayActions {
  /** Opens the window, at a serving where one is named. */
  readonly show: (servingId?: string) => void;
  readonly stop: (servingId: string) => void;
  readonly quit: () => void;
}

const isRunning = ({ state }: Serving): boolean => state.kind === 'serving';

/** The tray's menu: what is served, each to be opened or stopped, the window, and Quit. */
export function trayTemplate(
  servings: readonly Serving[],
  words: ShellWords,
  { show, stop, quit }: TrayActions,
): MenuItemConstructorOptions[] {
  const running = servings.filter(isRunning);
  return [
    ...running.map(({ id, name, plan }) => ({
      label: `${name}  127.0.0.1:${plan.restPort}`,
      submenu: [
        { label: words.openServing, click: () => show(id) },
        { label: words.stop, click: () => stop(id) },
      ],
    })),
    ...(running.length === 0 ? [] : [{ type: 'separator' as const }]),
    { label: words.openSlipway, click: () => show() },
    { label: words.quit, click: quit },
  ];
}

/** The icon in the system's tray; `update` draws its menu anew. */
export interface TrayIcon extends Disposable {
  update(servings: readonly Serving[], words: ShellWords): void;
}

export function createTray(icon: string, actions: TrayActions): TrayIcon {
  const tray = new Tray(nativeImage.createFromPath(icon));
  tray.on('click', () => actions.show());
  return {
    update(servings, words) {
      const names = servings.filter(isRunning).map(({ name }) => name);
      tray.setToolTip(['Slipway', ...(names.length === 0 ? [] : [names.join(', ')])].join(': '));
      tray.setContextMenu(Menu.buildFromTemplate(trayTemplate(servings, words, actions)));
    },
    [Symbol.dispose]: () => tray.destroy(),
  };
}
