import type { AppFacts, AppState, EngineStatus, Model, StateEvent, Task } from '../shared/contract/state.ts';
import type { Serving } from '../shared/contract/serving.ts';
import type { Settings } from '../shared/contract/settings.ts';

/** The truth that windows mirror. Services put into it; `watch` tells the whole first, then each change in order. */
export interface StateHub {
  readonly state: AppState;
  putModel(model: Model): void;
  dropModel(id: string): void;
  putServing(serving: Serving): void;
  dropServing(id: string): void;
  putTask(task: Task): void;
  dropTask(id: string): void;
  putEngine(engine: EngineStatus): void;
  putSettings(settings: Settings): void;
  /** Asks every window to open the import sheet; where there is none yet, the first that comes is asked. */
  openImport(ticket: string): void;
  /**
   * Ends when the signal aborts. A slow reader gets the newest of each object and every import, never an unbounded queue.
   * Only a window is asked to open import sheets.
   */
  watch(options: { readonly signal: AbortSignal; readonly isWindow?: boolean }): AsyncGenerator<StateEvent, void>;
}

/** Import sheets that may wait for a window; the oldest are forgotten. */
const maxWaitingImports = 16;

interface Watcher {
  readonly isWindow: boolean;
  pending: Map<string, StateEvent>;
  wake: () => void;
}

function keyOf(event: StateEvent): string {
  switch (event.kind) {
    case 'model':
      return `model ${event.model.id}`;
    case 'model-gone':
      return `model ${event.id}`;
    case 'serving':
      return `serving ${event.serving.id}`;
    case 'serving-gone':
      return `serving ${event.id}`;
    case 'task':
      return `task ${event.task.id}`;
    case 'task-gone':
      return `task ${event.id}`;
    case 'open-import':
      return `open-import ${event.ticket}`;
    default:
      return event.kind;
  }
}

const replaced = <T extends { readonly id: string }>(list: readonly T[], item: T): readonly T[] =>
  list.some((one) => one.id === item.id) ? list.map((one) => (one.id === item.id ? item : one)) : [...list, item];

const without = <T extends { readonly id: string }>(list: readonly T[], id: string): readonly T[] => list.filter((one) => one.id !== id);

export function createStateHub(initial: AppState, facts: AppFacts): StateHub {
  let state = initial;
  const watchers = new Set<Watcher>();
  let waitingImports: readonly string[] = [];

  function tell(watcher: Watcher, event: StateEvent): void {
    const key = keyOf(event);
    watcher.pending.delete(key);
    watcher.pending.set(key, event);
    watcher.wake();
  }
  function publish(next: AppState, event: StateEvent): void {
    state = next;
    for (const watcher of watchers) tell(watcher, event);
  }

  return {
    get state() {
      return state;
    },
    putModel: (model) => publish({ ...state, models: replaced(state.models, model) }, { kind: 'model', model }),
    dropModel: (id) => publish({ ...state, models: without(state.models, id) }, { kind: 'model-gone', id }),
    putServing: (serving) => publish({ ...state, servings: replaced(state.servings, serving) }, { kind: 'serving', serving }),
    dropServing: (id) => publish({ ...state, servings: without(state.servings, id) }, { kind: 'serving-gone', id }),
    putTask: (task) => publish({ ...state, tasks: replaced(state.tasks, task) }, { kind: 'task', task }),
    dropTask: (id) => publish({ ...state, tasks: without(state.tasks, id) }, { kind: 'task-gone', id }),
    putEngine: (engine) => publish({ ...state, engine }, { kind: 'engine', engine }),
    putSettings: (settings) => publish({ ...state, settings }, { kind: 'settings', settings }),
    openImport(ticket) {
      const windows = [...watchers].filter(({ isWindow }) => isWindow);
      if (windows.length === 0) waitingImports = [...waitingImports, ticket].slice(-maxWaitingImports);
      for (const window of windows) tell(window, { kind: 'open-import', ticket });
    },
    async *watch({ signal, isWindow = false }) {
      let wake = Promise.withResolvers<void>();
      const watcher: Watcher = { isWindow, pending: new Map(), wake: () => wake.resolve() };
      if (isWindow) {
        for (const ticket of waitingImports) tell(watcher, { kind: 'open-import', ticket });
        waitingImports = [];
      }
      const stop = () => wake.resolve();
      watchers.add(watcher);
      signal.addEventListener('abort', stop, { once: true });
      try {
        yield { kind: 'snapshot', state, app: facts };
        while (!signal.aborted) {
          if (watcher.pending.size === 0) await wake.promise;
          wake = Promise.withResolvers<void>();
          const batch = [...watcher.pending.values()];
          watcher.pending.clear();
          yield* batch;
        }
      } finally {
        signal.removeEventListener('abort', stop);
        watchers.delete(watcher);
      }
    },
  };
}
