import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { AppError } from '../../shared/contract/errors.ts';
import type { PredictAnswer } from '../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { inferTensor } from '../../shared/tensor/inferTensor.ts';
import { JsonSyntax, member, parseJson, type Json } from '../../shared/tensor/json.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { readPredictAnswer } from '../tfserving/predictRequest.ts';
import { sendRest, type Headers } from './sendRest.ts';

const pack = promisify(gzip);

/** One body as it went over the wire; `packed` is what gzip made of it. */
export interface WireSide {
  readonly start: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** One question and its answer, whole: the wire's bytes, and the outputs as tensors where the server answered them. */
export interface Exchange {
  readonly method: PredictAnswer['method'];
  readonly url: string;
  readonly status: number;
  readonly grpcStatus: string | null;
  readonly ok: boolean;
  /** The server's own text where it is not ok. */
  readonly error: string | null;
  readonly version: string | null;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly request: WireSide;
  readonly response: WireSide;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly encodeMs: number;
  readonly networkMs: number;
  readonly serverMs: number | null;
  readonly decodeMs: number;
}

export type Method = PredictAnswer['method'];

/** `server-timing: …;dur=12.3`, where a server or a proxy tells it. Source: W3C Server Timing. */
function serverTime(headers: Headers): number | null {
  const told = headers.find(([name]) => name.toLowerCase() === 'server-timing')?.[1];
  const ms = /(?:^|[;,\s])dur=(\d+(?:\.\d+)?)/.exec(told ?? '')?.[1];
  return ms === undefined ? null : Number(ms);
}

/** Classes and scores of each example, or a number each, as tensors. */
function resultTensors(results: Json): Readonly<Record<string, Tensor>> {
  const rows = results.kind === 'list' ? results.items : [];
  const part = (at: number): Json => ({
    kind: 'list',
    items: rows.map((row) => ({
      kind: 'list',
      items: row.kind === 'list' ? row.items.map((pair) => (pair.kind === 'list' ? (pair.items[at] ?? { kind: 'null' }) : pair)) : [],
    })),
  });
  const named: readonly (readonly [string, Tensor | null])[] =
    rows[0]?.kind === 'list'
      ? [
          ['classes', inferTensor('classes', part(0))],
          ['scores', scores(part(1))],
        ]
      : [['outputs', scores(results)]];
  return Object.fromEntries(named.flatMap(([name, tensor]) => (tensor === null ? [] : [[name, tensor] as const])));
}

/** TensorFlow Serving's scores and regressions are floats. */
function scores(json: Json): Tensor | null {
  const tensor = inferTensor('scores', json);
  return tensor === null || Array.isArray(tensor.data)
    ? null
    : { ...tensor, dtype: 'DT_FLOAT', data: Float32Array.from(tensor.data as Float64Array, Number) };
}

/** Named outputs of an answer of which nobody told the types: rows are put together by name. */
function looseOutputs(answer: Json): Readonly<Record<string, Tensor>> {
  const [predictions, outputs] = [member(answer, 'predictions'), member(answer, 'outputs')];
  const rows = predictions?.kind === 'list' ? predictions.items : [];
  const [first] = rows;
  const named: readonly (readonly [string, Json])[] =
    outputs !== undefined
      ? outputs.kind === 'object'
        ? outputs.entries
        : [['outputs', outputs]]
      : predictions === undefined
        ? []
        : first?.kind === 'object' && member(first, 'b64') === undefined
          ? first.entries.map(([name]) => [name, { kind: 'list', items: rows.map((row) => member(row, name) ?? { kind: 'null' }) }])
          : [['predictions', predictions]];
  return Object.fromEntries(
    named.flatMap(([name, json]) => {
      const tensor = inferTensor(name, json);
      return tensor === null ? [] : [[name, tensor] as const];
    }),
  );
}

function jsonOf(body: Buffer): Json {
  try {
    return parseJson(body.toString('utf8'));
  } catch (error) {
    // Shown raw: not every server answers JSON, and some strings are no UTF-8.
    if (error instanceof JsonSyntax) return { kind: 'null' };
    throw error;
  }
}

function restOutputs(body: Buffer, method: Method, signature: SignatureInfo | null): Readonly<Record<string, Tensor>> {
  if (method !== 'predict') {
    const json = jsonOf(body);
    return resultTensors(member(json, 'results') ?? member(json, 'result') ?? { kind: 'null' });
  }
  return (signature === null ? null : readPredictAnswer(body, signature)) ?? looseOutputs(jsonOf(body));
}

/** How long is waited, and what goes along. */
export interface AskOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly gzip?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a body to `{url}:method` and reads the answer in the signature's types. Fails as sendRest does. */
export async function askRest(
  {
    url,
    method,
    body,
    signature,
  }: { readonly url: string; readonly method: Method; readonly body: () => Buffer; readonly signature: SignatureInfo | null },
  { signal, timeoutMs, gzip: packs = false, headers = {} }: AskOptions,
): Promise<Exchange> {
  const started = performance.now();
  const plain = body();
  const sent = packs ? await pack(plain) : plain;
  const encodeMs = performance.now() - started;
  const address = `${url}:${method}`;
  const answer = await sendRest(address, sent, {
    signal,
    timeoutMs,
    headers: { ...headers, ...(packs ? { 'Content-Encoding': 'gzip' } : {}) },
  });
  const received = performance.now();
  const { status, body: response, networkMs, responseHeaders } = answer;
  const ok = status >= 200 && status < 300;
  const error = ok ? undefined : member(jsonOf(response), 'error');
  const outputs = ok ? restOutputs(response, method, signature) : {};
  return {
    method,
    url: address,
    status,
    grpcStatus: null,
    ok,
    error: ok ? null : error?.kind === 'string' ? error.value : response.toString('utf8', 0, 2_000) || `HTTP ${status}`,
    version: null,
    outputs,
    request: { start: answer.requestStart, headers: answer.requestHeaders, body: plain },
    response: { start: answer.responseStart, headers: responseHeaders, body: response },
    requestBytes: sent.length,
    responseBytes: response.length,
    encodeMs,
    networkMs,
    serverMs: serverTime(responseHeaders),
    decodeMs: performance.now() - received,
  };
}

/** Fails for an answer that is none. SERVER_REFUSED has the server's words. */
export function answered(exchange: Exchange): Exchange {
  if (exchange.ok) return exchange;
  const head = exchange.grpcStatus === null ? `HTTP ${exchange.status}` : `gRPC ${exchange.grpcStatus}`;
  throw new AppError('SERVER_REFUSED', { detail: `${head}: ${exchange.error ?? ''}` });
}
