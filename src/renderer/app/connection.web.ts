import { AppError } from '../../shared/contract/errors.ts';
import type { Channel } from '../../shared/rpc/channel.ts';
import { connectClient, type ContractClient } from '../../shared/rpc/connectClient.ts';
import type { ConnectionStatus, ShellConnection } from './shellConnection.ts';
import { uploadDropped } from './upload.web.ts';

const tokenKey = 'slipway.token';
const firstPauseMs = 200;
const longestPauseMs = 3_000;

/** The code of the link that opened this page, taken out of the address so that neither the history nor a copied address keeps it. */
function takeCode(): string | undefined {
  const match = /^#code=([\w-]+)$/.exec(location.hash);
  if (match !== null) history.replaceState(history.state, '', `${location.pathname}${location.search}`);
  return match?.[1];
}

/** Answers the status 401 as undefined: the right is gone, and asking again does not help. */
async function postForText(path: string, field: string, init: RequestInit): Promise<string | undefined> {
  const response = await fetch(path, { ...init, method: 'POST' });
  if (response.status === 401) return undefined;
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  const body = (await response.json()) as Readonly<Record<string, string>>;
  return body[field];
}

const fetchToken = (code: string): Promise<string | undefined> =>
  postForText('/api/session', 'token', { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code }) });
const fetchTicket = (token: string): Promise<string | undefined> =>
  postForText('/api/socket-ticket', 'ticket', { headers: { authorization: `Bearer ${token}` } });

/** An open socket as a channel. Settles when it opens, rejects where it does not. */
function openChannel(ticket: string): Promise<{ readonly channel: Channel; readonly closed: Promise<void> }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ channel: Channel; closed: Promise<void> }>();
  const closed = Promise.withResolvers<void>();
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/socket?ticket=${encodeURIComponent(ticket)}`);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('open', () =>
    resolve({
      closed: closed.promise,
      channel: {
        send: (message) => socket.send(message),
        onMessage(listener) {
          socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) =>
            listener(typeof data === 'string' ? data : new Uint8Array(data)),
          );
        },
        onClose: (listener) => void closed.promise.then(listener),
        // A page may only send 1000 and codes of its own, from 3000 on.
        close: (code) => socket.close(code === undefined || code === 1000 ? 1000 : 3000 + (code % 1000)),
      },
    }),
  );
  socket.addEventListener('close', () => {
    closed.resolve();
    reject(new AppError('CONNECTION_LOST'));
  });
  return promise;
}

/** A client whose every call fails with CONNECTION_LOST. */
function lostClient(): ContractClient {
  return connectClient({
    send: () => {
      throw new AppError('CONNECTION_LOST');
    },
    onMessage: () => undefined,
    onClose: () => undefined,
    close: () => undefined,
  });
}

/** Waits out the pause, or until the network or the person comes back. */
function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = new AbortController();
  const timer = setTimeout(resolve, ms);
  window.addEventListener('online', () => resolve(), { signal: over.signal });
  document.addEventListener('visibilitychange', () => resolve(), { signal: over.signal });
  return promise.finally(() => {
    clearTimeout(timer);
    over.abort();
  });
}

/** Connects this page with the web shell that it came from, and keeps it connected. Called once, before the router reads the address. */
export function connect(): ShellConnection {
  const nobody = lostClient();
  const listeners = new Set<(status: ConnectionStatus) => void>();
  let client = nobody;
  let status: ConnectionStatus = 'connecting';
  let code = takeCode();
  let token = sessionStorage.getItem(tokenKey);
  let newCode = Promise.withResolvers<void>();

  function become(next: ConnectionStatus, its: ContractClient): void {
    client = its;
    if (next === status) return;
    status = next;
    for (const listener of listeners) listener(next);
  }

  function keepToken(next: string | null): void {
    token = next;
    if (next === null) sessionStorage.removeItem(tokenKey);
    else sessionStorage.setItem(tokenKey, next);
  }

  /** One connection from beginning to end; answers false where only a new link helps. */
  async function stayConnected(onOpen: () => void): Promise<boolean> {
    if (code !== undefined) {
      const fresh = await fetchToken(code);
      code = undefined;
      // A reloaded link carries a spent code, but this page may still hold its token.
      if (fresh !== undefined) keepToken(fresh);
    }
    if (token === null) return false;
    const ticket = await fetchTicket(token);
    if (ticket === undefined) {
      keepToken(null);
      return false;
    }
    const { channel, closed } = await openChannel(ticket);
    onOpen();
    become('connected', connectClient(channel));
    await closed;
    return true;
  }

  async function forever(): Promise<never> {
    let pauseMs = firstPauseMs;
    for (;;) {
      const opened = (): void => {
        pauseMs = firstPauseMs;
      };
      // A failure means: not there now; the pause below and the next round are the answer.
      const mayRetry = await stayConnected(opened).catch(() => true);
      if (mayRetry) {
        become(status === 'connecting' ? 'connecting' : 'lost', nobody);
        await pause(pauseMs);
        pauseMs = Math.min(longestPauseMs, pauseMs * 2);
      } else {
        become('refused', nobody);
        await newCode.promise;
      }
    }
  }

  window.addEventListener('hashchange', () => {
    const given = takeCode();
    if (given === undefined) return;
    code = given;
    newCode.resolve();
    newCode = Promise.withResolvers<void>();
  });
  void forever();

  return {
    client: () => client,
    get status() {
      return status;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    importDropped: (dropped, options) =>
      uploadDropped(
        dropped,
        () => {
          if (token === null) throw new AppError('CONNECTION_LOST');
          return token;
        },
        options,
      ),
  };
}
