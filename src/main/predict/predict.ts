import { Agent, request as httpRequest } from 'node:http';
import { AppError } from '../../shared/contract/errors.ts';
import type { PredictAnswer, PredictRequest } from '../../shared/contract/predict.ts';
import { metaGraphFor, type SignatureInfo, type VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import { valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import { JsonSyntax, member, parseJson, type Json } from '../../shared/tensor/json.ts';
import { checkRequest } from '../../shared/tensor/requestCheck.ts';
import { summarizeTensor } from '../../shared/tensor/tensorSummary.ts';

const keepAlive = new Agent({ keepAlive: true, maxSockets: 16 });
/** More of an answer is not shown as text. */
const shownBytes = 1_000_000;

/** What came back over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** From the first byte sent to the last byte received. */
  readonly networkMs: number;
}

/** POSTs a body as it is. Fails with SERVER_UNREACHABLE where nothing answers; every HTTP status is an answer. */
export function postJson(
  url: string,
  body: Buffer,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const started = performance.now();
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const asked = httpRequest(
    url,
    { method: 'POST', agent: keepAlive, signal: until, headers: { 'content-type': 'application/json', 'content-length': body.length } },
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
  asked.end(body);
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
  const found = graph?.signatures[signature];
  if (found === undefined)
    throw new AppError('SIGNATURE_NOT_FOUND', { signature, known: Object.keys(graph?.signatures ?? {}).join(', ') || 'none' });
  return found;
}

const methodOf = (signature: SignatureInfo | null): 'predict' | 'classify' | 'regress' =>
  signature?.method_name.endsWith('/classify') === true
    ? 'classify'
    : signature?.method_name.endsWith('/regress') === true
      ? 'regress'
      : 'predict';

/** Named output tensors of an answer: rows are put together by name, one unnamed output takes the signature's. */
function outputsOf(answer: Json, signature: SignatureInfo | null): readonly (readonly [string, Json])[] {
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

/**
 * Sends a body as it was typed to `{base}[/versions/N|/labels/L]:method` and sums up the answer. `signature` is null where it is
 * not known: then nothing is checked first. Throws REQUEST_MISMATCH before anything is sent, unless `insist`.
 */
export async function predictOver(
  base: string,
  signature: SignatureInfo | null,
  request: Pick<PredictRequest, 'body' | 'insist' | 'timeoutMs' | 'version' | 'label' | 'signature'>,
  { signal, now }: { readonly signal: AbortSignal; readonly now: () => Date },
): Promise<PredictAnswer> {
  const started = performance.now();
  const body = signature === null ? request.body : withSignatureName(request.body, request.signature);
  if (signature !== null && !request.insist) {
    const check = checkRequest(signature, request.body);
    if (check.kind !== 'fits') throw new AppError('REQUEST_MISMATCH', { detail: check.misfits.map(({ message }) => message).join(' ') });
  }
  const where =
    request.version !== undefined
      ? `/versions/${request.version}`
      : request.label !== undefined
        ? `/labels/${encodeURIComponent(request.label)}`
        : '';
  const url = `${base}${where}:${methodOf(signature)}`;
  const bytes = Buffer.from(body);
  const encodeMs = performance.now() - started;
  const { status, body: answer, networkMs } = await postJson(url, bytes, { signal, timeoutMs: request.timeoutMs });
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
    rawText: text.slice(0, shownBytes),
    rawCut: text.length > shownBytes,
    requestBytes: bytes.length,
    responseBytes: answer.length,
    encodeMs,
    networkMs,
    decodeMs: performance.now() - decodeStarted,
    at: now().toISOString(),
  };
}

/** The server takes `serving_default` where a body names no signature: another one is put in. Other text stays as typed. */
function withSignatureName(body: string, signature: string): string {
  if (signature === 'serving_default' || /"signature_name"\s*:/.test(body)) return body;
  return body.replace(/^\s*\{/, `{"signature_name": ${JSON.stringify(signature)}, `);
}

/** One prediction of a window or a command from a serving of ours. */
export async function runPredict(
  request: PredictRequest,
  {
    serving,
    model,
    signal,
    now,
  }: { readonly serving: Serving; readonly model: Model | undefined; readonly signal: AbortSignal; readonly now: () => Date },
): Promise<PredictAnswer> {
  const base = `http://127.0.0.1:${serving.plan.restPort}/v1/models/${encodeURIComponent(serving.name)}`;
  if (serving.state.kind !== 'serving') throw new AppError('SERVER_UNREACHABLE', { address: `127.0.0.1:${serving.plan.restPort}` });
  const { versions } = serving.state;
  const version = request.version ?? (model?.mountAs === null ? versions[0] : undefined);
  const signature = model === undefined ? null : signatureOf(model, serving.plan.tags, { signature: request.signature, version });
  return predictOver(base, signature, request, { signal, now });
}
