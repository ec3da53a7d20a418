import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import type { DockerEngine } from '../docker/dockerEngine.ts';

/** Whether a port of 127.0.0.1 can be listened at now. */
export function isPortFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}

/** The program that listens at a port, on Linux and where this user may see it. */
async function listeningProgram(port: number): Promise<string | null> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      if (state === '0A' && local.endsWith(`:${hex}`)) inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if (inodes.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
        return `${(await readFile(`/proc/${pid}/comm`, 'utf8')).trim()} (${pid})`;
    }
  }
  return null;
}

/** Who has a port: one of our servings, a container, a program, or "another program". */
export async function portOwner(
  port: number,
  {
    engine,
    servings,
    signal,
  }: {
    readonly engine: DockerEngine | null;
    readonly servings: readonly { readonly name: string; readonly ports: readonly number[] }[];
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const ours = servings.find(({ ports }) => ports.includes(port));
  if (ours !== undefined) return ours.name;
  const container = (await engine?.publisherOf(port, { signal }).catch(() => null)) ?? null;
  return container ?? (await listeningProgram(port)) ?? 'another program';
}

/** The usual port, else the next one upwards that is free and not kept for another serving; steps of two keep REST and gRPC apart. */
export async function nextFreePort(usual: number, kept: ReadonlySet<number>): Promise<number> {
  for (let port = usual; port < 65_536; port += 2) if (!kept.has(port) && (await isPortFree(port))) return port;
  throw new Error('no port is free');
}

/** Two ports that nobody listens at now, as the system gives them. */
export async function twoFreePorts(): Promise<readonly [number, number]> {
  const open = Array.from({ length: 2 }, () => createServer().listen({ port: 0, host: '127.0.0.1' }));
  const ports = await Promise.all(
    open.map(async (server) => {
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(open.map((server) => once(server.close(), 'close')));
  return [ports[0] ?? 0, ports[1] ?? 0];
}
