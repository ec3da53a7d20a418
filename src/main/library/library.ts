import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import type { Removal } from '../../shared/contract/library.ts';
import type { InspectionSummary } from '../../shared/contract/savedModel.ts';
import { numberOf, type Model } from '../../shared/contract/state.ts';
import type { ModelChange, ModelRecords } from '../database/records.ts';
import { asAppError } from '../incident.ts';
import { inspectInWorker } from '../savedmodel/inspectInWorker.ts';
import { runInThread } from '../savedmodel/readerThread.ts';
import type { StateHub } from '../stateHub.ts';
import type { Tasks } from '../tasks.ts';
import type { ReadEvidence } from '../training/readEvidence.ts';
import { splitArriving } from './arrivingVersions.ts';
import { copyFolder, syncFolder, syncTree } from './copyFolder.ts';
import { displayPath } from './displayPath.ts';
import { followFolder } from './followFolder.ts';
import { checkRemoval, removalOf } from './removal.ts';
import type { Dropped } from './tickets.ts';
import { createTurns } from './turns.ts';

/** Checksums of larger models are compared only when the person asks. */
const verifyByItselfBytes = 256_000_000;

/** Folders that are read by themselves at once: at the start, that is every model of the library. */
const readingsAtOnce = 2;

/** The person's models: added, read again, named, forgotten. */
export interface Library {
  /** Adds a folder that was inspected. A linked one stays where it is; a managed one moves into the store. */
  add(
    dropped: Dropped,
    inspection: InspectionSummary,
    options: { readonly name: string; readonly copy: boolean; readonly asVersion?: string | undefined },
  ): Promise<Model>;
  get(id: string): Model;
  freeName(wanted: string): string;
  rename(id: string, name: string): void;
  refresh(id: string): Promise<Model>;
  verify(id: string): { readonly taskId: string };
  /** What a removal would touch; without a version the whole model. */
  removal(id: string, version: string | null): Removal;
  /** REMOVAL_CHANGED where `confirm` is not of what `removal` answers now, MODEL_IN_USE while it is served. */
  remove(id: string, version: string | null, confirm: string): Promise<void>;
  forget(id: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface LibraryOptions {
  readonly hub: StateHub;
  readonly tasks: Tasks;
  readonly records: ModelRecords;
  /** The data folder: managed models lie in `models/`, forgotten ones in `trash/`. */
  readonly folder: string;
  readonly userHome: string;
  readonly now: () => Date;
  /** The system's bin, where the shell has one; rejects where the system has none for this folder. */
  readonly toBin?: ((path: string) => Promise<void>) | undefined;
}

/** Managed copies may be read by the container's user, whoever that is; the data folder above them is closed to others. */
async function makeReadable(path: string): Promise<void> {
  const facts = await stat(path);
  await chmod(path, facts.isDirectory() ? 0o755 : 0o644);
  if (facts.isDirectory()) for (const name of await readdir(path)) await makeReadable(join(path, name));
}

/** How a folder that is not a base folder is mounted: its one version under a number. */
function mountAsOf(inspection: InspectionSummary, asVersion: string | undefined): Model['mountAs'] {
  const [only] = inspection.versions;
  if (only === undefined || inspection.versions.length > 1) return null;
  const hint = inspection.problems.flatMap(({ mends = [] }) => mends).find(({ kind }) => kind === 'serveAsVersion');
  const isBase = only.path !== inspection.base && only.version !== null;
  if (isBase) return null;
  return { path: only.path, version: asVersion ?? only.version ?? (hint?.kind === 'serveAsVersion' ? hint.version : '1') };
}

const newestFirst = ({ versions }: Pick<InspectionSummary, 'versions'>): Model['versions'] =>
  versions.toSorted((a, b) => (BigInt(a.version ?? 0) < BigInt(b.version ?? 0) ? 1 : -1));

export function createLibrary({ hub, tasks, records, folder, userHome, now, toBin }: LibraryOptions): Library {
  const ended = new AbortController();
  const inTurn = createTurns(readingsAtOnce);
  const reading = new Map<string, Promise<void>>();
  const followed = new Map<string, Promise<AsyncDisposable>>();

  function get(id: string): Model {
    const found = hub.state.models.find((one) => one.id === id || one.name === id);
    if (found === undefined)
      throw new AppError('MODEL_NOT_FOUND', { name: id, known: hub.state.models.map(({ name }) => name).join(', ') || 'none' });
    return found;
  }
  /** Writes what was read of a model, and shows it with all that is known of it. */
  function keep(model: Model, change: Partial<ModelChange> = {}): Model {
    const known = { importedFrom: displayPath(model.path, userHome), how: model.source === 'managed' ? 'copied' : 'linked' } as const;
    records.put(model, { at: now().toISOString(), by: 'automatic', kind: 'appeared', ...known, ...change });
    return show(model.id);
  }
  function show(id: string): Model {
    const model = records.get(id);
    if (model === undefined) throw new AppError('MODEL_NOT_FOUND', { name: id, known: '' });
    hub.putModel(model);
    return model;
  }
  function freeName(wanted: string): string {
    const taken = new Set(hub.state.models.map(({ name }) => name));
    if (!taken.has(wanted)) return wanted;
    for (let number = 2; ; number += 1) if (!taken.has(`${wanted}_${number}`)) return `${wanted}_${number}`;
  }

  /** Reads a model's folder again, one reading after the other, so that the newest is what stays. */
  function refresh(id: string): Promise<Model> {
    const turn = (reading.get(id) ?? Promise.resolve()).then(() => readModel(id));
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    reading.set(id, settled);
    void settled.then(() => reading.get(id) === settled && reading.delete(id));
    return turn;
  }

  /** What was verified stays so where nothing of it changed. */
  async function readModel(id: string): Promise<Model> {
    const { path } = get(id);
    const present = (await stat(path).catch(() => null)) !== null;
    if (!present) return keep({ ...get(id), present: false });
    const inspection = await inspectInWorker(path, { signal: ended.signal });
    // As it is now: it may have been renamed or forgotten meanwhile.
    const model = get(id);
    const split = await splitArriving(inspection, (number) => model.versions.some(({ version }) => version === number));
    const versions = newestFirst(split).map((version) => {
      const before = model.versions.find((one) => one.path === version.path);
      const same =
        before !== undefined && JSON.stringify([before.files, before.fingerprint]) === JSON.stringify([version.files, version.fingerprint]);
      return same ? { ...version, verified: before.verified, problems: before.verified ? version.problems : before.problems } : version;
    });
    const next: Model = {
      ...model,
      present: true,
      versions,
      problems: split.problems,
      mountAs: mountAsOf(inspection, model.mountAs?.version),
      record: { ...model.record, arriving: split.arriving },
    };
    return readBeside(JSON.stringify(next) === JSON.stringify(model) ? model : keep(next));
  }

  /** Reads what training left beside a model, and what its versions are recognised by, where that has changed. */
  async function readBeside(model: Model): Promise<Model> {
    const versions = model.versions.map((summary) => ({ version: numberOf(model, summary), path: summary.path }));
    const request = { base: model.path, versions, known: records.lastRead(model.id) };
    const evidence = (await runInThread({ kind: 'evidence', request }, { signal: ended.signal })) as readonly ReadEvidence[];
    // It may have been renamed or forgotten meanwhile.
    const current = get(model.id);
    if (evidence.length === 0) return current;
    records.readEvidence(current, evidence, now().toISOString());
    return show(model.id);
  }

  /** Reads a model now and whenever its folder changes, goes away or comes back. Never rejects. */
  async function readAgain(id: string): Promise<void> {
    try {
      await inTurn(async () => {
        if (!ended.signal.aborted) await refresh(id);
      });
    } catch (error) {
      if (!ended.signal.aborted) asAppError(error);
    }
  }
  function follow({ id, path }: Model): void {
    const following = followFolder(path, () => readAgain(id));
    followed.set(id, following);
    // What changed since it was last read, be it long ago or a moment.
    void following.then(() => readAgain(id));
  }
  async function unfollow(id: string): Promise<void> {
    const following = followed.get(id);
    followed.delete(id);
    await (await following)?.[Symbol.asyncDispose]();
  }

  function verify(id: string): { readonly taskId: string } {
    const model = get(id);
    const { id: taskId, finished } = tasks.run(`Check ${model.name}`, { kind: 'model', id: model.id }, async ({ signal, report }) => {
      report(null, 'checksums');
      const inspection = await inspectInWorker(model.path, { verify: true, signal });
      const current = get(model.id);
      const checked = newestFirst(inspection);
      keep({
        ...current,
        versions: current.versions.map((version) => {
          const found = checked.find((one) => one.path === version.path);
          return found === undefined ? version : { ...version, verified: found.verified, problems: found.problems };
        }),
      });
    });
    // The task shows its failure.
    finished.catch(() => undefined);
    return { taskId };
  }

  /** Copies a folder into the store, as a task: to a temporary name, onto the disk, then the real name. CANCELLED where it was stopped. */
  async function copyIntoStore(source: string, id: string, name: string): Promise<void> {
    const place = join(folder, 'models', id);
    const { finished } = tasks.run(`Copy ${name}`, { kind: 'import', id }, async ({ signal, report }) => {
      const temporary = `${place}.part`;
      await using undo = new AsyncDisposableStack();
      undo.defer(() => rm(temporary, { recursive: true, force: true }));
      let told = -1;
      await copyFolder(source, join(temporary, basename(source)), {
        signal,
        onProgress(copied, total) {
          const percent = total === 0 ? 100 : Math.floor((copied / total) * 100);
          if (percent === told) return;
          told = percent;
          report(percent / 100, `${copied} / ${total}`);
        },
      }).catch((error: unknown) => {
        throw signal.aborted ? new AppError('CANCELLED', {}, { cause: error }) : error;
      });
      await syncTree(temporary);
      await rename(temporary, place);
      await syncFolder(join(folder, 'models'));
    });
    await finished;
  }

  /** What was dropped as a managed model: a copy of a folder, or what was uploaded, which is ours already. */
  async function moveIntoStore(dropped: Dropped, id: string, name: string): Promise<string> {
    const place = join(folder, 'models', id);
    const target = join(place, basename(dropped.path));
    await mkdir(join(folder, 'models'), { recursive: true, mode: 0o755 });
    if (dropped.source === 'linked') {
      await copyIntoStore(dropped.path, id, name);
      return target;
    }
    await makeReadable(dropped.path);
    await syncTree(dropped.path);
    await mkdir(place, { recursive: true, mode: 0o755 });
    await rename(dropped.path, target);
    await syncFolder(place);
    await syncFolder(join(folder, 'models'));
    if (dropped.staged !== null) await rm(dropped.staged, { recursive: true, force: true });
    return target;
  }

  /** The folder that a removal is about. */
  function folderOf(model: Model, version: string | null): string {
    if (version === null) return model.path;
    return model.versions.find((summary) => numberOf(model, summary) === version)?.path ?? model.path;
  }

  /** Takes what is ours to the bin, or to the trash folder where there is none; it can be had back by hand. */
  async function toTrash(path: string, name: string): Promise<void> {
    const place = join(folder, 'trash', `${name}-${randomUUID().slice(0, 8)}`);
    await mkdir(join(folder, 'trash'), { recursive: true });
    await rename(path, place);
    // Where the system's bin does not take it, it stays in our trash folder.
    await toBin?.(place).catch(() => undefined);
  }

  /** A linked folder is only ever forgotten. MODEL_IN_USE where it is served. */
  async function forget(id: string): Promise<void> {
    const model = get(id);
    const { servedBy } = removalOf(model, null, hub.state.servings, '');
    if (servedBy.length > 0) throw new AppError('MODEL_IN_USE', { name: model.name });
    void unfollow(model.id);
    const entry = { at: now().toISOString(), modelId: model.id, model: model.name, version: null };
    records.remove(model.id, { ...entry, kind: model.source === 'managed' ? 'deleted' : 'forgotten', by: 'person', data: {} });
    hub.dropModel(model.id);
    if (model.source === 'managed') await toTrash(join(folder, 'models', model.id), model.name);
  }

  /** Of a managed copy. */
  async function deleteVersion(model: Model, version: string): Promise<void> {
    await toTrash(folderOf(model, version), `${model.name}-v${version}`);
    await refresh(model.id);
    const entry = { at: now().toISOString(), modelId: model.id, model: model.name, version };
    records.removeVersion(model.id, version, { ...entry, kind: 'deleted', by: 'person', data: {} });
  }

  for (const model of records.all()) {
    hub.putModel(model);
    follow(model);
  }

  return {
    get,
    freeName,
    async add(dropped, inspection, { name, copy, asVersion }) {
      if (inspection.kind === 'rejected')
        throw new AppError('FOLDER_REJECTED', { name: inspection.name, detail: inspection.problems[0]?.message ?? '' });
      if (hub.state.models.some((one) => one.name === name)) throw new AppError('NAME_TAKEN', { name, free: freeName(name) });
      const id = randomUUID();
      const managed = copy || dropped.source === 'managed';
      await using undo = new AsyncDisposableStack();
      if (managed) undo.defer(() => rm(join(folder, 'models', id), { recursive: true, force: true }));
      const path = managed ? await moveIntoStore(dropped, id, name) : inspection.base;
      const read = managed ? await inspectInWorker(path, { signal: ended.signal }) : inspection;
      const split = await splitArriving(read, () => false);
      const added: Model = {
        id,
        name,
        path,
        source: managed ? 'managed' : 'linked',
        addedAt: now().toISOString(),
        versions: newestFirst(split),
        problems: split.problems,
        mountAs: mountAsOf(read, asVersion),
        present: true,
        record: { tags: [], note: '', versions: [], arriving: split.arriving },
      };
      const how = dropped.source === 'managed' ? 'uploaded' : managed ? 'copied' : 'linked';
      const importedFrom = dropped.source === 'managed' ? basename(dropped.path) : displayPath(dropped.path, userHome);
      const model = keep(added, { by: 'person', kind: 'added', how, importedFrom });
      undo.move();
      const weightBytes = model.versions.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
      // Before it is followed, so that an older reading never comes after a newer one.
      const known = await readBeside(model).catch((error: unknown) => {
        if (!ended.signal.aborted) asAppError(error);
        return get(model.id);
      });
      follow(model);
      if (weightBytes < verifyByItselfBytes && model.versions.some(({ variable_count }) => variable_count > 0)) verify(id);
      return known;
    },
    rename(id, name) {
      const model = get(id);
      if (hub.state.models.some((one) => one.name === name && one.id !== model.id))
        throw new AppError('NAME_TAKEN', { name, free: freeName(name) });
      keep({ ...model, name }, { by: 'person' });
    },
    refresh,
    verify,
    removal: (id, version) => removalOf(get(id), version, hub.state.servings, displayPath(folderOf(get(id), version), userHome)),
    async remove(id, version, confirm) {
      const model = get(id);
      checkRemoval(removalOf(model, version, hub.state.servings, displayPath(folderOf(model, version), userHome)), confirm);
      await (version === null ? forget(model.id) : deleteVersion(model, version));
    },
    forget,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await Promise.all([...followed.keys()].map(unfollow));
    },
  };
}
