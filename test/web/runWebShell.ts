import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { startWebShell, type WebShell, type WebShellOptions } from '../../src/main/web/webShell.ts';

export interface RunningWebShell extends AsyncDisposable {
  readonly shell: WebShell;
  readonly port: number;
  readonly uploadsFolder: string;
  /** Paths that were taken over. */
  readonly adopted: readonly string[];
  /** A token got as a page gets it. */
  token(): Promise<string>;
  /** A ticket for one WebSocket. */
  ticket(): Promise<string>;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

/** A client that sends the headers it is told, forged ones too. */
export function ask(port: number, { method = 'GET', path = '/', headers = {}, body }: RawRequest = {}): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const asked = request(
    { host: '127.0.0.1', port, method, path, headers: { host: `127.0.0.1:${port}`, ...headers }, agent: false },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
      response.on('error', reject);
    },
  );
  asked.on('error', reject);
  asked.end(body);
  return promise;
}

/** Opens a WebSocket with whatever headers; answers it, or the status that refused it. */
export function openSocket(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<WebSocket | number> {
  const { promise, resolve } = Promise.withResolvers<WebSocket | number>();
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { ...headers }, handshakeTimeout: 20_000 });
  socket.once('open', () => resolve(socket));
  socket.once('unexpected-response', (asked, response) => {
    asked.destroy();
    resolve(response.statusCode ?? 0);
  });
  socket.on('error', () => undefined);
  return promise;
}

/** The code with which the other side closed the socket. */
export function closeCode(socket: WebSocket): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  socket.once('close', resolve);
  return promise;
}

/** A web shell over a small bundle; every channel says back what it hears. */
export async function runWebShell(options: Partial<WebShellOptions> = {}): Promise<RunningWebShell> {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'slipway-test-web-'));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const bundle = join(folder, 'bundle');
  await mkdir(join(bundle, 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.js'), 'outside the bundle');
  await writeFile(join(bundle, 'index.web.html'), '<meta property="csp-nonce" nonce="__CSP_NONCE__"><title>Slipway</title>');
  await writeFile(join(bundle, 'index.desktop.html'), '<title>not for here</title>');
  await writeFile(join(bundle, 'assets', 'app-abc123.js'), 'export {};\n');
  await writeFile(join(bundle, 'icon.svg'), '<svg/>');
  const adopted: string[] = [];
  const uploadsFolder = join(folder, 'uploads');
  const shell = undo.use(
    await startWebShell({
      bundle,
      uploadsFolder,
      serve: (channel) => channel.onMessage((message) => void channel.send(message)),
      adoptUpload: (path) => {
        adopted.push(path);
        return Promise.resolve(`ticket ${adopted.length}`);
      },
      ...options,
    }),
  );
  const { port } = shell;
  async function token(): Promise<string> {
    const code = new URL(shell.url()).hash.slice('#code='.length);
    const { body } = await ask(port, {
      method: 'POST',
      path: '/api/session',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    return (JSON.parse(body) as { token: string }).token;
  }
  async function ticket(): Promise<string> {
    const headers = { authorization: `Bearer ${await token()}` };
    return (JSON.parse((await ask(port, { method: 'POST', path: '/api/socket-ticket', headers })).body) as { ticket: string }).ticket;
  }
  const running = undo.move();
  return { shell, port, uploadsFolder, adopted, token, ticket, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
