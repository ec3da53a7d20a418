import type { LocalImage, PlaceChange, PlaceChanges, PlaceName } from '../../../../shared/contract/placeChange.ts';
import type { Serving, ServingPlan } from '../../../../shared/contract/serving.ts';
import type { Text } from '../../../app/i18n.tsx';
import { readDraft, type ChangesDraft } from '../servingChanges.ts';
import { shortDigest } from '../servingWords.ts';

/** The draft as what the next place is to be otherwise, or the first field that cannot be read. */
export function placeChangesOf(draft: ChangesDraft): {
  readonly changes: PlaceChanges | null;
  readonly wrong: ReturnType<typeof readDraft>['wrong'];
} {
  const { changes, wrong } = readDraft(draft);
  if (changes === null) return { changes, wrong };
  const { engine, image, extraFlags, env, memoryBytes, user } = changes;
  return { wrong, changes: { engine, image, extraFlags, env, memoryBytes, user } };
}

export const placeNameOf = ({ engine, image }: Pick<ServingPlan, 'engine' | 'image'>): PlaceName => ({
  engine,
  image: engine === 'docker' ? image : null,
});

/** `tensorflow/serving:2.19.1`, or the embedded engine. */
export const placeWords = ({ image }: PlaceName, { t }: Text): string => image ?? t('upgrade.embedded');

/** Which image it is, whatever it is called: its digest, or its id where it came from no registry. */
export const imageWords = ({ id, digest }: LocalImage, { t }: Text): string =>
  digest === null ? t('upgrade.localId', { id: shortDigest(id) }) : shortDigest(digest);

export const isSamePlace = (a: PlaceName, b: PlaceName): boolean => a.engine === b.engine && a.image === b.image;

/** It runs, in a server of its own. */
export const isMovable = ({ state, plan }: Pick<Serving, 'state' | 'plan'>): boolean =>
  state.kind === 'serving' && plan.inServerOf === undefined;

/** The last change, as long as it is about what serves or goes on now: a later start makes it the past. */
export function presentChange({ change, since }: Pick<Serving, 'change' | 'since'>): PlaceChange | null {
  if (change === null) return null;
  return change.endedAt === null || Date.parse(change.endedAt) >= Date.parse(since) ? change : null;
}
