import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import yauzl from 'yauzl';
import { AppError } from '../../shared/contract/errors.ts';
import { safeJoin } from './safeJoin.ts';

export interface UnpackLimits {
  readonly totalBytes: number;
  readonly entries: number;
  readonly depth: number;
  /** Unpacked over packed size; only looked at above `ratioFloorBytes`. */
  readonly ratio: number;
  readonly ratioFloorBytes: number;
}

const usualLimits: UnpackLimits = { totalBytes: 20_000_000_000, entries: 100_000, depth: 32, ratio: 200, ratioFloorBytes: 50_000_000 };

const refuse = (detail: string): never => {
  throw new AppError('ARCHIVE_REFUSED', { detail });
};

/** Counts what comes out and where it goes; the same rules for every kind of archive. */
function createGuard(into: string, packedBytes: number, limits: UnpackLimits) {
  let [entries, bytes] = [0, 0];
  return {
    async place(name: string): Promise<string> {
      entries += 1;
      if (entries > limits.entries) refuse(`It holds more than ${limits.entries} files.`);
      if (name.split('/').length > limits.depth) refuse('Its folders are nested too deeply.');
      try {
        return await safeJoin(into, name.replace(/^(\.\/)+/, ''));
      } catch (error) {
        if (error instanceof AppError && error.code === 'PATH_REFUSED')
          return refuse(`It holds the path ${JSON.stringify(name.slice(0, 100))}. ${error.data['detail'] ?? ''}`);
        throw error;
      }
    },
    /** Compares what passed with a CRC-32, where the archive tells one. */
    counter(expected?: number): Transform {
      let crc = 0;
      return new Transform({
        transform(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          if (expected !== undefined) crc = crc32(chunk, crc);
          if (bytes > limits.totalBytes)
            done(new AppError('ARCHIVE_REFUSED', { detail: `It unpacks to more than ${limits.totalBytes} bytes.` }));
          else if (bytes > limits.ratioFloorBytes && bytes > packedBytes * limits.ratio)
            done(new AppError('ARCHIVE_REFUSED', { detail: 'It unpacks to far more than a model would.' }));
          else done(null, chunk);
        },
        flush(done) {
          if (expected === undefined || crc === expected) done();
          else done(new AppError('ARCHIVE_REFUSED', { detail: 'It is damaged (the checksum of a file differs).' }));
        },
      });
    },
  };
}

type Guard = ReturnType<typeof createGuard>;

/** `open` is called when all is ready: a stream that fails before somebody listens would end the process. */
async function writeEntry(open: () => Promise<readonly [Readable, ...Transform[]]>, path: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await pipeline([...(await open()), createWriteStream(path, { flags: 'wx', mode: 0o644, flush: true })], { signal });
}

async function unpackTar(
  file: string,
  gzipped: boolean,
  guard: Guard,
  onRead: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const unpacked = extract();
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onRead(chunk.length);
      done(null, chunk);
    },
  });
  const source = createReadStream(file);
  // All that comes out is counted, what lies between the files too.
  const feeding = gzipped
    ? pipeline(source, counted, createGunzip(), guard.counter(), unpacked, { signal })
    : pipeline(source, counted, guard.counter(), unpacked, { signal });
  // An archive that is cut short ends what feeds the loop, but not the entry that the loop writes: that is aborted then.
  const broken = new AbortController();
  feeding.catch((error: unknown) => broken.abort(error));
  const until = AbortSignal.any([signal, broken.signal]);
  try {
    for await (const entry of unpacked) {
      const { name, type } = entry.header;
      if (type === 'directory') {
        await mkdir(await guard.place(name), { recursive: true });
        entry.resume();
      } else if (type === 'file' || type === 'contiguous-file')
        await writeEntry(async () => [entry as unknown as Readable], await guard.place(name), until);
      else refuse(`It holds a link or a device, ${JSON.stringify(name.slice(0, 100))}.`);
    }
    await feeding;
  } catch (error) {
    throw broken.signal.aborted ? broken.signal.reason : error;
  }
}

async function unpackZip(file: string, guard: Guard, onRead: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  // Names are checked by safeJoin, with words of our own.
  const zip = await yauzl.openPromise(file, { decodeStrings: true, validateEntrySizes: true, strictFileNames: false });
  try {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      const mode = entry.externalFileAttributes >>> 16;
      if ((mode & 0o170000) === 0o120000) refuse(`It holds a link, ${JSON.stringify(entry.fileName.slice(0, 100))}.`);
      const path = await guard.place(entry.fileName);
      if (entry.fileName.endsWith('/')) await mkdir(path, { recursive: true });
      else await writeEntry(async () => [await zip.openReadStreamPromise(entry), guard.counter(entry.crc32)], path, signal);
      onRead(entry.compressedSize);
    }
  } finally {
    zip.close();
  }
}

/**
 * Unpacks a `.tar.gz`, `.tgz`, `.tar` or `.zip` into a new folder `into`, streamed: a temporary name first, then the real one.
 * ARCHIVE_REFUSED for links, devices, paths that lead out, and what passes the limits; nothing is left behind then.
 */
export async function unpackArchive(
  file: string,
  into: string,
  {
    signal,
    limits = usualLimits,
    onProgress,
  }: {
    readonly signal: AbortSignal;
    readonly limits?: UnpackLimits;
    readonly onProgress?: (readBytes: number, totalBytes: number) => void;
  },
): Promise<void> {
  const totalBytes = (await stat(file)).size;
  const temporary = `${into}.part`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  let readBytes = 0;
  const onRead = (bytes: number): void => onProgress?.((readBytes += bytes), totalBytes);
  const guard = createGuard(temporary, totalBytes, limits);
  try {
    if (/\.zip$/i.test(file)) await unpackZip(file, guard, onRead, signal);
    else await unpackTar(file, !/\.tar$/i.test(file), guard, onRead, signal);
    await rename(temporary, into);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (signal.aborted) throw signal.reason;
    if (error instanceof AppError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new AppError('DISK_FULL', {}, { cause: error });
    throw new AppError(
      'ARCHIVE_REFUSED',
      { detail: `It is damaged (${error instanceof Error ? error.message : String(error)}).` },
      { cause: error },
    );
  }
}
