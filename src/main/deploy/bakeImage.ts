import { randomUUID } from 'node:crypto';
import type { BakedImage, BakeManifest, BakeRequest, BakeStep, BakeStepId } from '../../shared/contract/deploy.ts';
import { AppError } from '../../shared/contract/errors.ts';
import type { Canary, PullProgress, ServingPlan } from '../../shared/contract/serving.ts';
import type { EngineStatus, Model } from '../../shared/contract/state.ts';
import type { Settings } from '../../shared/contract/settings.ts';
import { BuildFailure, type Credentials, type DockerEngine } from '../docker/dockerEngine.ts';
import { splitReference } from '../docker/dockerodeEngine.ts';
import { ensureImage } from '../docker/pullImage.ts';
import type { Place } from '../serving/place.ts';
import { memoryFor } from '../serving/planServing.ts';
import { twoFreePorts } from '../serving/ports.ts';
import { buildContext } from './buildContext.ts';
import { basesOf, imageFiles, imageUser, instructionsOf } from './dockerfile.ts';
import { planBake, type BakePlan } from './planBake.ts';

/** An engine that has just built answers within this time. */
const inspectMs = 30_000;

/** What a bake tells while it runs. */
export interface BakeReport {
  step(id: BakeStepId, state: BakeStep['state'], told?: { readonly progress?: number | null; readonly detail?: string }): void;
  pull(progress: PullProgress): void;
  /** A line of the builder. */
  output(text: string): void;
}

export interface BakeWorld {
  readonly engine: DockerEngine;
  readonly engineStatus: EngineStatus;
  readonly settings: Settings;
  readonly credentials: (reference: string) => Promise<Credentials | undefined>;
  /** Reads the model's folder again. */
  readonly readModel: (id: string) => Promise<Model>;
  /** Where a built image is tried. */
  readonly place: Place;
}

/** A failure of the builder with the line of the Dockerfile that it is about. */
function placed(failure: unknown, dockerfile: string): unknown {
  if (!(failure instanceof BuildFailure)) return failure;
  const told = String(failure.data['detail'] ?? '');
  const parsed = /(?:dockerfile )?parse error (?:on )?line (\d+): (.*)/is.exec(told);
  const line = parsed?.[1] ?? (failure.step === null ? undefined : instructionsOf(dockerfile)[failure.step - 1]?.line);
  return line === undefined
    ? failure
    : new AppError('DOCKERFILE_WRONG', { line: Number(line), detail: parsed?.[2] ?? told }, { cause: failure });
}

function manifestOf(
  { name, base, baseDigest, versions }: BakePlan,
  baseId: string,
  files: ReadonlyMap<string, BakeManifest['versions'][number]['files']>,
): BakeManifest {
  return {
    model: name,
    base: { reference: base, digest: baseDigest, id: baseId },
    versions: versions.map(({ version, tensorflow_version, fingerprint, signatures }) => ({
      version,
      tensorflow_version,
      fingerprint,
      signatures,
      files: files.get(version) ?? [],
    })),
  };
}

/** Starts an image as a serving of it would run, and asks it; nothing of that stays. */
async function tryImage(
  image: string,
  { model, memoryBytes }: { readonly model: Model; readonly memoryBytes: number },
  { place }: BakeWorld,
  report: BakeReport,
  signal: AbortSignal,
): Promise<{ readonly canary: Canary; readonly versions: readonly string[] }> {
  const path = `/models/${model.name}`;
  const [restPort, grpcPort] = await twoFreePorts();
  const plan: ServingPlan = {
    servingId: randomUUID(),
    modelId: model.id,
    name: model.name,
    engine: 'docker',
    image,
    mount: { source: model.path, target: path },
    inImage: path,
    versions: { kind: 'latest' },
    tags: ['serve'],
    restPort,
    grpcPort,
    extraFlags: [],
    env: {},
    memoryBytes,
    user: imageUser,
    life: 'foreground',
  };
  let handle: string | null = null;
  try {
    return await place.start(
      plan,
      {
        step: (_, state, detail) => report.step('try', 'running', state === 'running' && detail !== undefined ? { detail } : {}),
        pull: () => undefined,
        cause: () => undefined,
        handle: (id) => (handle = id),
      },
      { signal },
    );
  } finally {
    if (handle !== null) await place.remove(handle);
  }
}

/**
 * Bakes: reads the model, makes sure that the base is there, sends the context, builds, tries what was built, and only then gives it
 * its name. On failure or abort the engine has nothing more than the base.
 */
export async function bakeImage(
  request: BakeRequest,
  world: BakeWorld,
  report: BakeReport,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly image: BakedImage; readonly manifest: BakeManifest }> {
  const { engine, settings, engineStatus } = world;
  report.step('read', 'running');
  const model = await world.readModel(request.modelId);
  if (!model.present) throw new AppError('MOUNT_MISSING', { path: model.path });
  const reference = request.base ?? settings.image;
  // What cannot be baked is refused before anything is pulled.
  await planBake({ ...request, pinBase: false }, { model, reference, image: null }, { signal });
  report.step('read', 'done');

  report.step('base', 'running');
  let pulled = false;
  const ensure = (name: string) =>
    ensureImage(engine, {
      reference: name,
      mirror: settings.mirror,
      enginePlatform: engineStatus.platform ?? '',
      credentials: world.credentials,
      signal,
      onProgress(progress) {
        pulled = true;
        report.step('base', 'running', { progress: progress.totalBytes > 0 ? progress.currentBytes / progress.totalBytes : null });
        report.pull(progress);
      },
    });
  const base = request.dockerfile === undefined ? await ensure(reference) : await engine.inspectImage(reference, { signal });
  const plan = await planBake(request, { model, reference, image: base }, { signal });
  const dockerfile = request.dockerfile ?? plan.dockerfile;
  const bases = basesOf(dockerfile);
  for (const one of bases) if (!one.includes('@') || request.dockerfile !== undefined) await ensure(one);
  report.step('base', pulled ? 'done' : 'skipped');

  report.step('send', 'running', { progress: 0 });
  const totalBytes = plan.versions.reduce((sum, { bytes }) => sum + bytes, 0);
  let manifest: BakeManifest | null = null;
  const baseId = base?.id ?? '';
  const context = buildContext({
    name: plan.name,
    versions: plan.versions,
    dockerfile,
    extra: plan.extra,
    manifest: {
      path: imageFiles.manifest,
      text(files) {
        manifest = manifestOf(plan, baseId, files);
        return `${JSON.stringify(manifest, null, 2)}\n`;
      },
    },
    onSent: (bytes) => report.step('send', 'running', { progress: totalBytes > 0 ? Math.min(1, bytes / totalBytes) : null }),
  });
  const id = await engine
    .build(context, {
      noCache: request.noCache,
      signal,
      onEvent(event) {
        if (event.kind === 'output') {
          report.output(event.text);
          return;
        }
        const { at, of, instruction } = event;
        if (at === 1) report.step('send', 'done');
        report.output(`Step ${at}/${of} : ${instruction}`);
        report.step('build', 'running', { progress: (at - 1) / of, detail: instruction });
      },
    })
    .catch((error: unknown) => {
      throw placed(error, dockerfile);
    });
  const facts = await engine.inspectImage(id, { signal: AbortSignal.timeout(inspectMs) });
  await using undo = new AsyncDisposableStack();
  // What the builder had already made may bear a name; that one stays.
  if (facts?.names.length === 0) undo.defer(() => engine.removeImage(id));
  report.step('build', 'done');
  signal.throwIfAborted();
  if (facts === null || manifest === null) throw new AppError('BUILD_FAILED', { detail: 'The image is gone.' });

  report.step('try', 'running');
  const largest = Math.max(...plan.versions.map(({ bytes }) => bytes));
  const { canary, versions } = await tryImage(
    id,
    { model, memoryBytes: memoryFor(largest, engineStatus.memoryBytes) },
    world,
    report,
    signal,
  );
  const { name, tag } = splitReference(request.reference);
  await engine.tagImage(id, `${name}:${tag}`, { signal });
  undo.move();
  report.step('try', canary.kind === 'not-tried' ? 'skipped' : 'done', canary.kind === 'not-tried' ? { detail: canary.reason } : {});
  return {
    image: {
      id,
      reference: `${name}:${tag}`,
      sizeBytes: facts.sizeBytes,
      layers: facts.layers,
      user: facts.user,
      modelPath: `/models/${plan.name}`,
      versions,
      canary,
    },
    manifest,
  };
}
