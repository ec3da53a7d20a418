import { AppError } from '../../shared/contract/errors.ts';
import type { Serving, ServingPlan, ServingStep, StepId } from '../../shared/contract/serving.ts';
import type { Switching } from '../../shared/contract/switching.ts';
import type { EventRecords, ServingRecord, ServingRecords } from '../database/records.ts';
import type { StateHub } from '../stateHub.ts';
import type { PlaceReport } from './place.ts';
import { neverStarted, nextState, type ServingEvent } from './servingMachine.ts';

const stepIds: readonly StepId[] = ['check', 'pull', 'create', 'load', 'available', 'canary'];

/** The steps of a start that has not begun. */
export const waitingSteps: readonly ServingStep[] = stepIds.map((id) => ({
  id,
  state: 'waiting',
  startedAt: null,
  elapsedMs: null,
  detail: null,
}));

const neverSwitched: Switching = { current: null, held: [] };
const neverChanged: Pick<Serving, 'change' | 'previous'> = { change: null, previous: null };

/** The servings as they are shown and as they are recorded: one is never changed without the other. */
export interface Ledger {
  /** By id or name. SERVING_NOT_FOUND. */
  readonly find: (id: string) => Serving;
  /** A serving that has never run. */
  add(plan: ServingPlan, changes?: Partial<Serving>): Serving;
  readonly change: (id: string, changes: Partial<Serving>) => Serving;
  /** Moves the state machine; a new state is an event of the history. */
  readonly happen: (id: string, event: ServingEvent, changes?: Partial<Serving>) => Serving;
  /** Told before it is brought about. */
  want(id: string, wanted: ServingRecord['wanted']): void;
  drop(id: string): void;
  /** What a place tells about a serving, written down. */
  reportFor(id: string): PlaceReport;
}

export function createLedger({
  hub,
  records,
  events,
  now,
}: {
  readonly hub: StateHub;
  readonly records: ServingRecords;
  readonly events: EventRecords;
  readonly now: () => Date;
}): Ledger {
  const kept = new Map<string, ServingRecord>();
  function keep(record: ServingRecord): void {
    records.put(record);
    kept.set(record.id, record);
  }

  function find(id: string): Serving {
    const found = hub.state.servings.find((one) => one.id === id || one.name === id);
    if (found === undefined)
      throw new AppError('SERVING_NOT_FOUND', { name: id, known: hub.state.servings.map(({ name }) => name).join(', ') || 'none' });
    return found;
  }

  function change(id: string, changes: Partial<Serving>): Serving {
    const serving = { ...find(id), ...changes };
    const record = kept.get(serving.id);
    if (record !== undefined) keep({ ...record, plan: serving.plan, containerId: serving.containerId, last: serving });
    hub.putServing(serving);
    return serving;
  }

  function happen(id: string, event: ServingEvent, changes: Partial<Serving> = {}): Serving {
    const before = find(id);
    const state = nextState(before.state, event);
    if (state === before.state) return change(id, changes);
    if (state.kind === before.state.kind) return change(id, { ...changes, state });
    events.add({ about: before.name, kind: state.kind, detail: state.kind === 'failed' ? state.problem.title : '' });
    return change(id, { ...changes, state, since: now().toISOString() });
  }

  for (const record of records.all()) {
    kept.set(record.id, record);
    // A record of an earlier release knows nothing of switches and changes of place.
    if (record.last !== null)
      hub.putServing({
        ...neverChanged,
        ...record.last,
        switching: record.last.switching ?? neverSwitched,
        plan: record.plan,
        containerId: record.containerId,
        taskId: null,
      });
  }

  return {
    find,
    add(plan, changes = {}) {
      const { servingId: id, modelId, name, engine } = plan;
      const moment = now().toISOString();
      const serving: Serving = {
        id,
        modelId,
        name,
        engine,
        state: neverStarted,
        plan,
        steps: waitingSteps,
        pull: null,
        canary: null,
        cause: null,
        containerId: null,
        imageDigest: null,
        note: null,
        since: moment,
        taskId: null,
        switching: neverSwitched,
        ...neverChanged,
        ...changes,
      };
      keep({ id, plan, wanted: 'running', containerId: serving.containerId, last: serving, createdAt: moment });
      hub.putServing(serving);
      return serving;
    },
    change,
    happen,
    want(id, wanted) {
      const record = kept.get(id);
      if (record !== undefined && record.wanted !== wanted) keep({ ...record, wanted });
    },
    drop(id) {
      const { name } = find(id);
      records.remove(id);
      kept.delete(id);
      hub.dropServing(id);
      events.add({ about: name, kind: 'removed', detail: '' });
    },
    reportFor: (id) => ({
      step(step, state, detail) {
        const moment = now().toISOString();
        const steps = find(id).steps.map((one): ServingStep => {
          if (one.id !== step) return one;
          const startedAt = one.startedAt ?? moment;
          const elapsedMs = state === 'running' ? one.elapsedMs : Date.parse(moment) - Date.parse(startedAt);
          return { ...one, state, startedAt, elapsedMs, detail: detail ?? one.detail };
        });
        happen(id, { kind: 'step', step }, { steps });
      },
      pull: (pull) => void change(id, { pull }),
      cause: (cause) => void change(id, { cause }),
      handle: (containerId) => void change(id, { containerId }),
    }),
  };
}
