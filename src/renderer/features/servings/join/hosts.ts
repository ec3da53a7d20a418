import type { Serving } from '../../../../shared/contract/serving.ts';
import type { Model } from '../../../../shared/contract/state.ts';

/** The servings whose server a model can join: they run, by a server of their own whose models can be changed. */
export const hostsFor = (model: Pick<Model, 'id' | 'mountAs'>, servings: readonly Serving[]): readonly Serving[] =>
  model.mountAs !== null
    ? []
    : servings.filter(
        ({ modelId, state, plan }) =>
          modelId !== model.id && state.kind === 'serving' && plan.inServerOf === undefined && plan.served !== undefined,
      );
