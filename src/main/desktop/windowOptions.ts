import type { BrowserWindowConstructorOptions, Rectangle } from 'electron';

/** The window's options, whole: sandboxed, isolated, no Node in the page. Asserted by a test. */
export function windowOptions(
  preload: string,
  bounds: Partial<Rectangle>,
  { dark }: { readonly dark: boolean },
): BrowserWindowConstructorOptions {
  return {
    width: 1280,
    height: 800,
    ...bounds,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Slipway',
    // The page's own ground, so that nothing flashes before it is drawn.
    backgroundColor: dark ? '#12161C' : '#F4F5F7',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  };
}
