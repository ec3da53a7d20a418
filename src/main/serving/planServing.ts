import { access, constants, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import type { ServeRequest, ServingPlan } from '../../shared/contract/serving.ts';
import type { EngineStatus, Model } from '../../shared/contract/state.ts';
import type { Settings } from '../../shared/contract/settings.ts';
import { imageUser } from '../deploy/dockerfile.ts';
import { checkEnvironment, checkFlags } from './flags.ts';
import { problemOf } from '../../shared/contract/servedState.ts';
import { admittedAtStart } from './servedVersions.ts';

const mib = 1024 * 1024;

/** max(1 GiB, 3 × model + 512 MiB), never above the engine's own memory: two versions are in memory during a switch. */
export function memoryFor(modelBytes: number, engineBytes: number | null): number {
  const wanted = Math.max(1024 * mib, 3 * modelBytes + 512 * mib);
  return engineBytes === null ? wanted : Math.min(wanted, engineBytes);
}

/** A model has some files a version; what lies beyond is not looked at. */
const maxLooked = 5_000;

/** The first path at or below a folder that not everybody may read, as user 1000 in the container must where the owner is root. */
async function closedPathIn(folder: string): Promise<string | null> {
  const waiting = [folder];
  for (let looked = 0; looked < maxLooked; looked += 1) {
    const path = waiting.pop();
    if (path === undefined) return null;
    const facts = await stat(path).catch(() => null);
    // A link to nothing is told by the server, if it wants it.
    if (facts === null) continue;
    const needed = facts.isDirectory() ? 0o005 : 0o004;
    if ((facts.mode & needed) !== needed) return path;
    if (facts.isDirectory()) waiting.push(...(await readdir(path)).map((name) => join(path, name)));
  }
  return null;
}

/** uid:gid of the folder's owner; where that is root, 1000 if it can read all of it, else MODEL_UNREADABLE. On Windows and macOS the engine maps files to any user. */
export async function userFor(path: string): Promise<string> {
  if (process.platform !== 'linux') return '1000:1000';
  const { uid, gid } = await stat(path);
  if (uid !== 0) return `${uid}:${gid}`;
  const closed = await closedPathIn(path);
  if (closed === null) return '1000:1000';
  throw new AppError('MODEL_UNREADABLE', { path: closed });
}

/** MODEL_UNREADABLE where a container's user, given as uid:gid, may not read a folder whose owner is another. */
export async function checkReadable(path: string, user: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const { uid } = await stat(path);
  if (user.split(':')[0] === String(uid)) return;
  const closed = await closedPathIn(path);
  if (closed !== null) throw new AppError('MODEL_UNREADABLE', { path: closed });
}

/** The folder to mount and where: the base folder as it is, or one version's folder under its number. */
export function mountOf(model: Model, name: string): ServingPlan['mount'] {
  return model.mountAs === null
    ? { source: model.path, target: `/models/${name}` }
    : { source: model.mountAs.path, target: `/models/${name}/${model.mountAs.version}` };
}

/** Versions that TensorFlow Serving would load by this policy, newest first. */
export function chosenVersions(model: Model, versions: ServingPlan['versions']): Model['versions'] {
  if (model.mountAs !== null) return model.versions;
  if (versions.kind === 'latest') return model.versions.slice(0, 1);
  return versions.kind === 'all'
    ? model.versions
    : model.versions.filter(({ version }) => version !== null && versions.versions.includes(version));
}

/** Refuses what cannot serve before anything is started: missing versions, problems of severity error, absent tags. */
export function checkModel(model: Model, plan: Pick<ServingPlan, 'versions' | 'tags'>): void {
  if (plan.versions.kind === 'specific') {
    const known = model.mountAs === null ? model.versions.flatMap(({ version }) => version ?? []) : [model.mountAs.version];
    const missing = plan.versions.versions.find((version) => !known.includes(version));
    if (missing !== undefined)
      throw new AppError('NO_VERSION_FOUND', { detail: `There is no version ${missing}; there is ${known.join(', ')}.` });
  }
  const chosen = chosenVersions(model, plan.versions);
  if (chosen.length === 0)
    throw new AppError('FOLDER_REJECTED', { name: model.name, detail: model.problems[0]?.message ?? 'It holds no version.' });
  for (const version of chosen) {
    const problem = problemOf(version, plan.tags);
    if (problem !== null) throw new AppError('FOLDER_REJECTED', { name: model.name, detail: `${problem.message} ${problem.advice}` });
  }
}

/** Makes every choice that a request leaves open. Ports are given by the caller, who keeps them apart. Throws what would fail later anyway. */
export async function planServing(
  request: ServeRequest,
  {
    servingId,
    model,
    settings,
    engine,
    ports,
  }: {
    readonly servingId: string;
    readonly model: Model;
    readonly settings: Settings;
    readonly engine: EngineStatus;
    readonly ports: { readonly rest: number; readonly grpc: number };
  },
): Promise<ServingPlan> {
  checkFlags(request.extraFlags);
  checkEnvironment(request.env);
  const name = request.name ?? model.name;
  const tags = request.tags ?? ['serve'];
  const { inImage } = request;
  const mount = inImage === undefined ? mountOf(model, name) : { source: model.path, target: inImage };
  const choices = { versions: request.versions, served: request.served ?? { mode: 'guarded' as const, labels: {}, admitted: [] } };
  const isSwitchable = inImage === undefined && model.mountAs === null;
  const admitted = isSwitchable ? admittedAtStart(model, choices, tags) : [];
  // What is baked is served as it was then, whatever became of the folder.
  if (inImage === undefined) {
    // Guarded, a newer version that would not serve is left out; where none serves, its problem is the reason.
    const versions = admitted.length > 0 ? { kind: 'specific' as const, versions: admitted } : request.versions;
    checkModel(model, { versions, tags });
    try {
      await access(mount.source, constants.F_OK);
    } catch (cause) {
      throw new AppError('MOUNT_MISSING', { path: mount.source }, { cause });
    }
  }
  const largest = Math.max(0, ...model.versions.map(({ size_bytes }) => size_bytes));
  return {
    servingId,
    modelId: model.id,
    name,
    engine: request.engine === 'auto' ? (engine.state === 'connected' ? 'docker' : 'embedded') : request.engine,
    image: request.image ?? settings.image,
    mount,
    versions: request.versions,
    tags,
    restPort: ports.rest,
    grpcPort: ports.grpc,
    extraFlags: request.extraFlags,
    env: request.env,
    memoryBytes: request.memoryBytes ?? memoryFor(largest, engine.memoryBytes),
    user: request.user ?? (inImage === undefined ? await userFor(mount.source) : imageUser),
    life: request.life,
    ...(inImage === undefined ? {} : { inImage }),
    ...(isSwitchable ? { served: { ...choices.served, admitted: [...admitted] } } : {}),
    through: request.through ?? 'direct',
  };
}
