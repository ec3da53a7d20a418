import { randomUUID } from 'node:crypto';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { placePortsOf } from '../../shared/contract/addresses.ts';
import { AppError } from '../../shared/contract/errors.ts';
import type { VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Figures, LogLine, ServingPlan } from '../../shared/contract/serving.ts';
import { milestoneOf } from '../../shared/tfserving/milestones.ts';
import { parseServerLine } from '../doctor/serverLog.ts';
import type { EngineProcess, ForkEngine } from '../tfserving/engineProcess.ts';
import type { ModelConfig } from '../tfserving/modelServerConfig.ts';
import { configFileOf, configFlags, needsConfigFile, shellLine } from './containerSpec.ts';
import { modelConfigOf, writeModelConfig } from './modelConfig.ts';
import type { Place } from './place.ts';
import { fetchFacts, waitUntilReady, type ServerRun } from './readiness.ts';

/** A request's deadline where no flag says otherwise, and how much later a process that still computes is ended. */
const [usualTimeoutMs, graceMs] = [30_000, 10_000];
/** While it loads it may be silent for long: a large model is read and compiled in one go. */
const loadSilenceMs = 15 * 60_000;
/** After a crash it is started again, so many times, each later than the one before. */
const restartAfterMs = [250, 1_000, 4_000];
/** What has answered for so long is healthy: its next crash is its first. */
const healthyMs = 60_000;
const keptLines = 10_000;

export interface EnginePlaceOptions {
  readonly fork: ForkEngine;
  /** The versions that the canary may ask, newest first. */
  readonly getVersions: (modelId: string) => readonly VersionSummary[];
  /** What a plan's server serves for others; nothing by default. */
  readonly configsBeside?: (plan: ServingPlan) => readonly ModelConfig[];
  readonly dataFolder: string;
  /** Something changed with what runs under this handle: it ended, or it was started again. */
  readonly onChange: (handle: string) => void;
  /** A process that says nothing for so long while it does not load hangs; a little more than a request's deadline by default. */
  readonly hangMs?: number;
}

/** One serving's process, its successors after a crash, and what they said. */
interface Run {
  readonly plan: ServingPlan;
  readonly lines: LogLine[];
  /** How many lines fell out at the front. */
  dropped: number;
  process: EngineProcess | null;
  /** Why it ended for good; undefined while it runs or will be started again. */
  ended: AppError | null | undefined;
  stopping: boolean;
  restarts: number;
  figures: Figures | null;
  /** Settles at the next line, figure or end, and is then replaced. */
  news: PromiseWithResolvers<void>;
}

function tellNews(run: Run): void {
  run.news.resolve();
  run.news = Promise.withResolvers();
}

/** The model's folder as TensorFlow Serving wants it: where it is one version alone, a folder of ours links to it under its number. */
async function basePathOf(plan: ServingPlan, dataFolder: string): Promise<string> {
  const version = /\/(\d+)$/.exec(plan.mount.target)?.[1];
  if (version === undefined) return plan.mount.source;
  const base = join(dirname(configFileOf(dataFolder, plan)), 'base');
  await rm(base, { recursive: true, force: true });
  await mkdir(base, { recursive: true });
  await symlink(plan.mount.source, join(base, version), 'junction');
  return base;
}

/** `--rest_api_timeout_in_ms` of a plan. */
function timeoutOf({ extraFlags }: ServingPlan): number {
  const given = extraFlags.map((flag) => /^--?rest_api_timeout_in_ms=(\d+)$/.exec(flag)?.[1]).find((ms) => ms !== undefined);
  return given === undefined ? usualTimeoutMs : Number(given);
}

/** TensorFlow Serving's own flags for a plan. */
function flagsOf(plan: ServingPlan, basePath: string, configFile: string): readonly string[] {
  const { restPort, grpcPort } = placePortsOf(plan);
  return [
    `--port=${grpcPort}`,
    `--rest_api_port=${restPort}`,
    ...(needsConfigFile(plan) ? configFlags(configFile) : [`--model_name=${plan.name}`, `--model_base_path=${basePath}`]),
    '--max_num_load_retries=0',
    ...(plan.tags.length === 1 && plan.tags[0] === 'serve' ? [] : [`--saved_model_tags=${plan.tags.join(',')}`]),
    ...plan.extraFlags,
  ];
}

/** Serving by the embedded engine, a process of ours for each model: it ends with this process. */
export function createEnginePlace({
  fork,
  getVersions,
  configsBeside = () => [],
  dataFolder,
  onChange,
  hangMs,
}: EnginePlaceOptions): Place & AsyncDisposable {
  const runs = new Map<string, Run>();
  const find = (handle: string): Run => {
    const run = runs.get(handle);
    if (run === undefined) throw new AppError('SERVING_NOT_FOUND', { name: handle, known: '' });
    return run;
  };

  async function prepare(plan: ServingPlan): Promise<readonly string[]> {
    const basePath = await basePathOf(plan, dataFolder);
    const configFile = configFileOf(dataFolder, plan);
    if (needsConfigFile(plan)) await writeModelConfig(configFile, [modelConfigOf(plan, basePath), ...configsBeside(plan)]);
    return flagsOf(plan, basePath, configFile);
  }

  function begin(handle: string, run: Run, flags: readonly string[]): void {
    const { plan } = run;
    const child = fork(flags, plan.env);
    run.process = child;
    const startedAtMs = performance.now();
    let problem: AppError | null = null;
    const servingSilenceMs = hangMs ?? timeoutOf(plan) + graceMs;
    let silenceMs = loadSilenceMs;
    let hang: NodeJS.Timeout | undefined;
    const alive = (): void => {
      clearTimeout(hang);
      hang = setTimeout(() => {
        problem = new AppError('ENGINE_HUNG', { seconds: silenceMs / 1000 });
        child.kill();
      }, silenceMs);
    };
    alive();
    for (const stream of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[stream] }).on('line', (text) => {
        const line = parseServerLine({ time: new Date().toISOString(), stream, text });
        run.lines.push(line);
        const milestone = milestoneOf(line.message)?.id;
        if (milestone === 'loading' || milestone === 'loaded') {
          silenceMs = milestone === 'loading' ? loadSilenceMs : servingSilenceMs;
          alive();
        }
        if (run.lines.length > keptLines) run.dropped += run.lines.splice(0, keptLines / 10).length;
        tellNews(run);
      });
    }
    child.onBeat(({ cpuPercent, memoryBytes, networkInBytes, networkOutBytes }) => {
      alive();
      run.figures = {
        time: new Date().toISOString(),
        cpuPercent,
        memoryBytes,
        memoryLimitBytes: plan.memoryBytes,
        networkInBytes,
        networkOutBytes,
      };
      if (memoryBytes > plan.memoryBytes) {
        problem = new AppError('OUT_OF_MEMORY', { limit: `${Math.round(plan.memoryBytes / 1024 ** 2)} MiB` });
        child.kill();
      }
      tellNews(run);
    });
    void child.exited.then(({ code, signal }) => {
      clearTimeout(hang);
      run.process = null;
      if (performance.now() - startedAtMs > healthyMs) run.restarts = 0;
      const wasReady = run.restarts >= 0;
      const afterMs = restartAfterMs[run.restarts];
      if (run.stopping || !wasReady || afterMs === undefined || code === 0) {
        run.ended =
          run.stopping || code === 0 || signal === 'SIGTERM'
            ? null
            : (problem ?? new AppError('CONTAINER_ENDED', { exit_code: code ?? 0, detail: signal ?? '' }));
      } else {
        run.restarts += 1;
        void wait(afterMs, undefined, { ref: false }).then(() => {
          if (!run.stopping) begin(handle, run, flags);
        });
      }
      tellNews(run);
      onChange(handle);
    });
  }

  /** It has ended when this settles. */
  async function end(run: Run): Promise<void> {
    run.stopping = true;
    const { process } = run;
    if (process === null) run.ended ??= null;
    else {
      process.kill();
      await process.exited;
    }
    tellNews(run);
  }

  async function* linesOf(run: Run, from: number, follow: boolean, signal: AbortSignal): AsyncGenerator<LogLine> {
    let next = from;
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    using _listener = { [Symbol.dispose]: () => signal.removeEventListener('abort', abort) };
    while (!signal.aborted) {
      const news = run.news.promise;
      for (next = Math.max(next, run.dropped); next < run.dropped + run.lines.length && !signal.aborted; next += 1) {
        const line = run.lines[next - run.dropped];
        if (line !== undefined) yield line;
      }
      if (!follow || (run.process === null && run.ended !== undefined)) return;
      if (next >= run.dropped + run.lines.length) await Promise.race([news, aborted.promise]);
    }
  }

  function serverOf(run: Run): ServerRun {
    const from = run.dropped + run.lines.length;
    return {
      whyEnded: () =>
        Promise.resolve(run.ended === undefined ? null : (run.ended ?? new AppError('CONTAINER_ENDED', { exit_code: 0, detail: '' }))),
      lines: (signal) => linesOf(run, from, true, signal),
    };
  }
  const version =
    ({ modelId }: ServingPlan) =>
    (name: string | undefined): VersionSummary | undefined =>
      getVersions(modelId).find((one) => one.version === name || one.version === null);

  return {
    kind: 'embedded',
    async start(plan, report, { signal }) {
      signal.throwIfAborted();
      report.step('pull', 'skipped');
      report.step('create', 'running');
      const flags = await prepare(plan);
      signal.throwIfAborted();
      const handle = `engine-${randomUUID()}`;
      const run: Run = {
        plan,
        lines: [],
        dropped: 0,
        process: null,
        ended: undefined,
        stopping: false,
        // Only what has served once is started again.
        restarts: -1,
        figures: null,
        news: Promise.withResolvers(),
      };
      runs.set(handle, run);
      report.handle(handle);
      await using undo = new AsyncDisposableStack();
      undo.defer(() => end(run));
      const server = serverOf(run);
      begin(handle, run, flags);
      report.step('create', 'done');
      report.step('load', 'running');
      const ready = await waitUntilReady(server, plan, report, { version: version(plan), signal });
      run.restarts = 0;
      undo.move();
      return { handle, imageDigest: null, ...ready };
    },
    async resume(handle, plan, report, { signal }) {
      const run = find(handle);
      report.step('load', 'running');
      try {
        return { handle, imageDigest: null, ...(await waitUntilReady(serverOf(run), plan, report, { version: version(plan), signal })) };
      } catch (error) {
        if (!signal.aborted) await end(run);
        throw error;
      }
    },
    list: () => Promise.resolve([...runs].map(([handle, { plan }]) => ({ handle, plan }))),
    async stop(handle) {
      const run = runs.get(handle);
      if (run !== undefined) await end(run);
    },
    async remove(handle) {
      const run = runs.get(handle);
      if (run === undefined) return;
      await end(run);
      runs.delete(handle);
      await rm(dirname(configFileOf(dataFolder, run.plan)), { recursive: true, force: true });
    },
    async inspect(handle, plan, { signal }) {
      const run = runs.get(handle);
      if (run === undefined) return { kind: 'gone' };
      if (run.ended !== undefined) return { kind: 'ended', problem: run.ended };
      return run.process === null ? { kind: 'loading' } : fetchFacts(plan, signal);
    },
    async *logs(handle, { follow, tail, signal }) {
      const run = runs.get(handle);
      if (run !== undefined) yield* linesOf(run, run.dropped + Math.max(0, run.lines.length - tail), follow, signal);
    },
    async *figures(handle, { signal }): AsyncGenerator<Figures> {
      const run = find(handle);
      const aborted = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => aborted.resolve(), { once: true });
      let told: Figures | null = null;
      while (!signal.aborted && run.ended === undefined) {
        const { figures } = run;
        if (figures !== null && figures !== told) yield (told = figures);
        else await Promise.race([run.news.promise, aborted.promise]);
      }
    },
    commandLine: (plan) =>
      shellLine([['slipway modelserver'], ...flagsOf(plan, plan.mount.source, configFileOf(dataFolder, plan)).map((flag) => [flag])]),
    async [Symbol.asyncDispose]() {
      await Promise.all([...runs.values()].map(end));
    },
  };
}
