import { join, relative, sep } from 'node:path';
import type { BakeDraft, BakeManifest } from '../../shared/contract/deploy.ts';
import { AppError } from '../../shared/contract/errors.ts';
import { callableSignatures, metaGraphFor, type VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { ImageFacts } from '../docker/dockerEngine.ts';
import { splitReference } from '../docker/dockerodeEngine.ts';
import { safeJoin } from '../library/safeJoin.ts';
import { readContentFingerprint } from '../savedmodel/contentFingerprint.ts';
import { checkModel, chosenVersions } from '../serving/planServing.ts';
import { batchingParametersFromText } from '../tfserving/batcher.ts';
import { StatusError } from '../tfserving/status.ts';
import type { ContextVersion } from './buildContext.ts';
import { dockerfileText, imageFiles, monitoringText } from './dockerfile.ts';

/** One version as it goes into an image. */
type PlannedVersion = ContextVersion & Omit<BakeManifest['versions'][number], 'files'> & { readonly bytes: number };

/** What a bake builds, every choice made. */
export interface BakePlan {
  readonly name: string;
  readonly base: string;
  readonly baseDigest: string | null;
  readonly versions: readonly PlannedVersion[];
  readonly dockerfile: string;
  /** Files of the context beside the model. */
  readonly extra: Readonly<Record<string, string>>;
}

async function planVersion(model: Model, { version, path: folder, files, ...known }: VersionSummary): Promise<PlannedVersion> {
  const below = relative(model.path, model.mountAs?.path ?? folder)
    .split(sep)
    .join('/');
  const sources = await Promise.all(
    // A link that leaves the model's folder would bake what the person did not choose.
    files.map(async ({ path }) => ({ path, source: await safeJoin(model.path, join(below, path)) })),
  );
  const graph = metaGraphFor({ ...known });
  return {
    version: version ?? model.mountAs?.version ?? '1',
    tensorflow_version: known.tensorflow_version,
    fingerprint: await readContentFingerprint(model.mountAs?.path ?? folder, files),
    signatures: graph === undefined ? {} : Object.fromEntries(callableSignatures(graph)),
    files: sources,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Refuses parameters that the server would not read. */
function checkBatching(text: string | undefined): void {
  if (text === undefined) return;
  try {
    batchingParametersFromText(text, imageFiles.batching);
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    throw new AppError('BAD_INPUT', { detail: cause.message }, { cause });
  }
}

/** The base as FROM names it. BASE_NOT_PINNABLE where it is here and no registry knows it. */
function basePinned(reference: string, image: ImageFacts | null): { readonly base: string; readonly baseDigest: string | null } {
  if (reference.includes('@') || image === null) return { base: reference, baseDigest: reference.split('@')[1] ?? null };
  if (image.pinned === null) throw new AppError('BASE_NOT_PINNABLE', { image: reference });
  const [repository = '', digest = ''] = image.pinned.split('@');
  return { base: `${repository}:${splitReference(reference).tag}@${digest}`, baseDigest: digest };
}

/** Makes a bake's choices. `image` is the base as it is on the engine, null where it is not there (yet). */
export async function planBake(
  draft: BakeDraft,
  { model, reference, image }: { readonly model: Model; readonly reference: string; readonly image: ImageFacts | null },
  { signal }: { readonly signal: AbortSignal },
): Promise<BakePlan> {
  checkModel(model, { versions: draft.versions, tags: ['serve'] });
  checkBatching(draft.batching);
  const { base, baseDigest } = draft.pinBase ? basePinned(reference, image) : { base: reference, baseDigest: null };
  const versions: PlannedVersion[] = [];
  for (const version of chosenVersions(model, draft.versions)) {
    signal.throwIfAborted();
    versions.push(await planVersion(model, version));
  }
  return {
    name: model.name,
    base,
    baseDigest,
    versions,
    dockerfile: dockerfileText({ name: model.name, base, baseDigest, versions }, draft),
    extra: {
      ...(draft.batching === undefined ? {} : { [imageFiles.batching]: draft.batching }),
      ...(draft.monitoring ? { [imageFiles.monitoring]: monitoringText } : {}),
    },
  };
}
