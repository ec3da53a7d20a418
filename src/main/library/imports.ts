import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { ImportView } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/contract/errors.ts';
import type { InspectionSummary } from '../../shared/contract/savedModel.ts';
import type { Model } from '../../shared/contract/state.ts';
import { inspectInWorker } from '../savedmodel/inspectInWorker.ts';
import { asAppError } from '../incident.ts';
import type { StateHub } from '../stateHub.ts';
import type { Tasks } from '../tasks.ts';
import { displayPath } from './displayPath.ts';
import { followFolder } from './followFolder.ts';
import type { Library } from './library.ts';
import { safeJoin } from './safeJoin.ts';
import { createTickets, type Dropped } from './tickets.ts';
import { unpackArchive } from './unpackArchive.ts';

/** From a dropped or chosen folder to a model of the library. */
export interface Imports {
  /** A ticket for a path that this user's own process named, a folder of theirs. */
  mintLinked(path: string): Promise<string>;
  /** A ticket for what was uploaded into our staging folder. */
  mintManaged(path: string): string;
  pathOf(ticket: string): string;
  /** Reads the folder, and a linked one again whenever it changes, until aborted; the ticket does not end meanwhile. */
  inspect(ticket: string, options: { readonly signal: AbortSignal }): AsyncGenerator<ImportView, void>;
  openFolder(ticket: string, path: string): Promise<string>;
  unpack(ticket: string, options: { readonly signal: AbortSignal }): Promise<string>;
  add(ticket: string, options: { readonly name: string; readonly copy: boolean; readonly asVersion?: string | undefined }): Promise<Model>;
  addPath(path: string, name: string | undefined, options: { readonly signal: AbortSignal }): Promise<Model>;
  sample(): Promise<Model>;
  discard(ticket: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface ImportsOptions {
  readonly hub: StateHub;
  readonly tasks: Tasks;
  readonly library: Library;
  /** The data folder. */
  readonly folder: string;
  readonly userHome: string;
  readonly samplePath: string;
}

export function createImports({ hub, tasks, library, folder, userHome, samplePath }: ImportsOptions): Imports {
  const tickets = createTickets({
    nowMs: () => performance.now(),
    remove: (staged) => rm(staged, { recursive: true, force: true }).catch((error: unknown) => void asAppError(error)),
  });
  /** UNC and device paths are refused before any file call. */
  function checkLocal(path: string): string {
    if (/^(\\\\|\/\/)/.test(path) || path.includes('\0'))
      throw new AppError('PATH_REFUSED', { detail: 'Only folders of this machine can be used.' });
    return resolve(path);
  }
  const existingFor = (base: string): ImportView['existing'] => {
    const found = hub.state.models.find(({ path }) => path === base);
    return found === undefined ? null : { id: found.id, name: found.name };
  };

  async function readView(ticket: string, dropped: Dropped, signal: AbortSignal): Promise<ImportView> {
    const inspection = await inspectInWorker(dropped.path, { signal });
    return {
      ticket,
      displayPath: dropped.source === 'managed' ? basename(dropped.path) : displayPath(dropped.path, userHome),
      source: dropped.source,
      inspection: withoutPaths(dropped.source === 'managed' ? withoutWayUp(inspection) : inspection),
      suggestedName: library.freeName(inspection.name),
      existing: existingFor(inspection.base),
    };
  }

  async function* inspect(ticket: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<ImportView, void> {
    using dropped = tickets.hold(ticket);
    const aborted = Promise.withResolvers<void>();
    const onAbort = (): void => aborted.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    await using end = new AsyncDisposableStack();
    end.defer(() => signal.removeEventListener('abort', onAbort));
    let changed = Promise.withResolvers<void>();
    // What was uploaded or unpacked is whole, and nobody else writes to it.
    if (dropped.source === 'linked') end.use(await followFolder(dropped.path, async () => changed.resolve()));
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      yield await readView(ticket, dropped, signal);
      await Promise.race([changed.promise, aborted.promise]);
    }
  }

  /** The folder above what was uploaded is not the person's. */
  function withoutWayUp(inspection: InspectionSummary): InspectionSummary {
    const problems = inspection.problems.map((one) => ({
      ...one,
      mends: (one.mends ?? []).filter((mend) => mend.kind !== 'useFolder' || mend.path !== '..'),
    }));
    return { ...inspection, problems };
  }

  /** A browser gets no path of this machine beyond what it is shown. */
  function withoutPaths(inspection: InspectionSummary): InspectionSummary {
    const shown = (path: string): string => displayPath(path, userHome);
    return {
      ...inspection,
      base: shown(inspection.base),
      versions: inspection.versions.map((version) => ({ ...version, path: shown(version.path) })),
    };
  }

  async function addPath(path: string, name: string | undefined, { signal }: { readonly signal: AbortSignal }): Promise<Model> {
    const inspection = await inspectInWorker(checkLocal(path), { signal });
    const known = hub.state.models.find((one) => one.path === inspection.base && (name === undefined || one.name === name));
    if (known !== undefined) return library.refresh(known.id);
    return library.add({ path: inspection.base, source: 'linked', staged: null }, inspection, {
      name: name ?? library.freeName(inspection.name),
      copy: false,
    });
  }

  return {
    async mintLinked(path) {
      return tickets.mint({ path: checkLocal(path), source: 'linked', staged: null });
    },
    mintManaged: (path) => tickets.mint({ path, source: 'managed', staged: dirname(path) }),
    pathOf: (ticket) => tickets.look(ticket).path,
    inspect,
    async openFolder(ticket, path) {
      const dropped = tickets.look(ticket);
      // A version folder's parent is offered by its own reading; every other way leads down.
      const target = path === '..' && dropped.source === 'linked' ? dirname(dropped.path) : await safeJoin(dropped.path, path);
      tickets.spend(ticket);
      return tickets.mint({ ...dropped, path: target });
    },
    async unpack(ticket, { signal }) {
      const dropped = tickets.look(ticket);
      const staged = join(folder, 'unpacked', randomUUID());
      await mkdir(staged, { recursive: true, mode: 0o700 });
      const name = basename(dropped.path).replace(/(\.tar)?\.(gz|tgz|tar|zip)$/i, '') || 'model';
      const { finished } = tasks.run(`Unpack ${basename(dropped.path)}`, { kind: 'import', id: ticket }, async (handle) => {
        const until = AbortSignal.any([signal, handle.signal]);
        await unpackArchive(dropped.path, join(staged, name), {
          signal: until,
          onProgress: (read, total) => handle.report(total === 0 ? null : Math.min(1, read / total), null),
        });
      });
      try {
        await finished;
      } catch (error) {
        await rm(staged, { recursive: true, force: true });
        throw error;
      }
      // An archive that holds one folder is that folder.
      const names = await readdir(join(staged, name));
      const [only] = names;
      const inner =
        only !== undefined &&
        names.length === 1 &&
        (await stat(join(staged, name, only))).isDirectory() &&
        !/^\d+$|^variables$|^assets$/.test(only);
      const path = inner ? join(staged, name, only) : join(staged, name);
      await tickets.discard(ticket);
      return tickets.mint({ path, source: 'managed', staged });
    },
    async add(ticket, options) {
      const dropped = tickets.look(ticket);
      const inspection = await inspectInWorker(dropped.path, { signal: new AbortController().signal });
      const model = await library.add(dropped, inspection, options);
      tickets.spend(ticket);
      return model;
    },
    addPath,
    async sample() {
      return addPath(samplePath, undefined, { signal: new AbortController().signal });
    },
    discard: (ticket) => tickets.discard(ticket),
    [Symbol.asyncDispose]: () => tickets[Symbol.asyncDispose](),
  };
}
