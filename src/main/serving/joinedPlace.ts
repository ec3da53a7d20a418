import { join, relative, sep } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import type { VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Serving, ServingPlan } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { MemoryForecast } from '../../shared/contract/switching.ts';
import { connectGrpc } from '../tfserving/grpcClient.ts';
import { forecastMemory, memoryProblem } from './memoryForecast.ts';
import { basePathInServer, modelConfigOf } from './modelConfig.ts';
import type { Place, PlaceReport, Running } from './place.ts';
import { waitUntilReady, type ServerRun } from './readiness.ts';
import { reload, untilGone, type SwitchedServer } from './runSwitch.ts';
import type { SharedServers } from './sharedServer.ts';

type Mount = ServingPlan['mount'];

/** Where the models that are managed copies lie in a container, all of them by one mount. */
const storeTarget = '/slipway-models';
const undoMs = 60_000;

/** Where a container sees a folder of this machine; null where none of its mounts holds it. */
export function seenAt({ mount, mounts = [] }: Pick<ServingPlan, 'mount' | 'mounts'>, folder: string): string | null {
  const holder = [mount, ...mounts].find(({ source }) => folder === source || folder.startsWith(`${source}${sep}`));
  if (holder === undefined) return null;
  const below = relative(holder.source, folder);
  return below === '' ? holder.target : `${holder.target}/${below.split(sep).join('/')}`;
}

/**
 * What a server has to mount so that a further model can join it: the store of managed copies as a whole, so that the next one needs
 * no new container, and of a linked folder nothing beside it.
 */
export function mountToJoin({ name, path, source }: Pick<Model, 'name' | 'path' | 'source'>, dataFolder: string): Mount {
  const store = join(dataFolder, 'models');
  return source === 'managed' && path.startsWith(`${store}${sep}`)
    ? { source: store, target: storeTarget }
    : { source: path, target: `/models/${name}` };
}

/** Whether a server sees the folder of a plan that is to join it; a process of the embedded engine sees all that Slipway does. */
export const isSeen = ({ engine, plan }: Serving, { mount }: ServingPlan): boolean =>
  engine === 'embedded' || seenAt(plan, mount.source) !== null;

/** What a server needs beside what it uses now where a plan joins it. */
export const forecastJoin = (
  place: Place,
  host: Serving,
  { modelId, served }: ServingPlan,
  { getVersions, signal }: Pick<JoinedPlaceOptions, 'getVersions'> & { readonly signal: AbortSignal },
): Promise<MemoryForecast> => {
  const versions = getVersions(modelId).filter(({ version }) => version !== null && served?.admitted.includes(version));
  return forecastMemory(place, host, versions, { signal });
};

export interface JoinedPlaceOptions {
  readonly kind: Place['kind'];
  /** By id. SERVING_NOT_FOUND. */
  readonly find: (id: string) => Serving;
  /** What the server that is joined runs in. */
  readonly place: Place;
  readonly shared: SharedServers;
  /** The versions that the canary may ask, newest first. */
  readonly getVersions: (modelId: string) => readonly VersionSummary[];
  /** Waits for the end of a switch in a plan's server. */
  readonly whenIdle: (plan: ServingPlan) => Promise<void>;
  /** A new container of a serving, with all of these further mounts. */
  readonly mountAlso: (id: string, mounts: readonly Mount[], options: { readonly signal: AbortSignal }) => Promise<void>;
  /** What has to be mounted for a plan whose folder its server does not see. */
  readonly mountFor: (plan: ServingPlan) => Mount;
}

const handleOf = ({ servingId }: ServingPlan): string => `joined-${servingId}`;
const planIdOf = (handle: string): string => handle.slice('joined-'.length);

/** Serving by a server that runs already, for another serving: the model is added to what it is told, and taken out again. */
export function createJoinedPlace({ kind, find, place, shared, getVersions, whenIdle, mountAlso, mountFor }: JoinedPlaceOptions): Place {
  /** The serving whose server it is, with what it runs as. NOT_SERVING. */
  function hostOf({ inServerOf = '' }: ServingPlan): { readonly host: Serving; readonly handle: string } {
    const host = find(inServerOf);
    if (host.state.kind !== 'serving' || host.containerId === null) throw new AppError('NOT_SERVING', { name: host.name });
    return { host, handle: host.containerId };
  }
  function handleAt(joined: string): string | null {
    const { inServerOf = '' } = find(planIdOf(joined)).plan;
    return find(inServerOf).containerId;
  }

  const openServer = (plan: ServingPlan): Pick<SwitchedServer, 'grpc' | 'beside' | 'checkAlive'> & Disposable => {
    const grpc = connectGrpc(`127.0.0.1:${plan.grpcPort}`);
    return {
      grpc,
      beside: () => shared.configsBeside(plan),
      async checkAlive(signal) {
        const { host, handle } = hostOf(plan);
        const facts = await place.inspect(handle, host.plan, { signal });
        if (facts.kind !== 'running') throw new AppError('NOT_SERVING', { name: host.name });
      },
      [Symbol.dispose]: () => grpc.close(),
    };
  };

  /** Takes it out of what its server is told, where that runs. */
  async function leave(plan: ServingPlan): Promise<void> {
    await whenIdle(plan);
    await shared.dropFromConfig(plan);
    const { inServerOf = '' } = plan;
    if (find(inServerOf).state.kind !== 'serving') return;
    using server = openServer(plan);
    const signal = AbortSignal.timeout(undoMs);
    await reload(server, [], signal, undoMs);
    const versions = getVersions(plan.modelId).flatMap(({ version }) => version ?? []);
    await untilGone(server, plan.name, versions, signal);
  }

  async function load(plan: ServingPlan, report: PlaceReport, signal: AbortSignal): Promise<Running> {
    const { host, handle } = hostOf(plan);
    const run: ServerRun = {
      async whyEnded(until) {
        const facts = await place.inspect(handle, host.plan, { signal: until });
        if (facts.kind === 'ended') return facts.problem ?? new AppError('NOT_SERVING', { name: host.name });
        return facts.kind === 'gone' ? new AppError('NOT_SERVING', { name: host.name }) : null;
      },
      lines: (until) => place.logs(handle, { follow: true, tail: 0, signal: until }),
    };
    using server = openServer(plan);
    const end = new AbortController();
    const until = AbortSignal.any([signal, end.signal]);
    await shared.writeConfig(plan);
    const told = reload(server, [modelConfigOf(plan, basePathInServer(plan))], until);
    const version = (name: string | undefined): VersionSummary | undefined => getVersions(plan.modelId).find((one) => one.version === name);
    try {
      // The server answers its telling when the model is loaded, or why it is not: a refusal is heard there first.
      const [running] = await Promise.all([waitUntilReady(run, plan, report, { version, signal: until }), told]);
      return { handle: handleOf(plan), imageDigest: host.imageDigest, ...running };
    } finally {
      end.abort();
    }
  }

  return {
    kind,
    async start(plan, report, { signal }) {
      await using undo = new AsyncDisposableStack();
      report.step('pull', 'skipped');
      await whenIdle(plan);
      const { host } = hostOf(plan);
      if (!isSeen(host, plan)) {
        report.step('create', 'running', host.name);
        await mountAlso(host.id, [...(host.plan.mounts ?? []), mountFor(plan)], { signal });
        report.step('create', 'done');
      } else report.step('create', 'skipped');
      report.step('load', 'running');
      const { host: present, handle } = hostOf(plan);
      const tooSmall = memoryProblem(await forecastJoin(place, { ...present, containerId: handle }, plan, { getVersions, signal }));
      if (tooSmall !== null) throw tooSmall;
      report.handle(handleOf(plan));
      undo.defer(() => leave(plan).catch(() => undefined));
      const running = await load(plan, report, signal);
      undo.move();
      return running;
    },
    async resume(_, plan, report, { signal }) {
      report.step('load', 'running');
      return load(plan, report, signal);
    },
    stop: (handle) => leave(find(planIdOf(handle)).plan),
    remove: (handle) => leave(find(planIdOf(handle)).plan),
    list: () => Promise.resolve([]),
    async inspect(joined, plan, { signal }) {
      const handle = handleAt(joined);
      if (handle === null) return { kind: 'gone' };
      const facts = await place.inspect(handle, plan, { signal });
      // The server runs, and knows nothing of this model.
      return facts.kind === 'running' && facts.versions?.length === 0 ? { kind: 'ended', problem: null } : facts;
    },
    async *logs(joined, options) {
      const handle = handleAt(joined);
      if (handle !== null) yield* place.logs(handle, options);
    },
    async *figures(joined, options) {
      const handle = handleAt(joined);
      if (handle !== null) yield* place.figures(handle, options);
    },
    commandLine: ({ inServerOf = '' }) => place.commandLine(find(inServerOf).plan),
  };
}
