import { randomUUID } from 'node:crypto';
import { AppError, type ErrorReport } from '../shared/contract/errors.ts';
import type { Task } from '../shared/contract/state.ts';
import { reportOf } from './incident.ts';
import type { StateHub } from './stateHub.ts';

/** What a task's work may use while it runs. */
export interface TaskHandle {
  readonly id: string;
  readonly signal: AbortSignal;
  /** `progress` is 0..1, or null where the end is not known. */
  readonly report: (progress: number | null, detail: string | null) => void;
}

/** Long work that a person can see and stop. */
export interface Tasks {
  /** Starts at once; `finished` settles as the work does. The task's final state stays until it is dismissed. */
  run<T>(
    label: string,
    about: Task['about'],
    work: (handle: TaskHandle) => Promise<T>,
  ): { readonly id: string; readonly finished: Promise<T> };
  cancel(id: string): void;
  dismiss(id: string): void;
  /** Cancels all and waits for them to end. */
  [Symbol.asyncDispose](): Promise<void>;
}

const keptDone = 20;

export function createTasks(hub: StateHub, now: () => Date): Tasks {
  const running = new Map<string, { abort: AbortController; ended: Promise<void> }>();

  function settle(task: Task, state: Task['state'], error: ErrorReport | null): void {
    const latest = hub.state.tasks.find((one) => one.id === task.id) ?? task;
    hub.putTask({ ...latest, state, error, progress: state === 'done' ? 1 : latest.progress });
    const ended = hub.state.tasks.filter((one) => one.state !== 'running');
    for (const old of ended.slice(0, Math.max(0, ended.length - keptDone))) hub.dropTask(old.id);
  }

  return {
    run(label, about, work) {
      const abort = new AbortController();
      const task: Task = {
        id: randomUUID(),
        label,
        about,
        state: 'running',
        progress: null,
        detail: null,
        startedAt: now().toISOString(),
        error: null,
      };
      hub.putTask(task);
      const handle: TaskHandle = {
        id: task.id,
        signal: abort.signal,
        report(progress, detail) {
          const latest = hub.state.tasks.find((one) => one.id === task.id) ?? task;
          if (latest.state === 'running') hub.putTask({ ...latest, progress, detail });
        },
      };
      const finished = work(handle);
      const ended = finished.then(
        () => settle(task, 'done', null),
        (error: unknown) => {
          if (abort.signal.aborted) settle(task, 'cancelled', new AppError('CANCELLED').report());
          else settle(task, 'failed', reportOf(error));
        },
      );
      running.set(task.id, { abort, ended: ended.finally(() => running.delete(task.id)) });
      return { id: task.id, finished };
    },
    cancel: (id) => running.get(id)?.abort.abort(),
    dismiss(id) {
      if (!running.has(id)) hub.dropTask(id);
    },
    async [Symbol.asyncDispose]() {
      for (const { abort } of running.values()) abort.abort();
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
