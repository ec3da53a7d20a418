import type { Serving } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import { memoryFor, mountOf } from '../serving/planServing.ts';

/** A model that nothing serves, as what the embedded engine is asked beside: it has no address, and no version answers there. */
export function unserved(model: Model): Serving {
  const { id: modelId, name } = model;
  const id = `unserved-${modelId}`;
  return {
    id,
    modelId,
    name,
    engine: 'embedded',
    state: { kind: 'stopped', reason: 'never' },
    plan: {
      servingId: id,
      modelId,
      name,
      engine: 'embedded',
      image: '',
      mount: mountOf(model, name),
      versions: { kind: 'all' },
      tags: ['serve'],
      restPort: 0,
      grpcPort: 0,
      extraFlags: [],
      env: {},
      memoryBytes: memoryFor(Math.max(0, ...model.versions.map(({ size_bytes }) => size_bytes)), null),
      user: '',
      life: 'foreground',
    },
    steps: [],
    pull: null,
    canary: null,
    cause: null,
    containerId: null,
    imageDigest: null,
    note: null,
    since: model.addedAt,
    taskId: null,
    switching: { current: null, held: [] },
    change: null,
    previous: null,
  };
}
