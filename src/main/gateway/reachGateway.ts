import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { gatewayAnswer, type GatewayCommand, type GatewayState } from './gatewayProtocol.ts';
import type { PlacePorts } from './turnstile.ts';

/** One that does not end within this time hangs, and is left. */
const stopMs = 5_000;

/** A gateway refused a command, or has ended. `code` is the system's word, such as EADDRINUSE, where there is one. */
export class GatewayFailure extends Error {
  override readonly name = 'GatewayFailure';
  readonly code: string;

  constructor(code: string) {
    super(`the gateway: ${code}`);
    this.code = code;
  }
}

/** An owner's connection to a gateway process. Calls fail with GatewayFailure. Closing it ends a gateway that was told so by `own`. */
export interface GatewayControl extends Disposable {
  own(ends: boolean): Promise<GatewayState>;
  listen(address: PlacePorts, place: PlacePorts): Promise<GatewayState>;
  hold(): Promise<GatewayState>;
  point(place: PlacePorts): Promise<GatewayState>;
  release(): Promise<GatewayState>;
  /** Waits until nothing is under way at former places, at most so long. */
  drain(limitMs: number): Promise<GatewayState>;
  state(): Promise<GatewayState>;
  /** It has ended when this settles. */
  stop(): Promise<void>;
  /** Settles when the connection has ended. */
  readonly closed: Promise<void>;
}

type Asked = GatewayCommand extends infer C ? (C extends GatewayCommand ? Omit<C, 'id'> : never) : never;

/** Connects to the gateway at this socket; null where none answers. */
export async function reachGateway(path: string): Promise<GatewayControl | null> {
  const socket = connect(path);
  const connected = Promise.withResolvers<boolean>();
  const closed = Promise.withResolvers<void>();
  const waiting = new Map<number, PromiseWithResolvers<GatewayState>>();
  socket.once('connect', () => connected.resolve(true));
  socket.on('error', () => connected.resolve(false));
  socket.once('close', () => {
    for (const one of waiting.values()) one.reject(new GatewayFailure('ended'));
    waiting.clear();
    closed.resolve();
  });
  if (!(await connected.promise)) return null;
  const lines = createInterface({ input: socket });
  // It tells the socket's errors once more.
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    const told = gatewayAnswer.parse(JSON.parse(line));
    const asked = waiting.get(told.id);
    waiting.delete(told.id);
    if ('error' in told) asked?.reject(new GatewayFailure(told.error));
    else asked?.resolve(told.state);
  });
  let last = 0;
  function ask(command: Asked): Promise<GatewayState> {
    const asked = Promise.withResolvers<GatewayState>();
    if (!socket.writable) asked.reject(new GatewayFailure('ended'));
    else {
      last += 1;
      waiting.set(last, asked);
      socket.write(`${JSON.stringify({ ...command, id: last })}\n`);
    }
    return asked.promise;
  }
  return {
    own: (ends) => ask({ do: 'own', ends }),
    listen: (address, place) => ask({ do: 'listen', address, place }),
    hold: () => ask({ do: 'hold' }),
    point: (place) => ask({ do: 'point', place }),
    release: () => ask({ do: 'release' }),
    drain: (limitMs) => ask({ do: 'drain', limitMs }),
    state: () => ask({ do: 'state' }),
    async stop() {
      ask({ do: 'stop' }).catch(() => undefined);
      await Promise.race([closed.promise, wait(stopMs, undefined, { ref: false })]);
      socket.destroy();
    },
    closed: closed.promise,
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
