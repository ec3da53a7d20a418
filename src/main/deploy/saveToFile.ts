import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../shared/contract/errors.ts';

/** Writes a stream to a file that is there only when it is whole; answers its size in bytes. DISK_FULL, FILE_UNREADABLE. */
export async function saveToFile(
  source: Readable,
  file: string,
  { onWritten, signal }: { readonly onWritten: (bytes: number) => void; readonly signal: AbortSignal },
): Promise<number> {
  const temporary = `${file}.${randomUUID().slice(0, 8)}.partial`;
  let written = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      written += chunk.length;
      onWritten(written);
      done(null, chunk);
    },
  });
  try {
    // `flush` is an fsync before the file is closed.
    await pipeline(source, counted, createWriteStream(temporary, { flush: true, flags: 'wx' }), { signal });
    await rename(temporary, file);
    return written;
  } catch (error) {
    await rm(temporary, { force: true });
    signal.throwIfAborted();
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw new AppError('DISK_FULL', {}, { cause: error });
    throw new AppError('FILE_UNREADABLE', { path: basename(file), detail: code }, { cause: error });
  }
}
