import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { reachGateway, type GatewayControl } from '../../src/main/gateway/reachGateway.ts';
import { startGateway } from '../../src/main/gateway/startGateway.ts';
import { lineOf } from '../cli/runSlipway.ts';
import { freePort } from '../freePort.ts';
import { rawClient, rawPlace } from './places.ts';

const root = join(import.meta.dirname, '..', '..');
const program = [process.execPath, join(root, 'src', 'main', 'cli', 'slipway.ts'), 'gateway'] as const;
const signal = AbortSignal.timeout(120_000);

const undo: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0)) await one();
});

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-gateway-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'gateway.sock');
}

async function start(path: string): Promise<GatewayControl> {
  const control = await startGateway(path, program, { signal });
  undo.unshift(async () => (await reachGateway(path))?.stop());
  return control;
}

const ports = async () => ({ restPort: await freePort(), grpcPort: await freePort() });

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: it has ended.
    return false;
  }
}

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const answering = () => rawPlace((socket) => void socket.on('data', () => socket.write(answer)));
async function ask(port: number): Promise<string> {
  const { socket, until } = await rawClient(port);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  const text = (await until(answer.length)).toString();
  socket.destroy();
  return text;
}

test('a gateway stays when its owner goes, is found again with its place, and ends when it is told to', async () => {
  const [path, address] = [socketPath(), await ports()];
  await using place = await answering();
  const first = await start(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await first.listen(address, place.ports);
  first[Symbol.dispose]();
  await first.closed;
  expect(await ask(address.restPort)).toBe(answer);
  const second = await start(path);
  const { pid, ...state } = await second.state();
  expect(state).toMatchObject({ address, place: place.ports, isHeld: false });
  await second.stop();
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  expect([existsSync(path), await reachGateway(path)]).toEqual([false, null]);
  await expect(ask(address.restPort)).rejects.toThrow('ECONNREFUSED');
});

test('a gateway that belongs to its owner ends with it, however it ends', async () => {
  const path = socketPath();
  const file = (name: string): string => pathToFileURL(join(root, 'src', 'main', 'gateway', name)).href;
  const owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { startGateway } from '${file('startGateway.ts')}';
       const control = await startGateway(${JSON.stringify(path)}, ${JSON.stringify(program)}, { signal: AbortSignal.timeout(60000) });
       console.log((await control.own(true)).pid);
       setInterval(() => undefined, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const pid = Number(await lineOf(owner.stdout, /^\d+$/));
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
});

test('a taken port is named as such, and both are free again', async () => {
  const [path, address] = [socketPath(), await ports()];
  await using place = await answering();
  const server = createServer().listen(address.grpcPort, '127.0.0.1');
  await once(server, 'listening');
  const control = await start(path);
  await expect(control.listen(address, place.ports)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  server.close();
  await once(server, 'close');
  await control.listen(address, place.ports);
  expect(await ask(address.restPort)).toBe(answer);
});

test('what is no command ends the connection, and a second gateway for one socket ends at once', async () => {
  const path = socketPath();
  const control = await start(path);
  const { connect } = await import('node:net');
  for (const bytes of ['{}\n', 'not JSON\n', Buffer.alloc(100_000, 'x')]) {
    const socket = connect(path);
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => void socket.once('close', resolve));
    socket.write(bytes);
    await closed;
  }
  await expect(control.hold()).rejects.toThrow('the gateway does not listen');
  const [entry, ...args] = program;
  const second = spawn(entry, [...args, path], { stdio: 'ignore' });
  expect((await once(second, 'exit'))[0]).toBe(1);
  expect((await control.state()).isHeld).toBe(false);
});

test('a gateway whose socket was removed ends: nobody could reach it any more', async () => {
  const path = socketPath();
  const { pid } = await (await start(path)).state();
  rmSync(path);
  await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false);
});
