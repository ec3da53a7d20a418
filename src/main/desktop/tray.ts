import { Menu, nativeImage, Tray } from 'electron';
import type { App as Services } from '../app.ts';

/** The tray's menu: what is served, each with Stop, the window, and Quit. It follows the state until the signal. */
export async function runTray(
  services: Services,
  {
    icon,
    show,
    quit,
    signal,
  }: { readonly icon: string; readonly show: () => void; readonly quit: () => void; readonly signal: AbortSignal },
): Promise<void> {
  const tray = new Tray(nativeImage.createFromPath(icon));
  tray.on('click', show);
  for await (const _ of services.hub.watch({ signal })) {
    const running = services.hub.state.servings.filter(({ state }) => state.kind === 'serving');
    tray.setToolTip(running.length === 0 ? 'Slipway' : `Slipway: ${running.map(({ name }) => name).join(', ')}`);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        ...running.map(({ id, name }) => ({ label: `Stop ${name}`, click: () => void services.servings.stop(id).catch(() => undefined) })),
        ...(running.length === 0 ? [] : [{ type: 'separator' as const }]),
        { label: 'Open Slipway', click: show },
        { label: 'Quit', click: quit },
      ]),
    );
  }
  tray.destroy();
}
