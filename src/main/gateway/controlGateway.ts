import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { createGateway, type Gateway } from './gateway.ts';
import { gatewayCommand, maxLineBytes, type GatewayAnswer, type GatewayCommand } from './gatewayProtocol.ts';

/** Without an owner it waits so long for its first command. */
const firstCommandMs = 30_000;
const lookMs = 5_000;

/** Whether a gateway answers there already. */
function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/**
 * A gateway that obeys its owner over a local socket (0600, or a named pipe), until `signal`, the command `stop`, or the end of an
 * owner that it ends with. It also ends where its socket's file was removed, since nobody can reach it any more. False where
 * another gateway has the socket.
 */
export async function controlGateway(path: string, { signal }: { readonly signal: AbortSignal }): Promise<boolean> {
  await using gateway = createGateway();
  if (await isAnswered(path)) return false;
  const isFile = process.platform !== 'win32';
  if (isFile) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
  }
  const end = Promise.withResolvers<void>();
  const owners = new Set<Socket>();
  const server = createServer((socket) => {
    owners.add(socket);
    let endsWithIt = false;
    socket.once('close', () => {
      owners.delete(socket);
      if (endsWithIt) end.resolve();
    });
    obey(gateway, socket, {
      own: (ends) => void (endsWithIt = ends),
      stop: () => end.resolve(),
    });
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(path, listening.resolve);
  await listening.promise;
  if (isFile) chmodSync(path, 0o600);
  const since = performance.now();
  const look = setInterval(() => {
    const isForgotten = gateway.state().address === null && owners.size === 0 && performance.now() - since > firstCommandMs;
    if (isForgotten || (isFile && !existsSync(path))) end.resolve();
  }, lookMs);
  signal.addEventListener('abort', () => end.resolve(), { once: true });
  if (!signal.aborted) await end.promise;
  clearInterval(look);
  server.close();
  for (const socket of owners) socket.destroySoon();
  if (isFile) rmSync(path, { force: true });
  return true;
}

function obey(gateway: Gateway, socket: Socket, also: { readonly own: (ends: boolean) => void; readonly stop: () => void }): void {
  // The owner may go away at any time.
  socket.on('error', () => undefined);
  let seen = 0;
  socket.on('data', (bytes: Buffer) => {
    const lineEnd = bytes.lastIndexOf(10);
    seen = lineEnd < 0 ? seen + bytes.length : bytes.length - lineEnd;
    if (seen > maxLineBytes) socket.destroy();
  });
  const answer = (told: GatewayAnswer): void => {
    if (socket.writable) socket.write(`${JSON.stringify(told)}\n`);
  };
  const lines = createInterface({ input: socket });
  // It tells the socket's errors once more.
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    const command = parse(line);
    if (command === null) {
      socket.destroy();
      return;
    }
    run(gateway, command, also, socket).then(
      () => answer({ id: command.id, state: gateway.state() }),
      (error: unknown) => answer({ id: command.id, error: (error as NodeJS.ErrnoException).code ?? String(error) }),
    );
  });
}

function parse(line: string): GatewayCommand | null {
  try {
    return gatewayCommand.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

async function run(
  gateway: Gateway,
  command: GatewayCommand,
  also: { readonly own: (ends: boolean) => void; readonly stop: () => void },
  socket: Socket,
): Promise<void> {
  switch (command.do) {
    case 'own':
      also.own(command.ends);
      return;
    case 'listen':
      await gateway.listen(command.address, command.place);
      return;
    case 'hold':
      gateway.hold();
      return;
    case 'point':
      gateway.point(command.place);
      return;
    case 'release':
      gateway.release();
      return;
    case 'drain': {
      const gone = new AbortController();
      const leave = (): void => gone.abort();
      socket.once('close', leave);
      // The limit is no failure: the state says what is still under way.
      const until = AbortSignal.any([gone.signal, AbortSignal.timeout(command.limitMs)]);
      await gateway.drain({ signal: until }).catch((error: unknown) => {
        if (!until.aborted) throw error;
      });
      socket.off('close', leave);
      return;
    }
    case 'state':
      return;
    case 'stop':
      also.stop();
  }
}
