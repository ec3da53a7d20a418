import type { PlacePart } from '../../shared/contract/placeChange.ts';
import type { ServingPlan } from '../../shared/contract/serving.ts';

/** What decides a place, by its part; an image decides nothing where the embedded engine serves, nor does a user. */
const partsOf = (plan: ServingPlan): Readonly<Record<PlacePart, unknown>> => ({
  engine: plan.engine,
  image: plan.engine === 'docker' ? [plan.image, plan.inImage] : null,
  folder: plan.inImage === undefined ? plan.mount.source : null,
  versions: plan.versions,
  tags: plan.tags,
  flags: plan.extraFlags,
  env: Object.entries(plan.env).toSorted(([a], [b]) => a.localeCompare(b)),
  memory: plan.memoryBytes,
  user: plan.engine === 'docker' ? plan.user : null,
});

/** In what two plans for one address differ. `imageChanged`: under the image's name there is another one now. */
export function placeDiffers(old: ServingPlan, next: ServingPlan, imageChanged: boolean): readonly PlacePart[] {
  const [before, after] = [partsOf(old), partsOf(next)];
  return (Object.keys(before) as PlacePart[]).filter((part) => {
    // Another engine says it all: an image and a user come or go with it.
    if (old.engine !== next.engine && (part === 'image' || part === 'user')) return false;
    return (part === 'image' && imageChanged) || JSON.stringify(before[part]) !== JSON.stringify(after[part]);
  });
}
