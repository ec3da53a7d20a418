import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { dtypeSizeBytes } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import type { LoadModel, LoadedModel, LoadOptions } from '../engine/loadedModel.ts';
import { Batcher, type BatchingParameters } from './batcher.ts';
import type { ServerMetrics } from './metrics.ts';
import type { WriteLog } from './modelServerLog.ts';
import { readSignatureMessages, type SignatureMessage } from './signatureMessage.ts';
import { StatusError } from './status.ts';
import type { AspiredVersion } from './versionSource.ts';
import { warmUp } from './warmup.ts';

/** What versions are loaded with. */
export interface ServableOptions {
  readonly loadModel: LoadModel;
  readonly tags: readonly string[];
  readonly threads: Pick<LoadOptions, 'intraOpThreads' | 'interOpThreads'>;
  /** The parameters for a version's folder; undefined: requests are run one by one. */
  readonly batchingFor: (path: string) => Promise<BatchingParameters | undefined>;
  /** How often each warm-up request is run; undefined: they are not. */
  readonly warmupIterations: number | undefined;
  readonly log: WriteLog;
  readonly metrics: ServerMetrics;
}

type Tensors = Readonly<Record<string, Tensor>>;

function sizeBytes(tensors: Tensors): number {
  let total = 0;
  for (const name in tensors) {
    const tensor = tensors[name];
    if (tensor === undefined) continue;
    if (tensor.dtype === 'DT_STRING') for (const value of tensor.data as readonly Uint8Array[]) total += value.length;
    else total += tensor.data.length * dtypeSizeBytes(tensor.dtype);
  }
  return total;
}

/** A version that answers: the engine's model with the server's batching and counting. */
export class Servable implements AsyncDisposable {
  /** As they stand in the file, TensorFlow's initialisation entry among them. */
  readonly signatures: ReadonlyMap<string, SignatureMessage>;
  readonly #model: LoadedModel;
  readonly #batcher: Batcher | undefined;
  readonly #metrics: ServerMetrics;

  constructor(model: LoadedModel, signatures: ReadonlyMap<string, SignatureMessage>, batcher: Batcher | undefined, metrics: ServerMetrics) {
    this.#model = model;
    this.signatures = signatures;
    this.#batcher = batcher;
    this.#metrics = metrics;
  }

  /** A signature by its name, `''` for the default; undefined where there is none. */
  signature(name: string): SignatureInfo | undefined {
    return this.signatures.get(name === '' ? 'serving_default' : name)?.info;
  }

  /** Values of a signature's inputs that a request over gRPC may leave out. */
  defaults(name: string): Tensors {
    return this.signatures.get(name === '' ? 'serving_default' : name)?.defaults ?? {};
  }

  /** Runs a signature; `outputs` are all by default. A batch that holds others' requests, too, is not ended by one's signal. */
  run(name: string, inputs: Tensors, options: { readonly outputs?: readonly string[]; readonly signal?: AbortSignal }): Promise<Tensors> {
    const signature = name === '' ? 'serving_default' : name;
    if (this.#batcher === undefined) return this.#run(signature, inputs, options);
    const { outputs } = options;
    return this.#batcher.run(`${signature}|${outputs?.join('|') ?? ''}`, inputs, (joined) =>
      this.#run(signature, joined, outputs === undefined ? {} : { outputs }),
    );
  }

  async #run(
    name: string,
    inputs: Tensors,
    options: { readonly outputs?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<Tensors> {
    const started = performance.now();
    const outputs = await this.#model.run(name, inputs, options);
    const micros = (performance.now() - started) * 1000;
    const metrics = this.#metrics;
    metrics.runs.add(1, '');
    metrics.runTime.add(Math.round(micros), '');
    metrics.runTimes.observe(micros, '');
    metrics.runInputBytes.observe(sizeBytes(inputs), '');
    metrics.runOutputBytes.observe(sizeBytes(outputs), '');
    return outputs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#model[Symbol.asyncDispose]();
  }
}

/** Loads a version and tells each milestone in the log. Throws StatusError. */
export async function loadServable(
  { path }: AspiredVersion,
  { loadModel, tags, threads, batchingFor, warmupIterations, log, metrics }: ServableOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<Servable> {
  const started = performance.now();
  const micros = (): number => Math.round((performance.now() - started) * 1000);
  const set = `{ ${tags.join(' ')} }`;
  log('I', `Reading SavedModel from: ${path}`);
  log('I', `Reading meta graph with tags ${set}`);
  let model: LoadedModel;
  try {
    model = await loadModel(path, { tags, ...threads, signal });
  } catch (error) {
    const { status, message } =
      error instanceof StatusError ? error : new StatusError('INTERNAL', error instanceof Error ? error.message : String(error));
    log('I', `SavedModel load for tags ${set}; Status: fail: ${status}: ${message}. Took ${micros()} microseconds.`);
    metrics.loadAttempts.add(1, path, 'fail');
    throw error;
  }
  await using undo = new AsyncDisposableStack();
  undo.use(model);
  log('I', 'Restoring SavedModel bundle.');
  log('I', `Running initialization op on SavedModel bundle at path: ${path}`);
  const signatures = await readSignatureMessages(path, tags, { signal });
  log('I', `SavedModel load for tags ${set}; Status: success: OK. Took ${micros()} microseconds.`);
  metrics.loadAttempts.add(1, path, 'success');
  metrics.loadLatency.add(micros(), path);
  const parameters = await batchingFor(path);
  if (parameters !== undefined) log('I', 'Wrapping session to perform batch processing');
  const batcher = parameters === undefined ? undefined : new Batcher(parameters, metrics);
  const servable = new Servable(model, signatures, batcher, metrics);
  if (warmupIterations !== undefined) await warmUp(servable, path, { iterations: warmupIterations, log, metrics });
  undo.move();
  return servable;
}
