import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, open, readdir, realpath, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../shared/contract/errors.ts';

const maxFiles = 200_000;
const maxDepth = 32;

interface Plan {
  readonly folders: readonly string[];
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** What is below a folder, by paths relative to it; links are followed, but not back up. Neither pipes nor devices. */
async function planCopy(source: string, signal: AbortSignal): Promise<Plan> {
  const folders: string[] = [];
  const files: { readonly path: string; readonly bytes: number }[] = [];
  async function walk(path: string, above: readonly string[]): Promise<void> {
    signal.throwIfAborted();
    const real = await realpath(join(source, path));
    if (above.includes(real) || above.length > maxDepth) return;
    folders.push(path);
    for (const name of await readdir(join(source, path))) {
      const facts = await stat(join(source, path, name)).catch((error: NodeJS.ErrnoException) => {
        // A link that leads nowhere has nothing to copy; whatever else cannot be read must not be missing from a copy.
        if (error.code === 'ENOENT' || error.code === 'ELOOP') return null;
        throw error;
      });
      if (facts?.isDirectory() === true) await walk(join(path, name), [...above, real]);
      else if (facts?.isFile() === true) files.push({ path: join(path, name), bytes: facts.size });
      if (files.length > maxFiles) throw new AppError('MODEL_LIMIT', { detail: `The folder holds more than ${maxFiles} files.` });
    }
  }
  await walk('', []);
  return { folders, files };
}

/** Makes a folder's entries last; where a system has no such thing for folders, they do by themselves. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r');
    await folder.sync();
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'EBADF'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Writes all that is below a folder to the disk, and the folder's place in the one above. */
export async function syncTree(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await syncFolder(full);
    else if (entry.isFile()) {
      await using file = await open(full, 'r+');
      await file.sync();
    }
  }
  await syncFolder(path);
  await syncFolder(dirname(path));
}

/**
 * Copies a folder to a path that is not there yet; when it answers, every byte is on the disk. Files become readable for everybody,
 * for a container's user reads them; the folders above are closed to others. DISK_FULL before anything is written where the room
 * is not there. What an abort or a failure leaves is the caller's to remove.
 */
export async function copyFolder(
  source: string,
  target: string,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (copiedBytes: number, totalBytes: number) => void },
): Promise<void> {
  const { folders, files } = await planCopy(source, signal);
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    const { bavail, bsize } = await statfs(dirname(target));
    if (bavail * bsize < totalBytes) throw new AppError('DISK_FULL');
    for (const folder of folders) await mkdir(join(target, folder), { mode: 0o755 });
    let copied = 0;
    for (const { path } of files) {
      const counted = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          copied += chunk.length;
          onProgress(copied, totalBytes);
          done(null, chunk);
        },
      });
      const into = createWriteStream(join(target, path), { flags: 'wx', mode: 0o644, flush: true });
      await pipeline(createReadStream(join(source, path)), counted, into, { signal });
      // Whatever the process' mask is.
      await chmod(join(target, path), 0o644);
    }
    for (const folder of folders.toReversed()) {
      await chmod(join(target, folder), 0o755);
      await syncFolder(join(target, folder));
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new AppError('DISK_FULL', {}, { cause: error });
    throw error;
  }
}
