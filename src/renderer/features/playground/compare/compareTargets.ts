import type { CompareSide } from '../../../../shared/contract/compareAnswers.ts';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { numberOf, type Model } from '../../../../shared/contract/state.ts';

/** Another way to ask the same, beside the one that is chosen. */
export type OtherTarget =
  | { readonly kind: 'version'; readonly version: string; readonly served: boolean; readonly label: string | null }
  | { readonly kind: 'protocol'; readonly mode: 'auto' | 'grpc' }
  | { readonly kind: 'engine'; readonly backend: 'serving' | 'embedded' };

const newestFirst = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? 1 : BigInt(a) > BigInt(b) ? -1 : 0);

/** The version that a side asks; null where none is served. */
export function askedVersion({ version, label }: CompareSide, { state, plan }: Serving): string | null {
  if (version !== undefined) return version;
  if (label !== undefined) return plan.served?.labels[label] ?? null;
  return state.kind === 'serving' ? (state.versions.toSorted(newestFirst)[0] ?? null) : null;
}

/** What can stand beside the present choice: other versions, the one before it first; the other protocol; the other engine. */
export function otherTargets(present: CompareSide, serving: Serving, model: Model | undefined): readonly OtherTarget[] {
  const asked = askedVersion(present, serving);
  const served = serving.state.kind === 'serving' ? serving.state.versions : [];
  const known = new Set([...served, ...(model?.versions.map((one) => numberOf(model, one)) ?? [])]);
  const labels = Object.entries(serving.plan.served?.labels ?? {});
  const versions = [...known].filter((version) => version !== asked).toSorted(newestFirst);
  const before = versions.find((version) => asked !== null && BigInt(version) < BigInt(asked)) ?? versions[0];
  const ordered = before === undefined ? versions : [before, ...versions.filter((version) => version !== before)];
  return [
    ...ordered.map((version) => ({
      kind: 'version' as const,
      version,
      served: served.includes(version),
      label: labels.find(([, one]) => one === version)?.[0] ?? null,
    })),
    { kind: 'protocol', mode: present.mode === 'grpc' ? 'auto' : 'grpc' },
    ...(serving.engine === 'docker'
      ? [{ kind: 'engine' as const, backend: present.backend === 'embedded' ? ('serving' as const) : ('embedded' as const) }]
      : []),
  ];
}

/** Both sides in the order they are read: the lower version first, else the present choice first. */
export function sidesOf(present: CompareSide, other: OtherTarget, serving: Serving): readonly [CompareSide, CompareSide] {
  if (other.kind === 'protocol') return [present, { ...present, mode: other.mode }];
  if (other.kind === 'engine') return [present, { ...present, backend: other.backend }];
  const { label: _, ...rest } = present;
  const beside: CompareSide = { ...rest, version: other.version };
  const asked = askedVersion(present, serving);
  return asked !== null && BigInt(other.version) < BigInt(asked) ? [beside, present] : [present, beside];
}
