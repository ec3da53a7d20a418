import { randomUUID } from 'node:crypto';
import type { Serving, ServingPlan } from '../../shared/contract/serving.ts';
import { nextFreePort } from '../serving/ports.ts';
import type { Place, PlaceReport } from '../serving/place.ts';

/** One that was not asked for so long is ended: it holds a model in memory. */
const idleMs = 120_000;

const unheard: PlaceReport = { step: () => undefined, pull: () => undefined, cause: () => undefined, handle: () => undefined };

/** The embedded engine beside a serving: the same version, in a process that begins with the first question. */
export interface EngineBackend extends AsyncDisposable {
  /** Where an engine answers that serves this version, whatever the serving itself serves. Fails as a start fails. */
  open(serving: Pick<Serving, 'id' | 'name' | 'plan'>, version: string, options: { readonly signal: AbortSignal }): Promise<EngineAddress>;
}

/** `http://127.0.0.1:PORT/v1/models/NAME`, and `127.0.0.1:PORT`. */
export interface EngineAddress {
  readonly rest: string;
  readonly grpc: string;
}

interface Begun extends EngineAddress {
  readonly handle: string;
  readonly plan: ServingPlan;
}

export function createEngineBackend(place: Place): EngineBackend {
  const ended = new AbortController();
  const engines = new Map<string, { readonly begun: Promise<Begun>; readonly timer: NodeJS.Timeout }>();

  async function begin({ plan, name }: Pick<Serving, 'name' | 'plan'>, version: string): Promise<Begun> {
    // Others of us look for ports at the same time: each begins somewhere else.
    const from = 18_500 + Math.floor(Math.random() * 10_000);
    const restPort = await nextFreePort(from, new Set());
    const grpcPort = await nextFreePort(from, new Set([restPort]));
    // What the serving's own server is told to serve is no matter of this one.
    const { placePorts: _placePorts, served: _served, ...atAddress } = plan;
    const own: ServingPlan = {
      ...atAddress,
      servingId: `ask-${randomUUID()}`,
      engine: 'embedded',
      restPort,
      grpcPort,
      versions: { kind: 'specific', versions: [version] },
    };
    const { handle } = await place.start(own, unheard, { signal: ended.signal });
    return { handle, plan: own, rest: `http://127.0.0.1:${restPort}/v1/models/${encodeURIComponent(name)}`, grpc: `127.0.0.1:${grpcPort}` };
  }

  async function end(key: string): Promise<void> {
    const engine = engines.get(key);
    if (engine === undefined) return;
    engines.delete(key);
    clearTimeout(engine.timer);
    const begun = await engine.begun.catch(() => null);
    if (begun !== null) await place.remove(begun.handle);
  }

  return {
    async open(serving, version, { signal }) {
      const key = `${serving.id} ${version}`;
      const known = engines.get(key);
      clearTimeout(known?.timer);
      const begun = known?.begun ?? begin(serving, version);
      const timer = setTimeout(() => void end(key), idleMs).unref();
      engines.set(key, { begun, timer });
      try {
        const { handle, plan, rest, grpc } = await begun;
        const facts = await place.inspect(handle, plan, { signal });
        if (facts.kind !== 'ended' && facts.kind !== 'gone') return { rest, grpc };
      } catch (error) {
        await end(key);
        throw error;
      }
      // It crashed since it was asked last.
      await end(key);
      return this.open(serving, version, { signal });
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await Promise.all([...engines.keys()].map(end));
    },
  };
}
