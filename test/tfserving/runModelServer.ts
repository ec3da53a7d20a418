import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../freePort.ts';

const ownProgram = join(import.meta.dirname, '..', '..', 'src', 'main', 'cli', 'slipway.ts');

/** A model server of ours, as a process of its own. */
export interface RunningServer extends AsyncDisposable {
  readonly restPort: number;
  readonly grpcPort: number;
  readonly pid: number;
  /** Lines of its log so far. */
  readonly log: readonly string[];
  /** How it ended. */
  readonly ended: Promise<{ readonly code: number | null }>;
}

/**
 * Starts `slipway modelserver` with these flags; `grpc` and `rest` say which servers it opens. Waits until
 * it serves, or its log says something else, or it has ended.
 */
export async function runModelServer(
  flags: readonly string[],
  {
    rest = true,
    grpc = false,
    until = rest ? 'NET_LOG: Entering the event loop' : 'Running gRPC ModelServer at',
    program = ownProgram,
    env = process.env,
  }: {
    readonly rest?: boolean;
    readonly grpc?: boolean;
    readonly until?: string;
    readonly program?: string;
    readonly env?: NodeJS.ProcessEnv;
  } = {},
): Promise<RunningServer> {
  const restPort = rest ? await freePort() : 0;
  const grpcPort = grpc ? await freePort() : 0;
  const child = spawn(process.execPath, [program, 'modelserver', `--port=${grpcPort}`, `--rest_api_port=${restPort}`, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  });
  const log: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line);
    if (line.includes(until)) ready.resolve();
  });
  const ended = once(child, 'close').then(([code]) => {
    ready.resolve();
    return { code: code as number | null };
  });
  await ready.promise;
  return {
    restPort,
    grpcPort,
    pid: child.pid ?? 0,
    log,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request with its target as it stands: no normalising, no redirects. */
export async function ask(
  port: number,
  {
    method,
    target,
    body,
    headers = {},
  }: {
    readonly method: string;
    readonly target: string;
    readonly body?: Buffer | string | undefined;
    readonly headers?: Record<string, string>;
  },
): Promise<HttpAnswer> {
  // Without it, Node sends the body of a DELETE as if it were the next request.
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const sent = request({ host: '127.0.0.1', port, method, path: target, headers: { connection: 'close', ...length, ...headers } });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** Sends text as it stands, a byte a character, and reads the first answer. */
export async function askRaw(port: number, text: string): Promise<{ readonly status: number; readonly body: string }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(Buffer.from(text, 'latin1'));
  let answer = Buffer.alloc(0);
  const { promise, resolve } = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
  const tell = (isOver: boolean): void => {
    const head = answer.indexOf('\r\n\r\n');
    const headers = answer.subarray(0, Math.max(head, 0)).toString('latin1');
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(headers)?.[1] ?? 0);
    const length = status === 100 ? 0 : Number(/content-length: (\d+)/i.exec(headers)?.[1] ?? Number.NaN);
    const body = answer.subarray(head + 4, head + 4 + (Number.isNaN(length) ? answer.length : length));
    if (isOver || (head > 0 && body.length === length)) resolve({ status, body: body.toString() });
  };
  socket.on('data', (chunk: Buffer) => {
    answer = Buffer.concat([answer, chunk]);
    tell(false);
  });
  socket.once('close', () => tell(true));
  const told = await promise;
  socket.destroy();
  return told;
}

/** One predict request with this body. */
export async function predictRest(port: number, model: string, body: string): Promise<{ readonly status: number; readonly body: string }> {
  const answer = await ask(port, { method: 'POST', target: `/v1/models/${model}:predict`, body });
  return { status: answer.status, body: answer.body.toString() };
}
