import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';

/** A file below a folder; `path` is relative to it, with forward slashes. */
export interface BesideFile {
  readonly path: string;
  readonly bytes: number;
  readonly changedMs: number;
}

const maxDepth = 8;

/**
 * Files below a folder, sorted, at most `limit` of them and eight folders deep. Links to files count where they lead to one;
 * linked folders are not entered. `enter` says which folders are looked into.
 */
export async function readBeside(
  folder: string,
  limit: number,
  enter: (path: string) => boolean = () => true,
): Promise<readonly BesideFile[]> {
  const files: BesideFile[] = [];
  async function walk(inside: string, depth: number): Promise<void> {
    const entries = await readdir(join(folder, inside), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (files.length >= limit) return;
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < maxDepth && enter(path)) await walk(path, depth + 1);
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        const facts = await stat(join(folder, path)).catch(() => null);
        if (facts?.isFile() === true) files.push({ path, bytes: facts.size, changedMs: facts.mtimeMs });
      }
    }
  }
  await walk('', 0);
  return files;
}

/** Whether a file lies within a folder also once its links are followed. */
export async function staysWithin(folder: string, file: string): Promise<boolean> {
  const [base, target] = await Promise.all([realpath(folder), realpath(join(folder, file))]);
  const inside = relative(base, target);
  return !inside.startsWith('..') && !isAbsolute(inside);
}
