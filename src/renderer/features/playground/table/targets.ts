import type { Serving } from '../../../../shared/contract/serving.ts';
import type { Model } from '../../../../shared/contract/state.ts';
import type { TableTarget } from '../../../../shared/contract/tables.ts';

/** How it is asked: the serving over REST or gRPC, or the embedded engine in its stead. */
export type Over = 'rest' | 'grpc' | 'embedded';

/** Who is asked in a comparison, as it is chosen. */
export interface Target {
  readonly servingId: string;
  /** null: the latest that is served. */
  readonly version: string | null;
  readonly over: Over;
}

const newestFirst = (a: string, b: string): number => (BigInt(b) > BigInt(a) ? 1 : BigInt(b) < BigInt(a) ? -1 : 0);

/** Versions that a target can ask: those served, or for the engine beside it all that there are. Newest first. */
export function versionsOf(serving: Serving | undefined, models: readonly Model[], over: Over): readonly string[] {
  const served = serving?.state.kind === 'serving' ? serving.state.versions : [];
  const model = models.find(({ id }) => id === serving?.modelId);
  const there = over === 'embedded' && model?.mountAs === null ? model.versions.flatMap(({ version }) => version ?? []) : [];
  return [...new Set([...served, ...there])].toSorted(newestFirst);
}

/** The other one that is most likely meant: the version before, else another way to ask the same. */
export function otherTarget(one: Target, serving: Serving, models: readonly Model[]): Target {
  const served = versionsOf(serving, models, one.over);
  const present = one.version ?? served[0];
  const before = served[served.indexOf(present ?? '') + 1] ?? served.find((version) => version !== present);
  if (before !== undefined) return { ...one, version: before };
  const there = versionsOf(serving, models, 'embedded').find((version) => version !== present);
  if (there !== undefined && serving.engine === 'embedded') return { ...one, version: there, over: 'embedded' };
  return { ...one, over: serving.engine === 'docker' && one.over !== 'embedded' ? 'embedded' : one.over === 'grpc' ? 'rest' : 'grpc' };
}

export const sameTarget = (a: Target, b: Target, newest: string | undefined): boolean =>
  a.servingId === b.servingId && a.over === b.over && (a.version ?? newest) === (b.version ?? newest);

/** How it is sent. */
export const wireTarget = (
  { servingId, version, over }: Target,
  signature: string,
): Pick<TableTarget, 'servingId' | 'signature' | 'backend' | 'mode'> & { readonly version?: string } => ({
  servingId,
  signature,
  backend: over === 'embedded' ? 'embedded' : 'serving',
  mode: over === 'grpc' ? 'grpc' : 'auto',
  ...(version === null ? {} : { version }),
});
