import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AppError } from '../../shared/contract/errors.ts';

export type Headers = readonly (readonly [name: string, value: string])[];

/** What came back over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** From the first byte sent to the last byte received. */
  readonly networkMs: number;
  readonly requestStart: string;
  readonly requestHeaders: Headers;
  readonly responseStart: string;
  readonly responseHeaders: Headers;
}

const pairs = (raw: readonly string[]): Headers =>
  Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2] ?? '', raw[index * 2 + 1] ?? ''] as const);

/**
 * POSTs a body as it is, or GETs where it is null, over a connection that is kept. SERVER_UNREACHABLE where nothing answers,
 * ANSWER_TIMEOUT where nothing comes in time; every HTTP status is an answer.
 */
export function sendRest(
  url: string,
  body: Buffer | null,
  {
    headers = {},
    signal,
    timeoutMs,
  }: { readonly headers?: Readonly<Record<string, string>>; readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const target = new URL(url);
  const method = body === null ? 'GET' : 'POST';
  const sent: Headers = [
    ['Host', target.host],
    ...(body === null ? [] : ([['Content-Type', 'application/json']] as const)),
    ...Object.entries(headers),
    ...(body === null ? [] : ([['Content-Length', String(body.length)]] as const)),
    ['Connection', 'keep-alive'],
  ];
  const started = performance.now();
  let isLate = false;
  const asked = (target.protocol === 'https:' ? httpsRequest : httpRequest)(
    target,
    { method, headers: sent.flat(), setDefaultHeaders: false },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', fail);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          body: Buffer.concat(chunks),
          networkMs: performance.now() - started,
          requestStart: `${method} ${target.pathname}${target.search} HTTP/1.1`,
          requestHeaders: sent,
          responseStart: `HTTP/${answer.httpVersion} ${answer.statusCode ?? 0} ${answer.statusMessage ?? ''}`,
          responseHeaders: pairs(answer.rawHeaders),
        }),
      );
    },
  );
  function fail(cause: Error): void {
    if (signal.aborted) reject(signal.reason as Error);
    else if (isLate) reject(new AppError('ANSWER_TIMEOUT', { seconds: timeoutMs / 1000 }, { cause }));
    else reject(new AppError('SERVER_UNREACHABLE', { address: target.host }, { cause }));
  }
  asked.once('error', fail);
  // A timer and a listener: signals that are made for each request cost a tenth of a small one's time.
  const stop = (): void => void asked.destroy(new Error('stopped'));
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, timeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  else asked.end(body ?? undefined);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  });
}
