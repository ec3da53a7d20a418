import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { AppError } from '../../shared/contract/errors.ts';
import {
  serveRequest,
  type Figures,
  type LogLine,
  type ServeRequest,
  type Serving,
  type ServingPlan,
} from '../../shared/contract/serving.ts';
import type { JoinForecast, LocalImage, PlaceChanges, PlaceForecast } from '../../shared/contract/placeChange.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { EventRecords, ServedRecords, ServingRecords } from '../database/records.ts';
import type { ContainerEvent, Credentials } from '../docker/dockerEngine.ts';
import type { EngineWatch } from '../docker/engineWatch.ts';
import { asAppError } from '../incident.ts';
import type { StateHub } from '../stateHub.ts';
import type { Tasks } from '../tasks.ts';
import type { GatewayProgram } from '../gateway/startGateway.ts';
import type { ForkEngine } from '../tfserving/engineProcess.ts';
import { createAttempts } from './attempts.ts';
import { servingFolderOf } from './containerSpec.ts';
import { createDockerPlace } from './dockerPlace.ts';
import { createEnginePlace } from './enginePlace.ts';
import { followModels } from './followModels.ts';
import { followVersions, systemLater, type Later } from './followVersions.ts';
import { createGateways } from './gateways.ts';
import { createJoins } from './joins.ts';
import { createLedger, waitingSteps } from './ledger.ts';
import type { Place } from './place.ts';
import { createPlaceChanger } from './placeChanger.ts';
import { planJoined } from './planJoined.ts';
import { planServing } from './planServing.ts';
import { createPortKeeper, type PortPair } from './portKeeper.ts';
import { createReconcile } from './reconcile.ts';
import type { RunCases } from './runSwitch.ts';
import { servingImages } from './servingImages.ts';
import { hasEnded } from './servingMachine.ts';
import { createSharedServers } from './sharedServer.ts';
import { createStarts } from './starts.ts';
import { createSwitches, type Switches } from './switches.ts';

/** The person's servings: started, stopped, watched, adopted. */
export interface Servings {
  start(request: ServeRequest): Promise<{ readonly servingId: string; readonly taskId: string }>;
  stop(id: string): Promise<void>;
  startAgain(id: string, changes?: Partial<Omit<ServeRequest, 'modelId'>>): Promise<{ readonly taskId: string }>;
  restart(id: string): Promise<{ readonly taskId: string }>;
  remove(id: string): Promise<void>;
  /** Another place at the same address; see PlaceChanger. */
  changePlace(id: string, changes: PlaceChanges): Promise<{ readonly taskId: string }>;
  foreseePlace(id: string, changes: PlaceChanges, options: { readonly signal: AbortSignal }): Promise<PlaceForecast>;
  /** The images that it could be moved to. DOCKER_NOT_RUNNING. */
  images(id: string, options: { readonly signal: AbortSignal }): Promise<readonly LocalImage[]>;
  /** What it would mean that a model joins the server of this serving. */
  foreseeJoin(id: string, modelId: string, options: { readonly signal: AbortSignal }): Promise<JoinForecast>;
  /** Back to the place before, also where the present one has ended. */
  rollbackPlace(id: string): Promise<{ readonly taskId: string }>;
  dockerRun(id: string): string;
  logs(id: string, options: { readonly follow: boolean; readonly tail: number; readonly signal: AbortSignal }): AsyncIterable<LogLine>;
  figures(id: string, options: { readonly signal: AbortSignal }): AsyncIterable<Figures>;
  ports(): Promise<{
    readonly rest: number;
    readonly grpc: number;
    readonly taken: readonly { readonly port: number; readonly owner: string }[];
  }>;
  /** Compares records and containers, and adopts or says what changed. Runs at each connection to the engine. */
  reconcile(): Promise<void>;
  /** What a running one serves, changed while it runs. */
  readonly switches: Switches;
  /** Settles when a start that is under way has ended, whichever way. */
  settled(id: string): Promise<Serving>;
  /** Ends foreground servings whose holder went away. */
  endForeground(ids: readonly string[]): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ServingsOptions {
  readonly hub: StateHub;
  readonly tasks: Tasks;
  readonly engines: EngineWatch;
  readonly records: ServingRecords;
  readonly events: EventRecords;
  readonly served: ServedRecords;
  readonly ownerId: string;
  readonly dataFolder: string;
  readonly credentials: (reference: string) => Promise<Credentials | undefined>;
  /** Starts a process of the embedded engine. */
  readonly forkEngine: ForkEngine;
  /** How a gateway's process is started. */
  readonly gatewayProgram: GatewayProgram;
  /** Runs a model's saved cases on a version that is being tried. */
  readonly runCases: RunCases;
  /** A clock of tests; the system's where there is none. */
  readonly later?: Later | undefined;
  readonly now: () => Date;
}

/** Events after which a container is looked at. */
const telling = new Set<ContainerEvent['action']>(['start', 'die', 'destroy', 'oom', 'unpause', 'pause']);

export function createServings(options: ServingsOptions): Servings {
  const {
    hub,
    tasks,
    engines,
    records,
    events,
    served,
    ownerId,
    dataFolder,
    credentials,
    forkEngine,
    gatewayProgram,
    runCases,
    later = systemLater,
    now,
  } = options;
  const ended = new AbortController();
  /** Foreground servings of this process. */
  const held = new Set<string>();
  const getVersions = (modelId: string) => hub.state.models.find(({ id }) => id === modelId)?.versions ?? [];
  const shared = createSharedServers({ hub, dataFolder });
  const docker = createDockerPlace({
    getEngine: () => engines.engine(),
    getSettings: () => hub.state.settings,
    getEnginePlatform: () => hub.state.engine.platform,
    getVersions,
    credentials,
    configsBeside: shared.configsBeside,
    ownerId,
    dataFolder,
  });
  const embedded = createEnginePlace({
    fork: forkEngine,
    getVersions,
    configsBeside: shared.configsBeside,
    dataFolder,
    onChange: lookAt,
  });
  const joins = createJoins({
    hub,
    tasks,
    find: (id) => find(id),
    modelOf: (id) => modelOf(id),
    getVersions,
    shared,
    dataFolder,
    placeOf: (made) => placeOf(made),
    changePlace: (id, changes, also) => places.change(id, changes, also),
    whenIdle: (made) => switches.whenIdle(made),
    settled: (id) => attempts.settled(id),
    startAgain: (id) => startAgain(id),
  });
  const { guestsOf } = joins;
  const joined = { docker: joins.joinedTo(docker), embedded: joins.joinedTo(embedded) };
  const placeOf = ({ engine, inServerOf }: ServingPlan): Place =>
    inServerOf !== undefined ? joined[engine] : engine === 'docker' ? docker : embedded;
  const portKeeper = createPortKeeper({ hub, engines });
  const ledger = createLedger({ hub, records, events, now });
  const { find, change, happen } = ledger;
  const attempts = createAttempts({ tasks, ledger, signal: ended.signal });
  const gateways = createGateways({
    dataFolder,
    program: gatewayProgram,
    onEnded: (id, problem) => void (problem !== null && happen(id, { kind: 'broke', problem: problem.report() })),
  });
  const places = createPlaceChanger({
    hub,
    ledger,
    tasks,
    events,
    gateways,
    placeOf,
    plan: (request, { id, plan: { restPort, grpcPort } }) => planAt(request, id, { rest: restPort, grpc: grpcPort }),
    inspectImage: (reference, signal) => engines.engine().inspectImage(reference, { signal }),
    look: (id) => looked(reconcile.one(id)),
    now,
    signal: ended.signal,
  });

  const { launch, resume } = createStarts({ hub, ledger, attempts, gateways, portKeeper, places, placeOf });

  const modelOf = (id: string): Model => {
    const model = hub.state.models.find((one) => one.id === id || one.name === id);
    if (model === undefined)
      throw new AppError('MODEL_NOT_FOUND', { name: id, known: hub.state.models.map(({ name }) => name).join(', ') || 'none' });
    return model;
  };

  async function plan(request: ServeRequest, id: string): Promise<ServingPlan> {
    await engines.ready;
    if (request.inServerOf !== undefined)
      return planJoined(request, {
        servingId: id,
        model: modelOf(request.modelId),
        host: find(request.inServerOf),
        settings: hub.state.settings,
        engine: hub.state.engine,
        dataFolder,
      });
    return planAt(request, id, await portKeeper.choose(request, id, request.name ?? modelOf(request.modelId).name));
  }

  async function planAt(request: ServeRequest, id: string, ports: PortPair): Promise<ServingPlan> {
    if (request.engine === 'docker') engines.engine();
    const model = modelOf(request.modelId);
    return planServing(request, { servingId: id, model, settings: hub.state.settings, engine: hub.state.engine, ports });
  }

  async function start(request: ServeRequest): Promise<{ readonly servingId: string; readonly taskId: string }> {
    const model = modelOf(request.modelId);
    const name = request.name ?? model.name;
    const same = hub.state.servings.find((one) => one.name === name);
    if (same !== undefined) {
      if (same.state.kind !== 'stopped' && same.state.kind !== 'failed') throw new AppError('SERVING_RUNNING', { name });
      // The name's earlier serving is served anew, with its address where none was asked for.
      const { taskId } = await startAgain(same.id, { ...request, inServerOf: request.inServerOf });
      return { servingId: same.id, taskId };
    }
    const made = await plan(request, randomUUID());
    ledger.add(made);
    return launch(made);
  }

  async function startAgain(
    id: string,
    changes: Partial<ServeRequest> = {},
    before: readonly Serving[] = [],
  ): Promise<{ readonly taskId: string }> {
    const serving = find(id);
    if (serving.state.kind === 'starting' || serving.state.kind === 'stopping')
      throw new AppError('SERVING_RUNNING', { name: serving.name });
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const { user: _, ...old } = serving.plan;
    // Where it leaves another's server, or joins one, the ports are no longer its own.
    const isMoved = 'inServerOf' in changes && changes.inServerOf !== old.inServerOf;
    const request = serveRequest.parse({
      ...old,
      ...(isMoved ? { restPort: 0, grpcPort: 0, inServerOf: changes.inServerOf } : {}),
      ...given,
    });
    // Refused changes leave what runs as it is.
    const planned = await plan(request, serving.id);
    const { mounts } = serving.plan;
    // What it mounts for models that joined it stays: they come back without another container.
    const made = mounts === undefined || planned.inServerOf !== undefined ? planned : { ...planned, mounts };
    const guests = [...before, ...guestsOf(serving).filter(({ state }) => state.kind !== 'stopped' || state.reason !== 'person')];
    if (serving.state.kind === 'serving') await stop(serving.id);
    ledger.want(serving.id, 'running');
    // The other place knows nothing of what this one left.
    if ((made.engine !== serving.engine || made.inServerOf !== serving.plan.inServerOf) && serving.containerId !== null) {
      await placeOf(serving.plan).remove(serving.containerId);
      change(serving.id, { containerId: null });
    }
    change(serving.id, {
      plan: made,
      engine: made.engine,
      name: made.name,
      modelId: made.modelId,
      steps: waitingSteps,
      pull: null,
      canary: null,
      cause: null,
      note: null,
    });
    const begun = launch(made);
    looked(joins.bringBack(serving.id, guests));
    return begun;
  }

  async function stop(id: string): Promise<void> {
    const serving = find(id);
    ledger.want(serving.id, 'stopped');
    for (const guest of guestsOf(serving)) if (!hasEnded(guest)) await stop(guest.id);
    await switches.cancel(serving.id);
    await places.cancel(serving.id);
    if (await attempts.cancel(serving.id)) return;
    const { state, containerId, plan: made } = find(serving.id);
    if (state.kind !== 'serving' && state.kind !== 'stopping') return;
    happen(serving.id, { kind: 'stop' });
    try {
      if (containerId !== null) await placeOf(made).stop(containerId);
      await gateways.close(serving.id);
      await places.forget(serving.id);
      happen(serving.id, { kind: 'ended', reason: 'person' }, { note: null });
    } catch (error) {
      // It still runs, as far as anybody knows; the person hears why now, the truth comes by reconcile.
      if (state.kind === 'serving') happen(serving.id, { kind: 'goesOn', versions: state.versions });
      throw error;
    }
  }

  /** Removals under way: who asks for one that runs already waits for the same. */
  const removing = new Map<string, Promise<void>>();
  function remove(id: string): Promise<void> {
    const serving = find(id);
    const running = removing.get(serving.id) ?? removeOnce(serving).finally(() => removing.delete(serving.id));
    removing.set(serving.id, running);
    return running;
  }

  async function removeOnce(serving: Serving): Promise<void> {
    await stop(serving.id);
    const { containerId, plan: made } = find(serving.id);
    if (containerId !== null) await placeOf(made).remove(containerId);
    // What it served for others is theirs: they start by servers of their own from now on.
    for (const {
      id,
      plan: { inServerOf: _, ...own },
    } of guestsOf(serving))
      change(id, { plan: own, containerId: null });
    await places.forget(serving.id);
    await gateways.close(serving.id);
    await rm(servingFolderOf(dataFolder, serving.id), { recursive: true, force: true });
    ledger.drop(serving.id);
  }

  const reconcile = createReconcile({
    hub,
    ledger,
    docker,
    placeOf,
    isStarting: (id) => attempts.isUnderWay(id) || places.isChanging(id),
    isHeld: (id) => held.has(id),
    running: ({ id, plan }) =>
      looked(
        gateways.open(plan).catch((error: unknown) => {
          if (!ended.signal.aborted) happen(id, { kind: 'broke', problem: asAppError(error).report() });
        }),
      ),
    recover: (serving) => places.recover(serving),
    resume,
    stop,
    remove,
    now,
    signal: ended.signal,
  });
  const switches = createSwitches({
    hub,
    tasks,
    ledger,
    records: served,
    placeOf,
    shared,
    look: (id) => reconcile.one(id),
    runCases,
    now,
    signal: ended.signal,
  });
  /** Looks in the background: without an engine the look comes when there is one again. */
  function looked(look: Promise<void>): void {
    look.catch((error: unknown) => {
      if (!ended.signal.aborted && !(error instanceof AppError)) asAppError(error);
    });
  }

  function lookAt(handle: string): void {
    const serving = hub.state.servings.find(({ containerId }) => containerId === handle);
    if (serving === undefined) return;
    for (const { id } of [serving, ...guestsOf(serving)]) looked(reconcile.one(id));
  }

  const stopWatching = [
    engines.onEvent(({ containerId, action }) => {
      if (telling.has(action)) lookAt(containerId);
    }),
    engines.onConnected(() => looked(reconcile.all())),
    engines.onLost(() => reconcile.engineLost()),
  ];
  looked(followModels({ hub, gateways, look: (id) => reconcile.one(id), looked, signal: ended.signal }));
  looked(followVersions({ hub, ledger, switches, look: (id) => reconcile.one(id), now, later, signal: ended.signal }));
  looked(reconcile.embedded());

  return {
    async start(request) {
      const started = await start(request);
      if (request.life === 'foreground') held.add(started.servingId);
      return started;
    },
    stop,
    startAgain,
    async restart(id) {
      const guests = guestsOf(find(id)).filter((one) => !hasEnded(one));
      await stop(id);
      return startAgain(id, {}, guests);
    },
    remove,
    changePlace: (id, changes) => places.change(id, changes),
    foreseePlace: (id, changes, cancellable) => places.foresee(id, changes, cancellable),
    images: async (id, { signal }) => servingImages(await engines.engine().listImages({ signal }), find(id).plan, hub.state.settings.image),
    async foreseeJoin(id, modelId, cancellable) {
      const made = await plan(serveRequest.parse({ modelId, inServerOf: id }), randomUUID());
      return joins.foresee(find(id), made, cancellable);
    },
    async rollbackPlace(id) {
      const { id: servingId, previous, name, state, plan: old, imageDigest } = find(id);
      if (previous === null) throw new AppError('NO_FORMER_PLACE', { name });
      if (state.kind === 'serving') {
        // What was kept knows nothing of the models that have joined since: it is started anew, with them.
        if (guestsOf(find(id)).length > 0) await places.forget(servingId);
        return places.rollback(servingId);
      }
      const { servingId: _, placePorts: __, ...former } = previous.plan;
      await places.forget(servingId);
      const started = await startAgain(servingId, former);
      // And from there back to what has ended now.
      change(servingId, { previous: { plan: { ...old, through: 'gateway' }, containerId: null, imageDigest } });
      return started;
    },
    dockerRun(id) {
      // At the address, as a person would run it.
      const { placePorts: _, ...made } = find(id).plan;
      return placeOf(made).commandLine(made);
    },
    async *logs(id, options) {
      const { containerId, plan: made } = find(id);
      if (containerId !== null) yield* placeOf(made).logs(containerId, options);
    },
    async *figures(id, options) {
      const { containerId, state, plan: made } = find(id);
      if (containerId !== null && state.kind === 'serving') yield* placeOf(made).figures(containerId, options);
    },
    ports: () => portKeeper.offer(ended.signal),
    switches,
    reconcile: () => (hub.state.engine.state === 'connected' ? reconcile.all() : reconcile.embedded()),
    async settled(id) {
      await attempts.settled(find(id).id);
      return find(id);
    },
    async endForeground(ids) {
      for (const id of ids) {
        held.delete(id);
        const serving = hub.state.servings.find((one) => one.id === id);
        if (serving?.plan.life === 'foreground') await remove(serving.id);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const off of stopWatching) off();
      ended.abort();
      await attempts.allSettled();
      await switches[Symbol.asyncDispose]();
      await embedded[Symbol.asyncDispose]();
      await gateways[Symbol.asyncDispose]();
    },
  };
}
