import { shell, type App, type Session, type WebContents, type WebFrameMain } from 'electron';
import { appOrigin } from './appProtocol.ts';

/** Hosts that a link may open in the person's browser. */
const linkedHosts = new Set(['www.tensorflow.org', 'docs.docker.com', 'keras.io']);

/** The address to open outside, written anew; null for every other. */
export function externalLink(address: string): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    // No address at all.
    return null;
  }
  return url.protocol === 'https:' && linkedHosts.has(url.hostname) && url.username === '' && url.password === '' ? url.href : null;
}

/** Opens a listed address in the person's browser; every other is left alone. */
export function openLink(address: string): void {
  const link = externalLink(address);
  if (link !== null) void shell.openExternal(link);
}

/** Only our own page, in a top frame of a window that we made, is listened to. */
export function isTrustedSender(
  frame: Pick<WebFrameMain, 'origin' | 'parent'> | null,
  sender: WebContents,
  ours: ReadonlySet<WebContents>,
): boolean {
  return frame !== null && frame.parent === null && frame.origin === appOrigin && ours.has(sender);
}

/** What a page may be granted: writing the clipboard, nothing else. */
export const isGranted = (permission: string): boolean => permission === 'clipboard-sanitized-write';

/** Denies permissions, foreign navigation, new windows and webviews, everywhere. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_, permission, answer) => answer(isGranted(permission)));
  session.setPermissionCheckHandler((_, permission) => isGranted(permission));
  session.setDevicePermissionHandler(() => false);
}

export function guardContents(app: App): void {
  app.on('web-contents-created', (_, contents) => {
    const stay = (event: { readonly url: string; preventDefault(): void }): void => {
      if (!event.url.startsWith(`${appOrigin}/`)) event.preventDefault();
    };
    contents.on('will-navigate', stay);
    contents.on('will-redirect', stay);
    contents.on('will-frame-navigate', stay);
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      openLink(url);
      return { action: 'deny' };
    });
  });
}
