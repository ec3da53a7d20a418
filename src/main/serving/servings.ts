import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import {
  serveRequest,
  type Figures,
  type LogLine,
  type ServeRequest,
  type Serving,
  type ServingPlan,
  type ServingStep,
  type StepId,
} from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { EventRecords, ServingRecord, ServingRecords } from '../database/records.ts';
import { lifeLabel, ownerLabel, planLabel, type ContainerEvent, type Credentials } from '../docker/dockerEngine.ts';
import type { EngineWatch } from '../docker/engineWatch.ts';
import { asAppError } from '../incident.ts';
import type { StateHub } from '../stateHub.ts';
import type { Tasks } from '../tasks.ts';
import { configFileOf } from './containerSpec.ts';
import { createDockerPlace, endedError } from './dockerPlace.ts';
import type { PlaceReport } from './place.ts';
import { planServing } from './planServing.ts';
import { createPortKeeper } from './portKeeper.ts';
import { neverStarted, nextState, type ServingEvent } from './servingMachine.ts';

const stepIds: readonly StepId[] = ['check', 'pull', 'create', 'load', 'available', 'canary'];
const waitingSteps: readonly ServingStep[] = stepIds.map((id) => ({
  id,
  state: 'waiting',
  startedAt: null,
  elapsedMs: null,
  detail: null,
}));

/** The person's servings: started, stopped, watched, adopted. */
export interface Servings {
  start(request: ServeRequest): Promise<{ readonly servingId: string; readonly taskId: string }>;
  stop(id: string): Promise<void>;
  startAgain(id: string, changes?: Partial<Omit<ServeRequest, 'modelId'>>): Promise<{ readonly taskId: string }>;
  restart(id: string): Promise<{ readonly taskId: string }>;
  remove(id: string): Promise<void>;
  dockerRun(id: string): string;
  logs(id: string, options: { readonly follow: boolean; readonly tail: number; readonly signal: AbortSignal }): AsyncIterable<LogLine>;
  figures(id: string, options: { readonly signal: AbortSignal }): AsyncIterable<Figures>;
  ports(): Promise<{
    readonly rest: number;
    readonly grpc: number;
    readonly taken: readonly { readonly port: number; readonly owner: string }[];
  }>;
  /** Compares records and containers, and adopts or says what changed. Runs at each connection to the engine. */
  reconcile(): Promise<void>;
  /** Settles when a start that is under way has ended, whichever way. */
  settled(id: string): Promise<Serving>;
  /** Ends foreground servings whose holder went away. */
  endForeground(ids: readonly string[]): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ServingsOptions {
  readonly hub: StateHub;
  readonly tasks: Tasks;
  readonly engines: EngineWatch;
  readonly records: ServingRecords;
  readonly events: EventRecords;
  readonly ownerId: string;
  readonly dataFolder: string;
  readonly credentials: (reference: string) => Promise<Credentials | undefined>;
  readonly now: () => Date;
}

export function createServings({ hub, tasks, engines, records, events, ownerId, dataFolder, credentials, now }: ServingsOptions): Servings {
  const ended = new AbortController();
  const starting = new Map<string, { readonly taskId: string; readonly finished: Promise<unknown> }>();
  const place = createDockerPlace({
    getEngine: () => engines.engine(),
    getSettings: () => hub.state.settings,
    getEnginePlatform: () => hub.state.engine.platform,
    getVersions: (modelId) => hub.state.models.find(({ id }) => id === modelId)?.versions ?? [],
    credentials,
    ownerId,
    dataFolder,
  });

  const portKeeper = createPortKeeper({ hub, engines });

  const find = (id: string): Serving => {
    const found = hub.state.servings.find((one) => one.id === id || one.name === id);
    if (found === undefined)
      throw new AppError('SERVING_NOT_FOUND', { name: id, known: hub.state.servings.map(({ name }) => name).join(', ') || 'none' });
    return found;
  };
  const recordOf = (id: string): ServingRecord | undefined => records.all().find((one) => one.id === id);

  /** Changes what is shown and what would be said after a crash. */
  function change(id: string, changes: Partial<Serving>): Serving {
    const serving = { ...find(id), ...changes };
    const record = recordOf(serving.id);
    if (record !== undefined) records.put({ ...record, plan: serving.plan, containerId: serving.containerId, last: serving });
    hub.putServing(serving);
    return serving;
  }
  function happen(id: string, event: ServingEvent, changes: Partial<Serving> = {}): Serving {
    const before = find(id);
    const state = nextState(before.state, event);
    if (state === before.state) return change(id, changes);
    if (state.kind !== before.state.kind)
      events.add({ about: before.name, kind: state.kind, detail: state.kind === 'failed' ? state.problem.title : '' });
    return change(id, { ...changes, state, ...(state.kind === before.state.kind ? {} : { since: now().toISOString() }) });
  }

  function reportFor(id: string): PlaceReport {
    return {
      step(step, state, detail) {
        const { steps } = find(id);
        const moment = now().toISOString();
        const next = steps.map((one): ServingStep => {
          if (one.id !== step) return one;
          const startedAt = one.startedAt ?? moment;
          const elapsedMs = state === 'running' ? one.elapsedMs : Date.parse(moment) - Date.parse(startedAt);
          return { ...one, state, startedAt, elapsedMs, detail: detail ?? one.detail };
        });
        happen(id, { kind: 'step', step }, { steps: next });
      },
      pull: (pull) => void change(id, { pull }),
      cause: (cause) => void change(id, { cause }),
      handle: (containerId) => void change(id, { containerId }),
    };
  }

  const failedSteps = (steps: readonly ServingStep[]): readonly ServingStep[] =>
    steps.map((one) => (one.state === 'running' ? { ...one, state: 'failed' } : one));

  /** Starts the task of one plan; the serving is shown as starting before this returns. */
  function launch(plan: ServingPlan): { readonly servingId: string; readonly taskId: string } {
    const id = plan.servingId;
    const task = tasks.run(`Serve ${plan.name}`, { kind: 'serving', id }, async ({ signal: cancelled, report: tell }) => {
      const signal = AbortSignal.any([cancelled, ended.signal]);
      const report = reportFor(id);
      try {
        const old = find(id).containerId;
        report.step('check', 'running');
        tell(null, 'checking');
        if (old !== null) await place.remove(old);
        change(id, { containerId: null });
        await portKeeper.check(plan, signal);
        report.step('check', 'done');
        const running = await place.start(
          plan,
          {
            ...report,
            step: (step, state, detail) => {
              report.step(step, state, detail);
              if (state === 'running') tell(null, detail ?? step);
            },
            pull: (progress) => {
              report.pull(progress);
              tell(progress.totalBytes > 0 ? progress.currentBytes / progress.totalBytes : null, 'pull');
            },
          },
          { signal },
        );
        happen(
          id,
          { kind: 'available', versions: running.versions },
          { canary: running.canary, imageDigest: running.imageDigest, containerId: running.handle, cause: null, taskId: null },
        );
      } catch (error) {
        if (signal.aborted) {
          // Ended with us: what was wanted stays wanted in the record; nothing is left half-started.
          const handle = find(id).containerId;
          if (handle !== null) await place.remove(handle).catch(() => undefined);
          happen(id, { kind: 'ended', reason: 'person' }, { containerId: null, steps: waitingSteps, taskId: null, pull: null });
          throw error;
        }
        const problem = asAppError(error);
        happen(id, { kind: 'refuse', problem: problem.report() }, { steps: failedSteps(find(id).steps), taskId: null });
        throw problem;
      } finally {
        starting.delete(id);
      }
    });
    // The task holds its failure; nobody else may wait for it.
    task.finished.catch(() => undefined);
    starting.set(id, { taskId: task.id, finished: task.finished });
    happen(id, { kind: 'start' }, { taskId: task.id });
    return { servingId: id, taskId: task.id };
  }

  const modelOf = (id: string): Model => {
    const model = hub.state.models.find((one) => one.id === id || one.name === id);
    if (model === undefined)
      throw new AppError('MODEL_NOT_FOUND', { name: id, known: hub.state.models.map(({ name }) => name).join(', ') || 'none' });
    return model;
  };

  async function plan(request: ServeRequest, id: string): Promise<ServingPlan> {
    await engines.ready;
    engines.engine();
    const model = modelOf(request.modelId);
    const ports = await portKeeper.choose(request, id, request.name ?? model.name);
    return planServing(request, { servingId: id, model, settings: hub.state.settings, engine: hub.state.engine, ports });
  }

  async function start(request: ServeRequest): Promise<{ readonly servingId: string; readonly taskId: string }> {
    const model = modelOf(request.modelId);
    const name = request.name ?? model.name;
    const same = hub.state.servings.find((one) => one.name === name);
    if (same !== undefined) {
      if (same.state.kind !== 'stopped' && same.state.kind !== 'failed') throw new AppError('SERVING_RUNNING', { name });
      // The name's earlier serving is served anew, with its address where none was asked for.
      const { taskId } = await startAgain(same.id, request);
      return { servingId: same.id, taskId };
    }
    const made = await plan(request, randomUUID());
    const moment = now().toISOString();
    const serving: Serving = {
      id: made.servingId,
      modelId: model.id,
      name,
      engine: made.engine,
      state: neverStarted,
      plan: made,
      steps: waitingSteps,
      pull: null,
      canary: null,
      cause: null,
      containerId: null,
      imageDigest: null,
      note: null,
      since: moment,
      taskId: null,
    };
    records.put({ id: serving.id, plan: made, wanted: 'running', containerId: null, last: serving, createdAt: moment });
    hub.putServing(serving);
    return launch(made);
  }

  async function startAgain(id: string, changes: Partial<ServeRequest> = {}): Promise<{ readonly taskId: string }> {
    const serving = find(id);
    if (serving.state.kind === 'starting' || serving.state.kind === 'stopping')
      throw new AppError('SERVING_RUNNING', { name: serving.name });
    const { plan: old } = serving;
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const request = serveRequest.parse({
      modelId: old.modelId,
      name: old.name,
      engine: old.engine,
      image: old.image,
      restPort: old.restPort,
      grpcPort: old.grpcPort,
      versions: old.versions,
      tags: old.tags,
      extraFlags: old.extraFlags,
      env: old.env,
      life: old.life,
      memoryBytes: old.memoryBytes,
      ...given,
    });
    // Refused changes leave what runs as it is.
    const made = await plan(request, serving.id);
    if (serving.state.kind === 'serving') await stop(serving.id);
    const record = recordOf(serving.id);
    if (record !== undefined) records.put({ ...record, plan: made, wanted: 'running' });
    change(serving.id, {
      plan: made,
      name: made.name,
      modelId: made.modelId,
      steps: waitingSteps,
      pull: null,
      canary: null,
      cause: null,
      note: null,
    });
    return launch(made);
  }

  async function stop(id: string): Promise<void> {
    const serving = find(id);
    const record = recordOf(serving.id);
    if (record !== undefined) records.put({ ...record, wanted: 'stopped' });
    const start = starting.get(serving.id);
    if (start !== undefined) {
      tasks.cancel(start.taskId);
      await start.finished.catch(() => undefined);
      return;
    }
    if (serving.state.kind !== 'serving') return;
    happen(serving.id, { kind: 'stop' });
    try {
      if (serving.containerId !== null) await place.stop(serving.containerId);
      happen(serving.id, { kind: 'ended', reason: 'person' }, { note: null });
    } catch (error) {
      // It still runs: the truth comes by reconcile; the person hears why now.
      await reconcileOne(serving.id).catch(() => undefined);
      throw error;
    }
  }

  /** Removals under way: who asks for one that runs already waits for the same. */
  const removing = new Map<string, Promise<void>>();
  function remove(id: string): Promise<void> {
    const serving = find(id);
    const running = removing.get(serving.id) ?? removeOnce(serving).finally(() => removing.delete(serving.id));
    removing.set(serving.id, running);
    return running;
  }

  async function removeOnce(serving: Serving): Promise<void> {
    await stop(serving.id);
    const { containerId } = find(serving.id);
    if (containerId !== null) await place.remove(containerId);
    await rm(dirname(configFileOf(dataFolder, serving.plan)), { recursive: true, force: true });
    records.remove(serving.id);
    hub.dropServing(serving.id);
    events.add({ about: serving.name, kind: 'removed', detail: '' });
  }

  /** Brings one serving to what its container is. */
  async function reconcileOne(id: string): Promise<void> {
    const serving = find(id);
    if (starting.has(id)) return;
    const shown = serving.state.kind;
    if (serving.containerId === null) {
      if (shown !== 'stopped' && shown !== 'failed')
        happen(id, { kind: 'ended', reason: 'ended' }, { note: 'It was not running when Slipway looked again.' });
      return;
    }
    const facts = await place.inspect(serving.containerId, serving.plan, { signal: ended.signal });
    if (facts.kind === 'running') {
      if (shown === 'serving') change(id, serving.note === null ? {} : { note: null });
      else if (shown !== 'stopping') {
        const note = shown === 'stopped' ? 'It was started from outside Slipway.' : null;
        happen(
          id,
          { kind: 'available', versions: facts.versions },
          { note, taskId: null, steps: serving.steps.map((one) => ({ ...one, state: one.state === 'running' ? 'done' : one.state })) },
        );
      }
    } else if (shown === 'serving' || shown === 'starting' || shown === 'stopping') {
      if (facts.kind === 'gone')
        happen(
          id,
          { kind: 'ended', reason: 'removed' },
          { containerId: null, note: 'Its container was removed from outside Slipway. Start makes it anew.' },
        );
      else if (facts.outOfMemory || (facts.exitCode !== 0 && facts.exitCode !== 143 && facts.exitCode !== 137)) {
        happen(id, { kind: 'broke', problem: endedError(facts.exitCode, facts.outOfMemory, '').report() });
      } else happen(id, { kind: 'ended', reason: 'outside' }, { note: 'Its container was stopped from outside Slipway.' });
    } else if (facts.kind === 'gone') change(id, { containerId: null });
  }

  /** Containers with our owner's label that no record knows: adopted by the plan on their label, or ended where they were foreground. */
  async function adopt(): Promise<void> {
    const engine = engines.engine();
    for (const container of await engine.list(`${ownerLabel}=${ownerId}`, { signal: ended.signal })) {
      let made: ServingPlan;
      try {
        made = JSON.parse(container.labels[planLabel] ?? '') as ServingPlan;
      } catch {
        // Not one of ours after all: somebody copied a label. It is left alone.
        continue;
      }
      const known = hub.state.servings.find(({ id }) => id === made.servingId);
      const foregroundLeftOver = container.labels[lifeLabel] === 'foreground' && !starting.has(made.servingId) && !held.has(made.servingId);
      if (foregroundLeftOver) {
        await engine.stop(container.id, { graceSeconds: 1 });
        await engine.remove(container.id);
        continue;
      }
      if (known !== undefined) {
        if (known.containerId === null && !starting.has(known.id)) change(known.id, { containerId: container.id });
        continue;
      }
      const moment = now().toISOString();
      const serving: Serving = {
        id: made.servingId,
        modelId: made.modelId,
        name: made.name,
        engine: made.engine,
        state: { kind: 'stopped', reason: 'outside' },
        plan: made,
        steps: waitingSteps,
        pull: null,
        canary: null,
        cause: null,
        containerId: container.id,
        imageDigest: null,
        note: 'It was found running and adopted.',
        since: moment,
        taskId: null,
      };
      records.put({ id: serving.id, plan: made, wanted: 'running', containerId: container.id, last: serving, createdAt: moment });
      hub.putServing(serving);
    }
  }

  /** Foreground servings of this process. */
  const held = new Set<string>();

  async function reconcile(): Promise<void> {
    await adopt();
    for (const { id } of hub.state.servings) await reconcileOne(id);
  }

  function onEvent({ containerId, action }: ContainerEvent): void {
    const serving = hub.state.servings.find((one) => one.containerId === containerId);
    if (serving === undefined || !['start', 'die', 'destroy', 'oom', 'unpause', 'pause'].includes(action)) return;
    reconcileOne(serving.id).catch((error: unknown) => void asAppError(error));
  }

  for (const record of records.all())
    if (record.last !== null) hub.putServing({ ...record.last, plan: record.plan, containerId: record.containerId, taskId: null });
  const stopWatching = [
    engines.onEvent(onEvent),
    engines.onConnected(() => void reconcile().catch((error: unknown) => void asAppError(error))),
  ];

  return {
    async start(request) {
      const started = await start(request);
      if (request.life === 'foreground') held.add(started.servingId);
      return started;
    },
    stop,
    startAgain,
    async restart(id) {
      await stop(id);
      return startAgain(id);
    },
    remove,
    dockerRun: (id) => place.commandLine(find(id).plan),
    async *logs(id, options) {
      const { containerId } = find(id);
      if (containerId !== null) yield* place.logs(containerId, options);
    },
    async *figures(id, options) {
      const { containerId, state } = find(id);
      if (containerId !== null && state.kind === 'serving') yield* place.figures(containerId, options);
    },
    ports: () => portKeeper.offer(ended.signal),
    reconcile,
    async settled(id) {
      await starting.get(find(id).id)?.finished.catch(() => undefined);
      return find(id);
    },
    async endForeground(ids) {
      for (const id of ids) {
        held.delete(id);
        const serving = hub.state.servings.find((one) => one.id === id);
        if (serving?.plan.life === 'foreground') await remove(serving.id);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const off of stopWatching) off();
      ended.abort();
      await Promise.allSettled([...starting.values()].map(({ finished }) => finished));
    },
  };
}
