import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/contract/errors.ts';
import type { CaseResult } from '../../shared/contract/cases.ts';
import type { VersionSummary } from '../../shared/contract/savedModel.ts';
import type { ServingPlan } from '../../shared/contract/serving.ts';
import { descending } from '../../shared/contract/servedState.ts';
import type { SwitchCases, SwitchStepId } from '../../shared/contract/switching.ts';
import { GrpcFailure, grpcStatus, type ServingGrpc, type VersionStatus } from '../tfserving/grpcClient.ts';
import type { ModelConfig } from '../tfserving/modelServerConfig.ts';
import { tryCanary } from './canary.ts';
import { basePathInServer, modelConfigOf, specific } from './modelConfig.ts';

const pollMs = 50;
/** A large model restores for minutes. */
const loadLimitMs = 15 * 60_000;

/** The saved cases of a model, asked of one version of what its server calls `as`. */
export type RunCases = (
  about: { readonly modelId: string; readonly servingId: string; readonly as: string; readonly version: string },
  options: { readonly signal: AbortSignal },
) => Promise<{ readonly count: number; readonly results: AsyncIterable<Pick<CaseResult, 'name' | 'outcome' | 'detail'>> }>;

/** How many failed cases are told one by one. */
const toldFailures = 20;

/** A server whose versions are changed, and what is asked of its surroundings. */
export interface SwitchedServer {
  readonly grpc: ServingGrpc;
  /** What the same server serves for others: a server unloads what it is not told. */
  beside(): readonly ModelConfig[];
  /** Throws why it ended, where it did. */
  checkAlive(signal: AbortSignal): Promise<void>;
  /** What is known of a version. */
  version(version: string): VersionSummary | undefined;
  readonly runCases: RunCases;
}

/** What is needed to look at a server again and again. */
type Asked = Pick<SwitchedServer, 'grpc' | 'checkAlive'>;

export type TellStep = (id: SwitchStepId, state: 'running' | 'done' | 'skipped', detail?: string) => void;

/** Newer versions are tried under this name: the server would answer with them at once under their model's own. */
export const trialName = (name: string): string => `${name}.trial`;

/** Looks at a model's versions until `pick` finds something; null where the server does not know the model. Throws why the server ended. */
async function until<T>(
  server: Asked,
  model: string,
  pick: (versions: readonly VersionStatus[] | null) => T | null,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      const found = pick(await server.grpc.fetchStatus(model, { signal }));
      if (found !== null) return found;
    } catch (error) {
      if (!(error instanceof GrpcFailure)) throw error;
      const found = error.code === grpcStatus.NOT_FOUND ? pick(null) : null;
      if (found !== null) return found;
      await server.checkAlive(signal);
    }
    await wait(pollMs, undefined, { signal });
  }
}

/** A failure that was there before a load was asked for is believed after so long: TensorFlow Serving looks at its folder once a second. */
const staleMs = 5_000;

/** Model -> the failures that its status tells of loads long ago. */
async function fetchFailures({ grpc }: SwitchedServer, model: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  // A name that the server does not know yet has had none.
  const all = await grpc.fetchStatus(model, { signal }).catch(() => []);
  return new Set(all.filter(hasFailed).map(({ version }) => version));
}

const hasFailed = ({ state, errorCode }: VersionStatus): boolean => state === 'END' && errorCode !== 0;

/** Waits until versions answer. LOAD_FAILED with the server's words where one of them cannot be loaded. `stale` failed before it was asked. */
export async function untilAvailable(
  server: SwitchedServer,
  model: string,
  versions: readonly string[],
  { stale = new Set(), signal }: { readonly stale?: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<void> {
  const since = performance.now();
  await until(
    server,
    model,
    (all) => {
      const found = versions.map((version) => all?.find((one) => one.version === version));
      const isNew = ({ version }: VersionStatus): boolean => !stale.has(version) || performance.now() - since > staleMs;
      const failed = found.find((one) => one !== undefined && hasFailed(one) && isNew(one));
      if (failed !== undefined) throw new AppError('LOAD_FAILED', { detail: failed.errorMessage });
      return found.every((one) => one?.state === 'AVAILABLE') ? true : null;
    },
    signal,
  );
}

/** Waits until versions no longer answer: requests that began before end by themselves. */
export async function untilGone(server: Asked, model: string, versions: readonly string[], signal: AbortSignal): Promise<void> {
  const isGone = ({ state }: VersionStatus): boolean => state === 'END' || state === 'UNLOADING';
  await until(
    server,
    model,
    (all) => (versions.every((version) => all?.find((one) => one.version === version && !isGone(one)) === undefined) ? true : null),
    signal,
  );
}

/** Tells the server its configuration, with that of others beside it; a refusal is LOAD_FAILED in its own words. */
export async function reload(
  { grpc, beside }: Pick<SwitchedServer, 'grpc' | 'beside'>,
  models: readonly ModelConfig[],
  signal: AbortSignal,
  timeoutMs = loadLimitMs,
): Promise<void> {
  try {
    await grpc.reloadConfig([...models, ...beside()], { signal, timeoutMs });
  } catch (error) {
    throw error instanceof GrpcFailure ? new AppError('LOAD_FAILED', { detail: error.message.slice(0, 1_000) }, { cause: error }) : error;
  }
}

/** Runs the saved cases on each version, and tells after each of them how they stand. */
async function askCases(
  runCases: RunCases,
  { modelId, servingId }: Pick<ServingPlan, 'modelId' | 'servingId'>,
  {
    versions,
    nameOf,
    tellCases,
    signal,
  }: {
    readonly versions: readonly string[];
    readonly nameOf: (version: string) => string;
    readonly tellCases: (cases: SwitchCases) => void;
    readonly signal: AbortSignal;
  },
): Promise<SwitchCases> {
  let cases: SwitchCases = { count: 0, passed: 0, failed: 0, failures: [] };
  const runs: (readonly [version: string, results: Awaited<ReturnType<RunCases>>['results']])[] = [];
  for (const version of versions) {
    const { count, results } = await runCases({ modelId, servingId, as: nameOf(version), version }, { signal });
    cases = { ...cases, count: cases.count + count };
    runs.push([version, results]);
  }
  for (const [version, results] of runs) {
    for await (const { name, outcome, detail } of results) {
      const failures = [...cases.failures, { version, name, detail: detail ?? '' }].slice(0, toldFailures);
      cases = outcome === 'passed' ? { ...cases, passed: cases.passed + 1 } : { ...cases, failed: cases.failed + 1, failures };
      tellCases(cases);
    }
  }
  return cases;
}

function casesProblem({ count, failed, failures }: SwitchCases, isOfSeveral: boolean): AppError {
  const names = failures.slice(0, 3).map(({ name, version }) => (isOfSeveral ? `${name} (v${version})` : name));
  return new AppError('CASES_FAILED', { failed, count, names: `${names.join(', ')}${failed > names.length ? ', …' : ''}` });
}

/**
 * Leads a running server from one guarded plan to another in the order that always works (TensorFlow Serving stores a configuration
 * even where it refuses it, and answers requests without a version with the highest that is loaded):
 *
 * 1. what is new is loaded beside the old, and what is newer than all of it under a name of its own, where no client asks;
 * 2. it is tried there;
 * 3. it joins its model, both kept, labels as they were; labels move; what is not wanted any more goes.
 *
 * `commit` writes the new plan down, just before labels move: what is recorded is what a server that starts anew has to serve.
 * The caller brings the old plan back where this throws.
 */
export async function runSwitch(
  server: SwitchedServer,
  { before, after }: { readonly before: ServingPlan; readonly after: ServingPlan },
  tell: TellStep,
  {
    cases,
    tellCases,
    commit,
    signal: stopped,
  }: {
    /** Whether saved cases must pass, are only told, or are not run. */
    readonly cases: 'must-pass' | 'told' | 'none';
    readonly tellCases: (cases: SwitchCases) => void;
    readonly commit: () => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(loadLimitMs)]);
  const { name } = before;
  const basePath = basePathInServer(before);
  const old = before.served?.admitted ?? [];
  const next = after.served?.admitted ?? [];
  const fresh = next.filter((version) => !old.includes(version));
  const highest = descending(old)[0];
  const isNewer = (version: string): boolean => highest !== undefined && BigInt(version) > BigInt(highest);
  const [newer, older] = [fresh.filter(isNewer), fresh.filter((version) => !isNewer(version))];
  const trial = trialName(name);
  const own = (versions: readonly string[], labels: ServingPlan): ModelConfig => ({
    ...modelConfigOf(labels, basePath),
    versions: specific(versions),
  });
  const modelOf = (version: string): string => (newer.includes(version) ? trial : name);

  if (fresh.length === 0) {
    tell('load', 'skipped', 'loaded already');
    tell('canary', 'skipped', 'loaded already');
  } else {
    tell('load', 'running', fresh.join(', '));
    const beside: ModelConfig = { name: trial, basePath, versions: specific(newer), labels: new Map() };
    // A model that is new to the server is waited for, and its failure is the call's: its status says it in better words.
    const [staleTrials, stale] = [await fetchFailures(server, trial, signal), await fetchFailures(server, name, signal)];
    const told = reload(server, [own([...old, ...older], before), ...(newer.length > 0 ? [beside] : [])], signal);
    told.catch(() => undefined);
    if (newer.length > 0) await untilAvailable(server, trial, newer, { stale: staleTrials, signal });
    await untilAvailable(server, name, older, { stale, signal });
    await told;
    tell('load', 'done', fresh.join(', '));
    tell('canary', 'running');
    const answers: string[] = [];
    let tried = 0;
    for (const version of fresh) {
      const known = server.version(version);
      const canary =
        known === undefined
          ? ({ kind: 'not-tried', reason: 'this version was added after it was read' } as const)
          : await tryCanary(server.grpc, { model: modelOf(version), version: known, tags: before.tags, asVersion: version }, { signal });
      if (canary.kind !== 'not-tried') tried += 1;
      answers.push(canary.kind === 'answered' ? `${canary.ms.toFixed(1)} ms` : canary.kind === 'refused' ? canary.note : canary.reason);
    }
    tell('canary', tried > 0 ? 'done' : 'skipped', answers.join('; '));
  }

  if (fresh.length === 0) tell('cases', 'skipped', 'loaded already');
  else if (cases === 'none') tell('cases', 'skipped', 'a return is not held up by cases');
  else {
    tell('cases', 'running');
    const asked = await askCases(server.runCases, before, { versions: fresh, nameOf: modelOf, tellCases, signal });
    if (asked.failed > 0 && cases === 'must-pass') throw casesProblem(asked, fresh.length > 1);
    if (asked.count === 0) tell('cases', 'skipped', 'no cases');
    else tell('cases', 'done');
  }

  tell('move', 'running');
  const both = [...old, ...fresh];
  if (newer.length > 0) {
    // The tried ones go first, so that never more than old and new are in memory.
    await reload(server, [own([...old, ...older], before)], signal);
    await untilGone(server, trial, newer, signal);
    await reload(server, [own(both, before)], signal);
    await untilAvailable(server, name, newer, { stale: await fetchFailures(server, name, signal), signal });
  }
  signal.throwIfAborted();
  await commit();
  await reload(server, [own(both, after)], signal);
  const gone = both.filter((version) => !next.includes(version));
  if (gone.length > 0) {
    await reload(server, [own(next, after)], signal);
    await untilGone(server, name, gone, signal);
  }
  tell('move', 'done');
}

/** Tells a server the policy and labels of a plan, and waits until these versions answer. */
export async function applyPlan(
  server: SwitchedServer,
  plan: ServingPlan,
  versions: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const config = modelConfigOf(plan, basePathInServer(plan));
  const stale = await fetchFailures(server, plan.name, signal);
  try {
    await reload(server, [config], signal, 60_000);
  } catch (error) {
    if (config.labels.size === 0 || signal.aborted) throw error;
    // Labels after the versions that they stand for.
    await reload(server, [{ ...config, labels: new Map() }], signal, 60_000);
    await untilAvailable(server, plan.name, versions, { stale, signal });
    await reload(server, [config], signal, 60_000);
  }
  await untilAvailable(server, plan.name, versions, { stale, signal });
}
