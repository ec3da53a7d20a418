import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/contract/errors.ts';
import type { VersionSummary } from '../../shared/contract/savedModel.ts';
import { servingPlan, type LogLine, type ServingPlan } from '../../shared/contract/serving.ts';
import type { Settings } from '../../shared/contract/settings.ts';
import {
  ownerLabel,
  planLabel,
  type ContainerFacts,
  type ContainerSpec,
  type Credentials,
  type DockerEngine,
} from '../docker/dockerEngine.ts';
import { ensureImage } from '../docker/pullImage.ts';
import { createDiagnosis } from '../doctor/causes.ts';
import { milestoneOf } from '../../shared/tfserving/milestones.ts';
import { parseServerLine } from '../doctor/serverLog.ts';
import { connectGrpc, GrpcFailure, grpcStatus, type ServingGrpc, type VersionStatus } from '../tfserving/grpcClient.ts';
import { tryCanary } from './canary.ts';
import { configFileOf, containerSpec, dockerRunText, needsConfigFile } from './containerSpec.ts';
import { modelConfigText } from './modelConfig.ts';
import type { Place, PlaceReport, Running } from './place.ts';

/** A cause that may pass, since a copy may be under way, is given this long. */
const graceMs = 5_000;
/** A large model restores for minutes; nothing that is alive takes longer. */
const loadLimitMs = 15 * 60_000;
const pollMs = 50;
const stopGraceSeconds = 5;

export interface DockerPlaceOptions {
  /** Throws where there is no engine. */
  readonly getEngine: () => DockerEngine;
  readonly getSettings: () => Settings;
  readonly getEnginePlatform: () => string | null;
  readonly credentials: (reference: string) => Promise<Credentials | undefined>;
  /** The versions that the canary may ask, newest first. */
  readonly getVersions: (modelId: string) => readonly VersionSummary[];
  readonly ownerId: string;
  readonly dataFolder: string;
}

interface LogWatch {
  /** Rejects as soon as the log names a cause that will not pass, or the container ends. */
  readonly failure: Promise<never>;
  readonly close: () => void;
}

/** Reads a starting container's log of this run: milestones as the load step's detail, causes as failure. */
function watchLog(engine: DockerEngine, id: string, plan: ServingPlan, report: PlaceReport, signal: AbortSignal): LogWatch {
  const end = new AbortController();
  const until = AbortSignal.any([signal, end.signal]);
  const diagnosis = createDiagnosis();
  const { promise: failure, reject } = Promise.withResolvers<never>();
  let giveUp: NodeJS.Timeout | undefined;
  async function readRun(startedAt: number): Promise<void> {
    for await (const raw of engine.logs(id, { signal: until, follow: true, tail: 10_000 })) {
      // What an earlier run of the same container said is not about this one.
      if (Date.parse(raw.time) < startedAt) continue;
      const line = parseServerLine(raw);
      const milestone = milestoneOf(line.message);
      if (milestone !== null) report.step('load', 'running', line.message);
      const found = diagnosis.feed(line);
      if (found === null) continue;
      report.cause(found.cause);
      if (!found.mayPass) reject(found.error);
      else giveUp ??= setTimeout(() => reject(diagnosis.current()?.error ?? found.error), graceMs);
    }
  }
  async function read(): Promise<void> {
    for (;;) {
      const facts = await engine.inspect(id, { signal: until });
      if (facts === null || !isAlive(facts)) {
        reject(diagnosis.current()?.error ?? endedError(facts, plan));
        return;
      }
      await readRun(Date.parse(facts.startedAt ?? ''));
      if (until.aborted) return;
      // The log ended with the container, unless the engine starts it again.
      await wait(pollMs, undefined, { signal: until });
    }
  }
  read().catch((error: unknown) => {
    if (!until.aborted) reject(error);
  });
  // It is raced against, and must not be an unhandled rejection when the race was won by something else.
  failure.catch(() => undefined);
  return {
    failure,
    close() {
      clearTimeout(giveUp);
      end.abort();
    },
  };
}

const isAlive = ({ state }: ContainerFacts): boolean => state === 'running' || state === 'restarting' || state === 'paused';

/** Why a container ended, from what the engine knows; null where it is gone. */
function endedError(facts: ContainerFacts | null, { memoryBytes }: ServingPlan): AppError {
  if (facts?.oomKilled === true) return new AppError('OUT_OF_MEMORY', { limit: `${Math.round(memoryBytes / 1024 ** 2)} MiB` });
  return new AppError('CONTAINER_ENDED', { exit_code: facts?.exitCode ?? 0, detail: facts?.error ?? '' });
}

/** Ended by a signal (128 + 15, 128 + 9) or with success: somebody stopped it. */
const wasStopped = ({ exitCode, oomKilled }: ContainerFacts): boolean => !oomKilled && [0, 143, 137].includes(exitCode ?? 0);

/** The versions that answer, newest first. */
const availableOf = (versions: readonly VersionStatus[]): readonly string[] =>
  versions
    .filter(({ state }) => state === 'AVAILABLE')
    .map(({ version }) => version)
    .toSorted((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1));

/** A plan from a container's label; null where somebody else wrote it. */
function planOf(label: string | undefined): ServingPlan | null {
  try {
    return servingPlan.parse(JSON.parse(label ?? ''));
  } catch {
    return null;
  }
}

/** Asks gRPC until versions are AVAILABLE and none is still on its way. */
async function waitUntilAvailable(grpc: ServingGrpc, plan: ServingPlan, signal: AbortSignal): Promise<readonly string[]> {
  for (;;) {
    try {
      const versions = await grpc.fetchStatus(plan.name, { signal });
      const failed = versions.find(({ state, errorCode }) => state === 'END' && errorCode !== 0);
      if (failed !== undefined) throw new AppError('LOAD_FAILED', { detail: failed.errorMessage });
      if (versions.length > 0 && versions.every(({ state }) => state === 'AVAILABLE' || state === 'END')) {
        const available = availableOf(versions);
        if (available.length > 0) return available;
      }
    } catch (error) {
      // Not listening yet: the ports open when the models are there.
      if (!(error instanceof GrpcFailure)) throw error;
    }
    await wait(pollMs, undefined, { signal });
  }
}

/** Serving by the tensorflow/serving image in the engine of this machine. */
export function createDockerPlace(options: DockerPlaceOptions): Place {
  const { getEngine, getSettings, ownerId, dataFolder } = options;
  const logLimits = (): ContainerSpec['log'] => {
    const { logMaxSizeMb, logMaxFiles } = getSettings();
    return { maxSizeMb: logMaxSizeMb, maxFiles: logMaxFiles };
  };
  const specOf = (plan: ServingPlan): ContainerSpec => containerSpec(plan, { ownerId, dataFolder, log: logLimits() });

  async function writeConfig(plan: ServingPlan): Promise<void> {
    if (!needsConfigFile(plan)) return;
    const path = configFileOf(dataFolder, plan);
    await mkdir(dirname(path), { recursive: true });
    // Read by the container's user, who is not the data folder's owner.
    await writeFile(path, modelConfigText(plan), { mode: 0o644 });
  }

  async function ready(
    engine: DockerEngine,
    id: string,
    plan: ServingPlan,
    report: PlaceReport,
    signal: AbortSignal,
  ): Promise<Omit<Running, 'imageDigest'>> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(loadLimitMs)]);
    const log = watchLog(engine, id, plan, report, until);
    const grpc = connectGrpc(`127.0.0.1:${plan.grpcPort}`);
    try {
      const versions = await Promise.race([waitUntilAvailable(grpc, plan, until), log.failure]);
      report.step('load', 'done');
      report.step('available', 'done', versions.join(', '));
      report.step('canary', 'running');
      const version = options.getVersions(plan.modelId).find((one) => one.version === versions[0] || one.version === null);
      const canary =
        version === undefined
          ? ({ kind: 'not-tried', reason: 'this version was added after it was read' } as const)
          : await Promise.race([tryCanary(grpc, { model: plan.name, version, tags: plan.tags }, { signal: until }), log.failure]);
      report.step(
        'canary',
        canary.kind === 'not-tried' ? 'skipped' : 'done',
        canary.kind === 'not-tried' ? canary.reason : canary.kind === 'refused' ? canary.note : undefined,
      );
      // Only what has served once is started again by the engine.
      await engine.setRestartPolicy(id, { name: 'on-failure', retries: 3 });
      return { handle: id, versions, canary };
    } catch (error) {
      if (until.aborted && !signal.aborted) throw new AppError('START_TIMEOUT', { seconds: loadLimitMs / 1000 }, { cause: error });
      throw error;
    } finally {
      log.close();
      grpc.close();
    }
  }

  return {
    kind: 'docker',
    async start(plan, report, { signal }) {
      const engine = getEngine();
      await using undo = new AsyncDisposableStack();
      const { mirror } = getSettings();
      let pulled = false;
      const image = await ensureImage(engine, {
        reference: plan.image,
        mirror,
        enginePlatform: options.getEnginePlatform() ?? '',
        credentials: options.credentials,
        signal,
        onProgress(progress) {
          if (!pulled) report.step('pull', 'running');
          pulled = true;
          report.pull(progress);
        },
      });
      report.step('pull', pulled ? 'done' : 'skipped', pulled ? undefined : 'here already');
      report.step('create', 'running');
      await writeConfig(plan);
      const id = await engine.create(specOf(plan), { signal });
      report.handle(id);
      // No signal: clean-up must not be cancelled. The ended container stays for its log. What cannot be ended now, since the engine
      // went away, is found by reconcile; it must not hide why the start failed.
      undo.defer(() => engine.stop(id, { graceSeconds: 0 }).catch(() => undefined));
      await engine.start(id, { signal });
      report.step('create', 'done');
      report.step('load', 'running');
      const running = await ready(engine, id, plan, report, signal);
      undo.move();
      return { ...running, imageDigest: image.digest };
    },
    async resume(handle, plan, report, { signal }) {
      const engine = getEngine();
      report.step('load', 'running');
      try {
        const running = await ready(engine, handle, plan, report, signal);
        const image = await engine.inspectImage(plan.image, { signal });
        return { ...running, imageDigest: image?.digest ?? null };
      } catch (error) {
        if (!signal.aborted) await engine.stop(handle, { graceSeconds: 0 }).catch(() => undefined);
        throw error;
      }
    },
    async list({ signal }) {
      const found = await getEngine().list(`${ownerLabel}=${ownerId}`, { signal });
      return found.flatMap(({ id, labels }) => {
        const plan = planOf(labels[planLabel]);
        return plan === null ? [] : [{ handle: id, plan }];
      });
    },
    stop: (handle) => getEngine().stop(handle, { graceSeconds: stopGraceSeconds }),
    remove: (handle) => getEngine().remove(handle),
    async inspect(handle, plan, { signal }) {
      const facts = await getEngine().inspect(handle, { signal });
      if (facts === null) return { kind: 'gone' };
      if (!isAlive(facts)) return { kind: 'ended', problem: wasStopped(facts) ? null : endedError(facts, plan) };
      if (facts.state === 'paused') return { kind: 'paused' };
      const grpc = connectGrpc(`127.0.0.1:${plan.grpcPort}`);
      try {
        const versions = await grpc.fetchStatus(plan.name, { signal });
        return { kind: 'running', versions: availableOf(versions) };
      } catch (error) {
        if (!(error instanceof GrpcFailure)) throw error;
        if (error.code === grpcStatus.UNAVAILABLE) return { kind: 'loading' };
        return { kind: 'running', versions: error.code === grpcStatus.NOT_FOUND ? [] : null };
      } finally {
        grpc.close();
      }
    },
    async *logs(handle, { follow, tail, signal }): AsyncGenerator<LogLine> {
      for await (const raw of getEngine().logs(handle, { follow, tail, signal })) yield parseServerLine(raw);
    },
    figures: (handle, { signal }) => getEngine().figures(handle, { signal }),
    commandLine: (plan) => dockerRunText(specOf(plan)),
  };
}
