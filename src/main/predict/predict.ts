import { AppError } from '../../shared/contract/errors.ts';
import { metaGraphFor, type SignatureInfo, type VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import { checkRequest } from '../../shared/tensor/requestCheck.ts';
import { askRest, type AskOptions, type Exchange, type Method } from './exchange.ts';

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
export function methodOf(signature: SignatureInfo | null, body: unknown): Method {
  const own = /(classify|regress)$/.exec(signature?.method_name ?? '')?.[1] as 'classify' | 'regress' | undefined;
  return own !== undefined && typeof body === 'string' && /"examples"\s*:/.test(body) ? own : 'predict';
}

/** Which version is asked: one of the two, or the server's own choice. */
export interface Which {
  readonly version?: string | undefined;
  readonly label?: string | undefined;
}

/** `{base}[/versions/N|/labels/L]` */
export function versionUrl(base: string, { version, label }: Which): string {
  return version !== undefined ? `${base}/versions/${version}` : label !== undefined ? `${base}/labels/${encodeURIComponent(label)}` : base;
}

/**
 * Sends a body to `{base}[/versions/N|/labels/L]:method`. Text is sent as it was typed, and checked first where the signature is
 * known: then REQUEST_MISMATCH is thrown before anything is sent, unless `insist`. Bytes were made from tensors that fit.
 */
export async function predictOver(
  base: string,
  signature: SignatureInfo | null,
  request: Which & { readonly signature: string; readonly insist: boolean; readonly body: string | Buffer | (() => Buffer) },
  options: AskOptions,
): Promise<Exchange> {
  const { body, insist } = request;
  if (signature !== null && !insist && typeof body === 'string') {
    const check = checkRequest(signature, body);
    if (check.kind !== 'fits') throw new AppError('REQUEST_MISMATCH', { detail: check.misfits.map(({ message }) => message).join(' ') });
  }
  const bytes = (): Buffer =>
    typeof body === 'string' ? Buffer.from(withSignatureName(body, request.signature)) : typeof body === 'function' ? body() : body;
  return askRest({ url: versionUrl(base, request), method: methodOf(signature, body), body: bytes, signature }, options);
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
  const signature = signatureAt({ plan }, model, {
    ...request,
    version: request.version ?? (model?.mountAs === null ? state.versions[0] : undefined),
  });
  return { rest, grpc: `127.0.0.1:${plan.grpcPort}`, signature };
}

/** The signature of the version that answers; null where the model is not known. */
export function signatureAt(
  { plan }: Pick<Serving, 'plan'>,
  model: Model | undefined,
  { signature, version }: { readonly signature: string; readonly version?: string | undefined },
): SignatureInfo | null {
  if (model === undefined) return null;
  // A folder that is mounted as a version has no number of its own.
  const number = version === model.mountAs?.version ? undefined : version;
  return signatureOf(model, plan.tags, { signature, version: number });
}
