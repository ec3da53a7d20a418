import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AppError } from '../../shared/contract/errors.ts';
import type { PredictAnswer, PredictRequest } from '../../shared/contract/predict.ts';
import { metaGraphFor, type SignatureInfo, type VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import { valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import { JsonSyntax, member, parseJson, type Json } from '../../shared/tensor/json.ts';
import { checkRequest } from '../../shared/tensor/requestCheck.ts';
import { summarizeTensor } from '../../shared/tensor/tensorSummary.ts';

/** What came back over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** From the first byte sent to the last byte received. */
  readonly networkMs: number;
}

/** POSTs a body as it is, or GETs where it is null. SERVER_UNREACHABLE where nothing answers; every HTTP status is an answer. */
export function sendRest(
  url: string,
  body: Buffer | null,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const started = performance.now();
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const headers = body === null ? {} : { 'content-type': 'application/json', 'content-length': body.length };
  const asked = (url.startsWith('https:') ? httpsRequest : httpRequest)(
    url,
    { method: body === null ? 'GET' : 'POST', signal: until, headers },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', fail);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks), networkMs: performance.now() - started }),
      );
    },
  );
  function fail(cause: Error): void {
    if (signal.aborted) reject(signal.reason as Error);
    else if (until.aborted)
      reject(new AppError('SERVER_REFUSED', { detail: `There was no answer within ${timeoutMs / 1000} s.` }, { cause }));
    else reject(new AppError('SERVER_UNREACHABLE', { address: new URL(url).host }, { cause }));
  }
  asked.once('error', fail);
  asked.end(body ?? undefined);
  return promise;
}

/** The signature that a request names, in the version that will answer. */
export function signatureOf(
  model: Pick<Model, 'versions' | 'name'>,
  tags: readonly string[],
  { signature, version }: { readonly signature: string; readonly version?: string | undefined },
): SignatureInfo {
  const chosen: VersionSummary | undefined =
    version === undefined ? model.versions[0] : model.versions.find((one) => one.version === version);
  const graph = chosen === undefined ? undefined : metaGraphFor(chosen, tags);
  if (chosen === undefined && version !== undefined) {
    const known = model.versions.map((one) => one.version).join(', ') || 'none';
    throw new AppError('VERSION_NOT_FOUND', { version, name: model.name, known });
  }
  return signatureIn(graph?.signatures ?? {}, signature);
}

/** A signature by its name. SIGNATURE_NOT_FOUND tells the names there are. */
export function signatureIn(signatures: Readonly<Record<string, SignatureInfo>>, signature: string): SignatureInfo {
  const found = Object.hasOwn(signatures, signature) ? signatures[signature] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(signatures).filter((name) => name !== '__saved_model_init_op');
  throw new AppError('SIGNATURE_NOT_FOUND', { signature, known: known.join(', ') || 'none' });
}

/** Examples go to the signature's own method; tensors to predict, whatever it is. */
export function methodOf(signature: SignatureInfo | null, body: string | Buffer): 'predict' | 'classify' | 'regress' {
  const own = /(classify|regress)$/.exec(signature?.method_name ?? '')?.[1] as 'classify' | 'regress' | undefined;
  return own !== undefined && typeof body === 'string' && /"examples"\s*:/.test(body) ? own : 'predict';
}

/** Named output tensors of an answer: rows are put together by name, one unnamed output takes the signature's. */
export function outputsOf(answer: Json, signature: SignatureInfo | null): readonly (readonly [string, Json])[] {
  const names = Object.keys(signature?.outputs ?? {});
  const [predictions, outputs, results] = [
    member(answer, 'predictions'),
    member(answer, 'outputs'),
    member(answer, 'results') ?? member(answer, 'result'),
  ];
  if (results !== undefined) return [['results', results]];
  if (outputs !== undefined) {
    return names.length > 1 && outputs.kind === 'object' ? outputs.entries : [[names[0] ?? 'outputs', outputs]];
  }
  if (predictions === undefined) return [];
  const rows = predictions.kind === 'list' ? predictions.items : [];
  const [first] = rows;
  if (names.length <= 1 || first?.kind !== 'object') return [[names[0] ?? 'predictions', predictions]];
  return first.entries.map(([name]) => [name, { kind: 'list', items: rows.map((row) => member(row, name) ?? { kind: 'null' }) }] as const);
}

/** `{base}[/versions/N|/labels/L]` */
export function versionUrl(
  base: string,
  { version, label }: { readonly version?: string | undefined; readonly label?: string | undefined },
): string {
  return version !== undefined ? `${base}/versions/${version}` : label !== undefined ? `${base}/labels/${encodeURIComponent(label)}` : base;
}

/**
 * Sends a body to `{base}[/versions/N|/labels/L]:method` and sums up the answer. Text is sent as it was typed, and checked first
 * where the signature is known: then REQUEST_MISMATCH is thrown before anything is sent, unless `insist`. Bytes were made from
 * tensors that fit. `maxChars` is how much of the answer's text is kept.
 */
export async function predictOver(
  base: string,
  signature: SignatureInfo | null,
  request: Pick<PredictRequest, 'insist' | 'timeoutMs' | 'version' | 'label' | 'signature'> & { readonly body: string | Buffer },
  { signal, now, maxChars }: { readonly signal: AbortSignal; readonly now: () => Date; readonly maxChars: number },
): Promise<PredictAnswer> {
  const started = performance.now();
  if (signature !== null && !request.insist && typeof request.body === 'string') {
    const check = checkRequest(signature, request.body);
    if (check.kind !== 'fits') throw new AppError('REQUEST_MISMATCH', { detail: check.misfits.map(({ message }) => message).join(' ') });
  }
  const url = `${versionUrl(base, request)}:${methodOf(signature, request.body)}`;
  const bytes = typeof request.body === 'string' ? Buffer.from(withSignatureName(request.body, request.signature)) : request.body;
  const encodeMs = performance.now() - started;
  const { status, body: answer, networkMs } = await sendRest(url, bytes, { signal, timeoutMs: request.timeoutMs });
  const decodeStarted = performance.now();
  const text = answer.toString('utf8');
  let json: Json = { kind: 'null' };
  try {
    json = parseJson(text);
  } catch (error) {
    // Shown raw: not every server answers JSON.
    if (!(error instanceof JsonSyntax)) throw error;
  }
  const ok = status >= 200 && status < 300;
  const error = member(json, 'error');
  const dtypeFor = (name: string): Dtype | null => {
    const info = signature?.outputs[name];
    return info === undefined ? null : valueDtype(info.dtype);
  };
  const outputs = ok ? outputsOf(json, signature).map(([name, value]) => summarizeTensor(name, dtypeFor(name), value)) : [];
  return {
    status,
    ok,
    url,
    outputs,
    error: ok ? null : error?.kind === 'string' ? error.value : text.slice(0, 2_000) || `HTTP ${status}`,
    rawText: text.slice(0, maxChars),
    rawCut: text.length > maxChars,
    requestBytes: bytes.length,
    responseBytes: answer.length,
    encodeMs,
    networkMs,
    decodeMs: performance.now() - decodeStarted,
    at: now().toISOString(),
  };
}

/** The server takes `serving_default` where a body names no signature: another one is put in. Other text stays as typed. */
export function withSignatureName(body: string, signature: string): string {
  if (signature === 'serving_default' || /"signature_name"\s*:/.test(body)) return body;
  return body.replace(/^\s*\{/, `{"signature_name": ${JSON.stringify(signature)}, `);
}

/** Where a serving of ours is asked, and the signature that will answer; null where its model is not known. SERVER_UNREACHABLE where it does not serve. */
export function servedAt(
  { name, plan, state }: Serving,
  model: Model | undefined,
  request: { readonly signature: string; readonly version?: string | undefined },
): { readonly rest: string; readonly grpc: string; readonly signature: SignatureInfo | null } {
  const rest = `http://127.0.0.1:${plan.restPort}/v1/models/${encodeURIComponent(name)}`;
  if (state.kind !== 'serving') throw new AppError('SERVER_UNREACHABLE', { address: `127.0.0.1:${plan.restPort}` });
  // A folder that is mounted as a version has no number of its own.
  const version =
    model?.mountAs === null
      ? (request.version ?? state.versions[0])
      : request.version === model?.mountAs.version
        ? undefined
        : request.version;
  const signature = model === undefined ? null : signatureOf(model, plan.tags, { signature: request.signature, version });
  return { rest, grpc: `127.0.0.1:${plan.grpcPort}`, signature };
}
