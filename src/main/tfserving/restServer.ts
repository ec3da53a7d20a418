import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { writeClasses, writeRegressions } from './classifyRegress.ts';
import { readExampleRequest } from './exampleRequest.ts';
import { predictSignature, underLease, type Inference } from './inference.ts';
import type { LeaseLimit } from './leaseLimit.ts';
import type { ServerMetrics } from './metrics.ts';
import type { Lease, ModelManager } from './modelManager.ts';
import { readPredictRequest } from './predictRequest.ts';
import { writePredictResponse } from './predictResponse.ts';
import { ByteBudget, readRequestBody, type BodyRefusal } from './requestBody.ts';
import { errorBody, htmlPage, httpStatus, metadataBody, statusBody } from './restAnswers.ts';
import { restRouteOf, type RestRoute } from './restRoute.ts';
import type { Servable } from './servable.ts';
import { StatusError, type StatusName } from './status.ts';

export interface RestServerOptions {
  readonly manager: ModelManager<Servable>;
  readonly inference: Inference;
  readonly metrics: ServerMetrics;
  /** Where metrics are exposed; undefined: nowhere. */
  readonly metricsPath: string | undefined;
  readonly timeoutMs: number;
  readonly hasCors: boolean;
  readonly maxRequestBytes: number;
  /** Versions for requests, at most so many at a time. */
  readonly limit: LeaseLimit<Servable>;
  /** How long a client may neither send nor read. */
  readonly stallMs?: number;
}

const maxConnections = 4096;
const usualStallMs = 30_000;
const routesKept = 1000;
/** Answers of up to so many bytes are copied once more for the sake of a single write. */
const oneWriteBytes = 16_384;

const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, GET, PUT, DELETE, OPTIONS',
  'access-control-allow-headers': 'Origin, X-Requested-With, Content-Type, Accept',
} as const;

const refusals: Readonly<
  Record<Exclude<BodyRefusal, 'gone'>, readonly [http: number, status: StatusName, message: (limit: number) => string]>
> = {
  tooLarge: [413, 'RESOURCE_EXHAUSTED', (limit) => `The request's body is larger than ${limit} bytes (--max_request_bytes)`],
  noRoom: [503, 'UNAVAILABLE', () => 'The server holds as many request bytes as it has room for; try again later'],
};

/** TensorFlow Serving's REST API. */
export class RestServer {
  readonly #options: RestServerOptions;
  readonly #budget: ByteBudget;
  readonly #routes = new Map<string, RestRoute>();
  /** Answers that clients have not taken yet, oldest first, and their bytes. */
  readonly #unsent = new Map<ServerResponse, number>();
  #unsentBytes = 0;

  constructor(options: RestServerOptions) {
    this.#options = options;
    this.#budget = new ByteBudget(2 * options.maxRequestBytes);
  }

  /** A server that does not listen yet. */
  create(): Server {
    const server = createServer(
      {
        maxHeaderSize: 128 * 1024,
        requireHostHeader: false,
        headersTimeout: 10_000,
        requestTimeout: 300_000,
        keepAliveTimeout: 75_000,
        connectionsCheckingInterval: 5_000,
      },
      (request, response) => void this.#handle(request, response),
    );
    server.maxConnections = maxConnections;
    server.setTimeout(this.#options.stallMs ?? usualStallMs, (socket: Socket) => {
      // A socket that owes us a body or does not take its answer; one whose request is computed may wait.
      if (socket.writableLength > 0 || !computing.has(socket)) socket.destroy();
    });
    server.on('connect', (_, socket: Socket) => refuseRaw(socket, 501, 'Not Implemented'));
    server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Socket) => {
      // What follows a good request is not: that one is answered first.
      const owed = answering.get(socket);
      if (owed !== undefined) {
        owed.once('close', () => socket.destroy());
        return;
      }
      const isMethod = /^[a-z]+ \//.test(error.rawPacket?.subarray(0, 16).toString('latin1') ?? '');
      if (error.code === 'HPE_INVALID_METHOD' && isMethod) refuseRaw(socket, 501, 'Not Implemented');
      else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuseRaw(socket, 408, 'Request Timeout');
      else if (error.code === 'HPE_HEADER_OVERFLOW') refuseRaw(socket, 431, 'Request Header Fields Too Large');
      else refuseRaw(socket, 400, 'Bad Request');
    });
    return server;
  }

  #route(method: string, target: string): RestRoute {
    const key = `${method} ${target}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      route = restRouteOf(method, target);
      if (this.#routes.size < routesKept) this.#routes.set(key, route);
    }
    return route;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', socket } = request;
    answering.set(socket, response);
    response.once('close', () => answering.delete(socket));
    const { metricsPath } = this.#options;
    if (metricsPath !== undefined && url === metricsPath && (method === 'GET' || method === 'POST')) {
      this.#send(response, 200, this.#options.metrics.text(), 'text/plain');
      return;
    }
    if (method === 'TRACE') {
      this.#send(response, 501, htmlPage(501, 'Not Implemented'), 'text/html');
      return;
    }
    const route = this.#route(method, url);
    if (route.kind === 'elsewhere') {
      this.#send(response, 404, htmlPage(404, 'Not Found'), 'text/html');
      return;
    }
    if (method === 'OPTIONS') {
      this.#preflight(request, response);
      return;
    }
    const started = performance.now();
    const model = 'model' in route ? route.model.name : '';
    const api = route.kind === 'infer' ? route.method : '';
    let status: StatusName = 'OK';
    try {
      if (route.kind === 'infer') await this.#infer(request, response, route);
      else this.#send(response, 200, this.#describe(route, method, url), 'application/json');
    } catch (error) {
      if (error instanceof Gone) return;
      const known =
        error instanceof StatusError ? error : new StatusError('INTERNAL', error instanceof Error ? error.message : String(error));
      ({ status } = known);
      const http = error instanceof RefusedBody ? error.http : httpStatus[status];
      const text = route.kind === 'badVersion' ? '' : errorBody(known.message);
      this.#send(response, http, text, 'application/json', error instanceof RefusedBody);
    }
    const { metrics } = this.#options;
    metrics.requests.add(1, model, status);
    if (status === 'OK') metrics.requestLatency.observe((performance.now() - started) * 1000, model, api, 'REST');
  }

  #preflight(request: IncomingMessage, response: ServerResponse): void {
    const { origin } = request.headers;
    const isRight = origin !== undefined && origin !== 'null';
    if (!isRight) this.#options.metrics.requests.add(1, '', 'FAILED_PRECONDITION');
    this.#send(response, isRight ? 200 : 400, '', 'text/html; charset=ISO-8859-1');
  }

  /** Status and metadata. Throws StatusError. */
  #describe(route: Exclude<RestRoute, { kind: 'infer' | 'elsewhere' }>, method: string, target: string): string {
    const { manager } = this.#options;
    switch (route.kind) {
      case 'noModel':
        throw new StatusError('INVALID_ARGUMENT', 'Missing model name in request.');
      case 'badVersion':
        throw new StatusError('INVALID_ARGUMENT', '');
      case 'malformed':
        throw new StatusError('INVALID_ARGUMENT', `Malformed request: ${method} ${target}`);
      case 'status': {
        const { name, version, label } = route.model;
        const wanted = label === undefined ? version : manager.versionOf(name, label);
        return statusBody(manager.status(wanted === undefined ? { name } : { name, version: wanted }));
      }
      case 'metadata': {
        const lease = manager.lease(route.model);
        try {
          return metadataBody(route.model.name, lease.version, lease.model.signatures);
        } finally {
          lease.release();
        }
      }
    }
  }

  async #infer(request: IncomingMessage, response: ServerResponse, route: Extract<RestRoute, { kind: 'infer' }>): Promise<void> {
    const { maxRequestBytes, timeoutMs } = this.#options;
    const body = await readRequestBody(request, { limit: maxRequestBytes, budget: this.#budget });
    if (body === 'gone') throw new Gone();
    if (typeof body === 'string') throw new RefusedBody(body, maxRequestBytes);
    using _ = body;
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(new StatusError('DEADLINE_EXCEEDED', 'Timed out waiting for notification')), timeoutMs);
    const gone = (): void => end.abort(new Gone());
    response.once('close', gone);
    const { socket } = request;
    computing.add(socket);
    try {
      const answer = await this.#answer(route, body.bytes, end.signal);
      response.off('close', gone);
      this.#send(response, 200, answer, 'application/json');
    } finally {
      clearTimeout(timer);
      computing.delete(socket);
    }
  }

  async #answer({ method, model }: Extract<RestRoute, { kind: 'infer' }>, body: Buffer, signal: AbortSignal): Promise<Buffer> {
    const { limit, inference } = this.#options;
    if (method === 'predict') {
      let lease: Lease<Servable> | undefined;
      try {
        const { signatureName, rows, inputs } = readPredictRequest(body, (name) => {
          lease ??= limit.lease(model);
          return predictSignature(lease.model, name);
        });
        lease ??= limit.lease(model);
        const held = lease;
        lease = undefined;
        const outputs = await underLease(held, signal, ({ model: servable }) =>
          inference.predict(model.name, servable, signatureName, inputs, { signal }),
        );
        return writePredictResponse(outputs, { rows });
      } finally {
        lease?.release();
      }
    }
    const { signatureName, examples } = readExampleRequest(body);
    const lease = limit.lease(model);
    if (method === 'classify')
      return writeClasses(
        await underLease(lease, signal, (held) => inference.classify(model.name, held.model, signatureName, examples, { signal })),
      );
    return writeRegressions(
      await underLease(lease, signal, (held) => inference.regress(model.name, held.model, signatureName, examples, { signal })),
    );
  }

  #send(response: ServerResponse, status: number, body: Buffer | string, type: string, closes = false): void {
    if (response.destroyed || response.headersSent) return;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const headers = {
      'content-type': type,
      'content-length': bytes.length,
      ...(closes ? { connection: 'close' } : {}),
      ...(this.#options.hasCors ? corsHeaders : {}),
    };
    response.writeHead(status, headers);
    this.#hold(response, bytes.length);
    // As a text the body goes out in one write with the headers; byte by byte, latin1 is what it is.
    if (bytes.length <= oneWriteBytes) response.end(bytes.toString('latin1'), 'latin1');
    else response.end(bytes);
  }

  /** Counts an answer until it is taken. Who has not taken the oldest answers makes room for the new ones. */
  #hold(response: ServerResponse, bytes: number): void {
    this.#unsent.set(response, bytes);
    this.#unsentBytes += bytes;
    response.once('close', () => {
      this.#unsent.delete(response);
      this.#unsentBytes -= bytes;
    });
    if (this.#unsentBytes <= 2 * this.#options.maxRequestBytes) return;
    const [oldest] = this.#unsent.keys();
    if (oldest !== response) oldest?.destroy();
  }
}

/** Sockets that are owed an answer. */
const answering = new WeakMap<Socket, ServerResponse>();

/** Sockets whose request is being computed. */
const computing = new WeakSet<Socket>();

/** The client went away before it was answered. */
class Gone extends Error {}

class RefusedBody extends StatusError {
  readonly http: number;
  constructor(refusal: Exclude<BodyRefusal, 'gone'>, limit: number) {
    const [http, status, message] = refusals[refusal];
    super(status, message(limit));
    this.http = http;
  }
}

function refuseRaw(socket: Socket, status: number, title: string): void {
  if (!socket.writable) return;
  const body = htmlPage(status, title);
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
