import { setTimeout as wait } from 'node:timers/promises';
import { placePortsOf } from '../../shared/contract/addresses.ts';
import { AppError } from '../../shared/contract/errors.ts';
import type { VersionSummary } from '../../shared/contract/savedModel.ts';
import type { LogLine, ServingPlan } from '../../shared/contract/serving.ts';
import { milestoneOf } from '../../shared/tfserving/milestones.ts';
import { createDiagnosis } from '../doctor/causes.ts';
import { connectGrpc, GrpcFailure, grpcStatus, type ServingGrpc, type VersionStatus } from '../tfserving/grpcClient.ts';
import { tryCanary } from './canary.ts';
import type { PlaceFacts, PlaceReport, Running } from './place.ts';

/** A cause that may pass, since a copy may be under way, is given this long. */
const graceMs = 5_000;
/** A large model restores for minutes; nothing that is alive takes longer. */
const loadLimitMs = 15 * 60_000;
const pollMs = 50;

/** A server that runs, whatever it runs in. */
export interface ServerRun {
  /** Why it has ended; null while it is alive. */
  whyEnded(signal: AbortSignal): Promise<AppError | null>;
  /** What it has said and says in its present run, until that ends. */
  lines(signal: AbortSignal): AsyncIterable<LogLine>;
}

interface LogWatch {
  /** Rejects as soon as the log names a cause that will not pass, or the server ends. */
  readonly failure: Promise<never>;
  readonly close: () => void;
}

/** Reads a starting server's log: milestones as the load step's detail, causes as failure. */
function watchLog(run: ServerRun, report: PlaceReport, signal: AbortSignal): LogWatch {
  const end = new AbortController();
  const until = AbortSignal.any([signal, end.signal]);
  const diagnosis = createDiagnosis();
  const { promise: failure, reject } = Promise.withResolvers<never>();
  let giveUp: NodeJS.Timeout | undefined;
  async function readRun(): Promise<void> {
    for await (const line of run.lines(until)) {
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
      const ended = await run.whyEnded(until);
      if (ended !== null) {
        reject(diagnosis.current()?.error ?? ended);
        return;
      }
      await readRun();
      if (until.aborted) return;
      // The log ended with the run, unless it is started again.
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

/** The versions that answer, newest first. */
const availableOf = (versions: readonly VersionStatus[]): readonly string[] =>
  versions
    .filter(({ state }) => state === 'AVAILABLE')
    .map(({ version }) => version)
    .toSorted((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1));

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

/**
 * Waits until a server answers: milestones of its log, AVAILABLE over gRPC, one canary prediction where that is safe. `version` finds
 * what is known of a version by its number. Throws what the log names as cause, why it ended, or START_TIMEOUT.
 */
export async function waitUntilReady(
  run: ServerRun,
  plan: ServingPlan,
  report: PlaceReport,
  { version, signal }: { readonly version: (name: string | undefined) => VersionSummary | undefined; readonly signal: AbortSignal },
): Promise<Pick<Running, 'versions' | 'canary'>> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(loadLimitMs)]);
  const log = watchLog(run, report, until);
  const grpc = connectGrpc(`127.0.0.1:${placePortsOf(plan).grpcPort}`);
  try {
    const versions = await Promise.race([waitUntilAvailable(grpc, plan, until), log.failure]);
    report.step('load', 'done');
    report.step('available', 'done', versions.join(', '));
    report.step('canary', 'running');
    const asked = version(versions[0]);
    const canary =
      asked === undefined
        ? ({ kind: 'not-tried', reason: 'this version was added after it was read' } as const)
        : await Promise.race([tryCanary(grpc, { model: plan.name, version: asked, tags: plan.tags }, { signal: until }), log.failure]);
    report.step(
      'canary',
      canary.kind === 'not-tried' ? 'skipped' : 'done',
      canary.kind === 'not-tried' ? canary.reason : canary.kind === 'refused' ? canary.note : undefined,
    );
    return { versions, canary };
  } catch (error) {
    if (until.aborted && !signal.aborted) throw new AppError('START_TIMEOUT', { seconds: loadLimitMs / 1000 }, { cause: error });
    throw error;
  } finally {
    log.close();
    grpc.close();
  }
}

/** Which versions a server that is alive answers with, as it says itself. */
export async function fetchFacts(plan: ServingPlan, signal: AbortSignal): Promise<PlaceFacts> {
  const grpc = connectGrpc(`127.0.0.1:${placePortsOf(plan).grpcPort}`);
  try {
    return { kind: 'running', versions: availableOf(await grpc.fetchStatus(plan.name, { signal })) };
  } catch (error) {
    if (!(error instanceof GrpcFailure)) throw error;
    if (error.code === grpcStatus.UNAVAILABLE) return { kind: 'loading' };
    return { kind: 'running', versions: error.code === grpcStatus.NOT_FOUND ? [] : null };
  } finally {
    grpc.close();
  }
}
