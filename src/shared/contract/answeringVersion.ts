import type { ServedState } from './switching.ts';

/** The version that answers a request that names neither version nor label: TensorFlow Serving takes the highest that is loaded. */
export const answeringVersion = ({ versions }: Pick<ServedState, 'versions'>): string | null => versions[0] ?? null;
