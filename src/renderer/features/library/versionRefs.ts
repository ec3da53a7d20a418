import type { VersionRef } from '../../../shared/contract/library.ts';

/** Where versions are compared: `/models/compare/ID@2,ID@3`. The first is what the others are compared with. */
export function comparePath(versions: readonly VersionRef[]): string {
  return `/models/compare/${versions.map(({ modelId, version }) => `${modelId}@${version}`).join(',')}`;
}

/** The versions that an address names; what is none is left out. */
export function refsOf(text: string): readonly VersionRef[] {
  return text.split(',').flatMap((part) => {
    const [, modelId, version] = /^(.+)@(\d{1,19})$/.exec(part) ?? [];
    return modelId === undefined || version === undefined ? [] : [{ modelId, version }];
  });
}

export const sameRef = (a: VersionRef, b: VersionRef): boolean => a.modelId === b.modelId && a.version === b.version;

/** Of one model the older first, since the first is what others are compared with; of several as they were chosen. */
export function olderFirst<V extends VersionRef>(versions: readonly V[]): readonly V[] {
  if (versions.some(({ modelId }) => modelId !== versions[0]?.modelId)) return versions;
  return versions.toSorted((a, b) => (BigInt(a.version) < BigInt(b.version) ? -1 : 1));
}
