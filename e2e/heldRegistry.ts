import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { docker } from './programs.ts';

const registry = { host: '127.0.0.1', port: 5000 };
const layerBytes = 24_000_000;
const holdAfterBytes = 9_000_000;

/** An image in the local registry whose last layer no engine has, behind a door that holds that layer half-way until it is let go. */
export interface HeldRegistry extends AsyncDisposable {
  /** The image's name at the door: to be pulled. */
  readonly image: string;
  /** Lets the layer through, now and from now on. */
  release(): void;
}

/** Pushes `tensorflow/serving:latest` with one more layer of random bytes, takes it away here, and opens the door to it. */
export async function openHeldRegistry(): Promise<HeldRegistry> {
  await using undo = new AsyncDisposableStack();
  const name = `slipway-e2e/${randomUUID().slice(0, 8)}`;
  const stored = `localhost:${registry.port}/${name}:1`;
  const scratch = await mkdtemp(join(tmpdir(), 'slipway-layer-'));
  undo.defer(() => rm(scratch, { recursive: true, force: true }));
  const file = join(scratch, 'layer.bin');
  await writeFile(file, randomBytes(layerBytes));
  const container = await docker('create', 'tensorflow/serving:latest');
  try {
    await docker('cp', file, `${container}:/layer.bin`);
    await docker('commit', container, stored);
  } finally {
    await docker('rm', container);
  }
  await docker('push', stored);
  await docker('rmi', stored);

  const gate = Promise.withResolvers<void>();
  const server = createServer((incoming, outgoing) => forward(incoming, outgoing, gate.promise));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const image = `localhost:${port}/${name}:1`;
  undo.defer(() => docker('rmi', '--force', image).then(undefined, () => undefined));
  undo.defer(async () => {
    gate.resolve();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const cleanup = undo.move();
  return { image, release: () => gate.resolve(), [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, released: Promise<void>): void {
  const { method, url, headers } = incoming;
  const asked = request({ ...registry, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    const isLayer = method === 'GET' && Number(answer.headers['content-length']) > layerBytes / 2;
    void copy(answer, outgoing, isLayer ? released : undefined);
  });
  asked.on('error', () => outgoing.destroy());
  outgoing.on('close', () => asked.destroy());
  incoming.pipe(asked);
}

async function copy(from: IncomingMessage, to: ServerResponse, released: Promise<void> | undefined): Promise<void> {
  let sent = 0;
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      // A slow line until the hold: an engine tells of bytes a few times a second only.
      if (released !== undefined && sent < holdAfterBytes) await wait(10);
      if (released !== undefined && sent >= holdAfterBytes) await released;
      sent += chunk.length;
      if (!to.write(chunk)) await once(to, 'drain');
    }
    to.end();
  } catch {
    // Whoever pulled has gone: that is what a cancelled pull looks like from here.
    to.destroy();
  }
}
