import { once } from 'node:events';
import { join } from 'node:path';
import { forkEngines } from '../../src/main/tfserving/engineProcess.ts';
import type { Outside } from '../../src/main/app.ts';
import { becomeOwner } from '../../src/main/owner/becomeOwner.ts';
import { reachOwner, type OwnerSession } from '../../src/main/owner/owner.ts';
import { commandOutside } from '../../src/main/cli/outside.ts';
import type { LocalClient } from '../../src/shared/rpc/connectClient.ts';
import type { Serving } from '../../src/shared/contract/serving.ts';
import type { AppState, StateEvent } from '../../src/shared/contract/state.ts';
import { startSlipway } from '../cli/runSlipway.ts';
import { freePort } from '../freePort.ts';

/** What a window mirrors of an owner, and the calls it makes. */
export interface Mirror extends AsyncDisposable {
  readonly client: LocalClient;
  /** The first state in which `pick` finds something; fails after a generous while, with what was last seen. */
  until<T>(what: string, pick: (state: AppState) => T | undefined | false): Promise<T>;
  serving(name: string, kind: Serving['state']['kind'], also?: (serving: Serving) => boolean): Promise<Serving>;
  /** Adds the folder and serves it, until it is ready. */
  serve(folder: string, choices?: Parameters<LocalClient['servings']['start']>[0] extends infer R ? Partial<R> : never): Promise<Serving>;
}

const generousMs = 90_000;

const put = <T extends { readonly id: string }>(list: readonly T[], item: T): readonly T[] => [
  ...list.filter(({ id }) => id !== item.id),
  item,
];
const without = <T extends { readonly id: string }>(list: readonly T[], gone: string): readonly T[] => list.filter(({ id }) => id !== gone);

function next(state: AppState, event: StateEvent): AppState {
  switch (event.kind) {
    case 'snapshot':
      return event.state;
    case 'serving':
      return { ...state, servings: put(state.servings, event.serving) };
    case 'serving-gone':
      return { ...state, servings: without(state.servings, event.id) };
    case 'model':
      return { ...state, models: put(state.models, event.model) };
    case 'model-gone':
      return { ...state, models: without(state.models, event.id) };
    case 'task':
      return { ...state, tasks: put(state.tasks, event.task) };
    case 'task-gone':
      return { ...state, tasks: without(state.tasks, event.id) };
    case 'engine':
      return { ...state, engine: event.engine };
    default:
      return state;
  }
}

/** Follows an owner's state as a window does. */
function mirrorOf(client: LocalClient, close: () => Promise<void>): Mirror {
  const end = new AbortController();
  let state: AppState | undefined;
  const waiting = new Set<() => void>();
  const following = (async () => {
    for await (const event of await client.watch(undefined, { signal: end.signal })) {
      state = event.kind === 'snapshot' ? event.state : state === undefined ? undefined : next(state, event);
      for (const look of waiting) look();
    }
  })().catch(() => undefined);

  async function until<T>(what: string, pick: (state: AppState) => T | undefined | false): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = (): void => {
      const found = state === undefined ? undefined : pick(state);
      if (found !== undefined && found !== false) resolve(found);
    };
    const last = (): string => JSON.stringify(state?.servings.map(({ name, state: one, note }) => [name, one, note]));
    const late = setTimeout(() => reject(new Error(`never ${what}; last ${last()}`)), generousMs);
    waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      waiting.delete(look);
    }
  }
  const serving: Mirror['serving'] = (name, kind, also = () => true) =>
    until(`${name} ${kind}`, ({ servings }) => servings.find((one) => one.name === name && one.state.kind === kind && also(one)));
  return {
    client,
    until,
    serving,
    async serve(folder, choices = {}) {
      const model = await client.local.addPath({ path: folder });
      const name = choices.name ?? model.name;
      // Suites run beside each other: of two owners that look for a free port at once both find the same.
      const ports = { restPort: await freePort(), grpcPort: await freePort() };
      await client.servings.start({ ...ports, ...choices, modelId: model.id });
      return serving(name, 'serving');
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      await following;
      await close();
    },
  };
}

const builtProgram = join(import.meta.dirname, '..', '..', 'out', 'main', 'slipway.js');

/** An owner in this process. */
export async function ownHere(
  home: string,
  env: NodeJS.ProcessEnv = {},
  changes: Partial<Outside> = {},
): Promise<Mirror & { readonly session: OwnerSession }> {
  const io = { env: { ...process.env, ...env, SLIPWAY_HOME: home }, forkEngine: forkEngines(builtProgram) };
  const session = await becomeOwner({ ...commandOutside(io, 'background'), ...changes });
  if (session === null) throw new Error('somebody owns the folder');
  await session.app?.engines.ready;
  return Object.assign(
    mirrorOf(session.client, () => session[Symbol.asyncDispose]()),
    { session },
  );
}

/** An owner in a process of its own, as a background owner is; `kill` is `kill -9`. */
export async function ownElsewhere(
  home: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly wrap?: readonly string[] } = {},
): Promise<Mirror & { readonly kill: () => Promise<void> }> {
  const child = startSlipway(home, ['owner'], options.env, options.wrap);
  child.stderr.resume();
  const session = await reachOwner(home, { forMs: generousMs });
  if (session === null) throw new Error('the owner never listened');
  const ended = (signal: 'SIGKILL' | 'SIGTERM') => async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  const mirror = mirrorOf(session.client, async () => {
    await session[Symbol.asyncDispose]();
    await ended('SIGTERM')();
  });
  return Object.assign(mirror, { kill: ended('SIGKILL') });
}
