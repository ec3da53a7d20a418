import type { Bake } from '../../shared/contract/deploy.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { DockerEngine, ListedImage } from '../docker/dockerEngine.ts';
import { modelLabel, versionsLabel } from './dockerfile.ts';

/** So many are shown of a model. */
const maxShown = 12;

/** The images on an engine that hold a model of this name, whoever baked them: those with a name, newest first. */
export async function listBaked(
  engine: DockerEngine,
  { name }: Pick<Model, 'name'>,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly ListedImage[]> {
  const found = await engine.listImages({ label: `${modelLabel}=${name}`, signal });
  return found
    .filter(({ names }) => names.length > 0)
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))
    .slice(0, maxShown);
}

export const versionsOf = ({ labels }: Pick<ListedImage, 'labels'>): readonly string[] =>
  (labels[versionsLabel] ?? '').split(' ').filter((version) => version !== '');

/** An image as the bake that has made it: done, with what its labels and the engine still tell. Null where it has gone meanwhile. */
export async function recallBake(
  engine: DockerEngine,
  listed: ListedImage,
  model: Pick<Model, 'id' | 'name'>,
  { signal }: { readonly signal: AbortSignal },
): Promise<Bake | null> {
  const [reference = ''] = listed.names;
  const facts = await engine.inspectImage(reference, { signal });
  if (facts === null) return null;
  return {
    id: listed.id,
    modelId: model.id,
    modelName: model.name,
    reference,
    taskId: '',
    state: 'done',
    steps: [],
    pull: null,
    output: [],
    problem: null,
    image: {
      id: facts.id,
      reference,
      sizeBytes: facts.sizeBytes,
      layers: facts.layers,
      user: facts.user,
      modelPath: `/models/${model.name}`,
      versions: versionsOf(listed),
      canary: { kind: 'not-tried', reason: 'it was baked before Slipway was started' },
    },
    push: null,
    save: null,
  };
}
