import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, isAbsolute } from 'node:path';
import type { FolderListing } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/contract/errors.ts';
import { displayPath } from './displayPath.ts';
import { safeJoin } from './safeJoin.ts';

const maxEntries = 2_000;

/** The tree of this machine that a browser may see: what lies under the roots, named by opaque nodes. */
export interface FolderTree {
  list(node: string | undefined): Promise<FolderListing>;
  /** The path of a node; PATH_REFUSED where it is not under a root any more. */
  resolve(node: string): Promise<string>;
}

async function looksLikeModel(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => []);
  return names.some((name) => name === 'saved_model.pb' || name === 'saved_model.pbtxt') || names.some((name) => /^\d+$/.test(name));
}

function entryKind(name: string, isFolder: boolean): FolderListing['entries'][number]['kind'] | null {
  if (isFolder) return 'folder';
  if (/\.(tar\.gz|tgz|zip)$/i.test(name)) return 'archive';
  return /\.tar$/i.test(name) ? 'image-file' : null;
}

export function createFolderTree(roots: readonly string[], home: string): FolderTree {
  const nodeOf = (root: number, inside: string): string => Buffer.from(JSON.stringify([root, inside])).toString('base64url');
  function readNode(node: string): readonly [root: string, index: number, inside: string] {
    try {
      const [index, inside] = JSON.parse(Buffer.from(node, 'base64url').toString('utf8')) as readonly [unknown, unknown];
      const root = typeof index === 'number' ? roots[index] : undefined;
      if (root !== undefined && typeof index === 'number' && typeof inside === 'string') return [root, index, inside];
    } catch (cause) {
      throw new AppError('PATH_REFUSED', { detail: 'There is no such folder in the tree.' }, { cause });
    }
    throw new AppError('PATH_REFUSED', { detail: 'There is no such folder in the tree.' });
  }
  async function resolve(node: string): Promise<string> {
    const [root, , inside] = readNode(node);
    return safeJoin(root, inside);
  }
  return {
    resolve,
    async list(node) {
      if (node === undefined && roots.length !== 1) {
        const entries = roots.map((root, index) => ({
          node: nodeOf(index, ''),
          name: displayPath(root, home),
          looksLikeModel: false,
          kind: 'folder' as const,
        }));
        return { node: null, displayPath: '', parents: [], entries, cut: false };
      }
      const present = node ?? nodeOf(0, '');
      const [root, index, inside] = readNode(present);
      const path = await resolve(present);
      let found;
      try {
        found = await readdir(path, { withFileTypes: true });
      } catch (cause) {
        throw new AppError(
          'FILE_UNREADABLE',
          { path: displayPath(path, home), detail: (cause as NodeJS.ErrnoException).code ?? '' },
          { cause },
        );
      }
      const base = await realpath(root);
      const kept: FolderListing['entries'][number][] = [];
      for (const entry of found
        .filter(({ name }) => !name.startsWith('.'))
        .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))) {
        if (kept.length >= maxEntries) break;
        const full = join(path, entry.name);
        const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await stat(full).catch(() => null))?.isDirectory() === true);
        const kind = entryKind(entry.name, isFolder);
        if (kind === null) continue;
        const within = relative(base, await realpath(full).catch(() => dirname(base)));
        if (within.startsWith('..') || isAbsolute(within)) continue;
        kept.push({
          node: nodeOf(index, inside === '' ? entry.name : `${inside}/${entry.name}`),
          name: entry.name,
          looksLikeModel: isFolder && (await looksLikeModel(full)),
          kind,
        });
      }
      const parts = inside === '' ? [] : inside.split('/');
      const parents = [
        { node: nodeOf(index, ''), name: basename(root) === '' ? root : displayPath(root, home) },
        ...parts.slice(0, -1).map((name, at) => ({ node: nodeOf(index, parts.slice(0, at + 1).join('/')), name })),
      ];
      return {
        node: present,
        displayPath: displayPath(path, home),
        parents: parts.length === 0 ? [] : parents,
        entries: kept,
        cut: found.length > maxEntries,
      };
    },
  };
}
