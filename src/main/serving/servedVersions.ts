import { AppError } from '../../shared/contract/errors.ts';
import { descending, usableVersions, wantedOf } from '../../shared/contract/servedState.ts';
import type { ServingPlan, VersionPolicy } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { ServedState, SwitchTarget } from '../../shared/contract/switching.ts';

/** What a guarded server is told to load when it starts; empty where the folder holds nothing that would serve, or it is not guarded. */
export function admittedAtStart(
  model: Pick<Model, 'versions'>,
  { versions, served }: Pick<ServingPlan, 'versions' | 'served'>,
  tags: readonly string[],
): string[] {
  if (served?.mode !== 'guarded') return [];
  const usable = usableVersions(model, tags);
  const chosen = versions.kind === 'latest' ? usable.slice(0, 1) : versions.kind === 'all' ? usable : versions.versions;
  return chosen.length === 0 ? [] : descending([...chosen, ...Object.values(served.labels)]);
}

type Plan = Pick<ServingPlan, 'name' | 'versions' | 'served'>;

/** What a plan serves; `answering` are the versions that the server has loaded, for a server that follows its folder. SWITCH_FIXED where it cannot be changed. */
export function stateOf({ name, versions: policy, served }: Plan, answering: readonly string[]): ServedState {
  if (served === undefined) throw new AppError('SWITCH_FIXED', { name });
  const { mode, labels, admitted } = served;
  const versions = mode === 'guarded' ? wantedOf(policy, labels, admitted) : descending(answering);
  return { mode, policy, versions, labels };
}

/** What a target asks for: the next state, and what stays loaded beside it. */
export interface NextServed {
  readonly to: ServedState;
  /** Of those loaded before; always lower than what answers, else the server would answer with them. */
  readonly keep: readonly string[];
}

/** Leads from what is served to what a target asks for. `back` is where a return leads to. Refuses with VERSION_NOT_FOUND and others. */
export function nextServed(
  plan: Plan & Pick<ServingPlan, 'tags'>,
  from: ServedState,
  target: SwitchTarget,
  { model, back }: { readonly model: Pick<Model, 'versions'>; readonly back: (entryId: number | null) => ServedState },
): NextServed {
  const usable = usableVersions(model, plan.tags);
  const { labels } = from;
  const loaded = plan.served?.mode === 'guarded' ? plan.served.admitted : from.versions;
  /** With what answered before kept for going back, where the server would not prefer it. */
  const guarded = (policy: VersionPolicy, versions: readonly string[], given: ServedState['labels'] = labels): NextServed => {
    const all = descending([...versions, ...Object.values(given)]);
    const top = all[0] ?? '0';
    const keep = from.versions.filter((one) => loaded.includes(one) && !all.includes(one) && BigInt(one) < BigInt(top));
    return { to: { mode: 'guarded', policy, versions: all, labels: given }, keep };
  };
  const follow = (policy: VersionPolicy): NextServed => {
    const [name] = Object.keys(labels);
    if (name !== undefined) throw new AppError('LABELS_NEED_GUARDED', { label: name });
    const versions = policy.kind === 'latest' ? usable.slice(0, 1) : policy.kind === 'all' ? usable : descending(policy.versions);
    return { to: { mode: 'follow', policy, versions, labels: {} }, keep: [] };
  };
  const by = (policy: VersionPolicy, versions: readonly string[]): NextServed =>
    from.mode === 'follow' ? follow(policy) : guarded(policy, versions);
  const noVersion = (): never => {
    throw new AppError('NO_VERSION_FOUND', { detail: 'None of its versions would serve.' });
  };
  const newest = (): string => usable[0] ?? noVersion();

  switch (target.kind) {
    case 'latest':
      return by({ kind: 'latest' }, [newest()]);
    case 'all':
      return by({ kind: 'all' }, usable.length === 0 ? noVersion() : usable);
    case 'pin':
      return by({ kind: 'specific', versions: descending(target.versions) }, target.versions);
    case 'label': {
      if (from.mode === 'follow') throw new AppError('LABELS_NEED_GUARDED', { label: target.label });
      const { [target.label]: _, ...others } = labels;
      const given = target.version === null ? others : { ...others, [target.label]: target.version };
      const { policy } = from;
      const chosen = policy.kind === 'latest' ? from.versions.slice(0, 1) : policy.kind === 'all' ? from.versions : policy.versions;
      return guarded(policy, chosen, given);
    }
    case 'mode':
      return target.mode === 'follow' ? follow(from.policy) : guarded(from.policy, from.versions);
    case 'unload-kept':
      return { to: from, keep: [] };
    default: {
      const { mode, policy, versions, labels: given } = back(target.kind === 'entry' ? target.entryId : null);
      if (mode === 'follow') return follow(policy);
      // What is newer than a state that is returned to would come back at once by "the latest" and by "all".
      const isWhole =
        policy.kind === 'specific' ||
        (policy.kind === 'latest' ? versions[0] === usable[0] : usable.every((one) => versions.includes(one)));
      const labelled = new Set(Object.values(given));
      const chosen = versions.filter((one, index) => index === 0 || !labelled.has(one));
      return guarded(isWhole ? policy : { kind: 'specific', versions: chosen }, versions, given);
    }
  }
}
