import type { Serving } from '../../src/shared/contract/serving.ts';
import type { SwitchTarget } from '../../src/shared/contract/switching.ts';
import { ownHere, type Mirror } from './openOwner.ts';

export const urlOf = ({ plan }: Serving): string => `http://127.0.0.1:${plan.restPort}/v1/models/${plan.name}`;

/** The version of `numberedVersions.ts` that answers under a path such as `/labels/canary`; NaN where none does. */
export async function answering(serving: Serving, path = ''): Promise<number> {
  const answer = await fetch(`${urlOf(serving)}${path}:predict`, { method: 'POST', body: '{"instances":[0.0]}' });
  const { predictions = [] } = (await answer.json()) as { readonly predictions?: readonly number[] };
  return (predictions[0] ?? Number.NaN) / 10;
}

/** Begins a switch and waits for its end. */
export async function change(
  owner: Mirror,
  { name }: Serving,
  target: SwitchTarget,
  choice: { readonly despiteCases?: boolean } = {},
): Promise<Serving> {
  const { taskId } = await owner.client.switching.start({ id: name, target, ...choice });
  // Its serving is told before its task.
  await owner.until('the end of its task', ({ tasks }) => tasks.some(({ id, state }) => id === taskId && state !== 'running'));
  return owner.until('its end', ({ servings }) =>
    servings.find(({ name: one, switching }) => one === name && switching.current?.state !== 'running'),
  );
}

/** Ends what a test left running with a data folder. */
export async function removeAll(home: string, engine: Serving['engine']): Promise<void> {
  await using owner = await ownHere(home);
  if (engine === 'docker') await owner.until('Docker', ({ engine: status }) => status.state === 'connected');
  for (const { id } of await owner.until('the state', (state) => state.servings)) await owner.client.servings.remove({ id });
}
