import type { Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';

/** Names that Windows gives to devices, whatever their ending. Refused everywhere: a copied model may move there. */
const device = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i;
const maxPathLength = 4_096;
const maxNameBytes = 255;

const refused = (detail: string): AppError => new AppError('PATH_REFUSED', { detail });

/** What the path would be for somebody who decodes it once more; undefined where that is no text. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The names between the slashes of either kind, without empty ones and `.`; throws for what no honest path holds. */
function partsOf(text: string): readonly string[] {
  if (text.length > maxPathLength) throw refused('The path is too long.');
  if (text.includes('\0')) throw refused('The path holds a NUL.');
  if (/^[/\\]/.test(text) || /^[a-z]:/i.test(text)) throw refused('The path does not begin in the folder.');
  const parts = text.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    // Windows drops dots and blanks at a name's end, so `.. ` would be `..` there.
    if (/^[. ]+$/.test(part)) throw refused('The path leads out of its folder.');
    if (device.test(part)) throw refused('The path names a device.');
    if (process.platform === 'win32' && part.includes(':')) throw refused('The path names a stream of a file.');
    if (Buffer.byteLength(part) > maxNameBytes) throw refused('A name in the path is too long.');
  }
  return parts;
}

async function lookAt(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new AppError('PATH_REFUSED', { detail: 'The path leads through something that is no folder.' }, { cause: error });
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !/^\.\.[/\\]/.test(way) && !isAbsolute(way);
}

/**
 * The only way from an untrusted relative path to a path of the disk: what `untrusted` names below `root`, which must exist.
 * Its end need not exist. PATH_REFUSED for an absolute path, a drive, `..`, a NUL, a device, also where they show only after
 * decoding, and for a link that leaves the root or leads to nothing (a write would follow it). Names are taken as they are.
 */
export async function safeJoin(root: string, untrusted: string): Promise<string> {
  const parts = partsOf(untrusted);
  const read = decoded(untrusted);
  if (read !== undefined && read !== untrusted) partsOf(read);
  const realRoot = await realpath(root);
  let path = realRoot;
  for (const part of parts) {
    path = join(path, part);
    if ((await lookAt(path))?.isSymbolicLink() !== true) continue;
    path = await realpath(path).catch((cause: unknown) => {
      throw new AppError('PATH_REFUSED', { detail: 'A link in the path leads to nothing.' }, { cause });
    });
    if (!isInside(realRoot, path)) throw refused('A link in the path leaves the folder.');
  }
  return path;
}
