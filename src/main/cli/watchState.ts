import { AppError } from '../../shared/contract/errors.ts';
import type { LocalClient } from '../../shared/rpc/connectClient.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { AppState } from '../../shared/contract/state.ts';

/** The whole state once. */
export async function fetchState(client: LocalClient): Promise<AppState> {
  const end = new AbortController();
  try {
    for await (const event of await client.watch(undefined, { signal: end.signal })) if (event.kind === 'snapshot') return event.state;
  } finally {
    end.abort();
  }
  throw new Error('the state stream ended before it began');
}

/** Each state of some servings as it changes, the present one first, until the signal. */
export async function* watchServings(
  client: LocalClient,
  ids: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Serving | { readonly gone: string }> {
  for await (const event of await client.watch(undefined, { signal })) {
    if (event.kind === 'snapshot') yield* event.state.servings.filter(({ id }) => ids.includes(id));
    else if (event.kind === 'serving' && ids.includes(event.serving.id)) yield event.serving;
    else if (event.kind === 'serving-gone' && ids.includes(event.id)) yield { gone: event.id };
  }
}

/** Waits until a serving serves, or throws the words of its failure. `onChange` sees every state on the way. */
export async function waitUntilServing(
  client: LocalClient,
  id: string,
  signal: AbortSignal,
  onChange: (serving: Serving) => void = () => undefined,
): Promise<Serving> {
  const end = new AbortController();
  try {
    for await (const change of watchServings(client, [id], AbortSignal.any([signal, end.signal]))) {
      if ('gone' in change) throw new AppError('CANCELLED');
      onChange(change);
      if (change.state.kind === 'serving') return change;
      if (change.state.kind === 'failed') throw new AppError(change.state.problem.code, change.state.problem.data);
      if (change.state.kind === 'stopped' && change.taskId === null) throw new AppError('CANCELLED');
    }
  } finally {
    end.abort();
  }
  signal.throwIfAborted();
  throw new AppError('CONNECTION_LOST');
}

/** While this stream is open the owner keeps the servings; it ends them when this process goes away, however it does. */
export async function holdOpen(client: LocalClient, servingIds: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of await client.local.hold({ servingIds: [...servingIds] }, { signal }));
  } catch (error) {
    // The connection's own end is told by the command that holds.
    if (!(error instanceof AppError) && !signal.aborted) throw error;
  }
}
