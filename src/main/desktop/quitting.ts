import type { Serving } from '../../shared/contract/serving.ts';

/** Whether quitting the owner loses something: a start under way, or a serving that ends with this process. */
export function losesByQuitting(
  servings: readonly { readonly state: Pick<Serving['state'], 'kind'>; readonly plan: Pick<Serving['plan'], 'life' | 'engine'> }[],
): boolean {
  return servings.some(
    ({ state, plan }) =>
      state.kind === 'starting' || (state.kind === 'serving' && (plan.life === 'foreground' || plan.engine === 'embedded')),
  );
}
