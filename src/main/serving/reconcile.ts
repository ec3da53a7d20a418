import type { Serving, ServingNote, ServingPlan } from '../../shared/contract/serving.ts';
import type { StateHub } from '../stateHub.ts';
import type { Ledger } from './ledger.ts';
import type { Place, PlaceFacts } from './place.ts';
import { hasEnded } from './servingMachine.ts';

/** Brings what is shown to what is: servings that were adopted, changed from outside, or ended while nobody looked. */
export interface Reconcile {
  /** All of them, and what runs that no record knows. */
  all(): Promise<void>;
  /** Those of the embedded engine, which ended with the owner that had started them; they need no Docker to be looked at. */
  embedded(): Promise<void>;
  /** One; nothing where it is gone or its start is under way. */
  one(id: string): Promise<void>;
  /** The engine went away: nobody can say what runs. */
  engineLost(): void;
}

/** A daemon that is asked to end stops its containers first, and takes so long at most. */
const shutdownMs = 15_000;

/** What passes by itself: taken back as soon as it is no longer so. */
const passing: readonly (ServingNote | null)[] = ['paused-outside', 'engine-away', 'no-version'];

export function createReconcile({
  hub,
  ledger,
  docker,
  placeOf,
  isStarting,
  isHeld,
  running,
  recover,
  resume,
  stop,
  remove,
  now,
  signal,
}: {
  readonly hub: StateHub;
  readonly ledger: Ledger;
  readonly docker: Place;
  readonly placeOf: (plan: ServingPlan) => Place;
  readonly isStarting: (id: string) => boolean;
  /** Whether a foreground serving's command is still there. */
  readonly isHeld: (id: string) => boolean;
  /** A serving runs as it is shown: what stands before it is looked at. */
  readonly running: (serving: Serving) => void;
  /** Settles a change of place that an owner left in the middle. */
  readonly recover: (serving: Serving) => Promise<void>;
  /** Waits for a server that runs already, as a start does. */
  readonly resume: (serving: Serving, note: ServingNote | null) => void;
  readonly stop: (id: string) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}): Reconcile {
  let engineWasAway = false;

  function ended(serving: Serving, facts: PlaceFacts & { readonly kind: 'ended' }): void {
    const { id, state, engine } = serving;
    if (hasEnded(serving)) return;
    if (state.kind === 'starting' && facts.problem === null)
      ledger.happen(id, { kind: 'ended', reason: 'ended' }, { note: 'not-running', taskId: null });
    else if (engineWasAway && engine === 'docker')
      ledger.happen(id, { kind: 'ended', reason: 'engine-away' }, { note: 'engine-restarted' });
    else if (facts.problem === null) ledger.happen(id, { kind: 'ended', reason: 'outside' }, { note: 'stopped-outside' });
    else {
      const problem = facts.problem.report();
      ledger.happen(id, state.kind === 'starting' ? { kind: 'refuse', problem } : { kind: 'broke', problem }, { note: null });
    }
  }

  function apply(serving: Serving, facts: PlaceFacts): void {
    const { id, state, note } = serving;
    if (facts.kind === 'ended') ended(serving, facts);
    else if (facts.kind === 'gone')
      ledger.happen(
        id,
        { kind: 'ended', reason: serving.engine === 'docker' ? 'removed' : 'ended' },
        // A process of the embedded engine ended with the owner that had started it.
        { containerId: null, ...(hasEnded(serving) ? {} : { note: serving.engine === 'docker' ? 'removed-outside' : 'not-running' }) },
      );
    else if (state.kind === 'stopping') return;
    else if (facts.kind === 'paused') ledger.change(id, { note: 'paused-outside' });
    else if (state.kind !== 'serving') resume(serving, state.kind === 'starting' || note === 'adopted' ? note : 'started-outside');
    else if (facts.kind === 'loading') resume(serving, engineWasAway ? 'engine-restarted' : 'restarted');
    else {
      running(serving);
      const versions = facts.versions ?? state.versions;
      const now = versions.length === 0 ? 'no-version' : passing.includes(note) ? null : note;
      if (now !== note || versions.join() !== state.versions.join()) ledger.happen(id, { kind: 'available', versions }, { note: now });
    }
  }

  async function one(id: string): Promise<void> {
    const before = hub.state.servings.find((serving) => serving.id === id);
    if (before === undefined || isStarting(id)) return;
    if (before.containerId === null) {
      if (!hasEnded(before)) ledger.happen(id, { kind: 'ended', reason: 'ended' }, { note: 'not-running', taskId: null });
      return;
    }
    const facts = await placeOf(before.plan).inspect(before.containerId, before.plan, { signal });
    const serving = hub.state.servings.find((other) => other.id === id);
    if (serving === undefined || isStarting(id)) return;
    // Something happened meanwhile: what was seen may be older than it.
    if (serving.state !== before.state || serving.containerId !== before.containerId) await one(id);
    else apply(serving, facts);
  }

  async function settle(serving: Serving): Promise<void> {
    const { id, plan, state } = serving;
    if (serving.change?.state === 'running') await recover(serving);
    // Its command went away without a word.
    if (plan.life === 'foreground' && !isHeld(id) && !isStarting(id)) await remove(id);
    else if (state.kind === 'stopping') await stop(id);
    else await one(id);
  }

  return {
    one,
    async embedded() {
      for (const serving of hub.state.servings) if (serving.engine === 'embedded') await settle(serving);
    },
    async all() {
      for (const { handle, plan } of await docker.list({ signal })) {
        if (isStarting(plan.servingId)) continue;
        const known = hub.state.servings.find(({ id }) => id === plan.servingId);
        if (known === undefined) ledger.add(plan, { containerId: handle, state: { kind: 'stopped', reason: 'outside' }, note: 'adopted' });
        else if (isLeftOver(known, handle, plan)) await docker.remove(handle);
        else if (known.containerId === null) ledger.change(known.id, { containerId: handle });
      }
      for (const serving of hub.state.servings) await settle(serving);
      engineWasAway = false;
    },
    engineLost() {
      engineWasAway = true;
      for (const serving of hub.state.servings) {
        const { id, state, since, engine } = serving;
        if (engine !== 'docker') continue;
        const endedWithIt = state.kind === 'stopped' && state.reason === 'outside' && now().getTime() - Date.parse(since) < shutdownMs;
        if (endedWithIt) ledger.change(id, { state: { kind: 'stopped', reason: 'engine-away' }, note: 'engine-restarted' });
        else if (!hasEnded(serving)) ledger.change(id, { note: 'engine-away' });
      }
    },
  };
}

/** A place that a change of place began, and no record names any more: its owner ended in that moment. */
const isLeftOver = ({ containerId, previous, change }: Serving, handle: string, { placePorts }: ServingPlan): boolean =>
  placePorts !== undefined &&
  ![containerId, previous?.containerId, change?.containerId].includes(handle) &&
  (containerId !== null || previous !== null || change !== null);
