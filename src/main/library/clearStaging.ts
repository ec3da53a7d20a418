import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/**
 * Clears what an owner that was killed left in the data folder: unpacked archives and finished uploads, whose tickets died with it,
 * and half-made copies. A whole copy that no record knows goes to the trash folder. Uploads under way, `.partial`, are their shell's.
 */
export async function clearStaging(folder: string, knownIds: ReadonlySet<string>): Promise<void> {
  const remove = (...path: readonly string[]): Promise<void> => rm(join(folder, ...path), { recursive: true, force: true });
  for (const name of await namesIn(join(folder, 'unpacked'))) await remove('unpacked', name);
  for (const name of await namesIn(join(folder, 'uploads'))) if (!name.endsWith('.partial')) await remove('uploads', name);
  for (const name of await namesIn(join(folder, 'models'))) {
    if (name.endsWith('.part')) await remove('models', name);
    else if (!knownIds.has(name)) {
      await mkdir(join(folder, 'trash'), { recursive: true });
      await rename(join(folder, 'models', name), join(folder, 'trash', name));
    }
  }
}
