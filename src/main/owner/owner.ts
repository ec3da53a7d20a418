import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/contract/errors.ts';
import { connectClient, type LocalClient } from '../../shared/rpc/connectClient.ts';
import type { App, Outside } from '../app.ts';
import type { OwnerDuties } from '../rpc/router.ts';
import { dialOwnerPatiently } from './localSocket.ts';

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

/**
 * Reaches the owner or becomes it; the services are loaded only then. OWNER_UNREACHABLE where one holds the folder but does not
 * answer.
 */
export async function openOwner(outside: () => Outside | Promise<Outside>, home: string, duties?: OwnerDuties): Promise<OwnerSession> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const present = await reachOwner(home);
    if (present !== null) return present;
    const { becomeOwner } = await import('./becomeOwner.ts');
    const session = await becomeOwner(await outside(), duties);
    if (session !== null) return session;
    // Somebody holds the folder and does not listen: an owner that has just begun, or one that is about to end.
    if (performance.now() > until) throw new AppError('OWNER_UNREACHABLE', { home, pid: 'that holds owner.lock in it' });
    await wait(50);
  }
}
