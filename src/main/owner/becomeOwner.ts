import { mkdirSync } from 'node:fs';
import { connectClient, type LocalClient } from '../../shared/rpc/connectClient.ts';
import { memoryChannel } from '../../shared/rpc/memoryChannel.ts';
import { createApp, type Outside } from '../app.ts';
import { acquireLock } from '../database/lock.ts';
import { localRouter, windowRouter, type OwnerDuties } from '../rpc/router.ts';
import { serveChannel } from '../rpc/serveChannel.ts';
import { listenLocally } from './localSocket.ts';
import type { OwnerSession } from './owner.ts';

const noDuties: OwnerDuties = { webLink: () => null, quit: () => undefined };

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
