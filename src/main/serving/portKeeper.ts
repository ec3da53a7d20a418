import { AppError } from '../../shared/contract/errors.ts';
import type { ServeRequest, ServingPlan } from '../../shared/contract/serving.ts';
import type { EngineWatch } from '../docker/engineWatch.ts';
import type { StateHub } from '../stateHub.ts';
import { isPortFree, nextFreePort, portOwner } from './ports.ts';

const usualRest = 8501;
const usualGrpc = 8500;

/** REST and gRPC port of one serving. */
export interface PortPair {
  readonly rest: number;
  readonly grpc: number;
}

/** Gives servings their ports and keeps them apart: a stopped serving keeps its own. */
export interface PortKeeper {
  /** Asked ones where they can be had, else the next free ones. PORT_TAKEN names a serving of ours that has it. */
  choose(request: Pick<ServeRequest, 'restPort' | 'grpcPort'>, servingId: string, name: string): Promise<PortPair>;
  /** Just before the start: PORT_TAKEN with the owner's name and a free one. */
  check(plan: ServingPlan, signal: AbortSignal): Promise<void>;
  /** What would be given now, and who has the usual ones. */
  offer(signal: AbortSignal): Promise<PortPair & { readonly taken: readonly { readonly port: number; readonly owner: string }[] }>;
}

export function createPortKeeper({ hub, engines }: { readonly hub: StateHub; readonly engines: EngineWatch }): PortKeeper {
  const others = (except: string) =>
    hub.state.servings
      .filter(({ id }) => id !== except)
      .map(({ name, plan, state }) => ({
        name,
        ports: [plan.restPort, plan.grpcPort],
        live: state.kind === 'serving' || state.kind === 'starting',
      }));
  const keptBy = (except: string): ReadonlySet<number> => new Set(others(except).flatMap(({ ports }) => ports));

  const connected = () => (hub.state.engine.state === 'connected' ? engines.engine() : null);

  return {
    async choose(request, servingId, name) {
      const kept = keptBy(servingId);
      const one = async (asked: number | undefined, usual: number, own: readonly number[]): Promise<number> => {
        if (asked === undefined || asked === 0) return nextFreePort(usual, new Set([...kept, ...own]));
        const owner =
          others(servingId).find(({ ports, live }) => live && ports.includes(asked))?.name ?? (own.includes(asked) ? name : undefined);
        if (owner !== undefined) throw new AppError('PORT_TAKEN', { port: asked, owner, free: await nextFreePort(usual, kept) });
        return asked;
      };
      const rest = await one(request.restPort, usualRest, []);
      return { rest, grpc: await one(request.grpcPort, usualGrpc, [rest]) };
    },
    async check({ servingId, restPort, grpcPort }, signal) {
      for (const [port, usual] of [
        [restPort, usualRest],
        [grpcPort, usualGrpc],
      ] as const) {
        if (await isPortFree(port)) continue;
        const owner = await portOwner(port, { engine: connected(), servings: others(servingId), signal });
        throw new AppError('PORT_TAKEN', { port, owner, free: await nextFreePort(usual, keptBy(servingId)) });
      }
    },
    async offer(signal) {
      const kept = keptBy('');
      const [rest, grpc] = [await nextFreePort(usualRest, kept), await nextFreePort(usualGrpc, kept)];
      const taken: { port: number; owner: string }[] = [];
      for (const [port, given] of [
        [usualRest, rest],
        [usualGrpc, grpc],
      ] as const) {
        if (port !== given) taken.push({ port, owner: await portOwner(port, { engine: connected(), servings: others(''), signal }) });
      }
      return { rest, grpc, taken };
    },
  };
}
