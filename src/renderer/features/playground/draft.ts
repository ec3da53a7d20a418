import type { PreparedInputs } from '../../../shared/contract/predict.ts';

/** What is asked: text that is sent as it was typed, or inputs from the form, which are made into tensors when they are sent. */
export type Draft = { readonly kind: 'json'; readonly body: string } | { readonly kind: 'form'; readonly inputs: PreparedInputs };

/** The part of a request that a draft is. */
export function requestOf(draft: Draft): { readonly body: string } | { readonly inputs: PreparedInputs } {
  return draft.kind === 'json' ? { body: draft.body } : { inputs: draft.inputs };
}

/** Whether nothing was edited between the two; inputs of the form are made anew with each edit. */
export function isSameDraft(one: Draft, other: Draft): boolean {
  if (one.kind === 'json') return other.kind === 'json' && one.body === other.body;
  return other.kind === 'form' && one.inputs === other.inputs;
}
