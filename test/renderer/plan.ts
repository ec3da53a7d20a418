import type { Serving, ServingPlan, ServingState } from '../../src/shared/contract/serving.ts';

/** A plan as a start makes it, with parts replaced. */
export function planOf(part: Partial<ServingPlan> = {}): ServingPlan {
  return {
    servingId: 's1',
    modelId: 'm1',
    name: 'digits',
    engine: 'docker',
    image: 'tensorflow/serving:2.19.1',
    mount: { source: '/home/ada/digits', target: '/models/digits' },
    versions: { kind: 'latest' },
    tags: ['serve'],
    restPort: 8501,
    grpcPort: 8500,
    extraFlags: [],
    env: {},
    memoryBytes: 2 * 1024 ** 3,
    user: '1000:1000',
    life: 'kept',
    through: 'direct',
    ...part,
  };
}

/** A serving in a state, as the mirror holds it. */
export function servingOf(id: string, state: ServingState, part: Partial<Serving> = {}): Serving {
  return {
    id,
    modelId: 'm1',
    name: id,
    engine: 'docker',
    state,
    plan: planOf({ servingId: id }),
    steps: [],
    pull: null,
    canary: null,
    cause: null,
    containerId: null,
    imageDigest: null,
    note: null,
    since: '2026-11-24T14:00:00.000Z',
    taskId: null,
    switching: { current: null, held: [] },
    change: null,
    previous: null,
    ...part,
  };
}
