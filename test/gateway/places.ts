import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createGateway, type Gateway } from '../../src/main/gateway/gateway.ts';
import type { PlacePorts } from '../../src/main/gateway/turnstile.ts';
import { freePort } from '../freePort.ts';

/** A server that does with each connection what a test says. */
export interface RawPlace extends AsyncDisposable {
  readonly port: number;
  readonly ports: PlacePorts;
  /** All that came, over all connections in the order they came. */
  readonly received: () => Buffer;
  readonly connections: readonly Socket[];
}

export async function rawPlace(serve: (socket: Socket, received: () => Buffer) => void): Promise<RawPlace> {
  const connections: Socket[] = [];
  const all: Buffer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.push(socket);
    const own: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => {
      own.push(bytes);
      all.push(bytes);
    });
    socket.on('error', () => undefined);
    serve(socket, () => Buffer.concat(own));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    ports: { restPort: port, grpcPort: port },
    received: () => Buffer.concat(all),
    connections,
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A gateway in this process, at ports that were free, before a place. */
export async function gatewayTo(place: PlacePorts): Promise<Gateway & { readonly address: PlacePorts }> {
  const gateway = createGateway();
  for (;;) {
    const address = { restPort: await freePort(), grpcPort: await freePort() };
    try {
      await gateway.listen(address, place);
      return Object.assign(gateway, { address });
    } catch (error) {
      // A connection of another test has taken the port in this moment.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

/** A raw client: sends bytes, and holds all that came. */
export interface RawClient {
  readonly socket: Socket;
  readonly received: () => Buffer;
  /** Settles when so many bytes have come. */
  readonly until: (bytes: number) => Promise<Buffer>;
  /** Settles when the other end has ended or reset the connection. */
  readonly ended: Promise<void>;
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let all = Buffer.alloc(0);
  let news = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  socket.on('data', (bytes: Buffer) => {
    all = Buffer.concat([all, bytes]);
    news.resolve();
    news = Promise.withResolvers();
  });
  socket.on('error', () => undefined);
  for (const event of ['end', 'close']) socket.once(event, () => ended.resolve());
  await once(socket, 'connect');
  return {
    socket,
    received: () => all,
    async until(bytes) {
      while (all.length < bytes)
        await Promise.race([news.promise, ended.promise.then(() => Promise.reject(new Error(`ended: ${all.toString('latin1')}`)))]);
      return all;
    },
    ended: ended.promise,
  };
}
