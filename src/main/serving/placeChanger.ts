import { AppError } from '../../shared/contract/errors.ts';
import {
  type ChangeStep,
  type ChangeStepId,
  type FormerPlace,
  type PlaceChange,
  type PlaceForecast,
  type PlaceName,
} from '../../shared/contract/placeChange.ts';
import type { PlaceChanges } from '../../shared/contract/placeChange.ts';
import { serveRequest, type ServeRequest, type Serving, type ServingPlan } from '../../shared/contract/serving.ts';
import type { EventRecords } from '../database/records.ts';
import type { ImageFacts } from '../docker/dockerEngine.ts';
import { asAppError } from '../incident.ts';
import type { StateHub } from '../stateHub.ts';
import type { TaskHandle, Tasks } from '../tasks.ts';
import type { Gateways } from './gateways.ts';
import type { Ledger } from './ledger.ts';
import { inMib, lookForRoom } from './memoryRoom.ts';
import type { Place, PlaceReport, Running } from './place.ts';
import { placeDiffers } from './placeDiffers.ts';
import { fetchFacts } from './readiness.ts';

/** What is under way at the old place gets the longest deadline that a server gives by default, and a little more. */
const drainMs = 45_000;

const stepIds: readonly ChangeStepId[] = ['room', 'pull', 'create', 'load', 'available', 'canary', 'handover', 'drain', 'keep'];
const unheard: PlaceReport = { step: () => undefined, pull: () => undefined, cause: () => undefined, handle: () => undefined };

/** Moves servings from one place to another at the same address: begun beside, tried, handed over, drained; taken back where it fails. */
export interface PlaceChanger {
  /** NOT_SERVING, PLACE_CHANGING, and what refuses a plan. */
  change(
    id: string,
    changes: PlaceChanges,
    also?: Pick<ServingPlan, 'mounts'>,
  ): Promise<{ readonly taskId: string; readonly finished: Promise<void> }>;
  /** What a change would do; refused as that would be, but for memory. */
  foresee(id: string, changes: PlaceChanges, options: { readonly signal: AbortSignal }): Promise<PlaceForecast>;
  /** To the place before; NO_FORMER_PLACE. */
  rollback(id: string): Promise<{ readonly taskId: string }>;
  readonly isChanging: (id: string) => boolean;
  /** Takes back a change that is under way; settles when that is done. */
  cancel(id: string): Promise<void>;
  /** Ends the place that is kept for a rollback; from then on that starts anew. */
  forget(id: string): Promise<void>;
  /** Settles what an owner left that ended in the middle: the gateway tells which place has the address. */
  recover(serving: Serving): Promise<void>;
}

export interface PlaceChangerOptions {
  readonly hub: StateHub;
  readonly ledger: Ledger;
  readonly tasks: Tasks;
  readonly events: EventRecords;
  readonly gateways: Gateways;
  readonly placeOf: (plan: ServingPlan) => Place;
  readonly plan: (request: ServeRequest, serving: Serving) => Promise<ServingPlan>;
  /** The image under a name on the engine; null where there is none. DOCKER_NOT_RUNNING. */
  readonly inspectImage: (reference: string, signal: AbortSignal) => Promise<ImageFacts | null>;
  /** Looks at what runs, after a change has ended whichever way. */
  readonly look: (id: string) => void;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** Where a change goes: a plan to start, or a place that runs already. */
interface Target {
  readonly kind: PlaceChange['kind'];
  readonly plan: ServingPlan;
  readonly former: FormerPlace | null;
}

const nameOf = ({ engine, image }: ServingPlan): PlaceName => ({ engine, image: engine === 'docker' ? image : null });
const wordsOf = ({ engine, image }: PlaceName): string => image ?? engine;

/** The step that was under way has failed, or the one that was to begin. */
function withFailure(steps: readonly ChangeStep[]): readonly ChangeStep[] {
  const failed = steps.find(({ state }) => state === 'running') ?? steps.find(({ state }) => state === 'waiting');
  return steps.map((one) => (one === failed ? { ...one, state: 'failed' } : one));
}

export function createPlaceChanger(options: PlaceChangerOptions): PlaceChanger {
  const { hub, ledger, tasks, events, gateways, placeOf, plan: makePlan, inspectImage, look, now, signal: ended } = options;
  const { find } = ledger;
  const under = new Map<string, { readonly taskId: string; readonly finished: Promise<unknown> }>();

  function write(id: string, part: Partial<PlaceChange>): void {
    const { change } = find(id);
    if (change !== null) ledger.change(id, { change: { ...change, ...part } });
  }

  function step(id: string, which: ChangeStepId, state: ChangeStep['state'], detail: string | null = null): void {
    const moment = now().toISOString();
    const steps = (find(id).change?.steps ?? []).map((one): ChangeStep => {
      if (one.id !== which) return one;
      const startedAt = one.startedAt ?? moment;
      return {
        ...one,
        state,
        startedAt,
        elapsedMs: state === 'running' ? null : Date.parse(moment) - Date.parse(startedAt),
        detail: detail ?? one.detail,
      };
    });
    write(id, { steps });
  }

  function begin(serving: Serving, target: Target): { readonly taskId: string; readonly finished: Promise<void> } {
    const { id, name, plan } = serving;
    const [from, to] = [nameOf(plan), nameOf(target.plan)];
    const label = target.kind === 'rollback' ? `Roll ${name} back to ${wordsOf(to)}` : `Change ${name} to ${wordsOf(to)}`;
    const task = tasks.run(label, { kind: 'serving', id }, async (handle) => {
      try {
        await run(serving, target, handle);
        write(id, { state: 'done', endedAt: now().toISOString() });
      } catch (error) {
        const problem = handle.signal.aborted ? new AppError('CANCELLED', {}, { cause: error }) : asAppError(error);
        const steps = withFailure(find(id).change?.steps ?? []);
        write(id, { state: 'failed', problem: problem.report(), steps, containerId: null, endedAt: now().toISOString() });
        events.add({ about: name, kind: `${target.kind}-failed`, detail: problem.message });
        throw problem;
      } finally {
        under.delete(id);
        look(id);
      }
    });
    // The task holds its failure; nobody else may wait for it.
    task.finished.catch(() => undefined);
    under.set(id, { taskId: task.id, finished: task.finished });
    const steps = stepIds.map((one): ChangeStep => ({ id: one, state: 'waiting', startedAt: null, elapsedMs: null, detail: null }));
    ledger.change(id, {
      change: {
        kind: target.kind,
        from,
        to,
        state: 'running',
        steps,
        pull: null,
        problem: null,
        cutOff: 0,
        refusedMs: null,
        plan: target.plan,
        containerId: target.former?.containerId ?? null,
        taskId: task.id,
        startedAt: now().toISOString(),
        endedAt: null,
      },
    });
    return { taskId: task.id, finished: task.finished };
  }

  async function run(serving: Serving, { kind, plan, former }: Target, { signal: stopped, report: tell }: TaskHandle): Promise<void> {
    const { id, name } = serving;
    const signal = AbortSignal.any([stopped, ended]);
    await using undo = new AsyncDisposableStack();

    // 1. The new place, beside the old one.
    const running = former?.containerId == null ? await startBeside(serving, plan, undo, tell, signal) : await takeUp(id, former, signal);
    signal.throwIfAborted();

    // 2. The address. What fails up to here leaves the old place as it was.
    step(id, 'handover', 'running');
    tell(null, 'handover');
    const refusedMs = serving.plan.placePorts === undefined ? await takeAddress(serving, plan) : null;
    try {
      await gateways.open(plan);
      // Asked at the address itself, as a client would.
      const { placePorts: _, ...atAddress } = plan;
      const facts = await fetchFacts(atAddress, signal);
      if (facts.kind !== 'running') throw new AppError('CANARY_FAILED', { detail: 'It did not answer at the address.' });
    } catch (error) {
      await giveBack(serving);
      throw error;
    }
    undo.move();
    commit(serving, plan, running);
    write(id, { refusedMs });
    step(id, 'handover', 'done');
    events.add({ about: name, kind, detail: `${wordsOf(nameOf(serving.plan))} → ${wordsOf(nameOf(plan))}` });

    // 3. What is under way at the old one. No failure from here on takes the change back.
    step(id, 'drain', 'running');
    tell(null, 'drain');
    const cutOff = await gateways.drain(plan, drainMs).catch((error: unknown) => {
      step(id, 'drain', 'failed', asAppError(error).message);
      return null;
    });
    if (cutOff !== null) {
      write(id, { cutOff });
      step(id, 'drain', 'done');
    }

    // 4. The old one is kept where there is room, so that going back takes a moment.
    step(id, 'keep', 'running');
    await keepOrEnd(id, serving.previous);
  }

  async function startBeside(
    { id, plan: old, containerId }: Serving,
    plan: ServingPlan,
    undo: AsyncDisposableStack,
    tell: TaskHandle['report'],
    signal: AbortSignal,
  ): Promise<Running> {
    step(id, 'room', 'running');
    const room = await lookForRoom(placeOf(old), containerId ?? '', { plan, engineBytes: hub.state.engine.memoryBytes, signal });
    const [used, free] = [inMib(room.usedBytes), inMib(room.freeBytes)];
    if (!room.isEnough) throw new AppError('NO_ROOM_BESIDE', { name: old.name, used, free });
    step(id, 'room', 'done', `${used} / ${free}`);
    undo.defer(async () => {
      const handle = find(id).change?.containerId;
      // What cannot be removed now is removed by reconcile; it must not hide why the change failed.
      if (handle != null)
        await placeOf(plan)
          .remove(handle)
          .catch(() => undefined);
    });
    return placeOf(plan).start(
      plan,
      {
        step(which, state, detail) {
          step(id, which, state, detail);
          if (state === 'running') tell(null, detail ?? which);
        },
        pull(progress) {
          tell(progress.totalBytes > 0 ? progress.currentBytes / progress.totalBytes : null, 'pull');
          write(id, { pull: progress });
        },
        cause: ({ line }) => step(id, 'load', 'running', line),
        handle: (containerId_) => write(id, { containerId: containerId_ }),
      },
      { signal },
    );
  }

  /** A former place that still runs. */
  async function takeUp(id: string, { plan, containerId, imageDigest }: FormerPlace, signal: AbortSignal): Promise<Running> {
    const handle = containerId ?? '';
    for (const which of ['room', 'pull', 'create', 'load'] as const) step(id, which, 'skipped');
    return {
      ...(await placeOf(plan).resume(
        handle,
        plan,
        { ...unheard, step: (which, state, detail) => step(id, which, state, detail) },
        { signal },
      )),
      imageDigest,
    };
  }

  /** The address of a place that holds it itself: for a moment nobody has it. Answers for how long, in ms. */
  async function takeAddress({ plan: old, containerId }: Serving, plan: ServingPlan): Promise<number> {
    const since = performance.now();
    // Begun at once, so that it has the ports as soon as they are given up.
    const [taken, stopped] = await Promise.allSettled([gateways.open(plan, { waitForPorts: true }), placeOf(old).stop(containerId ?? '')]);
    if (taken.status === 'fulfilled' && stopped.status === 'fulfilled') return performance.now() - since;
    throw asAppError(taken.status === 'rejected' ? taken.reason : stopped.status === 'rejected' ? stopped.reason : null);
  }

  /** The address leads to the old place again. */
  async function giveBack({ id, plan, containerId }: Serving): Promise<void> {
    if (plan.placePorts !== undefined) {
      await gateways.open(plan);
      return;
    }
    await gateways.close(id);
    if (containerId !== null) await placeOf(plan).remove(containerId);
    const { handle } = await placeOf(plan).start(
      plan,
      { ...unheard, handle: (one) => void ledger.change(id, { containerId: one }) },
      { signal: ended },
    );
    ledger.change(id, { containerId: handle });
  }

  function commit({ id, plan: old, containerId, imageDigest }: Serving, plan: ServingPlan, running: Running): void {
    const stays = old.placePorts !== undefined;
    ledger.happen(
      id,
      { kind: 'available', versions: running.versions },
      {
        plan,
        engine: plan.engine,
        containerId: running.handle,
        imageDigest: running.imageDigest,
        canary: running.canary,
        cause: null,
        note: null,
        previous: { plan: { ...old, through: 'gateway' }, containerId: stays ? containerId : null, imageDigest },
      },
    );
    if (!stays && containerId !== null)
      void placeOf(old)
        .remove(containerId)
        .catch(() => undefined);
  }

  async function keepOrEnd(id: string, older: FormerPlace | null): Promise<void> {
    const { previous, containerId, plan } = find(id);
    if (older?.containerId != null && older.containerId !== containerId) await endPlace(older);
    if (previous?.containerId == null) {
      step(id, 'keep', 'skipped');
      return;
    }
    const room = await lookForRoom(placeOf(previous.plan), previous.containerId, {
      plan,
      engineBytes: hub.state.engine.memoryBytes,
      signal: ended,
    });
    if (room.isAmple) step(id, 'keep', 'done', 'running');
    else {
      await forget(id);
      step(id, 'keep', 'done', 'ended');
    }
  }

  const endPlace = ({ plan, containerId }: FormerPlace): Promise<void> =>
    containerId === null
      ? Promise.resolve()
      : placeOf(plan)
          .remove(containerId)
          .catch((error: unknown) => void asAppError(error));

  async function forget(id: string): Promise<void> {
    const { previous } = find(id);
    if (previous?.containerId == null) return;
    ledger.change(id, { previous: { ...previous, containerId: null } });
    await endPlace(previous);
  }

  function changeable(id: string): Serving {
    const serving = find(id);
    if (serving.plan.inServerOf !== undefined)
      throw new AppError('SHARED_SERVER', { name: serving.name, host: find(serving.plan.inServerOf).name });
    if (serving.switching.current?.state === 'running') throw new AppError('SWITCH_RUNNING', { name: serving.name });
    if (under.has(serving.id)) throw new AppError('PLACE_CHANGING', { name: serving.name });
    if (serving.state.kind !== 'serving' || serving.containerId === null) throw new AppError('NOT_SERVING', { name: serving.name });
    return serving;
  }

  /** The plan that changes make; its place has no ports yet. */
  async function planOf(serving: Serving, changes: PlaceChanges, mounts = serving.plan.mounts): Promise<ServingPlan> {
    const { user: _, ...old } = serving.plan;
    const plan = await makePlan(serveRequest.parse({ ...old, ...changes, through: 'gateway' }), serving);
    return { ...plan, ...(mounts === undefined ? {} : { mounts }) };
  }

  return {
    async change(id, changes, { mounts } = {}) {
      const plan = await gateways.place(await planOf(changeable(id), changes, mounts));
      return begin(changeable(id), { kind: 'change', plan, former: null });
    },
    async foresee(id, changes, { signal }) {
      const serving = changeable(id);
      const { plan: old, containerId, imageDigest } = serving;
      const plan = await planOf(serving, changes);
      const [room, image] = await Promise.all([
        lookForRoom(placeOf(old), containerId ?? '', { plan, engineBytes: hub.state.engine.memoryBytes, signal }),
        plan.engine === 'docker' ? inspectImage(plan.image, signal) : null,
      ]);
      const isOther = old.image === plan.image && image !== null && imageDigest !== null && image.digest !== imageDigest;
      return {
        to: nameOf(plan),
        differs: placeDiffers(old, plan, isOther),
        image: image === null ? null : { reference: plan.image, id: image.id, digest: image.digest, sizeBytes: image.sizeBytes },
        room: { usedBytes: room.usedBytes, freeBytes: room.freeBytes, isEnough: room.isEnough },
      };
    },
    async rollback(id) {
      const { previous, name } = changeable(id);
      if (previous === null) throw new AppError('NO_FORMER_PLACE', { name });
      const runs = previous.containerId !== null;
      const { mounts } = changeable(id).plan;
      const anew: ServingPlan = { ...previous.plan, through: 'gateway', ...(mounts === undefined ? {} : { mounts }) };
      const plan = runs ? previous.plan : await gateways.place(anew);
      return begin(changeable(id), { kind: 'rollback', plan, former: runs ? previous : null });
    },
    isChanging: (id) => under.has(id),
    async cancel(id) {
      const one = under.get(id);
      if (one === undefined) return;
      tasks.cancel(one.taskId);
      await one.finished.catch(() => undefined);
    },
    forget,
    async recover(serving) {
      const { id, change, previous, plan: old } = serving;
      if (change?.state !== 'running' || under.has(id)) return;
      const { plan, containerId } = change;
      const place = (await gateways.state(id))?.place;
      const isHandedOver = place !== undefined && place?.restPort === plan.placePorts?.restPort && containerId !== null;
      if (isHandedOver && serving.containerId !== containerId) {
        const facts = await placeOf(plan).inspect(containerId, plan, { signal: ended });
        const image = facts.kind === 'running' ? (facts.versions ?? []) : [];
        commit(serving, plan, {
          handle: containerId,
          versions: image,
          canary: { kind: 'not-tried', reason: 'Slipway ended meanwhile' },
          imageDigest: null,
        });
        write(id, { state: 'done', endedAt: now().toISOString() });
      } else if (serving.containerId === containerId) write(id, { state: 'done', endedAt: now().toISOString() });
      else {
        const isFormer = previous?.containerId === containerId;
        if (containerId !== null && !isFormer) await placeOf(plan).remove(containerId);
        const problem = new AppError('CHANGE_INTERRUPTED');
        write(id, { state: 'failed', problem: problem.report(), containerId: null, endedAt: now().toISOString() });
        events.add({ about: old.name, kind: `${change.kind}-failed`, detail: problem.message });
      }
    },
  };
}
