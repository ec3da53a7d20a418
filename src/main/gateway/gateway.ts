import { createServer, type Server, type Socket } from 'node:net';
import type { GatewayState } from './gatewayProtocol.ts';
import { RequestRelay } from './requestRelay.ts';
import { StreamRelay } from './streamRelay.ts';
import { createTurnstile, type PlacePorts, type Turnstile } from './turnstile.ts';

const loopback = '127.0.0.1';
/** Of each of the two ports; what comes beyond is closed at once. */
const maxConnections = 4_096;

/** Stands at a serving's address and forwards to its place. */
export interface Gateway extends AsyncDisposable {
  /** Throws where a port is taken (EADDRINUSE) or it listens elsewhere already. */
  listen(address: PlacePorts, place: PlacePorts): Promise<void>;
  hold(): void;
  point(place: PlacePorts): void;
  release(): void;
  drain(options: { readonly signal: AbortSignal }): Promise<void>;
  state(): GatewayState;
}

export function createGateway(): Gateway {
  const sockets = new Set<Socket>();
  let open: { readonly address: PlacePorts; readonly gate: Turnstile; readonly servers: readonly Server[] } | null = null;

  async function listenAt(port: number, serve: (client: Socket) => void): Promise<Server> {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      sockets.add(client);
      client.once('close', () => sockets.delete(client));
      serve(client);
    });
    server.maxConnections = maxConnections;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen({ port, host: loopback, exclusive: true, backlog: 511 }, resolve);
    await promise;
    return server;
  }

  const gate = (): Turnstile => {
    if (open === null) throw new Error('the gateway does not listen');
    return open.gate;
  };
  return {
    async listen(address, place) {
      if (open !== null) throw new Error('the gateway listens already');
      const made = createTurnstile(place);
      const rest = await listenAt(address.restPort, (client) => void new RequestRelay(client, made));
      try {
        const grpc = await listenAt(address.grpcPort, (client) => void new StreamRelay(client, made));
        open = { address, gate: made, servers: [rest, grpc] };
      } catch (error) {
        rest.close();
        throw error;
      }
    },
    hold: () => gate().hold(),
    point: (place) => gate().point(place),
    release: () => gate().release(),
    drain: (options) => gate().drained(options),
    state: () => ({
      pid: process.pid,
      address: open?.address ?? null,
      place: open?.gate.ports ?? null,
      isHeld: open?.gate.isHeld ?? false,
      connections: sockets.size,
      underWay: open?.gate.underWay ?? { now: 0, before: 0 },
    }),
    async [Symbol.asyncDispose]() {
      const closed = (open?.servers ?? []).map((server) => new Promise((done) => server.close(done)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}
