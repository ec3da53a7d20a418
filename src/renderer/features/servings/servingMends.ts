import type { ErrorCode, ErrorReport } from '../../../shared/contract/errors.ts';
import type { Serving } from '../../../shared/contract/serving.ts';
import type { ServingChanges } from './servingChanges.ts';

/** One thing that may mend a failed start; the first of a list is the likeliest. */
export type ServingMend =
  | { readonly kind: 'startAgain' }
  /** The folder is read again first, so that what was mended in it counts. */
  | { readonly kind: 'readAgain' }
  | { readonly kind: 'usePort'; readonly port: number; readonly changes: Partial<ServingChanges> }
  | { readonly kind: 'moreMemory'; readonly bytes: number }
  | { readonly kind: 'useTags'; readonly tags: readonly string[] }
  | { readonly kind: 'settings' }
  | { readonly kind: 'change' }
  | { readonly kind: 'useEngine' }
  | { readonly kind: 'lookAgain' }
  | { readonly kind: 'model' };

const again: ServingMend = { kind: 'startAgain' };
const readAgain: ServingMend = { kind: 'readAgain' };
const settings: ServingMend = { kind: 'settings' };
const change: ServingMend = { kind: 'change' };
const model: ServingMend = { kind: 'model' };

const mendTable: Partial<Record<ErrorCode, readonly ServingMend[]>> = {
  DOCKER_NOT_RUNNING: [{ kind: 'useEngine' }, { kind: 'lookAgain' }, again, settings],
  DOCKER_NOT_LOCAL: [settings],
  DOCKER_FORBIDDEN: [{ kind: 'lookAgain' }, settings],
  IMAGE_NOT_FOUND: [settings, change, again],
  IMAGE_PULL_FAILED: [again, settings],
  IMAGE_RATE_LIMITED: [settings, again],
  IMAGE_WRONG_ARCHITECTURE: [settings, change],
  IMAGE_AUTH: [settings, again],
  MOUNT_MISSING: [readAgain, model],
  MOUNT_DENIED: [again, model],
  MODEL_UNREADABLE: [again, change],
  NO_VERSION_FOUND: [readAgain, model],
  BASE_PATH_MISSING: [readAgain, model],
  NO_SAVED_MODEL_PB: [readAgain, model],
  WEIGHTS_MISSING: [readAgain, model],
  OP_UNKNOWN: [change, model],
  FLAG_REFUSED: [change],
  ENV_REFUSED: [change],
  LOAD_FAILED: [again, change],
  CANARY_FAILED: [again, change],
  CONTAINER_ENDED: [again, change],
};

/** What a person can press after a failure, likeliest first. Never empty. */
export function mendsOf(problem: ErrorReport, serving: Serving): readonly ServingMend[] {
  const { code, data } = problem;
  if (code === 'PORT_TAKEN' && typeof data['free'] === 'number') {
    const changes = data['port'] === serving.plan.grpcPort ? { grpcPort: data['free'] } : { restPort: data['free'] };
    return [{ kind: 'usePort', port: data['free'], changes }, again];
  }
  if (code === 'OUT_OF_MEMORY') return [{ kind: 'moreMemory', bytes: serving.plan.memoryBytes * 2 }, again, change];
  if (code === 'NO_SERVE_GRAPH' && typeof data['tags'] === 'string' && data['tags'] !== '')
    return [{ kind: 'useTags', tags: data['tags'].split(/\s*,\s*/) }, change, model];
  return mendTable[code] ?? (problem.retryable ? [again, change] : [change, again]);
}
