import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArrivingVersion } from '../../shared/contract/library.ts';
import type { InspectionSummary, Problem, ProblemCode, VersionSummary } from '../../shared/contract/savedModel.ts';

/** What is told of a folder as long as a copy into it is under way. */
const incomplete: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'EMPTY_FOLDER',
  'NO_SAVED_MODEL',
  'PB_CORRUPT',
  'PB_EMPTY',
  'NOT_READABLE',
  'INDEX_MISSING',
  'INDEX_CORRUPT',
  'SHARD_MISSING',
  'SHARD_SHORT',
  'ASSET_MISSING',
]);
const maxFiles = 10_000;
const maxDepth = 6;

async function readSize(path: string): Promise<{ readonly bytes: number; readonly changedMs: number }> {
  let [bytes, changedMs, files] = [0, 0, 0];
  async function walk(folder: string, depth: number): Promise<void> {
    changedMs = Math.max(changedMs, (await stat(folder).catch(() => null))?.mtimeMs ?? 0);
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      files += 1;
      if (files > maxFiles) return;
      const full = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (depth < maxDepth) await walk(full, depth + 1);
        continue;
      }
      const facts = await stat(full).catch(() => null);
      bytes += facts?.size ?? 0;
      changedMs = Math.max(changedMs, facts?.mtimeMs ?? 0);
    }
  }
  await walk(path, 0);
  return { bytes, changedMs };
}

type Split = Pick<InspectionSummary, 'versions' | 'problems'> & { readonly arriving: readonly ArrivingVersion[] };

/**
 * Takes the versions that are not complete out of a reading: index or shards missing or too short, a graph cut short, or nothing
 * there yet. A version that was complete once (`isKnown`) stays, with what is wrong with it, and so do all where none is complete.
 */
export async function splitArriving(inspection: InspectionSummary, isKnown: (version: string) => boolean): Promise<Split> {
  const lacks = (problems: readonly Problem[]): readonly Problem[] => problems.filter(({ code }) => incomplete.has(code));
  const isArriving = ({ version, problems }: VersionSummary): boolean =>
    version !== null && !isKnown(version) && lacks(problems).length > 0;
  const [versions, problems] = [inspection.versions, inspection.problems];
  const complete = versions.filter((one) => !isArriving(one));
  if (complete.length === 0) return { versions, problems, arriving: [] };
  const folders = versions
    .filter(isArriving)
    .map(({ version, path, problems: found }) => ({ version: version ?? '', path, missing: lacks(found) }));
  const bare = problems.filter(({ code, data }) => incomplete.has(code) && data?.['version'] !== undefined);
  for (const one of bare) {
    const version = String(one.data?.['version']);
    if (!isKnown(version)) folders.push({ version, path: join(inspection.base, version), missing: [one] });
  }
  const arriving = await Promise.all(
    folders.map(async ({ version, path, missing }): Promise<ArrivingVersion> => {
      const { bytes, changedMs } = await readSize(path);
      return { version, missing, bytes, changedAt: new Date(changedMs).toISOString() };
    }),
  );
  return {
    versions: complete,
    problems: problems.filter((one) => !bare.includes(one) || isKnown(String(one.data?.['version']))),
    arriving: arriving.toSorted((a, b) => (BigInt(a.version) < BigInt(b.version) ? 1 : -1)),
  };
}
