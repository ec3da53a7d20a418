import { StatusError } from './status.ts';
import type { WriteLog } from './modelServerLog.ts';
import type { AspiredVersion } from './versionSource.ts';

/** A version's state, in TensorFlow Serving's words. */
export type VersionState = 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';

/** What status tells of a version; `error` is why a load failed. */
export interface VersionStatus {
  readonly version: bigint;
  readonly state: VersionState;
  readonly error: StatusError | null;
}

/** Which version a request wants. */
export interface WantedVersion {
  readonly name: string;
  readonly version?: bigint;
  readonly label?: string;
}

/** A version for the time of one request: it is not unloaded before `release`. */
export interface Lease<M> {
  readonly version: bigint;
  readonly model: M;
  release(): void;
}

/** Loads a version's folder. Throws StatusError. */
type Load<M> = (aspired: AspiredVersion & { readonly name: string }, options: { readonly signal: AbortSignal }) => Promise<M>;

interface Held<M> extends AspiredVersion {
  readonly name: string;
  state: VersionState;
  error: StatusError | null;
  isAspired: boolean;
  model: M | undefined;
  leases: number;
  readonly end: AbortController;
}

const title = ({ name, version }: { readonly name: string; readonly version: bigint }): string => `{name: ${name} version: ${version}}`;

/** Ended versions stay listed, as with TensorFlow Serving, but not without end. */
const endedKept = 100;

/** Retries a failed load; waits are abortable. */
export interface RetryPolicy {
  readonly retries: number;
  readonly intervalMs: number;
}

/**
 * The versions of all models, from START to END. A new version is loaded before an old one goes (availability first); loads follow
 * each other; a version that requests still use is unloaded when the last of them is done.
 */
export class ModelManager<M extends AsyncDisposable> implements AsyncDisposable {
  readonly #models = new Map<string, Held<M>[]>();
  #labels: ReadonlyMap<string, ReadonlyMap<string, bigint>> = new Map();
  readonly #load: Load<M>;
  readonly #log: WriteLog;
  readonly #retry: RetryPolicy;
  readonly #watchers = new Set<() => void>();
  #queue: Promise<void> = Promise.resolve();

  constructor(load: Load<M>, log: WriteLog, retry: RetryPolicy) {
    this.#load = load;
    this.#log = log;
    this.#retry = retry;
  }

  /** What labels stand for, by model. */
  set labels(labels: ReadonlyMap<string, ReadonlyMap<string, bigint>>) {
    this.#labels = labels;
  }

  get labels(): ReadonlyMap<string, ReadonlyMap<string, bigint>> {
    return this.#labels;
  }

  /** Says which versions of a model shall be served; loading and unloading follow by themselves. */
  aspire(name: string, aspired: readonly AspiredVersion[]): void {
    const all = this.#models.get(name) ?? [];
    if (aspired.length > 0) this.#models.set(name, all);
    const wanted = new Map(aspired.map((one) => [one.version, one]));
    for (const held of all) {
      // A version that was wished away and comes back is brought anew; a failed one that was wanted all the time is not.
      const isOver = held.state === 'UNLOADING' || (held.state === 'END' && !held.isAspired) || held.end.signal.aborted;
      held.isAspired = wanted.has(held.version) && !isOver;
      if (held.isAspired) wanted.delete(held.version);
      else if (held.state === 'START' || held.state === 'LOADING') held.end.abort();
    }
    for (const { version, path } of wanted.values()) {
      const before = all.findIndex((held) => held.version === version);
      if (before >= 0) {
        // The next look at the folder finds it gone.
        if (all[before]?.state !== 'END') continue;
        all.splice(before, 1);
      }
      const held: Held<M> = {
        name,
        version,
        path,
        state: 'START',
        error: null,
        isAspired: true,
        model: undefined,
        leases: 0,
        end: new AbortController(),
      };
      all.push(held);
      void this.#bring(held);
    }
    all.sort((a, b) => (a.version < b.version ? 1 : -1));
    this.#settle(name);
  }

  /** What a label stands for. Throws StatusError. */
  versionOf(name: string, label: string): bigint {
    const version = this.#labels.get(name)?.get(label);
    if (version === undefined) throw new StatusError('INVALID_ARGUMENT', `Unrecognized servable version label: ${label}`);
    return version;
  }

  /** The version that answers a request; its lease is to be released. Throws StatusError. */
  lease({ name, version, label }: WantedVersion): Lease<M> {
    const wanted = label === undefined ? version : this.versionOf(name, label);
    const held = this.#models.get(name)?.find((one) => one.state === 'AVAILABLE' && (wanted === undefined || one.version === wanted));
    if (held?.model === undefined)
      throw new StatusError(
        'NOT_FOUND',
        `Servable not found for request: ${wanted === undefined ? `Latest(${name})` : `Specific(${name}, ${wanted})`}`,
      );
    held.leases += 1;
    let isOpen = true;
    return {
      version: held.version,
      model: held.model,
      release: () => {
        if (!isOpen) return;
        isOpen = false;
        held.leases -= 1;
        if (held.state === 'UNLOADING' && held.leases === 0) void this.#unload(held);
      },
    };
  }

  /** All versions of a model that are or were there, highest first; of one version where it is named. Throws StatusError. */
  status({ name, version }: { readonly name: string; readonly version?: bigint }): readonly VersionStatus[] {
    const all = (this.#models.get(name) ?? []).filter((held) => version === undefined || held.version === version);
    if (all.length === 0)
      throw new StatusError(
        'NOT_FOUND',
        version === undefined ? `Could not find any versions of model ${name}` : `Could not find version ${version} of model ${name}`,
      );
    return all.map((held) => ({ version: held.version, state: held.state, error: held.error }));
  }

  /** Waits until each of the models answers. Throws StatusError when one of them cannot: all its versions failed. */
  async untilAvailable(names: readonly string[], { signal }: { readonly signal: AbortSignal }): Promise<void> {
    for (;;) {
      const waiting = names.filter((name) => {
        const all = this.#models.get(name) ?? [];
        return !all.some(({ state }) => state === 'AVAILABLE') && (all.length === 0 || all.some(({ state }) => state !== 'END'));
      });
      if (waiting.length === 0) break;
      await this.#change(signal);
    }
    const failed = names.flatMap((name) => {
      const all = this.#models.get(name) ?? [];
      return all.some(({ state }) => state === 'AVAILABLE') ? [] : all.slice(0, 1);
    });
    if (failed.length > 0)
      throw new StatusError(
        'UNKNOWN',
        `${failed.length} servable(s) did not become available: {${failed
          .map((held) => `{${title(held)} due to error: ${held.error?.status ?? 'UNKNOWN'}: ${held.error?.message ?? ''}}, `)
          .join('')}}`,
      );
  }

  isAvailable(name: string, version: bigint): boolean {
    return this.#models.get(name)?.some((held) => held.version === version && held.state === 'AVAILABLE') === true;
  }

  /** Waits until a version is not about to be loaded any more: available, failed, or not wanted at all. */
  async untilSettled(name: string, version: bigint, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const isOnTheWay = (): boolean =>
      this.#models.get(name)?.some((held) => held.version === version && (held.state === 'START' || held.state === 'LOADING')) === true;
    while (isOnTheWay()) await this.#change(signal);
  }

  /** Unloads everything; requests that run are waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#log('I', 'Unload all remaining servables in the manager.');
    for (const name of this.#models.keys()) this.aspire(name, []);
    const left = (): boolean => [...this.#models.values()].some((all) => all.some(({ state }) => state !== 'END'));
    while (left()) await this.#change(new AbortController().signal);
  }

  #change(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#watchers.add(resolve);
    return promise.finally(() => {
      signal.removeEventListener('abort', abort);
      this.#watchers.delete(resolve);
    });
  }

  #set(held: Held<M>, state: VersionState, error: StatusError | null = null): void {
    held.state = state;
    held.error = error;
    if (state === 'END') {
      const all = this.#models.get(held.name) ?? [];
      const ended = all.filter((one) => one.state === 'END');
      if (ended.length > endedKept) all.splice(all.indexOf(ended.at(-1) ?? held), 1);
    }
    for (const watcher of this.#watchers) watcher();
  }

  /** Runs when all work asked for before it is done: loads follow each other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /** From START to AVAILABLE, or to END with an error. */
  async #bring(held: Held<M>): Promise<void> {
    const { signal } = held.end;
    let failure: StatusError | null = null;
    for (let attempt = 0; attempt <= this.#retry.retries; attempt += 1) {
      failure = await this.#inTurn(() => this.#try(held, attempt));
      if (failure === null || signal.aborted) break;
      this.#log('E', `Loading servable: ${title(held)} failed: ${failure.status}: ${failure.message}`);
      if (attempt < this.#retry.retries) await pause(this.#retry.intervalMs, signal);
    }
    if (failure === null) return;
    if (signal.aborted) {
      this.#set(held, 'END');
      return;
    }
    this.#log('I', `Retrying of Loading servable: ${title(held)} exhausted max_num_retries: ${this.#retry.retries}`);
    this.#log('I', `Encountered an error for servable version ${title(held)}: ${failure.status}: ${failure.message}`);
    this.#log('E', `Servable ${title(held)} cannot be loaded: ${failure.status}: ${failure.message}`);
    this.#set(held, 'END', failure);
    this.#settle(held.name);
  }

  async #try(held: Held<M>, attempt: number): Promise<StatusError | null> {
    const { signal } = held.end;
    if (signal.aborted) return new StatusError('CANCELLED', 'It was not wanted any more');
    if (attempt === 0) {
      this.#log('I', `Successfully reserved resources to load servable ${title(held)}`);
      this.#log('I', `Approving load for servable version ${title(held)}`);
    }
    this.#log('I', `Loading servable version ${title(held)}`);
    this.#set(held, 'LOADING');
    try {
      const model = await this.#load(held, { signal });
      if (signal.aborted) {
        await model[Symbol.asyncDispose]();
        return new StatusError('CANCELLED', 'It was not wanted any more');
      }
      held.model = model;
      this.#log('I', `Successfully loaded servable version ${title(held)}`);
      this.#set(held, 'AVAILABLE');
      this.#settle(held.name);
      return null;
    } catch (error) {
      return error instanceof StatusError ? error : new StatusError('INTERNAL', error instanceof Error ? error.message : String(error));
    }
  }

  /** Lets versions go that are not wanted, as soon as that leaves the model answering, or when nothing is wanted of it. */
  #settle(name: string): void {
    const all = this.#models.get(name) ?? [];
    const wanted = all.filter(({ isAspired }) => isAspired);
    if (wanted.length > 0 && !wanted.some(({ state }) => state === 'AVAILABLE')) return;
    for (const held of all) {
      if (held.isAspired || held.state !== 'AVAILABLE') continue;
      this.#log('I', `Quiescing servable version ${title(held)}`);
      this.#log('I', `Done quiescing servable version ${title(held)}`);
      this.#set(held, 'UNLOADING');
      if (held.leases === 0) void this.#unload(held);
    }
  }

  async #unload(held: Held<M>): Promise<void> {
    this.#log('I', `Unloading just-loaded servable version ${title(held)}`);
    const { model } = held;
    held.model = undefined;
    try {
      await model?.[Symbol.asyncDispose]();
    } catch (error) {
      this.#log('E', `Unloading ${title(held)}: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#log('I', `Done unloading servable version ${title(held)}`);
    this.#set(held, 'END');
  }
}

/** Ends early when the signal says so. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
