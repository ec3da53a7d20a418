import { createHash } from 'node:crypto';
import { AppError } from '../../shared/contract/errors.ts';
import type { Removal } from '../../shared/contract/library.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';

/** Whether a serving that runs, or is about to, answers with this version; null is any. */
function isServed({ state, plan }: Serving, version: string | null): boolean {
  if (state.kind === 'stopped' || state.kind === 'failed') return false;
  if (version === null || state.kind !== 'serving') return true;
  return state.versions.includes(version) || (plan.versions.kind === 'specific' && plan.versions.versions.includes(version));
}

/**
 * What taking a model or one of its versions out of the library touches. A version of a linked folder is LINKED_FOLDER: only its
 * owner deletes there; the last version of a model is the model.
 */
export function removalOf(model: Model, version: string | null, servings: readonly Serving[], folder: string): Removal {
  const known = model.record.versions;
  if (version !== null) {
    if (!known.some((one) => one.version === version))
      throw new AppError('VERSION_NOT_FOUND', { version, name: model.name, known: known.map((one) => one.version).join(', ') || 'none' });
    if (model.source !== 'managed') throw new AppError('LINKED_FOLDER', { name: model.name, version });
    if (known.length === 1) throw new AppError('BAD_INPUT', { detail: `${version} is the only version: remove the model ${model.name}.` });
  }
  const touched = known.flatMap((record, index) =>
    version === null || record.version === version ? [{ record, summary: model.versions[index] }] : [],
  );
  const own = servings.filter(({ modelId }) => modelId === model.id);
  const servedBy = own.filter((one) => isServed(one, version)).map(({ name }) => name);
  const ofModel = version === null ? { tags: model.record.tags.length, notes: model.record.note === '' ? 0 : 1 } : { tags: 0, notes: 0 };
  const removal = {
    modelId: model.id,
    model: model.name,
    version,
    kind: model.source === 'managed' ? 'delete' : 'forget',
    folder,
    versions: touched.map(({ record }) => record.version),
    files: touched.reduce((sum, { summary }) => sum + (summary?.files.length ?? 0), 0),
    bytes: touched.reduce((sum, { summary }) => sum + (summary?.size_bytes ?? 0), 0),
    lost: {
      tags: touched.reduce((sum, { record }) => sum + record.tags.length, ofModel.tags),
      typedMetrics: touched.reduce((sum, { record }) => sum + record.metrics.filter(({ source }) => source.kind === 'typed').length, 0),
      notes: touched.reduce((sum, { record }) => sum + (record.note === '' ? 0 : 1), ofModel.notes),
    },
    servings: version === null ? own.filter((one) => !isServed(one, null)).map(({ name }) => name) : [],
    servedBy,
  } as const;
  return { ...removal, confirm: createHash('sha256').update(JSON.stringify(removal)).digest('base64url').slice(0, 22) };
}

/** Refuses what was not shown as it is now, and what is served. */
export function checkRemoval({ confirm, model, version, servedBy }: Removal, asked: string): void {
  if (servedBy.length > 0) throw new AppError('MODEL_IN_USE', { name: version === null ? model : `${model}@${version}` });
  if (confirm !== asked) throw new AppError('REMOVAL_CHANGED', { name: model });
}
