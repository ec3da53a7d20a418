import { metaGraphFor, type Problem, type VersionSummary } from './savedModel.ts';
import type { ServingPlan, VersionPolicy } from './serving.ts';
import type { Model } from './state.ts';
import type { ServedState } from './switching.ts';

/** Highest first, each once: the order in which TensorFlow Serving prefers them. */
export const descending = (versions: Iterable<string>): string[] =>
  [...new Set(versions)].toSorted((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1));

/** Why a version would not serve with these tags; null where nothing is known against it. */
export function problemOf(version: VersionSummary, tags: readonly string[]): Problem | null {
  const otherTags = metaGraphFor(version, tags) !== undefined;
  return version.problems.find(({ code, severity }) => severity === 'error' && !(code === 'NO_SERVE_TAG' && otherTags)) ?? null;
}

/** The numbers of the versions that would serve, highest first. */
export const usableVersions = (model: Pick<Model, 'versions'>, tags: readonly string[]): string[] =>
  descending(model.versions.flatMap((one) => (one.version !== null && problemOf(one, tags) === null ? [one.version] : [])));

/** What of the admitted versions is asked for: the rest is only kept for going back. */
export function wantedOf(policy: VersionPolicy, labels: Readonly<Record<string, string>>, admitted: readonly string[]): string[] {
  const chosen = policy.kind === 'latest' ? admitted.slice(0, 1) : policy.kind === 'all' ? admitted : policy.versions;
  return descending([...chosen, ...Object.values(labels)]);
}

/** Loaded, but only for going back. */
export const keptOf = ({ versions: policy, served }: Pick<ServingPlan, 'versions' | 'served'>): string[] =>
  served?.mode === 'guarded'
    ? served.admitted.filter((one) => policy.kind !== 'all' && !wantedOf(policy, served.labels, served.admitted).includes(one))
    : [];

/** The version that answers a request that names neither version nor label: TensorFlow Serving takes the highest that is loaded. */
export const answeringVersion = ({ versions }: Pick<ServedState, 'versions'>): string | null => versions[0] ?? null;

/** Whether two states serve the same in the same way. */
export function sameState(a: ServedState, b: ServedState): boolean {
  const key = ({ mode, policy, versions, labels }: ServedState): string =>
    JSON.stringify([mode, policy, versions, Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1))]);
  return key(a) === key(b);
}
