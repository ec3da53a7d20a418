import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/contract/errors.ts';
import type { EngineCandidate, EngineStatus } from '../../shared/contract/state.ts';
import { asAppError, reportOf } from '../incident.ts';
import type { StateHub } from '../stateHub.ts';
import type { ContainerEvent, DockerEngine } from './dockerEngine.ts';
import { createDockerodeEngine } from './dockerodeEngine.ts';
import { findEngines } from './findEngines.ts';

/** While no engine answers it is looked for again after these times, the last one for ever. */
const retryMs = [250, 500, 1_000, 2_000] as const;

/** The one engine in use: found, watched, and found again after it went away. */
export interface EngineWatch {
  /** The first look; answers when it is known whether there is an engine. */
  readonly ready: Promise<void>;
  lookAgain(): Promise<EngineStatus>;
  choose(endpoint: string): Promise<EngineStatus>;
  /** Throws DOCKER_NOT_RUNNING, DOCKER_FORBIDDEN or DOCKER_NOT_LOCAL where there is none to use. */
  engine(): DockerEngine;
  /** Called at each connection; at once where there is one. */
  onConnected(listener: (engine: DockerEngine) => void): () => void;
  /** Called when the engine that was there no longer answers. */
  onLost(listener: () => void): () => void;
  onEvent(listener: (event: ContainerEvent) => void): () => void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What an away status looks like before the first look. */
export const lookingStatus: EngineStatus = {
  state: 'looking',
  endpoint: null,
  origin: null,
  product: null,
  version: null,
  platform: null,
  memoryBytes: null,
  cpus: null,
  candidates: [],
  problem: null,
};

function awayProblem(candidates: readonly EngineCandidate[], chosen: string): AppError {
  const forbidden = candidates.find(({ state }) => state === 'forbidden');
  const remote = candidates.find(
    ({ state, endpoint, origin }) =>
      state === 'remote' && (endpoint === chosen || origin === 'DOCKER_HOST' || origin.startsWith('context')),
  );
  if (forbidden !== undefined) return new AppError('DOCKER_FORBIDDEN', { endpoint: forbidden.endpoint });
  if (remote !== undefined && candidates.every(({ state }) => state !== 'not-answering'))
    return new AppError('DOCKER_NOT_LOCAL', { endpoint: remote.endpoint });
  return new AppError('DOCKER_NOT_RUNNING', { looked: candidates.map(({ endpoint }) => endpoint).join(', ') });
}

export function createEngineWatch({
  hub,
  env,
  getChosen,
  signal,
}: {
  readonly hub: StateHub;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The endpoint that the person chose; empty for the first that answers. */
  readonly getChosen: () => string;
  readonly signal: AbortSignal;
}): EngineWatch {
  const ended = new AbortController();
  const life = AbortSignal.any([signal, ended.signal]);
  const connectedListeners = new Set<(engine: DockerEngine) => void>();
  const lostListeners = new Set<() => void>();
  const eventListeners = new Set<(event: ContainerEvent) => void>();
  let current: DockerEngine | null = null;
  /** Aborted to make the loop look at once: a choice, "look again", a lost connection. */
  let poke = new AbortController();
  let away = new AppError('DOCKER_NOT_RUNNING', { looked: '' });
  const ready = Promise.withResolvers<void>();

  async function look(): Promise<EngineStatus> {
    const chosen = getChosen();
    const found = await findEngines(env, { signal: life });
    const usable = found.filter(({ state }) => state === 'answers');
    // DOCKER_HOST is an order, not a hint: where it is set, nothing else is taken by itself.
    const wanted =
      chosen === ''
        ? (found.find(({ origin }) => origin === 'DOCKER_HOST') ?? usable[0])
        : found.find(({ endpoint }) => endpoint === chosen);
    if (wanted === undefined || wanted.state !== 'answers') {
      away = awayProblem(found, chosen);
      current = null;
      return { ...lookingStatus, state: 'away', candidates: found, problem: away.report() };
    }
    const engine = createDockerodeEngine(wanted.endpoint);
    try {
      const facts = await engine.facts({ signal: life });
      current = engine;
      return {
        state: 'connected',
        endpoint: wanted.endpoint,
        origin: wanted.origin,
        product: facts.product,
        version: facts.version,
        platform: facts.platform,
        memoryBytes: facts.memoryBytes,
        cpus: facts.cpus,
        candidates: found,
        problem: null,
      };
    } catch (error) {
      if (life.aborted) throw error;
      away = error instanceof AppError ? error : new AppError('DOCKER_NOT_RUNNING', { looked: wanted.endpoint }, { cause: error });
      current = null;
      return { ...lookingStatus, state: 'away', candidates: found, problem: reportOf(away) };
    }
  }

  /** Tells events, from just before the look on, until the connection ends or somebody pokes. */
  async function follow(engine: DockerEngine, since: Date): Promise<void> {
    const until = AbortSignal.any([life, poke.signal]);
    try {
      for await (const event of engine.events({ signal: until, since })) for (const listener of eventListeners) listener(event);
    } catch (error) {
      // The daemon went away while it was asked: the loop looks again, whatever it was.
      asAppError(error);
    }
  }

  async function loop(): Promise<void> {
    let attempt = 0;
    let wasConnected = false;
    while (!life.aborted) {
      if (poke.signal.aborted) poke = new AbortController();
      const since = new Date();
      const status = await look();
      hub.putEngine(status);
      ready.resolve();
      const engine = current;
      if (engine !== null) {
        attempt = 0;
        wasConnected = true;
        for (const listener of connectedListeners) listener(engine);
        await follow(engine, since);
        continue;
      }
      if (wasConnected) for (const listener of lostListeners) listener();
      wasConnected = false;
      const delayMs = retryMs[Math.min(attempt, retryMs.length - 1)] ?? 2_000;
      attempt += 1;
      await wait(delayMs, undefined, { signal: AbortSignal.any([life, poke.signal]) }).catch(() => undefined);
    }
  }

  const running = loop().catch((error: unknown) => {
    ready.resolve();
    if (!life.aborted) hub.putEngine({ ...lookingStatus, state: 'away', problem: reportOf(error) });
  });

  async function lookAgain(): Promise<EngineStatus> {
    const status = await look();
    hub.putEngine(status);
    poke.abort();
    return status;
  }

  return {
    ready: ready.promise,
    lookAgain,
    choose: lookAgain,
    engine() {
      if (current === null) throw away;
      return current;
    },
    onConnected(listener) {
      connectedListeners.add(listener);
      if (current !== null) listener(current);
      return () => void connectedListeners.delete(listener);
    },
    onLost(listener) {
      lostListeners.add(listener);
      return () => void lostListeners.delete(listener);
    },
    onEvent(listener) {
      eventListeners.add(listener);
      return () => void eventListeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await running;
    },
  };
}
