import { ipcMain, MessageChannelMain, type WebContents } from 'electron';
import type { Channel } from '../../shared/rpc/channel.ts';
import type { ErrorReport } from '../../shared/contract/errors.ts';
import { asAppError } from '../incident.ts';
import { isTrustedSender } from './guards.ts';
import { portChannel } from './portChannel.ts';

interface BridgeDuties {
  /** The webContents that we made and that are still there. */
  readonly ours: ReadonlySet<WebContents>;
  readonly serveWindow: (channel: Channel) => void;
  readonly ticketFor: (path: string) => Promise<string>;
}

/** What a window's drop comes to. A failure is told by its report: a thrown one would carry its text and stack into the page. */
export type DropAnswer = { readonly ticket: string } | { readonly error: ErrorReport };

/** Main's end of the preload: a port for a window that asks with a nonce, and a ticket for a path that the preload found. */
export function answerPreloads({ ours, serveWindow, ticketFor }: BridgeDuties): void {
  ipcMain.on('slipway:open', (event, nonce: unknown) => {
    if (!isTrustedSender(event.senderFrame, event.sender, ours) || typeof nonce !== 'string') return;
    const { port1, port2 } = new MessageChannelMain();
    serveWindow(portChannel(port1));
    event.senderFrame?.postMessage('slipway:port', nonce, [port2]);
  });
  ipcMain.handle('slipway:ticket', async (event, path: unknown): Promise<DropAnswer | null> => {
    if (!isTrustedSender(event.senderFrame, event.sender, ours) || typeof path !== 'string' || path === '') return null;
    try {
      return { ticket: await ticketFor(path) };
    } catch (error) {
      return { error: asAppError(error).report() };
    }
  });
}
