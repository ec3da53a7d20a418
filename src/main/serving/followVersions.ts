import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/contract/errors.ts';
import type { VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Serving, ServingPlan } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import { descending, keptOf, problemOf, usableVersions } from '../../shared/contract/servedState.ts';
import type { HeldVersion } from '../../shared/contract/switching.ts';
import { asAppError } from '../incident.ts';
import type { StateHub } from '../stateHub.ts';
import type { ModelConfig } from '../tfserving/modelServerConfig.ts';
import type { Ledger } from './ledger.ts';
import { basePathInServer, modelConfigOf, specific } from './modelConfig.ts';
import { reload, trialName, untilAvailable, type SwitchedServer } from './runSwitch.ts';
import { serverIdOf } from './sharedServer.ts';
import type { Switches } from './switches.ts';

/** Does something after a while, unless the answer is called before. */
export type Later = (ms: number, act: () => void) => () => void;

/** By the system's clock; nothing waits for it at the program's end. */
export const systemLater: Later = (ms, act) => {
  const timer = setTimeout(act, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/** What is kept for going back is unloaded after so long. */
const keepMs = 15 * 60_000;
/** A server that follows its folder looks at it once a second; it is asked as often what came of it. */
const followEveryMs = 1_000;
/** After so long a server has seen that a version is not wanted any more, and forgotten that its load failed. */
const forgetMs = 2_500;

/** Changes with a version's files. */
const stampOf = ({ files, fingerprint }: VersionSummary): string =>
  createHash('sha256')
    .update(JSON.stringify([files, fingerprint]))
    .digest('hex');

/** A load that failed before the version was known to be complete: it is tried again as soon as that is known. */
const unread = 'unread';

/**
 * Watches what comes into the folders of running servers: admits new versions to guarded ones, says which are held back and why,
 * finds and mends what a server that follows its folder failed to load, and settles switches that a crash interrupted. Ends with `signal`.
 */
export async function followVersions({
  hub,
  ledger,
  switches,
  look,
  now,
  later,
  signal,
}: {
  readonly hub: StateHub;
  readonly ledger: Ledger;
  readonly switches: Switches;
  readonly look: (id: string) => Promise<void>;
  readonly now: () => Date;
  readonly later: Later;
  readonly signal: AbortSignal;
}): Promise<void> {
  const unsettled = new Set(hub.state.servings.filter(({ switching }) => switching.current?.state === 'running').map(({ id }) => id));
  const followed = new Set<string>();
  /** What came of a version that was let in is not known yet: until then it is not let in again. */
  const admitting = new Set<string>();
  const kept = new Map<string, { readonly key: string; readonly forget: () => void }>();

  const versionsOf = (serving: Serving): readonly string[] => (serving.state.kind === 'serving' ? serving.state.versions : []);

  /** Says what is held; what was said before keeps its time. Answers what is new. */
  function hold({ id, switching }: Serving, found: readonly Omit<HeldVersion, 'at'>[]): readonly HeldVersion[] {
    const at = now().toISOString();
    const same = (a: Omit<HeldVersion, 'at'>, b: HeldVersion): boolean =>
      a.version === b.version && a.stamp === b.stamp && JSON.stringify(a.why) === JSON.stringify(b.why);
    const held = found.map((one): HeldVersion => ({ ...one, at: switching.held.find((other) => same(one, other))?.at ?? at }));
    if (JSON.stringify(held) !== JSON.stringify(switching.held)) {
      const { switching: latest } = ledger.find(id);
      ledger.change(id, { switching: { ...latest, held } });
    }
    return held.filter((one) => !switching.held.some((other) => same(one, other)));
  }

  /** Versions of the folder that a policy would serve and that are not: incomplete, broken, or refused before and not changed since. */
  function heldIn(serving: Serving, model: Model): readonly Omit<HeldVersion, 'at'>[] {
    const { plan, switching } = serving;
    if (plan.versions.kind === 'specific') return [];
    const loaded = versionsOf(serving);
    const top = BigInt(descending(loaded)[0] ?? 0);
    const isAwaited = (version: string): boolean => !loaded.includes(version) && (plan.versions.kind === 'all' || BigInt(version) > top);
    const incomplete = model.record.arriving.flatMap(({ version, missing: [problem] }) =>
      isAwaited(version) && problem !== undefined ? [{ version, stamp: unread, why: { kind: 'incomplete', problem } as const }] : [],
    );
    const others = model.versions.flatMap((one): readonly Omit<HeldVersion, 'at'>[] => {
      if (one.version === null || !isAwaited(one.version)) return [];
      const stamp = stampOf(one);
      const problem = problemOf(one, plan.tags);
      if (problem !== null) return [{ version: one.version, stamp, why: { kind: 'broken', problem } }];
      const refused = switching.held.find(
        (other) => other.version === one.version && other.stamp === stamp && other.why.kind === 'refused',
      );
      return refused === undefined ? [] : [refused];
    });
    return [...incomplete, ...others].toSorted((a, b) => (BigInt(a.version) < BigInt(b.version) ? 1 : -1));
  }

  /** Admits what has become complete, one switch after the other. */
  async function admit(serving: Serving, model: Model): Promise<void> {
    const { id, plan } = serving;
    for (const { version, why } of hold(serving, heldIn(serving, model)))
      if (why.kind === 'broken')
        switches.note(serving, {
          by: 'automatic',
          cause: 'appeared',
          outcome: 'refused',
          reason: `v${version}: ${why.problem.message} ${why.problem.advice}`,
          refusal: { versions: [version], why },
        });
    if (plan.versions.kind === 'specific') return;
    const without = new Set(ledger.find(id).switching.held.map(({ version }) => version));
    const admitted = plan.served?.admitted ?? [];
    const usable = usableVersions(model, plan.tags).filter((version) => !without.has(version));
    // What was admitted may be gone from the folder: then whatever comes is the latest.
    const isGone = versionsOf(serving).length === 0 && !admitted.some((version) => usable.includes(version));
    const top = isGone ? -1n : BigInt(admitted[0] ?? 0);
    const fresh = usable.filter((version) => (plan.versions.kind === 'all' ? !admitted.includes(version) : BigInt(version) > top));
    const [newest] = fresh;
    if (newest === undefined) return;
    // What the record says may be older than what runs.
    await look(id);
    if (ledger.find(id).state.kind !== 'serving' || switches.isRunning(id) || admitting.has(id)) return;
    const target = plan.versions.kind === 'all' ? ({ kind: 'all' } as const) : ({ kind: 'latest' } as const);
    const { finished } = switches.begin(id, target, { by: 'automatic', cause: 'appeared', reason: '', anyway: false, without });
    admitting.add(id);
    const told = finished.catch((error: unknown) => {
      if (signal.aborted || !(error instanceof AppError)) return;
      // A refused one is not tried again until its files change.
      const refused = fresh.flatMap((version) => {
        const known = model.versions.find((one) => one.version === version);
        const why = { kind: 'refused', problem: error.report() } as const;
        return known === undefined ? [] : [{ version, stamp: stampOf(known), why }];
      });
      const after = ledger.find(id);
      hold(after, [...after.switching.held.filter(({ version }) => !fresh.includes(version)), ...refused]);
    });
    void told
      .finally(() => admitting.delete(id))
      // What came meanwhile was passed over.
      .then(() => observeNow(id))
      .catch((error: unknown) => void (signal.aborted || asAppError(error)));
  }

  /** Looks at a server that follows its folder until it no longer does: what it failed to load is told, and loaded once it can be. */
  async function watchFollower(id: string): Promise<void> {
    while (!signal.aborted) {
      await wait(followEveryMs, undefined, { signal });
      const serving = hub.state.servings.find((one) => one.id === id);
      if (serving?.state.kind !== 'serving' || serving.plan.served?.mode !== 'follow') return;
      if (switches.isRunning(id)) continue;
      await lookAtFollower(serving).catch((error: unknown) => {
        if (!signal.aborted) asAppError(error);
      });
    }
  }

  async function lookAtFollower(serving: Serving): Promise<void> {
    const { id, name, plan } = serving;
    const model = hub.state.models.find((one) => one.id === serving.modelId);
    if (model === undefined) return;
    using server = switches.open(serving);
    const all = await server.grpc.fetchStatus(name, { signal });
    const heldBefore = (version: string): HeldVersion | undefined => serving.switching.held.find((one) => one.version === version);
    const found = all.flatMap(({ version, state, errorCode, errorMessage }): readonly Omit<HeldVersion, 'at'>[] => {
      const before = heldBefore(version);
      if (state === 'END' && errorCode !== 0 && isThere(model, version)) {
        const problem = new AppError('LOAD_FAILED', { detail: errorMessage }).report();
        return [{ version, stamp: before?.why.kind === 'refused' ? before.stamp : unread, why: { kind: 'refused', problem } }];
      }
      if (state !== 'AVAILABLE') return [];
      // A graph whose weights have not come yet loads all the same, and fails when it is asked.
      const problem = model.record.arriving.find((one) => one.version === version)?.missing[0];
      if (problem !== undefined) return [{ version, stamp: unread, why: { kind: 'incomplete', problem } }];
      return before?.why.kind === 'incomplete' && before.stamp === unread ? [before] : [];
    });
    for (const { version, why } of hold(serving, found))
      switches.note(serving, {
        by: 'automatic',
        cause: 'appeared',
        outcome: 'refused',
        reason: `v${version}: ${why.kind === 'refused' ? why.problem.advice : why.problem.message}`,
        refusal: { versions: [version], why },
      });
    const mended = found.flatMap((one) => {
      const known = model.versions.find(({ version }) => version === one.version);
      return known === undefined || problemOf(known, plan.tags) !== null || stampOf(known) === one.stamp
        ? []
        : [{ ...one, stamp: stampOf(known) }];
    });
    if (mended.length === 0) return;
    // It tries again only what it has been told to forget. What fails once more is held by its present files.
    hold(ledger.find(id), [...found.filter(({ version }) => !mended.some((one) => one.version === version)), ...mended]);
    const config = modelConfigOf(plan, basePathInServer(plan));
    const versions = mended.map(({ version }) => version);
    const others = usableVersions(model, plan.tags).filter((version) => !versions.includes(version));
    const answering = all
      .filter(({ state, version }) => state === 'AVAILABLE' && !versions.includes(version))
      .map(({ version }) => version);
    // "The latest" left what answers to be unloaded as soon as the new one is there: it cannot be asked for again before that, so
    // another one has to answer for the moment.
    const bridge = plan.versions.kind === 'latest' ? others.filter((version) => !answering.includes(version)).slice(0, 1) : answering;
    if (bridge.length === 0) return;
    await tryBeside(server, plan, versions);
    await reload(server, [{ ...config, versions: specific(bridge) }], signal);
    await untilAvailable(server, name, bridge, { signal });
    await wait(forgetMs, undefined, { signal });
    await reload(server, [config], signal);
    await wait(forgetMs, undefined, { signal });
    await look(id);
  }

  /** Loads versions under a name that nobody asks, and lets them go. Throws why they do not load. */
  async function tryBeside(server: SwitchedServer, plan: ServingPlan, versions: readonly string[]): Promise<void> {
    const basePath = basePathInServer(plan);
    const config = modelConfigOf(plan, basePath);
    const trial: ModelConfig = { name: trialName(plan.name), basePath, versions: specific(versions), labels: new Map() };
    try {
      await reload(server, [config, trial], signal);
    } catch (error) {
      await reload(server, [config], signal);
      throw error;
    }
    await untilAvailable(server, trial.name, versions, { signal });
    await reload(server, [config], signal);
  }

  const isThere = (model: Model, version: string): boolean =>
    model.versions.some((one) => one.version === version) || model.record.arriving.some((one) => one.version === version);

  function keep(serving: Serving): void {
    const key = keptOf(serving.plan).join();
    const timed = kept.get(serving.id);
    if (timed?.key === key) return;
    timed?.forget();
    kept.delete(serving.id);
    if (key === '') return;
    const forget = later(keepMs, () => {
      kept.delete(serving.id);
      const latest = hub.state.servings.find(({ id }) => id === serving.id);
      if (latest?.state.kind !== 'serving' || switches.isRunning(serving.id) || keptOf(latest.plan).join() !== key) return;
      switches.begin(serving.id, { kind: 'unload-kept' }, { by: 'automatic', cause: 'unloaded', reason: '', anyway: true });
    });
    kept.set(serving.id, { key, forget });
  }

  /** As it is now: it may have changed since. */
  async function observeNow(id: string): Promise<void> {
    const serving = signal.aborted ? undefined : hub.state.servings.find((one) => one.id === id);
    if (serving !== undefined) await observe(serving);
  }

  async function observe(serving: Serving): Promise<void> {
    const { id, state, plan } = serving;
    if (plan.served === undefined || switches.isRunning(id) || admitting.has(id)) return;
    if (unsettled.has(id) && (state.kind === 'serving' || state.kind === 'stopped' || state.kind === 'failed')) {
      await switches.recover(serving, { signal });
      unsettled.delete(id);
      return;
    }
    if (state.kind !== 'serving' || unsettled.has(id)) return;
    const isFirst = switches.history(id, 1).length === 0;
    const cause = isFirst ? 'started' : plan.served.mode === 'follow' ? 'appeared' : 'outside';
    switches.note(serving, { by: isFirst ? 'person' : 'automatic', cause, outcome: 'served', reason: '' });
    keep(serving);
    if (plan.served.mode === 'follow') {
      if (followed.has(id)) return;
      followed.add(id);
      void watchFollower(id)
        .catch((error: unknown) => void (signal.aborted || asAppError(error)))
        .finally(() => followed.delete(id));
      return;
    }
    const model = hub.state.models.find((one) => one.id === serving.modelId);
    if (model !== undefined) await admit(serving, model);
  }

  try {
    for await (const event of hub.watch({ signal })) {
      const seen =
        event.kind === 'snapshot' || event.kind === 'engine'
          ? hub.state.servings
          : event.kind === 'model'
            ? hub.state.servings.filter(({ modelId }) => modelId === event.model.id)
            : event.kind === 'serving'
              ? hub.state.servings.filter(({ plan }) => serverIdOf(plan) === serverIdOf(event.serving.plan))
              : [];
      for (const { id } of seen)
        await observeNow(id).catch((error: unknown) => {
          if (!signal.aborted) asAppError(error);
        });
    }
  } finally {
    for (const { forget } of kept.values()) forget();
  }
}
