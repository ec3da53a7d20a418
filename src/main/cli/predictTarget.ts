import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { ToRemember } from '../../shared/contract/history.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { LocalClient } from '../../shared/rpc/connectClient.ts';
import { servedAt, signatureIn, versionUrl } from '../predict/predict.ts';
import type { CommandIo } from './commandIo.ts';
import { fetchState, holdOpen, waitUntilServing } from './watchState.ts';
import { withOwner } from './withOwner.ts';

/** Which version is asked: one of the two, or the server's own choice. */
export interface Which {
  readonly version?: string;
  readonly label?: string;
}

/** One server that can be asked. */
export interface Target {
  /** `http://HOST:PORT/v1/models/NAME`; null where only gRPC is known. */
  readonly rest: string | null;
  /** `HOST:PORT`; null where only REST is known. */
  readonly grpc: string | null;
  readonly model: string;
  readonly which: Which;
  /** The named signature; null where the server does not tell its signatures. SIGNATURE_NOT_FOUND where it has no such one. */
  readonly signature: (name: string) => Promise<SignatureInfo | null>;
  /** Keeps a request in the history of the serving's model; null where it is none of ours. */
  readonly remember:
    | ((sent: { readonly request: Omit<ToRemember['request'], 'servingId'>; readonly outcome: ToRemember['outcome'] }) => Promise<void>)
    | null;
}

interface Asked {
  readonly which: Which;
  readonly timeoutMs: number;
}

/** `http(s)://HOST:PORT/v1/models/NAME` or `grpc://HOST:PORT/NAME`, either with `/versions/N` or `/labels/L`; null where it is neither. */
export function urlTarget(text: string, { which, timeoutMs }: Asked, { signal }: { readonly signal: AbortSignal }): Target | null {
  const url = URL.parse(text);
  if (url === null || url.host === '') return null;
  const isGrpc = url.protocol === 'grpc:';
  const path = /^(?<before>.*?)\/(?<name>[^/:]+)(?:\/(?<kind>versions|labels)\/(?<value>[^/:]+))?(?::\w+)?\/?$/.exec(url.pathname)?.groups;
  if (path === undefined) return null;
  const before = path['before'] ?? '';
  if (isGrpc ? before !== '' : !/^https?:$/.test(url.protocol) || !before.endsWith('/v1/models')) return null;
  const model = decodeURIComponent(path['name'] ?? '');
  const named = decodeURIComponent(path['value'] ?? '');
  const asked: Which = path['kind'] === 'versions' ? { version: named } : path['kind'] === 'labels' ? { label: named } : which;
  if (isGrpc) {
    const grpc = url.port === '' ? `${url.host}:8500` : url.host;
    const signature = async (name: string): Promise<SignatureInfo> => {
      const { fetchSignaturesOverGrpc } = await import('../predict/predictGrpc.ts');
      return signatureIn(await fetchSignaturesOverGrpc(grpc, { model, ...asked }, { signal, timeoutMs }), name);
    };
    return { rest: null, grpc, model, which: asked, signature, remember: null };
  }
  const rest = `${url.origin}${before}/${path['name'] ?? ''}`;
  const signature = async (name: string): Promise<SignatureInfo | null> => {
    const { fetchSignatures } = await import('../predict/fetchSignatures.ts');
    const told = await fetchSignatures(versionUrl(rest, asked), { signal, timeoutMs });
    return told === null ? null : signatureIn(told, name);
  };
  return { rest, grpc: null, model, which: asked, signature, remember: null };
}

async function servingTarget(client: LocalClient, serving: Serving, which: Which): Promise<Target> {
  const model = (await fetchState(client)).models.find(({ id }) => id === serving.modelId);
  // A version or a signature that is not there is told when the signature is asked for.
  const { rest, grpc } = servedAt(serving, undefined, { signature: '' });
  const signature = (name: string): Promise<SignatureInfo | null> =>
    Promise.resolve().then(() => servedAt(serving, model, { signature: name, ...which }).signature);
  const remember: Target['remember'] = ({ request, outcome }) =>
    client.local.remember({ request: { ...request, servingId: serving.id }, outcome });
  return { rest, grpc, model: serving.name, which, signature, remember };
}

/** A serving by its name, or a folder: one that is served already is taken, another is served for as long as `work` takes. */
export function withServing<T>(
  target: string,
  which: Which,
  io: CommandIo,
  work: (found: { readonly client: LocalClient; readonly serving: Serving }) => Promise<T>,
): Promise<T> {
  return withOwner(io, async ({ client }) => {
    const { servings } = await fetchState(client);
    const named = servings.find(({ name, id }) => name === target || id === target);
    if (named !== undefined) return work({ client, serving: named });
    const path = resolve(io.cwd, target);
    if (!existsSync(path))
      throw new AppError('SERVING_NOT_FOUND', { name: target, known: servings.map(({ name }) => name).join(', ') || 'none' });
    const model = await client.local.addPath({ path });
    const present = servings.find(({ modelId, state }) => modelId === model.id && state.kind === 'serving');
    if (present !== undefined) return work({ client, serving: present });
    const { servingId } = await client.servings.start({
      modelId: model.id,
      name: model.name,
      life: 'foreground',
      ...(which.version === undefined ? {} : { versions: { kind: 'specific', versions: [which.version] } }),
    });
    const end = new AbortController();
    void holdOpen(client, [servingId], end.signal);
    try {
      return await work({ client, serving: await waitUntilServing(client, servingId, io.signal) });
    } finally {
      end.abort();
      await client.servings.remove({ id: servingId });
    }
  });
}

/** The same as one that can be asked. */
export const withLocalTarget = <T>(target: string, { which }: Asked, io: CommandIo, work: (target: Target) => Promise<T>): Promise<T> =>
  withServing(target, which, io, async ({ client, serving }) => work(await servingTarget(client, serving, which)));
