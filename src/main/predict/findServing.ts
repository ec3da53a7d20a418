import { AppError } from '../../shared/contract/errors.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { StateHub } from '../stateHub.ts';

/** A serving by its id or its name. Throws SERVING_NOT_FOUND. */
export function findServing({ state: { servings } }: StateHub, wanted: string): Serving {
  const found = servings.find(({ id, name }) => id === wanted || name === wanted);
  if (found !== undefined) return found;
  throw new AppError('SERVING_NOT_FOUND', { name: wanted, known: servings.map(({ name }) => name).join(', ') || 'none' });
}
