import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { AppError } from '../../shared/contract/errors.ts';
import { safeJoin } from '../library/safeJoin.ts';

/** What a page says before it sends the first byte: what it sends later is held to it. */
export const uploadPlan = z.object({
  /** The dropped folder's or file's own name. */
  name: z.string().min(1).max(255),
  kind: z.enum(['folder', 'file']),
  files: z.number().int().min(0),
  totalBytes: z.number().int().min(0),
  /** Folders without a file in them, relative to the dropped one. */
  emptyFolders: z.array(z.string().max(4096)).max(10_000).default([]),
});
export type UploadPlan = z.infer<typeof uploadPlan>;

export interface UploadLimits {
  readonly totalBytes: number;
  readonly files: number;
  readonly depth: number;
  /** Uploads under way at one time. */
  readonly atOnce: number;
  /** An upload that gets no byte for so long is given up. */
  readonly idleMs: number;
}

export const usualUploadLimits: UploadLimits = { totalBytes: 32 * 2 ** 30, files: 20_000, depth: 32, atOnce: 8, idleMs: 120_000 };

export interface UploadsOptions {
  /** Ours alone; what is left in it from a process that was killed is removed at the start. */
  readonly folder: string;
  /** Takes over a finished folder or file (its parent folder is its own) and answers the import ticket. */
  readonly adopt: (path: string) => Promise<string>;
  readonly limits?: UploadLimits;
}

/** Dropped folders on their way here. Each is a folder of temporary names that becomes visible, whole, by one rename. */
export interface Uploads {
  begin(plan: UploadPlan): Promise<{ readonly id: string }>;
  /** Writes one file; `path` is relative to the dropped folder, and empty for a dropped file. A failure ends the whole upload. */
  receive(id: string, path: string, body: Readable): Promise<void>;
  /** Fails unless all that the plan announced has come. */
  finish(id: string): Promise<{ readonly ticket: string }>;
  /** Nothing is left of it; unknown ids are fine. */
  abort(id: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Upload {
  readonly plan: UploadPlan;
  readonly folder: string;
  readonly abort: AbortController;
  readonly paths: Set<string>;
  readonly writing: Set<Promise<void>>;
  bytes: number;
  timer: NodeJS.Timeout | undefined;
}

const partial = '.partial';

function giga(bytes: number): string {
  return `${Math.round(bytes / 2 ** 30)} GiB`;
}

function writeProblem(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return new AppError('DISK_FULL', {}, { cause: error });
  if (code === 'ENOTDIR' || code === 'EISDIR' || code === 'EEXIST' || code === 'ENAMETOOLONG') {
    return new AppError(
      'PATH_REFUSED',
      { detail: 'Two of the dropped files cannot have these names beside each other.' },
      { cause: error },
    );
  }
  // What remains is a page that went away or stopped in the middle of a file.
  return new AppError('CANCELLED', {}, { cause: error });
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; its rename is durable by itself.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  await using closing = new AsyncDisposableStack();
  closing.defer(() => handle.close());
  await handle.sync();
}

/** Whether a partial upload belongs to another shell of the same data folder that still runs; its name begins with the process. */
function isOfLivingOther(name: string): boolean {
  const pid = Number(/^(\d+)-/.exec(name)?.[1] ?? 0);
  if (pid === 0 || pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, as another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Removes what ended processes left, then takes uploads. */
export async function createUploads({ folder, adopt, limits = usualUploadLimits }: UploadsOptions): Promise<Uploads> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (name.endsWith(partial) && !isOfLivingOther(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
  const uploads = new Map<string, Upload>();

  function known(id: string): Upload {
    const upload = uploads.get(id);
    if (upload === undefined) throw new AppError('TICKET_EXPIRED');
    return upload;
  }

  async function discard(id: string): Promise<void> {
    const upload = uploads.get(id);
    if (upload === undefined) return;
    uploads.delete(id);
    clearTimeout(upload.timer);
    upload.abort.abort();
    await Promise.allSettled(upload.writing);
    await rm(upload.folder, { recursive: true, force: true });
  }

  function stillAlive(id: string, upload: Upload): void {
    clearTimeout(upload.timer);
    if (!uploads.has(id)) return;
    upload.timer = setTimeout(() => void discard(id), limits.idleMs);
    upload.timer.unref();
  }

  function checkPlan(plan: UploadPlan): void {
    if (/[/\\]/.test(plan.name)) throw new AppError('PATH_REFUSED', { detail: 'The name of what was dropped is no name of a folder.' });
    if (plan.kind === 'file' && plan.files !== 1) throw new AppError('BAD_INPUT', { detail: 'A dropped file is one file.' });
    if (plan.totalBytes > limits.totalBytes) throw new AppError('UPLOAD_TOO_LARGE', { limit: giga(limits.totalBytes) });
    if (plan.files > limits.files) throw new AppError('UPLOAD_TOO_LARGE', { limit: `${limits.files} files` });
    if (uploads.size >= limits.atOnce) throw new AppError('BAD_INPUT', { detail: 'Too many uploads are under way; wait for one to end.' });
  }

  async function placeOf(upload: Upload, path: string): Promise<string> {
    const root = await rootOf(upload);
    if (upload.plan.kind === 'file') {
      if (path !== '') throw new AppError('PATH_REFUSED', { detail: 'A dropped file has no files below it.' });
      return root;
    }
    if (path.split(/[/\\]/).length > limits.depth)
      throw new AppError('PATH_REFUSED', { detail: `Folders are nested deeper than ${limits.depth}.` });
    return safeJoin(root, path);
  }

  async function rootOf({ folder: own, plan }: Upload): Promise<string> {
    const root = await safeJoin(own, plan.name);
    if (basename(root) !== plan.name)
      throw new AppError('PATH_REFUSED', { detail: 'The name of what was dropped is no name of a folder.' });
    return root;
  }

  async function write(id: string, upload: Upload, path: string, body: Readable): Promise<void> {
    const place = await placeOf(upload, path);
    if (upload.paths.has(place)) throw new AppError('PATH_REFUSED', { detail: 'The same file was sent twice.' });
    if (upload.paths.size >= upload.plan.files) throw new AppError('BAD_INPUT', { detail: 'More files came than were announced.' });
    upload.paths.add(place);
    await mkdir(dirname(place), { recursive: true });
    const temporary = join(dirname(place), `.${randomUUID()}${partial}`);
    const handle = await open(temporary, 'wx', 0o644);
    const counted = new Transform({
      transform(chunk: Buffer, _, done) {
        upload.bytes += chunk.length;
        stillAlive(id, upload);
        if (upload.bytes > upload.plan.totalBytes) done(new AppError('BAD_INPUT', { detail: 'More bytes came than were announced.' }));
        else done(null, chunk);
      },
    });
    // `flush` is an fsync before the file is closed.
    await pipeline(body, counted, handle.createWriteStream({ flush: true }), { signal: upload.abort.signal });
    await rename(temporary, place);
  }

  return {
    async begin(plan) {
      checkPlan(plan);
      const id = randomUUID();
      const upload: Upload = {
        plan,
        folder: join(folder, `${process.pid}-${id}${partial}`),
        abort: new AbortController(),
        paths: new Set(),
        writing: new Set(),
        bytes: 0,
        timer: undefined,
      };
      uploads.set(id, upload);
      try {
        await mkdir(upload.folder, { mode: 0o700 });
        const root = await rootOf(upload);
        if (plan.kind === 'folder') await mkdir(root);
        for (const empty of plan.emptyFolders) await mkdir(await placeOf(upload, empty), { recursive: true });
      } catch (error) {
        await discard(id);
        throw writeProblem(error);
      }
      stillAlive(id, upload);
      return { id };
    },
    async receive(id, path, body) {
      const upload = known(id);
      const work = write(id, upload, path, body);
      upload.writing.add(work);
      try {
        await work;
        stillAlive(id, upload);
      } catch (error) {
        // The listeners of the stream are gone; what it still says must not end the process.
        body.on('error', () => undefined);
        upload.writing.delete(work);
        await discard(id);
        throw writeProblem(error);
      } finally {
        upload.writing.delete(work);
      }
    },
    async finish(id) {
      const upload = known(id);
      const { plan } = upload;
      if (upload.writing.size > 0 || upload.paths.size !== plan.files || upload.bytes !== plan.totalBytes) {
        await discard(id);
        throw new AppError('BAD_INPUT', { detail: 'Not all that was announced has come. Drop it again.' });
      }
      uploads.delete(id);
      clearTimeout(upload.timer);
      const whole = join(folder, id);
      await syncFolder(upload.folder);
      await rename(upload.folder, whole);
      await syncFolder(folder);
      try {
        return { ticket: await adopt(join(whole, plan.name)) };
      } catch (error) {
        await rm(whole, { recursive: true, force: true });
        throw error;
      }
    },
    abort: discard,
    async [Symbol.asyncDispose]() {
      await Promise.all([...uploads.keys()].map((id) => discard(id)));
    },
  };
}
