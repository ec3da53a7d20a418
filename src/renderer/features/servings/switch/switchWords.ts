import type { Serving } from '../../../../shared/contract/serving.ts';
import { answeringVersion } from '../../../../shared/contract/servedState.ts';
import type { ServedState, SwitchTarget, VersionSwitch } from '../../../../shared/contract/switching.ts';

/** `v3`, `v3, v2`; empty where there is none. */
export const versionList = (versions: readonly string[]): string => versions.map((version) => `v${version}`).join(', ');

/** From what answers to what will; where that is the same, from all that is served. */
export function switchTitle(
  { from, to }: VersionSwitch,
  t: (key: 'switch.steps' | 'switch.stepsSame', values: Readonly<Record<string, string>>) => string,
): string {
  const [old, next] = [versionList(from.versions), versionList(to.versions)];
  if (old === next) return t('switch.stepsSame', { next });
  const [first, last] = [versionList(from.versions.slice(0, 1)), versionList(to.versions.slice(0, 1))];
  return first === last ? t('switch.steps', { old, next }) : t('switch.steps', { old: first, next: last });
}

/** Loaded by a switch that is under way: not served yet. */
export const isTried = (current: VersionSwitch | null, version: string): boolean =>
  current?.state === 'running' && current.to.versions.includes(version) && !current.from.versions.includes(version);

/** What a running serving serves: until a switch is done, what it began with. Newest first. */
export function servedNow({
  plan,
  state,
  switching,
}: Pick<Serving, 'plan' | 'state' | 'switching'>): Pick<ServedState, 'versions' | 'labels'> {
  const { current } = switching;
  if (state.kind !== 'serving') return { versions: [], labels: {} };
  if (current?.state === 'running') return current.from;
  const { mode, admitted = [], labels = {} } = plan.served ?? {};
  return { versions: mode === 'guarded' ? admitted : state.versions, labels };
}

/** The version of a running serving that answers a request without version or label. */
export const answersNow = (serving: Parameters<typeof servedNow>[0]): string | null => answeringVersion(servedNow(serving));

/** What serving one version means: the newest one is the latest, with what follows it; another is served alone. */
export const serveTarget = (version: string, newest: string | undefined): SwitchTarget =>
  version === newest ? { kind: 'latest' } : { kind: 'pin', versions: [version] };
