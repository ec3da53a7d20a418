import { AppError } from '../../shared/contract/errors.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { Settings } from '../../shared/contract/settings.ts';
import type { StateEvent } from '../../shared/contract/state.ts';
import type { LastingOwner } from '../owner/lastingOwner.ts';

interface ServingsFollower {
  /** The servings and settings as a whole, after each change of one of them. */
  readonly onChange: (servings: readonly Serving[], settings: Settings) => void;
  /** One serving's change, with what it was before. */
  readonly onServing: (before: Serving | undefined, after: Serving) => void;
}

/** Follows what the shell itself shows of the owner's state, from one owner to the next, until the signal. */
export async function followServings(
  owner: LastingOwner,
  { onChange, onServing }: ServingsFollower,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const servings = new Map<string, Serving>();
  let settings: Settings | undefined;
  function take(event: StateEvent): void {
    switch (event.kind) {
      case 'snapshot':
        servings.clear();
        for (const serving of event.state.servings) servings.set(serving.id, serving);
        settings = event.state.settings;
        break;
      case 'serving':
        onServing(servings.get(event.serving.id), event.serving);
        servings.set(event.serving.id, event.serving);
        break;
      case 'serving-gone':
        servings.delete(event.id);
        break;
      case 'settings':
        settings = event.settings;
        break;
      default:
        return;
    }
    if (settings !== undefined) onChange([...servings.values()], settings);
  }
  while (!signal.aborted) {
    try {
      await owner.ready();
      for await (const event of await owner.client.watch(undefined, { signal })) take(event);
    } catch (error) {
      // Aborted, or the owner has gone: the next one is followed.
      if (!signal.aborted && !(error instanceof AppError && error.code === 'CONNECTION_LOST')) throw error;
    }
  }
}
