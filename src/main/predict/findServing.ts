import { AppError } from '../../shared/contract/errors.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { StateHub } from '../stateHub.ts';
import type { Which } from './predict.ts';

/** A serving by its id or its name. Throws SERVING_NOT_FOUND. */
export function findServing({ state: { servings } }: StateHub, wanted: string): Serving {
  const found = servings.find(({ id, name }) => id === wanted || name === wanted);
  if (found !== undefined) return found;
  throw new AppError('SERVING_NOT_FOUND', { name: wanted, known: servings.map(({ name }) => name).join(', ') || 'none' });
}

/** The version that answers: the one asked for, the label's, or the highest that is served; null where nobody can tell. */
export function versionOf({ state, plan }: Serving, { version, label }: Which): string | null {
  if (version !== undefined) return version;
  if (label !== undefined) return plan.served?.labels[label] ?? null;
  return state.kind === 'serving' ? (state.versions[0] ?? null) : null;
}
