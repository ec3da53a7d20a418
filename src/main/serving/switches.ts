import { randomUUID } from 'node:crypto';
import { AppError } from '../../shared/contract/errors.ts';
import type { VersionSummary } from '../../shared/contract/savedModel.ts';
import { descending, keptOf, problemOf, sameState } from '../../shared/contract/servedState.ts';
import type { Serving, ServingPlan } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import type {
  ServedEntry,
  ServedState,
  SwitchCause,
  SwitchForecast,
  Switching,
  SwitchRequest,
  SwitchStep,
  SwitchStepId,
  SwitchTarget,
  VersionSwitch,
} from '../../shared/contract/switching.ts';
import type { ServedRecords } from '../database/records.ts';
import { asAppError } from '../incident.ts';
import { inspectInWorker } from '../savedmodel/inspectInWorker.ts';
import type { StateHub } from '../stateHub.ts';
import type { Tasks } from '../tasks.ts';
import { connectGrpc } from '../tfserving/grpcClient.ts';
import type { Ledger } from './ledger.ts';
import { forecastMemory, memoryProblem } from './memoryForecast.ts';
import type { Place } from './place.ts';
import { applyPlan, runSwitch, untilGone, type RunCases, type SwitchedServer, type TellStep } from './runSwitch.ts';
import { nextServed, stateOf } from './servedVersions.ts';
import { serverIdOf, type SharedServers } from './sharedServer.ts';

/** What of a switch is asked beside its target. */
export interface SwitchChoice {
  readonly by: ServedEntry['by'];
  readonly cause: SwitchCause;
  readonly reason: string;
  readonly anyway: boolean;
  readonly despiteCases?: boolean;
  /** Versions that are passed over: they were refused. */
  readonly without?: ReadonlySet<string>;
}

type NewEntry = Pick<ServedEntry, 'by' | 'cause' | 'outcome' | 'reason'> & Partial<Pick<ServedEntry, 'refusal'>>;

/** Changes of what running servers serve. */
export interface Switches {
  forecast(request: SwitchRequest, options: { readonly signal: AbortSignal }): Promise<SwitchForecast>;
  /** Begins a switch as a task. Refuses at once what cannot be meant: NOT_SERVING, SWITCH_FIXED, SWITCH_RUNNING, VERSION_NOT_FOUND. */
  start(request: SwitchRequest): { readonly taskId: string };
  begin(id: string, target: SwitchTarget, choice: SwitchChoice): { readonly taskId: string; readonly finished: Promise<void> };
  history(id: string, limit: number): readonly ServedEntry[];
  /** Writes an entry of the history that no switch brought about. */
  note(serving: Serving, entry: NewEntry): void;
  /** Whether one is under way in the server of this serving: a server is changed by one at a time. */
  isRunning(id: string): boolean;
  /** When none is under way in a plan's server. */
  whenIdle(plan: ServingPlan): Promise<void>;
  /** Stops the switch that is under way, and waits until the old state is back. */
  cancel(id: string): Promise<void>;
  /** Brings about what the record says, after a switch whose process ended in the middle of it. */
  recover(serving: Serving, options: { readonly signal: AbortSignal }): Promise<void>;
  /** A server as its switch sees it; to be closed. */
  open(serving: Serving): SwitchedServer & Disposable;
  [Symbol.asyncDispose](): Promise<void>;
}

const stepIds: readonly SwitchStepId[] = ['check', 'memory', 'load', 'canary', 'cases', 'move', 'keep'];
/** A step in the task's words. */
const stepWords: Readonly<Record<SwitchStepId, string>> = {
  check: 'Files of the version',
  memory: 'Memory forecast',
  load: 'Load beside what answers',
  canary: 'Canary answer',
  cases: 'Saved cases',
  move: 'Move labels and requests',
  keep: 'Keep for rollback',
};
const waitingSteps: readonly SwitchStep[] = stepIds.map((id) => ({ id, state: 'waiting', startedAt: null, elapsedMs: null, detail: null }));
const undoMs = 60_000;

export function createSwitches({
  hub,
  tasks,
  ledger,
  records,
  placeOf,
  shared,
  look,
  runCases,
  now,
  signal: ended,
}: {
  readonly hub: StateHub;
  readonly tasks: Tasks;
  readonly ledger: Ledger;
  readonly records: ServedRecords;
  readonly placeOf: (plan: ServingPlan) => Place;
  readonly shared: SharedServers;
  /** Asks the server what it serves. */
  readonly look: (id: string) => Promise<void>;
  readonly runCases: RunCases;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}): Switches {
  const running = new Map<string, { readonly taskId: string; readonly finished: Promise<unknown> }>();

  /** The serving that is being switched in a plan's server. */
  const underWay = (plan: ServingPlan): string | undefined =>
    running.keys().find((id) => serverIdOf(ledger.find(id).plan) === serverIdOf(plan));

  function modelOf({ modelId }: Serving): Model {
    const model = hub.state.models.find(({ id }) => id === modelId);
    if (model === undefined) throw new AppError('MODEL_NOT_FOUND', { name: modelId, known: '' });
    return model;
  }
  const stateNow = ({ plan, state }: Serving): ServedState => stateOf(plan, state.kind === 'serving' ? state.versions : []);

  const servedBefore = (id: string): readonly ServedEntry[] => records.of(id, 1_000).filter(({ outcome }) => outcome === 'served');
  function back(id: string, from: ServedState): (entryId: number | null) => ServedState {
    return (entryId) => {
      const entries = servedBefore(id);
      const found = entryId === null ? entries.find(({ state }) => !sameState(state, from)) : entries.find((one) => one.id === entryId);
      if (found === undefined) throw new AppError('NOTHING_BEFORE', { name: ledger.find(id).name });
      return found.state;
    };
  }

  /** Where a target leads. */
  function decide(serving: Serving, target: SwitchTarget, without: ReadonlySet<string> = new Set()) {
    const { id, name, plan, state } = serving;
    if (state.kind !== 'serving') throw new AppError('NOT_SERVING', { name });
    if (serving.change?.state === 'running') throw new AppError('PLACE_CHANGING', { name });
    const model = modelOf(serving);
    const from = stateNow(serving);
    const offered = { versions: model.versions.filter(({ version }) => version === null || !without.has(version)) };
    const { to, keep } = nextServed(plan, from, target, { model: offered, back: back(id, from) });
    const loaded = plan.served?.mode === 'guarded' ? plan.served.admitted : from.versions;
    const admitted = to.mode === 'guarded' ? descending([...to.versions, ...keep]) : [];
    const known = [...model.versions.flatMap(({ version }) => version ?? []), ...model.record.arriving.map(({ version }) => version)];
    const missing = to.versions.find((version) => !known.includes(version) && !loaded.includes(version));
    if (missing !== undefined) throw new AppError('VERSION_NOT_FOUND', { version: missing, name, known: known.join(', ') });
    const after: ServingPlan = {
      ...plan,
      versions: to.policy,
      served: { mode: to.mode, labels: { ...to.labels }, admitted },
    };
    const stays = to.mode === 'guarded' ? admitted : to.versions;
    return {
      from,
      to,
      keep,
      after,
      model,
      load: stays.filter((version) => !loaded.includes(version)),
      unload: loaded.filter((version) => !stays.includes(version)),
    };
  }

  const find = (model: Pick<Model, 'versions'>, version: string): VersionSummary | undefined =>
    model.versions.find((one) => one.version === version);

  /** VERSION_UNUSABLE where the files of a version would not serve. */
  function checkVersions({ name, plan }: Serving, model: Pick<Model, 'versions' | 'problems'>, load: readonly string[]): void {
    for (const version of load) {
      const known = find(model, version);
      const problem = known === undefined ? model.problems.find(({ data }) => data?.['version'] === version) : problemOf(known, plan.tags);
      if (problem === null) continue;
      const detail = problem === undefined ? 'It is not complete.' : `${problem.message} ${problem.advice}`;
      throw new AppError('VERSION_UNUSABLE', { version, name, detail });
    }
  }

  async function memoryOf(serving: Serving, model: Model, load: readonly string[], signal: AbortSignal) {
    return forecastMemory(
      placeOf(serving.plan),
      serving,
      load.flatMap((version) => find(model, version) ?? []),
      { signal },
    );
  }

  function open({ id, name, plan }: Serving): SwitchedServer & Disposable {
    const grpc = connectGrpc(`127.0.0.1:${plan.grpcPort}`);
    return {
      grpc,
      beside: () => shared.configsBeside(plan),
      runCases,
      version: (version) => find(modelOf(ledger.find(id)), version),
      async checkAlive(signal) {
        const { containerId } = ledger.find(id);
        const facts = containerId === null ? null : await placeOf(plan).inspect(containerId, plan, { signal });
        if (facts === null || facts.kind === 'gone') throw new AppError('NOT_SERVING', { name });
        if (facts.kind === 'ended') throw facts.problem ?? new AppError('NOT_SERVING', { name });
      },
      [Symbol.dispose]: () => grpc.close(),
    };
  }

  const change = (id: string, switching: Partial<Switching>): void =>
    void ledger.change(id, { switching: { ...ledger.find(id).switching, ...switching } });
  function changeCurrent(id: string, changes: Partial<VersionSwitch>): void {
    const { current } = ledger.find(id).switching;
    if (current !== null) change(id, { current: { ...current, ...changes } });
  }

  /** What a server that starts anew has to serve: the record first, then the file that it reads. */
  async function write(id: string, plan: ServingPlan): Promise<void> {
    ledger.change(id, { plan });
    await shared.writeConfig(plan);
  }

  function tellerFor(id: string, report: (progress: number | null, detail: string | null) => void): TellStep {
    return (step, state, detail) => {
      const moment = now().toISOString();
      const steps = (ledger.find(id).switching.current?.steps ?? []).map((one): SwitchStep => {
        if (one.id !== step) return one;
        const startedAt = one.startedAt ?? moment;
        const elapsedMs = state === 'running' ? one.elapsedMs : Date.parse(moment) - Date.parse(startedAt);
        return { ...one, state, startedAt, elapsedMs, detail: detail ?? one.detail };
      });
      changeCurrent(id, { steps });
      if (state === 'running') report((stepIds.indexOf(step) + 0.5) / stepIds.length, stepWords[step]);
    };
  }

  function begin(id: string, target: SwitchTarget, choice: SwitchChoice): { readonly taskId: string; readonly finished: Promise<void> } {
    const serving = ledger.find(id);
    const busy = underWay(serving.plan);
    if (busy !== undefined) throw new AppError('SWITCH_RUNNING', { name: ledger.find(busy).name });
    const decided = decide(serving, target, choice.without);
    const { by, cause, reason } = choice;
    const { name } = serving;
    const task = tasks.run(`Switch ${name} to ${decided.to.versions.join(', ')}`, { kind: 'serving', id: serving.id }, async (handle) => {
      const stopped = AbortSignal.any([handle.signal, ended]);
      const current: VersionSwitch = {
        id: randomUUID(),
        taskId: handle.id,
        target,
        by,
        cause,
        reason,
        from: decided.from,
        to: decided.to,
        state: 'running',
        steps: waitingSteps,
        problem: null,
        startedAt: now().toISOString(),
      };
      // Known before anything is told to the server: whoever owns the folder after a crash finds it.
      change(serving.id, { current });
      try {
        await run(serving, decided, { choice, tell: tellerFor(serving.id, handle.report), signal: stopped });
        note(ledger.find(serving.id), { by, cause, outcome: 'served', reason });
        finish(serving.id, 'done', null);
      } catch (error) {
        // The next owner finds it under way, and brings the record about.
        if (ended.aborted) throw error;
        const isStopped = handle.signal.aborted;
        const problem = isStopped ? new AppError('CANCELLED') : asAppError(error);
        const { title, advice } = problem.report();
        note(ledger.find(serving.id), {
          by,
          cause,
          outcome: isStopped ? 'cancelled' : 'refused',
          reason: isStopped ? reason : `${decided.load.map((version) => `v${version}: `).join('')}${title}. ${advice}`,
          refusal: isStopped ? null : { versions: decided.load, why: { kind: 'refused', problem: problem.report() } },
        });
        finish(serving.id, isStopped ? 'cancelled' : 'failed', problem);
        throw problem;
      } finally {
        running.delete(serving.id);
        await look(serving.id).catch(() => undefined);
      }
    });
    // The task holds its failure; nobody else may wait for it.
    task.finished.catch(() => undefined);
    running.set(serving.id, { taskId: task.id, finished: task.finished });
    return { taskId: task.id, finished: task.finished };
  }

  function finish(id: string, state: VersionSwitch['state'], problem: AppError | null): void {
    const steps = (ledger.find(id).switching.current?.steps ?? []).map((one): SwitchStep =>
      one.state === 'running' ? { ...one, state: 'failed' } : one,
    );
    changeCurrent(id, { state, steps, taskId: null, problem: problem?.report() ?? null });
  }

  async function run(
    { id, plan: before }: Serving,
    { from, to, keep, after, model, load }: ReturnType<typeof decide>,
    { choice, tell, signal }: { readonly choice: SwitchChoice; readonly tell: TellStep; readonly signal: AbortSignal },
  ): Promise<void> {
    const serving = ledger.find(id);
    tell('check', 'running');
    if (load.length > 0) checkVersions(serving, await inspectInWorker(model.path, { signal }), load);
    tell('check', 'done', load.join(', '));
    tell('memory', 'running');
    const memory = await memoryOf(serving, model, load, signal);
    const tooSmall = memoryProblem(memory);
    if (tooSmall !== null && !choice.anyway) throw tooSmall;
    tell('memory', 'done', `${memory.usedBytes ?? ''} ${memory.addedBytes} ${memory.limitBytes}`);
    using server = open(serving);
    try {
      if (from.mode === 'guarded' && to.mode === 'guarded')
        await runSwitch(server, { before, after }, tell, {
          cases: choice.cause === 'returned' ? 'none' : choice.despiteCases === true ? 'told' : 'must-pass',
          tellCases: (cases) => changeCurrent(id, { cases }),
          commit: () => write(id, after),
          signal,
        });
      else {
        for (const step of ['load', 'canary', 'cases'] as const) tell(step, 'skipped', 'the server does it by itself');
        tell('move', 'running');
        await write(id, after);
        await applyPlan(server, after, to.versions, { signal });
        tell('move', 'done');
      }
    } catch (error) {
      // The record comes first: where the server cannot be told any more, it reads the old state when it starts again.
      if (!ended.aborted) {
        await write(id, before);
        const until = AbortSignal.timeout(undoMs);
        await applyPlan(server, before, [], { signal: until })
          // What was loaded for it is looked for no more before it has gone.
          .then(() => untilGone(server, before.name, from.mode === 'guarded' ? load : [], until))
          .catch((undo: unknown) => void asAppError(undo));
      }
      throw error;
    }
    tell('keep', keep.length > 0 ? 'done' : 'skipped', keep.length > 0 ? keep.join(', ') : undefined);
    const answering = to.mode === 'guarded' ? (after.served?.admitted ?? []) : to.versions;
    ledger.happen(id, { kind: 'available', versions: answering });
  }

  function note(serving: Serving, entry: NewEntry): void {
    const state = stateNow(serving);
    const last = entry.outcome === 'served' ? servedBefore(serving.id)[0] : undefined;
    if (last !== undefined && sameState(last.state, state)) return;
    const made = { refusal: null, ...entry, at: now().toISOString(), state };
    const { id: latestEntry } = records.add({ servingId: serving.id, serving: serving.name }, made);
    change(serving.id, { latestEntry });
  }

  return {
    open,
    begin,
    note,
    isRunning: (id) => underWay(ledger.find(id).plan) !== undefined,
    async whenIdle(plan) {
      for (let id = underWay(plan); id !== undefined; id = underWay(plan)) await running.get(id)?.finished.catch(() => undefined);
    },
    async forecast({ id, target, anyway }, { signal }) {
      const serving = ledger.find(id);
      const { from, to, keep, load, unload, model } = decide(serving, target);
      const memory = await memoryOf(serving, model, load, signal);
      let problem = anyway ? null : memoryProblem(memory);
      try {
        checkVersions(serving, model, load);
      } catch (error) {
        problem = asAppError(error);
      }
      return { from, to, load, keep, unload, memory, problem: problem?.report() ?? null };
    },
    start({ id, target, reason, anyway, despiteCases }) {
      const cause = target.kind === 'back' || target.kind === 'entry' ? 'returned' : target.kind === 'unload-kept' ? 'unloaded' : 'asked';
      const { taskId } = begin(id, target, { by: 'person', cause, reason, anyway, despiteCases });
      return { taskId };
    },
    history: (id, limit) => records.of(ledger.find(id).id, limit),
    async cancel(id) {
      const one = running.get(id);
      if (one === undefined) return;
      tasks.cancel(one.taskId);
      await one.finished.catch(() => undefined);
    },
    async recover(serving, { signal }) {
      const { id, plan } = serving;
      const wanted = plan.served?.admitted.filter((version) => !keptOf(plan).includes(version)) ?? [];
      if (serving.state.kind === 'serving') {
        using server = open(serving);
        await applyPlan(server, plan, wanted, { signal: AbortSignal.any([signal, AbortSignal.timeout(undoMs)]) });
        await look(id).catch(() => undefined);
        note(ledger.find(id), { by: 'automatic', cause: 'recovered', outcome: 'served', reason: '' });
      }
      finish(id, 'interrupted', new AppError('SWITCH_INTERRUPTED', { versions: wanted.join(', ') }));
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...running.values()].map(({ finished }) => finished));
    },
  };
}
