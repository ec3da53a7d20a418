import { existsSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/contract/errors.ts';
import type { ServingPlan } from '../../shared/contract/serving.ts';
import type { GatewayState } from '../gateway/gatewayProtocol.ts';
import { GatewayFailure, reachGateway, type GatewayControl } from '../gateway/reachGateway.ts';
import { startGateway, type GatewayProgram } from '../gateway/startGateway.ts';
import { gatewaySocket } from '../owner/dataFolder.ts';
import type { PlacePorts } from '../gateway/turnstile.ts';
import { isPortFree, nextFreePort, portOwner } from './ports.ts';

/** Below the range from which systems take the ports of outgoing connections. */
const [firstPlacePort, lastPlacePort] = [20_001, 31_001];
/** A port that is just being given up is free within this time. */
const portFreeMs = 15_000;
const retryMs = 5;
/** Gateways that end while they are opened, one after the other: then something is wrong. */
const maxAttempts = 3;

/** The gateways of this data folder's servings: started, found again, and started anew where one has ended by itself. */
export interface Gateways extends AsyncDisposable {
  /** The plan with ports for its place; as it is where its place holds the address. */
  place(plan: ServingPlan): Promise<ServingPlan>;
  /** Begins the process that `open` will need, while its place starts. */
  prepare(plan: ServingPlan): void;
  /**
   * The address leads to the plan's place when this settles; nothing for a direct one. `waitForPorts`: they are just being given up.
   * GATEWAY_FAILED, PORT_TAKEN.
   */
  open(plan: ServingPlan, options?: { readonly waitForPorts?: boolean }): Promise<void>;
  /** Waits until nothing is under way at former places, at most so long; answers how many requests still are. */
  drain(plan: ServingPlan, limitMs: number): Promise<number>;
  /** Null where none runs. */
  state(servingId: string): Promise<GatewayState | null>;
  /** Ends it; also one that an earlier owner left. */
  close(servingId: string): Promise<void>;
}

export interface GatewaysOptions {
  readonly dataFolder: string;
  readonly program: GatewayProgram;
  /** A gateway ended by itself and is started anew; `problem` where that failed. */
  readonly onEnded: (servingId: string, problem: AppError | null) => void;
}

interface Held {
  plan: ServingPlan;
  readonly control: Promise<GatewayControl>;
}

export function createGateways({ dataFolder, program, onEnded }: GatewaysOptions): Gateways {
  const ended = new AbortController();
  const held = new Map<string, Held>();
  const socketOf = (servingId: string): string => gatewaySocket(dataFolder, servingId);

  function hold(plan: ServingPlan): Held {
    const { servingId } = plan;
    const known = held.get(servingId);
    if (known !== undefined) {
      known.plan = plan;
      return known;
    }
    ended.signal.throwIfAborted();
    const control = startGateway(socketOf(servingId), program, { signal: ended.signal });
    const made: Held = { plan, control };
    held.set(servingId, made);
    control.then(
      (one) => {
        // This owner has ended meanwhile; nobody else would let go of the connection.
        if (ended.signal.aborted) one[Symbol.dispose]();
        void one.closed.then(() => revive(servingId, made));
      },
      () => void (held.get(servingId) === made && held.delete(servingId)),
    );
    return made;
  }

  /** What ended by itself is started anew. */
  async function revive(servingId: string, one: Held): Promise<void> {
    if (held.get(servingId) !== one || ended.signal.aborted) return;
    held.delete(servingId);
    try {
      await open(one.plan, { waitForPorts: true });
      onEnded(servingId, null);
    } catch (error) {
      if (!ended.signal.aborted)
        onEnded(servingId, error instanceof AppError ? error : new AppError('GATEWAY_FAILED', { name: one.plan.name }));
    }
  }

  const failed = ({ name }: ServingPlan, cause: unknown): AppError =>
    new AppError('GATEWAY_FAILED', { name, detail: cause instanceof Error ? cause.message : String(cause) }, { cause });

  const isSame = (a: GatewayState['place'], b: GatewayState['place']): boolean =>
    a?.restPort === b?.restPort && a?.grpcPort === b?.grpcPort;

  /** One at a time for a serving: a gateway that ended by itself is opened anew by whoever hears of it first. */
  const opening = new Map<string, Promise<void>>();
  function open(plan: ServingPlan, { waitForPorts = false }: { readonly waitForPorts?: boolean } = {}): Promise<void> {
    if (plan.placePorts === undefined) return Promise.resolve();
    const { servingId, placePorts } = plan;
    const before = opening.get(servingId) ?? Promise.resolve();
    const next = before.catch(() => undefined).then(() => openOnce(plan, placePorts, waitForPorts, 1));
    opening.set(servingId, next);
    const forget = (): void => void (opening.get(servingId) === next && opening.delete(servingId));
    next.then(forget, forget);
    return next;
  }

  async function openOnce(
    plan: ServingPlan,
    placePorts: NonNullable<ServingPlan['placePorts']>,
    waitForPorts: boolean,
    attempt: number,
  ): Promise<void> {
    const { servingId, restPort, grpcPort } = plan;
    const address = { restPort, grpcPort };
    ended.signal.throwIfAborted();
    const one = hold(plan);
    try {
      const control = await one.control;
      const { address: at, place, isHeld } = await control.own(plan.engine === 'embedded');
      if (at === null) await listen(control, address, placePorts, waitForPorts);
      else if (!isSame(at, address)) {
        // The address was changed while nobody looked.
        await close(servingId);
        await openOnce(plan, placePorts, true, attempt);
        return;
      } else if (!isSame(place, placePorts)) await control.point(placePorts);
      if (isHeld) await control.release();
    } catch (error) {
      if (error instanceof AppError) throw error;
      const hasEnded = error instanceof GatewayFailure && error.code === 'ended';
      if (!hasEnded || attempt === maxAttempts || ended.signal.aborted) throw failed(plan, error);
      // It ended in this moment: a new one takes its place.
      if (held.get(servingId) === one) held.delete(servingId);
      await openOnce(plan, placePorts, true, attempt + 1);
    }
  }

  async function portTaken({ restPort, grpcPort }: PlacePorts, cause: unknown): Promise<AppError> {
    const port = (await isPortFree(restPort)) ? grpcPort : restPort;
    const owner = await portOwner(port, { engine: null, servings: [], signal: ended.signal });
    return new AppError('PORT_TAKEN', { port, owner, free: await nextFreePort(port + 2, new Set([restPort, grpcPort])) }, { cause });
  }

  async function listen(control: GatewayControl, address: PlacePorts, place: PlacePorts, waitForPorts: boolean): Promise<void> {
    const until = performance.now() + portFreeMs;
    for (;;) {
      try {
        await control.listen(address, place);
        return;
      } catch (error) {
        if (!(error instanceof GatewayFailure) || error.code !== 'EADDRINUSE') throw error;
        if (!waitForPorts || performance.now() > until) throw await portTaken(address, error);
        await wait(retryMs, undefined, { signal: ended.signal });
      }
    }
  }

  async function close(servingId: string): Promise<void> {
    const one = held.get(servingId);
    held.delete(servingId);
    const path = socketOf(servingId);
    const isThere = process.platform === 'win32' || existsSync(path);
    const control = one === undefined ? (isThere ? await reachGateway(path) : null) : await one.control.catch(() => null);
    await control?.stop();
  }

  return {
    async place(plan) {
      const { placePorts: _, ...rest } = plan;
      if (plan.through !== 'gateway') return rest;
      const restPort = await nextFreePort(randomInt(firstPlacePort, lastPlacePort), new Set());
      return { ...rest, placePorts: { restPort, grpcPort: await nextFreePort(restPort + 1, new Set([restPort])) } };
    },
    prepare(plan) {
      // Its failure is `open`'s to tell.
      if (plan.placePorts !== undefined) void hold(plan).control.catch(() => undefined);
    },
    open,
    async drain(plan, limitMs) {
      try {
        const control = await hold(plan).control;
        return (await control.drain(limitMs)).underWay.before;
      } catch (error) {
        throw failed(plan, error);
      }
    },
    async state(servingId) {
      const one = held.get(servingId);
      if (one !== undefined) return one.control.then((control) => control.state()).catch(() => null);
      using control = await reachGateway(socketOf(servingId));
      return (await control?.state().catch(() => null)) ?? null;
    },
    close,
    async [Symbol.asyncDispose]() {
      ended.abort();
      for (const { control } of held.values()) (await control.catch(() => null))?.[Symbol.dispose]();
      held.clear();
    },
  };
}
