import type { AppError } from '../../shared/contract/errors.ts';
import type { Canary, Cause, Figures, LogLine, PullProgress, ServingPlan, StepId } from '../../shared/contract/serving.ts';

/** What a place tells while it starts a serving. */
export interface PlaceReport {
  step(id: StepId, state: 'running' | 'done' | 'skipped', detail?: string): void;
  pull(progress: PullProgress): void;
  cause(cause: Cause): void;
  /** Where it will run, told before it runs: what must survive a crash. */
  handle(handle: string): void;
}

/** Ended by a signal (128 + 15, 128 + 9) or with success: somebody stopped it. */
export const isStop = (exitCode: number): boolean => [0, 143, 137].includes(exitCode);

/** A serving that answers. */
export interface Running {
  /** The container's id, or what else names it across restarts. */
  readonly handle: string;
  readonly versions: readonly string[];
  readonly canary: Canary;
  readonly imageDigest: string | null;
}

/**
 * What a place says of a serving that it was asked about. `loading` runs, but its server does not listen yet;
 * `versions` is null where it listens and is too busy to say.
 */
export type PlaceFacts =
  | { readonly kind: 'gone' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'running'; readonly versions: readonly string[] | null }
  /** `problem` says why where it ended by itself; null where it was stopped or killed. */
  | { readonly kind: 'ended'; readonly problem: AppError | null };

/**
 * What answers at a serving's address: a container today. Everything above it knows only addresses. Implementations pass the
 * contract suite of test/serving. Failures are AppErrors.
 */
export interface Place {
  readonly kind: ServingPlan['engine'];
  /** Starts and waits until it is ready. On failure or abort it has ended, and only its log is left, under its handle. */
  start(plan: ServingPlan, report: PlaceReport, options: { readonly signal: AbortSignal }): Promise<Running>;
  /** Waits until what runs already is ready, as `start` does. On failure it has ended; on abort it goes on. */
  resume(handle: string, plan: ServingPlan, report: PlaceReport, options: { readonly signal: AbortSignal }): Promise<Running>;
  /** Ends it at once; also where it has ended or is gone. */
  stop(handle: string): Promise<void>;
  remove(handle: string): Promise<void>;
  /** What runs of this data folder, whoever started it; a container with a plan that does not parse is not told. */
  list(options: { readonly signal: AbortSignal }): Promise<readonly { readonly handle: string; readonly plan: ServingPlan }[]>;
  /** Which versions answer is asked of the server itself. */
  inspect(handle: string, plan: ServingPlan, options: { readonly signal: AbortSignal }): Promise<PlaceFacts>;
  logs(handle: string, options: { readonly follow: boolean; readonly tail: number; readonly signal: AbortSignal }): AsyncIterable<LogLine>;
  figures(handle: string, options: { readonly signal: AbortSignal }): AsyncIterable<Figures>;
  /** How it was started, as a line that a person can run. */
  commandLine(plan: ServingPlan): string;
}
