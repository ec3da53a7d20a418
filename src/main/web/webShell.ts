import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';
import { AppError, type ErrorCode } from '../../shared/contract/errors.ts';
import type { Channel } from '../../shared/rpc/channel.ts';
import { contentSecurityPolicy } from '../csp.ts';
import { asAppError } from '../incident.ts';
import { bearerToken, guard, type RequestHead } from './guard.ts';
import { createSessions, type SessionTimes } from './session.ts';
import { socketChannel } from './socketChannel.ts';
import { readStaticFiles } from './staticFiles.ts';
import { tokenFile } from './tokenFile.ts';
import { createUploads, uploadPlan, type UploadLimits } from './uploads.ts';

export interface WebShellLimits {
  readonly connections: number;
  readonly sockets: number;
  /** One message of a WebSocket; a larger one closes it with 1009. */
  readonly frameBytes: number;
  /** How often a socket is asked whether it lives; one that has not answered by the next time is closed. */
  readonly pingMs: number;
  /** A connection on which nothing moves for so long is closed. */
  readonly idleMs: number;
}

export interface WebShellOptions {
  /** Answers one page's calls: bound to this process's services, or relayed to the owner's local socket with a window's rights. */
  readonly serve: (channel: Channel) => void;
  /** Where dropped folders are staged; ours alone. */
  readonly uploadsFolder: string;
  /** Takes over an uploaded folder or file and answers its import ticket. */
  readonly adoptUpload: (path: string) => Promise<string>;
  /** Keeps hashes of the pages' tokens, so that open pages find back after a restart on the same port; in memory only where absent. */
  readonly tokensFile?: string;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Names of tunnels, `--allow-host`. */
  readonly allowHosts?: readonly string[];
  /** The built renderer; by default the one beside this program. */
  readonly bundle?: string;
  readonly limits?: Partial<WebShellLimits>;
  readonly uploadLimits?: UploadLimits;
  readonly sessionTimes?: SessionTimes;
  /** Ends the shell. */
  readonly signal?: AbortSignal;
}

export interface WebShell {
  readonly port: number;
  /** The address with a fresh one-time code; each call mints another. */
  url(): string;
  /** Closes every page's connection and gives uploads up. */
  [Symbol.asyncDispose](): Promise<void>;
}

const usualLimits: WebShellLimits = { connections: 256, sockets: 32, frameBytes: 220_000_000, pingMs: 30_000, idleMs: 120_000 };
const maxJsonBytes = 16 * 2 ** 20;

const statusOf: Partial<Record<ErrorCode, number>> = {
  INTERNAL: 500,
  DISK_FULL: 507,
  TICKET_EXPIRED: 410,
  UPLOAD_TOO_LARGE: 413,
};

const commonHeaders: Readonly<Record<string, string>> = {
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** The renderer beside the built program, or the built one of the project where this is run from its sources. */
const builtBundle = (): string =>
  import.meta.filename.endsWith('.ts')
    ? join(import.meta.dirname, '..', '..', '..', 'out', 'renderer')
    : join(import.meta.dirname, '..', 'renderer');

const headOf = (request: IncomingMessage): RequestHead => ({
  method: request.method ?? '',
  target: request.url ?? '',
  rawHeaders: request.rawHeaders,
});

/** Reads a small JSON body; only as `application/json`, which no page of another origin can send without being asked first. */
async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  if (request.headers['content-type'] !== 'application/json')
    throw new AppError('BAD_INPUT', { detail: 'The body must be application/json.' });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxJsonBytes) throw new AppError('BAD_INPUT', { detail: 'The body is too long.' });
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new AppError('BAD_INPUT', { detail: 'The body is not JSON.' }, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AppError('BAD_INPUT', { detail: 'The body does not have the expected fields.' });
  return parsed.data;
}

/** Binds to loopback and answers the port; PORT_TAKEN names one that is free. */
async function listen(server: Server, wanted: number): Promise<number> {
  server.listen(wanted, '127.0.0.1');
  try {
    // `once` rejects where the server tells an error first.
    await once(server, 'listening');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    const free = await listen(server, 0);
    server.close();
    throw new AppError('PORT_TAKEN', { port: wanted, owner: 'another program', free }, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}

/** Starts the web shell on 127.0.0.1. PORT_TAKEN where the port is in use; nothing of it stays open when starting fails. */
export async function startWebShell(options: WebShellOptions): Promise<WebShell> {
  const limits = { ...usualLimits, ...options.limits };
  await using starting = new AsyncDisposableStack();
  const files = await readStaticFiles(options.bundle ?? builtBundle());
  const sessions = createSessions({
    nowMs: Date.now,
    ...(options.sessionTimes === undefined ? {} : { times: options.sessionTimes }),
    ...(options.tokensFile === undefined ? {} : { store: tokenFile(options.tokensFile) }),
  });
  const uploads = starting.use(
    await createUploads({
      folder: options.uploadsFolder,
      adopt: options.adoptUpload,
      ...(options.uploadLimits === undefined ? {} : { limits: options.uploadLimits }),
    }),
  );
  let port = 0;
  const rules = () => ({ port, allowHosts: options.allowHosts ?? [] });

  function refuse(response: ServerResponse, status: number, text: string): void {
    response.writeHead(status, { ...commonHeaders, 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${text}\n`);
  }

  function sendJson(response: ServerResponse, status: number, body: unknown): void {
    response
      .writeHead(status, { ...commonHeaders, 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify(body));
  }

  function sendPage(host: string, method: 'GET' | 'HEAD', response: ServerResponse): void {
    const { html, styleNonce } = files.page();
    response.writeHead(200, {
      ...commonHeaders,
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': contentSecurityPolicy({ styleNonce, connect: [`ws://${host}`, `wss://${host}`] }),
    });
    response.end(method === 'HEAD' ? undefined : html);
  }

  async function answerApi(pathname: string, query: URLSearchParams, request: IncomingMessage): Promise<unknown> {
    const [, , room, id, part] = pathname.split('/');
    const at = [request.method, room, id === undefined ? undefined : 'ID', part].filter((word) => word !== undefined).join(' ');
    switch (at) {
      case 'POST socket-ticket':
        return { ticket: sessions.mintTicket() };
      case 'POST uploads':
        return uploads.begin(await readJson(request, uploadPlan));
      case 'POST uploads ID files':
        await uploads.receive(id ?? '', query.get('path') ?? '', request);
        return {};
      case 'POST uploads ID finish':
        return uploads.finish(id ?? '');
      case 'DELETE uploads ID':
        await uploads.abort(id ?? '');
        return {};
      default:
        throw new AppError('BAD_INPUT', { detail: 'There is no such place.' });
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const head = headOf(request);
    const verdict = guard(head, rules());
    if (verdict.kind === 'refused') {
      refuse(response, verdict.status, `refused: ${verdict.reason}`);
      return;
    }
    const url = new URL(head.target, 'http://shell');
    if (url.pathname === '/api/session' && request.method === 'POST') {
      const { code } = await readJson(request, z.object({ code: z.string().max(256) }));
      const token = sessions.exchange(code);
      if (token === undefined) refuse(response, 401, 'refused: code');
      else sendJson(response, 200, { token });
      return;
    }
    if (url.pathname.startsWith('/api/')) {
      if (sessions.isToken(bearerToken(head))) sendJson(response, 200, await answerApi(url.pathname, url.searchParams, request));
      else refuse(response, 401, 'refused: token');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      refuse(response, 405, 'only GET and HEAD');
      return;
    }
    if (url.pathname === '/') sendPage(verdict.host, request.method, response);
    else if (!files.has(url.pathname)) refuse(response, 404, 'not found');
    else {
      for (const [name, value] of Object.entries(commonHeaders)) response.setHeader(name, value);
      // A worker script takes its policy from its own answer.
      response.setHeader('content-security-policy', contentSecurityPolicy({ styleNonce: 'none' }));
      await files.send(url.pathname, request.method, response);
    }
  }

  function fail(response: ServerResponse, error: unknown): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const problem = asAppError(error);
    // The rest of a refused body is not read: the connection ends with the answer.
    response.shouldKeepAlive = false;
    sendJson(response, statusOf[problem.code] ?? 400, { error: problem.report() });
  }

  const server = createServer(
    { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 0, keepAliveTimeout: 10_000, connectionsCheckingInterval: 2_000 },
    (request, response) => {
      // The page went away in the middle; whoever was reading the body hears of it there.
      request.on('error', () => undefined);
      answer(request, response).catch((error: unknown) => fail(response, error));
    },
  );
  server.maxConnections = limits.connections;
  server.timeout = limits.idleMs;
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    else socket.destroy();
  });

  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.frameBytes, perMessageDeflate: false, clientTracking: true });

  function admitUpgrade(head: RequestHead): number | 'admitted' {
    const verdict = guard(head, rules());
    if (verdict.kind === 'refused') return verdict.status;
    const url = new URL(head.target, 'http://shell');
    if (url.pathname !== '/api/socket') return 404;
    if (!sessions.spendTicket(url.searchParams.get('ticket') ?? '')) return 401;
    return sockets.clients.size >= limits.sockets ? 503 : 'admitted';
  }

  function attach(socket: WebSocket): void {
    let alive = true;
    socket.on('pong', () => {
      alive = true;
    });
    const ping = setInterval(() => {
      if (!alive) {
        socket.terminate();
        return;
      }
      alive = false;
      socket.ping();
    }, limits.pingMs);
    socket.once('close', () => clearInterval(ping));
    // ws closes a broken frame by itself, with 1002, 1007 or 1009; the error only repeats it.
    socket.on('error', () => undefined);
    options.serve(socketChannel(socket));
  }

  server.on('upgrade', (request: IncomingMessage, connection: Duplex, first: Buffer) => {
    connection.on('error', () => connection.destroy());
    const admitted = admitUpgrade(headOf(request));
    if (admitted === 'admitted') sockets.handleUpgrade(request, connection, first, attach);
    else connection.end(`HTTP/1.1 ${admitted} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });

  port = await listen(server, options.port ?? 0);
  starting.defer(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets.clients) socket.close(1001);
    server.closeAllConnections();
    for (const socket of sockets.clients) socket.terminate();
    await closed;
  });
  const running = starting.move();
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => (ended ??= running.disposeAsync());
  if (options.signal?.aborted === true) await end();
  options.signal?.addEventListener('abort', () => void end(), { once: true });

  return {
    port,
    url: () => `http://127.0.0.1:${port}/#code=${sessions.mintCode()}`,
    [Symbol.asyncDispose]: end,
  };
}
