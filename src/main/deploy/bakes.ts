import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  Bake,
  BakedBefore,
  BakeDelivery,
  BakedImage,
  BakeDraft,
  BakeManifest,
  BakePreview,
  BakeRequest,
  BakeStep,
} from '../../shared/contract/deploy.ts';
import { AppError } from '../../shared/contract/errors.ts';
import { servingName } from '../../shared/contract/serving.ts';
import { ownerLabel, type Credentials } from '../docker/dockerEngine.ts';
import type { EngineWatch } from '../docker/engineWatch.ts';
import { asAppError, reportOf } from '../incident.ts';
import type { Library } from '../library/library.ts';
import { createDockerPlace } from '../serving/dockerPlace.ts';
import type { Servings } from '../serving/servings.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { StateHub } from '../stateHub.ts';
import type { Tasks } from '../tasks.ts';
import { listBaked, recallBake, versionsOf } from './bakedBefore.ts';
import { bakeImage, type BakeReport } from './bakeImage.ts';
import { imageFiles } from './dockerfile.ts';
import { planBake } from './planBake.ts';
import { saveToFile } from './saveToFile.ts';

/** The person's bakes since this process began, those whose images are on the engine still, and what is done with them. Ids that are not known are BAD_INPUT. */
export interface Bakes {
  preview(draft: BakeDraft, options: { readonly signal: AbortSignal }): Promise<BakePreview>;
  /** Begins at once; how it goes is told by `follow`. */
  bake(request: BakeRequest): { readonly bakeId: string; readonly taskId: string };
  follow(id: string, options: { readonly signal: AbortSignal }): AsyncGenerator<Bake, void>;
  /** From the image itself where it was baked before. */
  manifest(id: string, options: { readonly signal: AbortSignal }): Promise<BakeManifest>;
  run(id: string): Promise<{ readonly servingId: string; readonly taskId: string }>;
  push(id: string, reference: string): { readonly taskId: string };
  /** Into a folder; the person's downloads by default. */
  save(id: string, folder: string | undefined): Promise<{ readonly taskId: string }>;
  /** Stops what is under way, and waits until nothing is left of it. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface BakesOptions {
  readonly hub: StateHub;
  readonly tasks: Tasks;
  readonly engines: EngineWatch;
  readonly library: Library;
  readonly servings: Servings;
  readonly credentials: (reference: string) => Promise<Credentials | undefined>;
  readonly ownerId: string;
  readonly dataFolder: string;
  readonly userHome: string;
  readonly nowMs: () => number;
}

const keptBakes = 20;
const keptLines = 400;
const stepIds = ['read', 'base', 'send', 'build', 'try'] as const;

interface Entry {
  bake: Bake;
  manifest: BakeManifest | null;
}

export function createBakes(options: BakesOptions): Bakes {
  const { hub, tasks, engines, library, servings, credentials, ownerId, dataFolder, userHome, nowMs } = options;
  const entries = new Map<string, Entry>();
  /** By the id of their image. */
  const recalled = new Map<string, Entry>();
  const running = new Map<string, Promise<unknown>>();
  const watchers = new Set<() => void>();
  // Trials are no servings: they have an owner's label of their own, so that they are never taken for one.
  const trialOwner = `${ownerId}/bake`;

  function find(id: string): Entry {
    const entry = entries.get(id) ?? recalled.get(id);
    if (entry === undefined) throw new AppError('BAD_INPUT', { detail: 'This bake is no longer known.' });
    return entry;
  }
  function change(id: string, changes: Partial<Bake>): void {
    const entry = find(id);
    entry.bake = { ...entry.bake, ...changes };
    for (const wake of watchers) wake();
  }
  function imageOf(id: string): { readonly bake: Bake; readonly image: BakedImage } {
    const { bake } = find(id);
    if (bake.image === null) throw new AppError('BAD_INPUT', { detail: 'It has no image yet.' });
    return { bake, image: bake.image };
  }

  /** Whoever asked is told by the bake; here it is only waited for. */
  function keep({ id, finished }: { readonly id: string; readonly finished: Promise<unknown> }): void {
    const settled = finished.catch(() => undefined).finally(() => running.delete(id));
    running.set(id, settled);
  }

  const place = createDockerPlace({
    getEngine: () => engines.engine(),
    getSettings: () => hub.state.settings,
    getEnginePlatform: () => hub.state.engine.platform,
    getVersions: (modelId) => hub.state.models.find(({ id }) => id === modelId)?.versions ?? [],
    credentials,
    ownerId: trialOwner,
    dataFolder,
  });
  // What an owner that crashed was trying is in nobody's way any more.
  let isFirst = true;
  engines.onConnected((engine) => {
    if (!isFirst) return;
    isFirst = false;
    const { signal } = new AbortController();
    void engine
      .list(`${ownerLabel}=${trialOwner}`, { signal })
      .then((found) => Promise.all(found.map(({ id }) => engine.remove(id))))
      .catch((error: unknown) => void asAppError(error));
  });

  /** What of a model is on the engine; its bakes are known from then on. */
  async function recall(model: Model, signal: AbortSignal): Promise<readonly BakedBefore[]> {
    if (hub.state.engine.state !== 'connected') return [];
    const engine = engines.engine();
    const shown: BakedBefore[] = [];
    for (const listed of await listBaked(engine, model, { signal })) {
      const own = [...entries.values()].find(({ bake: one }) => one.image?.id === listed.id);
      const known = own ?? recalled.get(listed.id);
      const told = known?.bake ?? (await recallBake(engine, listed, model, { signal }));
      if (told === null) continue;
      if (known === undefined) recalled.set(told.id, { bake: told, manifest: null });
      const { sizeBytes, createdAt } = listed;
      shown.push({ id: told.id, reference: told.image?.reference ?? told.reference, versions: versionsOf(listed), sizeBytes, createdAt });
    }
    return shown;
  }

  function reportFor(id: string): BakeReport {
    const started = new Map<string, number>();
    return {
      step(step, state, { progress = null, detail } = {}) {
        if (!started.has(step)) started.set(step, nowMs());
        const steps = find(id).bake.steps.map((one): BakeStep =>
          one.id === step
            ? {
                id: step,
                state,
                progress: state === 'running' ? progress : null,
                detail: detail ?? (state === 'running' ? one.detail : null),
                elapsedMs: state === 'running' ? null : nowMs() - (started.get(step) ?? nowMs()),
              }
            : one,
        );
        change(id, { steps });
      },
      pull: (pull) => change(id, { pull }),
      output: (text) => change(id, { output: [...find(id).bake.output, ...text.split('\n')].slice(-keptLines) }),
    };
  }

  function bake(request: BakeRequest): { readonly bakeId: string; readonly taskId: string } {
    const engine = engines.engine();
    const model = library.get(request.modelId);
    const id = randomUUID();
    const { reference } = request;
    const entry: Entry = {
      bake: {
        id,
        modelId: model.id,
        modelName: model.name,
        reference,
        taskId: '',
        state: 'running',
        steps: stepIds.map((step) => ({ id: step, state: 'waiting', progress: null, detail: null, elapsedMs: null })),
        pull: null,
        output: [],
        problem: null,
        image: null,
        push: null,
        save: null,
      },
      manifest: null,
    };
    entries.set(id, entry);
    for (const [old, { bake: one }] of [...entries].slice(0, -keptBakes)) if (one.state !== 'running') entries.delete(old);
    const { settings, engine: engineStatus } = hub.state;
    const report = reportFor(id);
    const task = tasks.run(`Bake ${reference}`, { kind: 'model', id: model.id }, async ({ signal, report: tell }) => {
      const told: BakeReport = {
        ...report,
        step(step, state, more) {
          report.step(step, state, more);
          if (state === 'running') tell(more?.progress ?? null, more?.detail ?? null);
        },
      };
      try {
        const world = { engine, engineStatus, settings, credentials, readModel: (one: string) => library.refresh(one), place };
        const { image, manifest } = await bakeImage({ ...request, modelId: model.id }, world, told, { signal });
        entry.manifest = manifest;
        change(id, { state: 'done', image });
      } catch (error) {
        const steps = entry.bake.steps.map((one): BakeStep =>
          one.state === 'running' ? { ...one, state: 'failed', progress: null } : one,
        );
        if (signal.aborted) change(id, { state: 'cancelled', steps });
        else change(id, { state: 'failed', steps, problem: reportOf(error) });
        throw error;
      }
    });
    keep(task);
    entry.bake = { ...entry.bake, taskId: task.id };
    return { bakeId: id, taskId: task.id };
  }

  /** Pushes or saves, as a task that the bake tells of. */
  function deliver(
    id: string,
    kind: 'push' | 'save',
    label: string,
    target: string,
    work: (
      signal: AbortSignal,
      progress: (currentBytes: number, totalBytes: number) => void,
    ) => Promise<Pick<Extract<BakeDelivery, { kind: 'done' }>, 'digest' | 'sizeBytes'>>,
  ): { readonly taskId: string } {
    const task = tasks.run(label, { kind: 'model', id: find(id).bake.modelId }, async ({ id: taskId, signal, report }) => {
      const progress = (currentBytes: number, totalBytes: number): void => {
        report(totalBytes > 0 ? Math.min(1, currentBytes / totalBytes) : null, null);
        change(id, { [kind]: { kind: 'running', target, taskId, currentBytes, totalBytes } });
      };
      progress(0, 0);
      try {
        change(id, { [kind]: { kind: 'done', target, ...(await work(signal, progress)) } });
      } catch (error) {
        const problem = signal.aborted ? new AppError('CANCELLED').report() : reportOf(error);
        change(id, { [kind]: { kind: 'failed', target, problem } });
        throw error;
      }
    });
    keep(task);
    return { taskId: task.id };
  }

  return {
    async preview(draft, { signal }) {
      const model = library.get(draft.modelId);
      const reference = draft.base ?? hub.state.settings.image;
      const connected = hub.state.engine.state === 'connected';
      const image = draft.pinBase && connected ? await engines.engine().inspectImage(reference, { signal }) : null;
      const { dockerfile, base, baseDigest, versions } = await planBake(draft, { model, reference, image }, { signal });
      return {
        dockerfile,
        base,
        baseDigest,
        versions: versions.map(({ version }) => version),
        contextBytes: versions.reduce((sum, { bytes }) => sum + bytes, 0),
        suggestedReference: `${
          model.name
            .toLowerCase()
            .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
            .replace(/[^a-z0-9]+/g, '-') || 'model'
        }:${versions[0]?.version ?? '1'}`,
        baked: await recall(model, signal),
        latestBake: [...entries.values()].findLast(({ bake: one }) => one.modelId === model.id)?.bake.id ?? null,
      };
    },
    bake,
    async *follow(id, { signal }) {
      let changed = Promise.withResolvers<void>();
      const wake = (): void => changed.resolve();
      watchers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
      try {
        for (let last: Bake | null = null; !signal.aborted; changed = Promise.withResolvers<void>()) {
          const { bake: present } = find(id);
          if (present === last) await changed.promise;
          else yield (last = present);
        }
      } finally {
        watchers.delete(wake);
        signal.removeEventListener('abort', wake);
      }
    },
    async manifest(id, { signal }) {
      const { manifest } = find(id);
      if (manifest !== null) return manifest;
      const { image } = imageOf(id);
      const labels = { [ownerLabel]: trialOwner };
      const text = await engines.engine().readImageFile(image.reference, `/${imageFiles.manifest}`, { labels, signal });
      return JSON.parse(text) as BakeManifest;
    },
    async run(id) {
      const { bake: one, image } = imageOf(id);
      const wanted = `${one.modelName.slice(0, 110)}-image`;
      const taken = new Set(hub.state.servings.map(({ name }) => name));
      let name = wanted;
      for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${number}`;
      return servings.start({
        modelId: one.modelId,
        name: servingName.parse(name),
        engine: 'docker',
        image: image.reference,
        inImage: image.modelPath,
        versions: { kind: 'latest' },
        extraFlags: [],
        env: {},
        life: 'kept',
      });
    },
    push(id, reference) {
      const { image } = imageOf(id);
      const engine = engines.engine();
      return deliver(id, 'push', `Push ${reference}`, reference, async (signal, progress) => {
        if (reference !== image.reference) await engine.tagImage(image.id, reference, { signal });
        const login = await credentials(reference);
        const onProgress = ({ currentBytes, totalBytes }: { readonly currentBytes: number; readonly totalBytes: number }): void =>
          progress(currentBytes, totalBytes);
        return { digest: await engine.push(reference, { signal, credentials: login, onProgress }), sizeBytes: null };
      });
    },
    async save(id, chosen) {
      const { image } = imageOf(id);
      const engine = engines.engine();
      const downloads = join(userHome, 'Downloads');
      const folder = chosen ?? ((await stat(downloads).catch(() => null))?.isDirectory() === true ? downloads : userHome);
      const file = join(folder, `${image.reference.replace(/[/:@]/g, '-')}.tar`);
      return deliver(id, 'save', `Save ${image.reference}`, file, async (signal, progress) => {
        const sizeBytes = await saveToFile(await engine.saveImage(image.reference, { signal }), file, {
          onWritten: (written) => progress(written, Math.max(written, image.sizeBytes)),
          signal,
        });
        return { digest: null, sizeBytes };
      });
    },
    async [Symbol.asyncDispose]() {
      for (const id of running.keys()) tasks.cancel(id);
      await Promise.all(running.values());
    },
  };
}
