import type { Serving, ServingNote, ServingPlan } from '../../shared/contract/serving.ts';
import type { StateHub } from '../stateHub.ts';
import type { Attempts } from './attempts.ts';
import type { Gateways } from './gateways.ts';
import { waitingSteps, type Ledger } from './ledger.ts';
import { isStop, type Place } from './place.ts';
import type { PlaceChanger } from './placeChanger.ts';
import type { PortKeeper } from './portKeeper.ts';

/** Brings servings to answer at their addresses: from nothing, or from what runs already. */
export interface Starts {
  /** Starts what was planned, as a task. */
  readonly launch: (plan: ServingPlan) => { readonly servingId: string; readonly taskId: string };
  /** Waits for a server that runs already, as a start does. */
  readonly resume: (serving: Serving, note: ServingNote | null) => void;
}

export function createStarts({
  hub,
  ledger: { find, change, happen },
  attempts,
  gateways,
  portKeeper,
  places,
  placeOf,
}: {
  readonly hub: StateHub;
  readonly ledger: Ledger;
  readonly attempts: Attempts;
  readonly gateways: Gateways;
  readonly portKeeper: PortKeeper;
  readonly places: PlaceChanger;
  readonly placeOf: (plan: ServingPlan) => Place;
}): Starts {
  function launch(plan: ServingPlan): { readonly servingId: string; readonly taskId: string } {
    const id = plan.servingId;
    return attempts.begin(find(id), 'start', {
      async work(report, signal) {
        const old = find(id).containerId;
        report.step('check', 'running');
        if (old !== null) await placeOf(plan).remove(old);
        change(id, { containerId: null });
        await places.forget(id);
        await gateways.close(id);
        if (plan.inServerOf !== undefined) {
          report.step('check', 'done');
          return placeOf(plan).start(plan, report, { signal });
        }
        await portKeeper.check(plan, signal);
        report.step('check', 'done');
        const placed = await gateways.place(plan);
        change(id, { plan: placed });
        gateways.prepare(placed);
        const running = await placeOf(placed).start(placed, report, { signal });
        await openGateway(placed, running.handle);
        return running;
      },
      async cancelled() {
        // What was wanted stays wanted in the record.
        const handle = find(id).containerId;
        if (handle !== null)
          await placeOf(plan)
            .remove(handle)
            .catch(() => undefined);
        happen(id, { kind: 'ended', reason: 'person' }, { containerId: null, steps: waitingSteps, taskId: null, pull: null });
      },
    });
  }

  /** The address leads to the place; where it cannot, the place has ended. */
  async function openGateway(plan: ServingPlan, handle: string): Promise<void> {
    try {
      await gateways.open(plan);
    } catch (error) {
      await placeOf(plan)
        .stop(handle)
        .catch(() => undefined);
      throw error;
    }
  }

  function resume({ id, name, plan, containerId, steps }: Serving, note: ServingNote | null): void {
    const handle = containerId ?? '';
    attempts.begin({ id, name }, 'loading', {
      note,
      cause: null,
      steps: waitingSteps.map((one, index) => (index < 3 ? { ...(steps[index] ?? one), state: 'done' } : one)),
      async work(report, signal) {
        const running = await placeOf(plan).resume(handle, plan, report, { signal });
        if (plan.inServerOf === undefined) await openGateway(plan, handle);
        return running;
      },
      async cancelled(byPerson) {
        // With this process only the waiting ends: the next owner takes it up.
        if (!byPerson) return;
        await placeOf(plan).stop(handle);
        happen(id, { kind: 'ended', reason: 'person' }, { steps: waitingSteps, taskId: null, note: null });
      },
      // A daemon that is asked to end stops its containers: one that no longer listens looks like one that does not listen yet.
      stopped({ code, data }) {
        if (plan.engine !== 'docker') return null;
        if (code === 'DOCKER_NOT_RUNNING') return { reason: 'engine-away', note: 'engine-restarted' };
        if (code !== 'CONTAINER_ENDED' || !isStop(Number(data['exit_code']))) return null;
        return hub.state.engine.state === 'connected'
          ? { reason: 'outside', note: 'stopped-outside' }
          : { reason: 'engine-away', note: 'engine-restarted' };
      },
    });
  }

  return { launch, resume };
}
