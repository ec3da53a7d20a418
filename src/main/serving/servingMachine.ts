import type { ErrorReport } from '../../shared/contract/errors.ts';
import type { ServingState, StepId, StopReason } from '../../shared/contract/serving.ts';

/** What can happen to a serving, whoever caused it. */
export type ServingEvent =
  | { readonly kind: 'start' }
  /** It runs, but does not answer yet: started from outside, or again by the engine. */
  | { readonly kind: 'loading' }
  | { readonly kind: 'step'; readonly step: StepId }
  | { readonly kind: 'available'; readonly versions: readonly string[] }
  | { readonly kind: 'refuse'; readonly problem: ErrorReport }
  | { readonly kind: 'stop' }
  /** A stop that failed. */
  | { readonly kind: 'goesOn'; readonly versions: readonly string[] }
  | { readonly kind: 'ended'; readonly reason: StopReason }
  | { readonly kind: 'broke'; readonly problem: ErrorReport };

/** What a serving is before its first start. */
export const neverStarted: ServingState = { kind: 'stopped', reason: 'never' };

/**
 * The state after an event; the same object where the event means nothing in that state. Pure: effects live beside it.
 * `refuse` is a failed start, `broke` a container that ended by itself.
 */
export function nextState(state: ServingState, event: ServingEvent): ServingState {
  switch (event.kind) {
    case 'start':
      return state.kind === 'stopped' || state.kind === 'failed' ? { kind: 'starting', step: 'check' } : state;
    case 'loading':
      return state.kind === 'starting' || state.kind === 'stopping' ? state : { kind: 'starting', step: 'load' };
    case 'goesOn':
      return state.kind === 'stopping' ? { kind: 'serving', versions: event.versions } : state;
    case 'step':
      return state.kind === 'starting' ? { kind: 'starting', step: event.step } : state;
    case 'available':
      return state.kind === 'stopping' ? state : { kind: 'serving', versions: event.versions };
    case 'refuse':
      return state.kind === 'starting' ? { kind: 'failed', step: state.step, problem: event.problem } : state;
    case 'stop':
      return state.kind === 'starting' || state.kind === 'serving' ? { kind: 'stopping' } : state;
    case 'ended':
      if (state.kind === 'stopped' || state.kind === 'failed') return state;
      // The engine may tell of the end before our own stop has answered: it is the person's all the same.
      return { kind: 'stopped', reason: state.kind === 'stopping' && event.reason === 'outside' ? 'person' : event.reason };
    case 'broke':
      // What ends while it is being stopped was stopped.
      return state.kind === 'serving'
        ? { kind: 'failed', step: 'running', problem: event.problem }
        : state.kind === 'stopping'
          ? { kind: 'stopped', reason: 'person' }
          : state;
  }
}

export const hasEnded = ({ state }: { readonly state: ServingState }): boolean => state.kind === 'stopped' || state.kind === 'failed';
