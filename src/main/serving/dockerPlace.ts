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
import { parseServerLine } from '../doctor/serverLog.ts';
import type { ModelConfig } from '../tfserving/modelServerConfig.ts';
import { configFileOf, containerSpec, dockerRunText, needsConfigFile } from './containerSpec.ts';
import { basePathInServer, modelConfigOf, writeModelConfig } from './modelConfig.ts';
import { isStop, type Place, type PlaceReport, type Running } from './place.ts';
import { fetchFacts, waitUntilReady, type ServerRun } from './readiness.ts';

const stopGraceSeconds = 5;

export interface DockerPlaceOptions {
  /** Throws where there is no engine. */
  readonly getEngine: () => DockerEngine;
  readonly getSettings: () => Settings;
  readonly getEnginePlatform: () => string | null;
  readonly credentials: (reference: string) => Promise<Credentials | undefined>;
  /** The versions that the canary may ask, newest first. */
  readonly getVersions: (modelId: string) => readonly VersionSummary[];
  /** What a plan's server serves for others; nothing by default. */
  readonly configsBeside?: (plan: ServingPlan) => readonly ModelConfig[];
  readonly ownerId: string;
  readonly dataFolder: string;
}

const isAlive = ({ state }: ContainerFacts): boolean => state === 'running' || state === 'restarting' || state === 'paused';

/** Why a container ended, from what the engine knows; null where it is gone. */
function endedError(facts: ContainerFacts | null, { memoryBytes }: ServingPlan): AppError {
  if (facts?.oomKilled === true) return new AppError('OUT_OF_MEMORY', { limit: `${Math.round(memoryBytes / 1024 ** 2)} MiB` });
  return new AppError('CONTAINER_ENDED', { exit_code: facts?.exitCode ?? 0, detail: facts?.error ?? '' });
}

const wasStopped = ({ exitCode, oomKilled }: ContainerFacts): boolean => !oomKilled && isStop(exitCode ?? 0);

/** A container as a server that is waited for. */
function runOf(engine: DockerEngine, id: string, plan: ServingPlan): ServerRun {
  return {
    async whyEnded(signal) {
      const facts = await engine.inspect(id, { signal });
      return facts === null || !isAlive(facts) ? endedError(facts, plan) : null;
    },
    async *lines(signal) {
      const facts = await engine.inspect(id, { signal });
      const startedAt = Date.parse(facts?.startedAt ?? '');
      for await (const raw of engine.logs(id, { signal, follow: true, tail: 10_000 })) {
        // What an earlier run of the same container said is not about this one.
        if (!(Date.parse(raw.time) < startedAt)) yield parseServerLine(raw);
      }
    },
  };
}

/** A plan from a container's label; null where somebody else wrote it. */
function planOf(label: string | undefined): ServingPlan | null {
  try {
    return servingPlan.parse(JSON.parse(label ?? ''));
  } catch {
    return null;
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
    const models = [modelConfigOf(plan, basePathInServer(plan)), ...(options.configsBeside?.(plan) ?? [])];
    await writeModelConfig(configFileOf(dataFolder, plan), models);
  }

  async function ready(
    engine: DockerEngine,
    id: string,
    plan: ServingPlan,
    report: PlaceReport,
    signal: AbortSignal,
  ): Promise<Omit<Running, 'imageDigest'>> {
    const version = (name: string | undefined): VersionSummary | undefined =>
      options.getVersions(plan.modelId).find((one) => one.version === name || one.version === null);
    const running = await waitUntilReady(runOf(engine, id, plan), plan, report, { version, signal });
    // Only what has served once is started again by the engine.
    await engine.setRestartPolicy(id, { name: 'on-failure', retries: 3 });
    return { handle: id, ...running };
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
      return fetchFacts(plan, signal);
    },
    async *logs(handle, { follow, tail, signal }): AsyncGenerator<LogLine> {
      for await (const raw of getEngine().logs(handle, { follow, tail, signal })) yield parseServerLine(raw);
    },
    figures: (handle, { signal }) => getEngine().figures(handle, { signal }),
    commandLine: (plan) => dockerRunText(specOf(plan)),
  };
}
