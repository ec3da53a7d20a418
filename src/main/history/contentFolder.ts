import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../shared/contract/errors.ts';
import { syncFolder } from '../library/copyFolder.ts';

/** Files named by the SHA-256 of their bytes, as `ab/abcd…`: the same bytes lie there once. */
export interface ContentFolder {
  /** On the disk when it returns, whole under its name or not at all. */
  put(content: string | Blob): Promise<{ readonly hash: string; readonly bytes: number }>;
  /** FILE_UNREADABLE where somebody took it away or changed it. */
  read(hash: string): Promise<Buffer>;
  remove(hashes: readonly string[]): Promise<void>;
  /** Deletes all that is not among them, also what a crash left half-written. */
  keepOnly(hashes: ReadonlySet<string>): Promise<void>;
}

const hashPattern = /^[0-9a-f]{64}$/;
const pieceChars = 1_000_000;

/** UTF-8 of a text by pieces that do not hold this process up; no piece ends within a pair of surrogates. */
async function* utf8Of(text: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + pieceChars);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd8_00 && last < 0xdc_00) end += 1;
    yield Buffer.from(text.slice(at, end));
    at = end;
    await nextTurn();
  }
}

export function openContentFolder(folder: string): ContentFolder {
  const pathOf = (hash: string): string => join(folder, hash.slice(0, 2), hash);
  return {
    async put(content) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const incoming = join(folder, `${randomUUID()}.part`);
      const hasher = createHash('sha256');
      let bytes = 0;
      try {
        {
          await using file = await open(incoming, 'wx', 0o600);
          for await (const piece of typeof content === 'string' ? utf8Of(content) : content.stream()) {
            hasher.update(piece);
            bytes += piece.length;
            await file.write(piece);
          }
          await file.sync();
        }
        const hash = hasher.digest('hex');
        const target = pathOf(hash);
        const present = await stat(target).catch(() => null);
        if (present?.size === bytes) await rm(incoming);
        else {
          await mkdir(join(target, '..'), { recursive: true, mode: 0o700 });
          await rename(incoming, target);
          await syncFolder(join(target, '..'));
        }
        return { hash, bytes };
      } catch (error) {
        await rm(incoming, { force: true });
        throw error;
      }
    },
    async read(hash) {
      const detail = 'The file of this request is not there as it was kept.';
      const bytes = hashPattern.test(hash)
        ? await readFile(pathOf(hash)).catch((cause: unknown) => {
            throw new AppError('FILE_UNREADABLE', { path: hash, detail }, { cause });
          })
        : Buffer.alloc(0);
      if (createHash('sha256').update(bytes).digest('hex') !== hash) throw new AppError('FILE_UNREADABLE', { path: hash, detail });
      return bytes;
    },
    async remove(hashes) {
      for (const hash of hashes) if (hashPattern.test(hash)) await rm(pathOf(hash), { force: true });
    },
    async keepOnly(hashes) {
      const parts = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
        // Nothing was kept yet.
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      for (const part of parts) {
        if (part.isFile() && part.name.endsWith('.part')) await rm(join(folder, part.name), { force: true });
        if (!part.isDirectory() || !/^[0-9a-f]{2}$/.test(part.name)) continue;
        for (const name of await readdir(join(folder, part.name)))
          if (hashPattern.test(name) && !hashes.has(name)) await rm(join(folder, part.name, name), { force: true });
      }
    },
  };
}
