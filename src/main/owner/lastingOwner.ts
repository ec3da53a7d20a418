import { AppError } from '../../shared/contract/errors.ts';
import type { LocalClient } from '../../shared/rpc/connectClient.ts';
import type { Channel } from '../../shared/rpc/channel.ts';
import type { App, Outside } from '../app.ts';
import type { OwnerDuties } from '../rpc/router.ts';
import { openOwner, type OwnerSession } from './owner.ts';
import { serveWindow } from './serveWindow.ts';

/** A shell's hold on the data folder: where the owner that it had reached ends, it becomes the owner or reaches the next one. */
export interface LastingOwner extends AsyncDisposable {
  /** Of the present owner; for a moment after its end, calls fail with CONNECTION_LOST. */
  readonly client: LocalClient;
  /** The services, where this process is the owner now. */
  readonly app: App | null;
  /** Settles when there is an owner; rejects as openOwner does. */
  ready(): Promise<void>;
  /** Answers a window's channel for as long as its owner lives; then it is closed, and the window asks anew. */
  readonly serveWindow: (channel: Channel) => void;
}

/** As openOwner, for a process that stays. */
export async function openLastingOwner(outside: Outside, duties: OwnerDuties): Promise<LastingOwner> {
  const open = (): Promise<OwnerSession> => openOwner(() => outside, outside.home, duties);
  let session = await open();
  let renewal: Promise<void> = Promise.resolve();
  let ended = false;
  async function renew(): Promise<void> {
    for (;;) {
      try {
        session = await open();
        follow();
        return;
      } catch (error) {
        // It has waited long already; a shell that stays does not give up.
        if (ended || !(error instanceof AppError && error.code === 'OWNER_UNREACHABLE')) throw error;
      }
    }
  }
  /** Says to an owner that was reached that this shell is there, and gives it links to its page. */
  async function attach({ client }: OwnerSession): Promise<void> {
    if (outside.role !== 'desktop' && outside.role !== 'web') return;
    try {
      for await (const event of await client.local.attach({ role: outside.role })) {
        if (event.kind === 'show') duties.show?.();
        else if (event.kind === 'link-wanted') await client.local.answerLink({ id: event.id, url: duties.webLink() });
      }
    } catch {
      // The owner has gone; `closed` tells it, too.
    }
  }
  function follow(): void {
    if (session.app === null) void attach(session);
    void session.closed.then(() => {
      if (ended) return;
      renewal = renew();
      // Whoever asks `ready` hears of it.
      renewal.catch(() => undefined);
    });
  }
  follow();
  return {
    get client() {
      return session.client;
    },
    get app() {
      return session.app;
    },
    ready: () => renewal,
    serveWindow: (channel) => void renewal.then(() => serveWindow(session, outside, channel)).catch(() => channel.close(1013)),
    async [Symbol.asyncDispose]() {
      ended = true;
      await renewal.catch(() => undefined);
      await session[Symbol.asyncDispose]();
    },
  };
}
