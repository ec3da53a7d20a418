import type { AppError } from '../../shared/contract/errors.ts';
import type { Serving, ServingNote, ServingStep, StopReason } from '../../shared/contract/serving.ts';
import { asAppError } from '../incident.ts';
import type { Tasks } from '../tasks.ts';
import { waitingSteps, type Ledger } from './ledger.ts';
import type { PlaceReport, Running } from './place.ts';

/** What a try does, what else is shown of its serving, and what is left where it is stopped. */
type Attempt = Partial<Serving> & {
  readonly work: (report: PlaceReport, signal: AbortSignal) => Promise<Running>;
  /** Leaves nothing half-started; `byPerson` is false where this process ends. */
  readonly cancelled: (byPerson: boolean) => Promise<void>;
  /** Of what ran already: why it has ended where it did not fail, but was stopped meanwhile; null where it failed. */
  readonly stopped?: (problem: AppError) => { readonly reason: StopReason; readonly note: ServingNote } | null;
};

/** Tries to get servings to answer, one a serving at a time. */
export interface Attempts {
  /** As a task; the serving is shown as starting before this returns. */
  begin(
    serving: Pick<Serving, 'id' | 'name'>,
    as: 'start' | 'loading',
    attempt: Attempt,
  ): { readonly servingId: string; readonly taskId: string };
  isUnderWay(id: string): boolean;
  /** Stops the try that is under way, and waits for its end; false where there is none. */
  cancel(id: string): Promise<boolean>;
  /** When the try that is under way has ended, whichever way. */
  settled(id: string): Promise<void>;
  allSettled(): Promise<void>;
}

export function createAttempts({
  tasks,
  ledger,
  signal: ended,
}: {
  readonly tasks: Tasks;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
}): Attempts {
  const { find, happen } = ledger;
  const underWay = new Map<string, { readonly taskId: string; readonly finished: Promise<unknown> }>();

  /** The task holds its failure: here only its end counts. */
  async function settled(id: string): Promise<void> {
    await underWay.get(id)?.finished.catch(() => undefined);
  }

  return {
    begin({ id, name }, as, { work, cancelled, stopped: whyStopped = () => null, ...changes }) {
      const task = tasks.run(`Serve ${name}`, { kind: 'serving', id }, async ({ signal: stopped, report: tell }) => {
        const signal = AbortSignal.any([stopped, ended]);
        const write = ledger.reportFor(id);
        const report: PlaceReport = {
          ...write,
          step(step, state, detail) {
            write.step(step, state, detail);
            if (state === 'running') tell(null, detail ?? step);
          },
          pull(progress) {
            write.pull(progress);
            tell(progress.totalBytes > 0 ? progress.currentBytes / progress.totalBytes : null, 'pull');
          },
        };
        try {
          const { handle, versions, canary, imageDigest } = await work(report, signal);
          happen(id, { kind: 'available', versions }, { canary, imageDigest, containerId: handle, cause: null, taskId: null });
        } catch (error) {
          if (signal.aborted) {
            await cancelled(!ended.aborted);
            throw error;
          }
          const problem = asAppError(error);
          const why = whyStopped(problem);
          if (why === null) happen(id, { kind: 'refuse', problem: problem.report() }, { steps: failedSteps(find(id).steps), taskId: null });
          else happen(id, { kind: 'ended', reason: why.reason }, { steps: waitingSteps, note: why.note, taskId: null });
          throw problem;
        } finally {
          underWay.delete(id);
        }
      });
      // The task holds its failure; nobody else may wait for it.
      task.finished.catch(() => undefined);
      underWay.set(id, { taskId: task.id, finished: task.finished });
      happen(id, { kind: as }, { ...changes, taskId: task.id });
      return { servingId: id, taskId: task.id };
    },
    isUnderWay: (id) => underWay.has(id),
    async cancel(id) {
      const one = underWay.get(id);
      if (one === undefined) return false;
      tasks.cancel(one.taskId);
      await settled(id);
      return true;
    },
    settled,
    async allSettled() {
      await Promise.allSettled([...underWay.values()].map(({ finished }) => finished));
    },
  };
}

const failedSteps = (steps: readonly ServingStep[]): readonly ServingStep[] =>
  steps.map((one) => (one.state === 'running' ? { ...one, state: 'failed' } : one));
