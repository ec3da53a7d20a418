import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pack, type Header, type Pack } from 'tar-stream';
import { AppError } from '../../shared/contract/errors.ts';
import type { BakeManifest } from '../../shared/contract/deploy.ts';

const chunkBytes = 1 << 20;

/** Everything that would differ from one reading to the next is fixed: the same files are the same bytes. */
const fixed = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) } as const;

/** One version as it is sent. */
export interface ContextVersion {
  readonly version: string;
  /** Sorted by path, which is relative to the version's folder; `source` is where a file lies on this machine. */
  readonly files: readonly { readonly path: string; readonly source: string }[];
}

type FileHashes = BakeManifest['versions'][number]['files'];

export interface ContextParts {
  readonly name: string;
  readonly versions: readonly ContextVersion[];
  readonly dockerfile: string;
  /** Further files by their path in the context. */
  readonly extra: Readonly<Record<string, string>>;
  /** Made last, from what was read; null: none. */
  readonly manifest: { readonly path: string; readonly text: (files: ReadonlyMap<string, FileHashes>) => string } | null;
  readonly onSent: (bytes: number) => void;
}

/** Every folder above a path, the outermost first. */
const foldersAbove = (path: string): readonly string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
};

/**
 * A build context as an uncompressed tar that is read as it is sent: two chunks of a file are in memory at a time. A file that changes
 * meanwhile fails it with FILE_UNREADABLE.
 */
export function buildContext(parts: ContextParts): Readable {
  const tar = pack();
  // Its reader hears of a failure.
  tar.on('error', () => undefined);
  const known = new Set<string>();
  write(tar, parts, known).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error as Error),
  );
  return Readable.from(tar as AsyncIterable<Buffer>, { objectMode: false });
}

async function write(tar: Pack, { name, versions, dockerfile, extra, manifest, onSent }: ContextParts, known: Set<string>): Promise<void> {
  async function folders(path: string): Promise<void> {
    for (const folder of foldersAbove(path)) {
      if (known.has(folder)) continue;
      known.add(folder);
      await entry(tar, { ...fixed, name: folder, type: 'directory', mode: 0o755 }, Buffer.alloc(0));
    }
  }
  async function text(path: string, content: string): Promise<void> {
    await folders(path);
    await entry(tar, { ...fixed, name: path, mode: 0o644 }, Buffer.from(content));
  }
  await text('.dockerignore', '.dockerignore\nDockerfile\n');
  await text('Dockerfile', dockerfile);
  const hashes = new Map<string, FileHashes>();
  let sent = 0;
  for (const { version, files } of versions) {
    const hashed: FileHashes[number][] = [];
    for (const { path, source } of files) {
      const target = `models/${name}/${version}/${path}`;
      await folders(target);
      hashed.push({ path, ...(await file(tar, target, source, (bytes) => onSent((sent += bytes)))) });
    }
    hashes.set(version, hashed);
  }
  for (const [path, content] of Object.entries(extra).toSorted(([a], [b]) => (a < b ? -1 : 1))) await text(path, content);
  if (manifest !== null) await text(manifest.path, manifest.text(hashes));
}

/** An entry's body and its end; a failure of either is the end's. */
function openEntry(
  tar: Pack,
  header: Partial<Header> & { readonly name: string },
): { readonly body: ReturnType<Pack['entry']>; readonly ended: Promise<void> } {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const body = tar.entry(header, (error) => (error ? reject(error) : resolve()));
  body.on('error', () => undefined);
  // It may fail before it is waited for.
  ended.catch(() => undefined);
  return { body, ended };
}

async function entry(tar: Pack, header: Partial<Header> & { readonly name: string }, content: Buffer): Promise<void> {
  const { body, ended } = openEntry(tar, { ...header, size: content.length });
  body.end(content);
  await ended;
}

async function file(
  tar: Pack,
  name: string,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const unreadable = (detail: string, cause?: unknown): AppError => new AppError('FILE_UNREADABLE', { path: name, detail }, { cause });
  await using handle = await open(path).catch((error: unknown) => {
    throw unreadable(String((error as NodeJS.ErrnoException).code ?? error), error);
  });
  const { size } = await handle.stat();
  const hash = createHash('sha256');
  const { body, ended } = openEntry(tar, { ...fixed, name, size, mode: 0o644 });
  const read = (most: number): ReturnType<typeof handle.read<Buffer>> => {
    const chunk = handle.read(Buffer.allocUnsafe(Math.min(chunkBytes, most)));
    // Whoever waits for it hears of a failure; where nobody does any more, something else has failed.
    chunk.catch(() => undefined);
    return chunk;
  };
  let next = read(size);
  for (let left = size; left > 0;) {
    const { buffer, bytesRead } = await next;
    if (bytesRead === 0) throw unreadable('It became shorter while it was read.');
    left -= bytesRead;
    // The disk reads on while this chunk is summed and sent.
    if (left > 0) next = read(left);
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    onBytes(bytesRead);
    if (!body.write(chunk)) await Promise.race([once(body, 'drain'), ended]);
  }
  body.end(null);
  await ended;
  return { bytes: size, sha256: hash.digest('hex') };
}
