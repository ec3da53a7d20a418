import { mkdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/contract/errors.ts';
import { connectClient, type LocalClient } from '../../shared/rpc/connectClient.ts';
import type { Channel } from '../../shared/rpc/channel.ts';
import { memoryChannel } from '../../shared/rpc/memoryChannel.ts';
import { createApp, type App, type Outside } from '../app.ts';
import { acquireLock } from '../database/lock.ts';
import { attachedRouter } from '../rpc/attachedRouter.ts';
import { localRouter, windowRouter, type OwnerDuties } from '../rpc/router.ts';
import { serveChannel } from '../rpc/serveChannel.ts';
import { dialOwner, dialOwnerPatiently, listenLocally } from './localSocket.ts';

/** Either this process owns the data folder, or it speaks to the one that does; the client is the same. */
export interface OwnerSession {
  readonly client: LocalClient;
  /** The services, where this process is the owner. */
  readonly app: App | null;
  /** Settles when the owner that was reached has gone; never where this process is it. */
  readonly closed: Promise<void>;
  /** Connections of other processes; 0 where this is not the owner. */
  readonly peers: () => number;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** How long an owner may take to begin or to end. */
const patienceMs = 40_000;

const noDuties: OwnerDuties = { webLink: () => null, quit: () => undefined };

/** Answers the channel of a shell's window: from here, or by the owner, over a connection of the window's own. */
export async function serveWindow({ app, client }: OwnerSession, outside: Outside, window: Channel): Promise<void> {
  if (app !== null) {
    serveChannel(window, windowRouter(app));
    return;
  }
  const owner = await dialOwner(outside.home, 'window');
  if (owner === null) {
    window.close(1013);
    return;
  }
  window.onClose(() => owner.close());
  owner.onClose(() => window.close(1001));
  serveChannel(window, attachedRouter(connectClient(owner), client, outside));
}

/** Becomes the owner of the data folder; null where another process is. */
export async function becomeOwner(outside: Outside, duties: OwnerDuties = noDuties): Promise<OwnerSession | null> {
  await using boot = new AsyncDisposableStack();
  mkdirSync(outside.home, { recursive: true, mode: 0o700 });
  const lock = acquireLock(outside.home);
  if (lock === null) return null;
  boot.use(lock);
  const app = boot.use(await createApp(outside));
  const window = windowRouter(app);
  const local = localRouter(app, duties);
  const socket = boot.use(
    await listenLocally(outside.home, (channel, access) => serveChannel(channel, access === 'local' ? local : window)),
  );
  const [mine, theirs] = memoryChannel();
  serveChannel(theirs, local);
  boot.defer(() => mine.close());
  // A command that owned the folder in passing lets others end what they asked of it.
  if (outside.role === 'command') boot.defer(() => socket.drain(30_000));
  const running = boot.move();
  return {
    client: connectClient<LocalClient>(mine),
    app,
    closed: new Promise(() => undefined),
    peers: socket.peers,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Speaks to the owner; null where there is none. */
export async function reachOwner(home: string, { forMs = 0 }: { readonly forMs?: number } = {}): Promise<OwnerSession | null> {
  const channel = await dialOwnerPatiently(home, 'local', { forMs });
  if (channel === null) return null;
  const client = connectClient<LocalClient>(channel);
  try {
    // An owner that is ending takes no more: then there is none.
    await client.local.owner();
  } catch (error) {
    channel.close();
    if (error instanceof AppError && error.code === 'CONNECTION_LOST') return null;
    throw error;
  }
  const closed = Promise.withResolvers<void>();
  channel.onClose(() => closed.resolve());
  return {
    client,
    app: null,
    closed: closed.promise,
    peers: () => 0,
    [Symbol.asyncDispose]: () => {
      channel.close();
      return Promise.resolve();
    },
  };
}

/** Reaches the owner or becomes it. OWNER_UNREACHABLE where one holds the folder but does not answer. */
export async function openOwner(outside: () => Outside, home: string, duties: OwnerDuties = noDuties): Promise<OwnerSession> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const session = (await reachOwner(home)) ?? (await becomeOwner(outside(), duties));
    if (session !== null) return session;
    // Somebody holds the folder and does not listen: an owner that has just begun, or one that is about to end.
    if (performance.now() > until) throw new AppError('OWNER_UNREACHABLE', { home, pid: 'that holds owner.lock in it' });
    await wait(50);
  }
}
