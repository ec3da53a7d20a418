import { setTimeout as wait } from 'node:timers/promises';
import type { StateHub } from '../stateHub.ts';
import type { Gateways } from './gateways.ts';

/** After a change of a model's folder its servers follow within this time, looked at so often. */
const followMs = 10_000;
const followEveryMs = 1_000;

/** Looks at what servers serve after their folder has changed, and closes gateways before what has ended. Ends with `signal`. */
export async function followModels({
  hub,
  gateways,
  look,
  looked,
  signal,
}: {
  readonly hub: StateHub;
  readonly gateways: Gateways;
  readonly look: (id: string) => Promise<void>;
  /** Takes what happens in the background. */
  readonly looked: (work: Promise<void>) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  /** A server looks at its folder by itself, some time after it changed: what it serves then is asked for a while. */
  async function followModel(modelId: string): Promise<void> {
    const until = performance.now() + followMs;
    while (performance.now() < until && !signal.aborted) {
      for (const one of hub.state.servings) if (one.modelId === modelId && one.state.kind === 'serving') await look(one.id);
      await wait(followEveryMs, undefined, { signal });
    }
  }
  /** Before what has ended, whoever ended it, no gateway stands. */
  async function closeEnded(): Promise<void> {
    for (const { id, plan, state } of hub.state.servings)
      if (plan.through === 'gateway' && (state.kind === 'stopped' || state.kind === 'failed')) await gateways.close(id);
  }
  for await (const event of hub.watch({ signal })) {
    if (event.kind === 'model') looked(followModel(event.model.id));
    else if (event.kind === 'snapshot' || event.kind === 'serving') looked(closeEnded());
  }
}
