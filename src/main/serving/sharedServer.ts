import type { Serving, ServingPlan } from '../../shared/contract/serving.ts';
import type { StateHub } from '../stateHub.ts';
import type { ModelConfig } from '../tfserving/modelServerConfig.ts';
import { configFileOf } from './containerSpec.ts';
import { basePathInServer, modelConfigOf, writeModelConfig } from './modelConfig.ts';

/** The serving whose server a plan runs in: its own, or that of another. */
export const serverIdOf = ({ servingId, inServerOf }: Pick<ServingPlan, 'servingId' | 'inServerOf'>): string => inServerOf ?? servingId;

/** What a server serves beside one plan. A server unloads what it is not told, so every telling has all of it. */
export interface SharedServers {
  /** Other servings that are loaded in the same server, or on their way into it. */
  matesOf(plan: ServingPlan): readonly Serving[];
  readonly configsBeside: (plan: ServingPlan) => readonly ModelConfig[];
  /** Writes the server's models.config with this plan in it: what it serves when it starts anew. */
  writeConfig(plan: ServingPlan): Promise<void>;
  /** The same without this plan, whose server stays. */
  dropFromConfig(plan: ServingPlan): Promise<void>;
}

export function createSharedServers({ hub, dataFolder }: { readonly hub: StateHub; readonly dataFolder: string }): SharedServers {
  const isLoaded = ({ plan, state, containerId }: Serving): boolean =>
    // The serving whose server it is stands in its file whatever its state.
    plan.inServerOf === undefined || (containerId !== null && (state.kind === 'serving' || state.kind === 'starting'));
  const matesOf = (plan: ServingPlan): readonly Serving[] =>
    hub.state.servings.filter((one) => one.id !== plan.servingId && serverIdOf(one.plan) === serverIdOf(plan) && isLoaded(one));
  const configsBeside = (plan: ServingPlan): readonly ModelConfig[] =>
    matesOf(plan).map((mate) => modelConfigOf(mate.plan, basePathInServer(mate.plan)));
  const fileOf = (plan: ServingPlan): string =>
    configFileOf(dataFolder, hub.state.servings.find(({ id }) => id === plan.inServerOf)?.plan ?? plan);
  return {
    matesOf,
    configsBeside,
    writeConfig: (plan) => writeModelConfig(fileOf(plan), [modelConfigOf(plan, basePathInServer(plan)), ...configsBeside(plan)]),
    dropFromConfig: (plan) => writeModelConfig(fileOf(plan), configsBeside(plan)),
  };
}
