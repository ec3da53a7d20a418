import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Channel } from '../../shared/rpc/channel.ts';
import { ownerSocket } from './dataFolder.ts';
import { streamChannel } from './streamChannel.ts';

/** What a connection may call: everything, or what a browser's window may (a relayed page). */
export type Access = 'window' | 'local';

/** An owner's ear. */
export interface LocalListener {
  readonly peers: () => number;
  /** Takes no new connection, and waits until those that are there have gone, at most this long. */
  readonly drain: (maxMs: number) => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * Listens for this user's other processes. The first message of a connection names the access it wants; then the channel is
 * handed on. Only the owner of the data folder's lock may call this: a socket left behind is removed.
 */
export async function listenLocally(home: string, onPeer: (channel: Channel, access: Access) => void): Promise<LocalListener> {
  const path = ownerSocket(home);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const channel = streamChannel(socket);
    channel.onMessage((hello) => {
      if (hello === 'local' || hello === 'window') onPeer(channel, hello);
      else channel.close();
    });
  });
  if (process.platform !== 'win32') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, () => resolve());
  await promise;
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  let closed: Promise<unknown> | undefined;
  return {
    peers: () => sockets.size,
    async drain(maxMs) {
      closed ??= new Promise((done) => server.close(done));
      await Promise.race([closed, wait(maxMs, undefined, { ref: false })]);
    },
    async [Symbol.asyncDispose]() {
      closed ??= new Promise((done) => server.close(done));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** One connection to the owner; null where nobody listens. */
export async function dialOwner(home: string, access: Access): Promise<Channel | null> {
  const socket = connect(ownerSocket(home));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  if (!(await promise)) return null;
  const channel = streamChannel(socket);
  await channel.send(access);
  return channel;
}

/** Tries for a while: an owner that has just begun listens in a moment. */
export async function dialOwnerPatiently(home: string, access: Access, { forMs }: { readonly forMs: number }): Promise<Channel | null> {
  const until = performance.now() + forMs;
  for (;;) {
    const channel = await dialOwner(home, access);
    if (channel !== null || performance.now() > until) return channel;
    await wait(50);
  }
}
