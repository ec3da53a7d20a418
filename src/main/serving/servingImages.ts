import type { LocalImage } from '../../shared/contract/placeChange.ts';
import type { ServingPlan } from '../../shared/contract/serving.ts';
import { modelLabel } from '../deploy/dockerfile.ts';
import type { ListedImage } from '../docker/dockerEngine.ts';
import { splitReference } from '../docker/dockerodeEngine.ts';

const repositoryOf = (reference: string): string => splitReference(reference.replace(/@.*$/, '')).name;

/** An image under one of its names. */
function asLocalImage({ id, pinned, sizeBytes }: ListedImage, reference: string): LocalImage {
  const own = pinned.find((one) => one.startsWith(`${repositoryOf(reference)}@`)) ?? pinned[0];
  return { reference, id, digest: own?.split('@')[1] ?? null, sizeBytes };
}

/**
 * The images that a serving could be moved to, of all on the engine: those whose repository is called like its own or that of the
 * settings, wherever they came from (`tensorflow/serving`, `registry.example/ml/serving`). What holds a model of its own is for servings
 * of such an image alone.
 */
export function servingImages(
  all: readonly ListedImage[],
  { image, inImage }: Pick<ServingPlan, 'image' | 'inImage'>,
  usual: string,
): readonly LocalImage[] {
  const last = (reference: string): string => repositoryOf(reference).split('/').at(-1) ?? '';
  const fits = (name: string): boolean =>
    inImage === undefined ? [last(image), last(usual)].includes(last(name)) : repositoryOf(name) === repositoryOf(image);
  return all
    .filter(({ labels }) => inImage !== undefined || labels[modelLabel] === undefined)
    .flatMap((one) => one.names.filter(fits).map((name) => ({ createdAt: one.createdAt, image: asLocalImage(one, name) })))
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt) || b.image.reference.localeCompare(a.image.reference))
    .map(({ image: found }) => found);
}
