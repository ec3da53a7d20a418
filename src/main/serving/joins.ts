import type { JoinForecast } from '../../shared/contract/placeChange.ts';
import type { VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Serving, ServingPlan } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { StateHub } from '../stateHub.ts';
import type { Tasks } from '../tasks.ts';
import { createJoinedPlace, forecastJoin, isSeen, mountToJoin } from './joinedPlace.ts';
import type { Place } from './place.ts';
import type { PlaceChanger } from './placeChanger.ts';
import { hasEnded } from './servingMachine.ts';
import type { SharedServers } from './sharedServer.ts';

/** Servings that are loaded by the servers of others. */
export interface Joins {
  /** Those that the server of a serving loads too. */
  readonly guestsOf: (serving: Pick<Serving, 'id'>) => readonly Serving[];
  /** A place whose servings join servers that run there. */
  joinedTo(place: Place): Place;
  foresee(host: Serving, plan: ServingPlan, options: { readonly signal: AbortSignal }): Promise<JoinForecast>;
  /** After a start of a server: what it loaded for others before. */
  bringBack(hostId: string, guests: readonly Serving[]): Promise<void>;
}

export interface JoinsOptions {
  readonly hub: StateHub;
  readonly tasks: Tasks;
  readonly find: (id: string) => Serving;
  readonly modelOf: (id: string) => Model;
  readonly getVersions: (modelId: string) => readonly VersionSummary[];
  readonly shared: SharedServers;
  readonly dataFolder: string;
  /** What the server of a serving runs in. */
  readonly placeOf: (plan: ServingPlan) => Place;
  readonly changePlace: PlaceChanger['change'];
  readonly whenIdle: (plan: ServingPlan) => Promise<void>;
  /** When a start that is under way has ended. */
  readonly settled: (id: string) => Promise<void>;
  readonly startAgain: (id: string) => Promise<unknown>;
}

export function createJoins(options: JoinsOptions): Joins {
  const { hub, tasks, find, modelOf, getVersions, shared, dataFolder, placeOf, changePlace, whenIdle, settled, startAgain } = options;
  return {
    guestsOf: ({ id }) => hub.state.servings.filter(({ plan: { inServerOf } }) => inServerOf === id),
    joinedTo: (place) =>
      createJoinedPlace({
        kind: place.kind,
        find,
        place,
        shared,
        getVersions,
        whenIdle,
        mountFor: ({ modelId }) => mountToJoin(modelOf(modelId), dataFolder),
        async mountAlso(id, mounts, { signal }) {
          const { taskId, finished } = await changePlace(id, {}, { mounts });
          const stop = (): void => tasks.cancel(taskId);
          signal.addEventListener('abort', stop, { once: true });
          await finished.finally(() => signal.removeEventListener('abort', stop));
        },
      }),
    async foresee(host, plan, { signal }) {
      const needsContainer = !isSeen(host, plan);
      return {
        needsContainer,
        hasGap: needsContainer && host.plan.placePorts === undefined,
        memory: await forecastJoin(placeOf(host.plan), host, plan, { getVersions, signal }),
      };
    },
    async bringBack(hostId, guests) {
      await settled(hostId);
      if (find(hostId).state.kind !== 'serving') return;
      for (const { id } of guests) if (hub.state.servings.some((one) => one.id === id && hasEnded(one))) await startAgain(id);
    },
  };
}
