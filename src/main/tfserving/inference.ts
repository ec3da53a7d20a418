import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { checkExampleSignature, classesOf, exampleInputs, regressionsOf, type ExampleMethod, type ScoredClass } from './classifyRegress.ts';
import type { ServerMetrics } from './metrics.ts';
import type { Lease } from './modelManager.ts';
import type { Servable } from './servable.ts';
import { StatusError, invalid } from './status.ts';

/** What both the REST and the gRPC server do with a request that they have read. */

export interface InferenceOptions {
  readonly signal: AbortSignal;
}

/** The signature that a predict request names. Throws StatusError. */
export function predictSignature(servable: Servable, name: string): SignatureInfo {
  const signature = servable.signature(name);
  if (signature === undefined)
    throw invalid(`Serving signature name: "${name === '' ? 'serving_default' : name}" not found in signature def`);
  return signature;
}

/**
 * Works with a leased version until the signal ends it: a request that is given up is answered at once, and the version is held
 * until the engine is done with it all the same.
 */
export async function underLease<M, T>(lease: Lease<M>, signal: AbortSignal, use: (lease: Lease<M>) => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  const work = async (): Promise<T> => {
    try {
      return await use(lease);
    } finally {
      signal.removeEventListener('abort', abort);
      lease.release();
    }
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return await Promise.race([work(), promise]);
}

/** Inferences on servables, counted. */
export class Inference {
  readonly #metrics: ServerMetrics;
  readonly #checkMethodName: boolean;

  constructor(metrics: ServerMetrics, { checkMethodName }: { readonly checkMethodName: boolean }) {
    this.#metrics = metrics;
    this.#checkMethodName = checkMethodName;
  }

  async #timed<T>(model: string, api: string, work: Promise<T>): Promise<T> {
    const started = performance.now();
    const result = await work;
    this.#metrics.runtimeLatency.observe((performance.now() - started) * 1000, model, api, 'TF1');
    return result;
  }

  predict(
    model: string,
    servable: Servable,
    signatureName: string,
    inputs: Readonly<Record<string, Tensor>>,
    options: InferenceOptions & { readonly outputs?: readonly string[] },
  ): Promise<Readonly<Record<string, Tensor>>> {
    return this.#timed(model, 'Predict', servable.run(signatureName, inputs, options));
  }

  async #examples(
    model: string,
    servable: Servable,
    signatureName: string,
    examples: readonly Uint8Array[],
    method: ExampleMethod,
    { signal }: InferenceOptions,
  ): Promise<Readonly<Record<string, Tensor>>> {
    const name = signatureName === '' ? 'serving_default' : signatureName;
    const signature = servable.signature(name);
    if (signature === undefined) throw invalid(`No signature was found with the name: ${name}`);
    checkExampleSignature(signature, method, { checkName: this.#checkMethodName });
    const inputs = exampleInputs(examples);
    const info = signature.inputs['inputs'];
    if (info !== undefined && info.dtype !== 'DT_STRING')
      throw new StatusError('INVALID_ARGUMENT', `Expected serialized examples, but the input is ${info.dtype}`);
    this.#metrics.exampleCounts.observe(examples.length, model);
    this.#metrics.exampleTotal.add(examples.length, model);
    const api = method === 'classify' ? 'Classify' : 'Regress';
    return this.#timed(model, api, servable.run(name, inputs, { outputs: Object.keys(signature.outputs), signal }));
  }

  async classify(
    model: string,
    servable: Servable,
    signatureName: string,
    examples: readonly Uint8Array[],
    options: InferenceOptions,
  ): Promise<readonly (readonly ScoredClass[])[]> {
    return classesOf(await this.#examples(model, servable, signatureName, examples, 'classify', options), examples.length);
  }

  async regress(
    model: string,
    servable: Servable,
    signatureName: string,
    examples: readonly Uint8Array[],
    options: InferenceOptions,
  ): Promise<readonly number[]> {
    return regressionsOf(await this.#examples(model, servable, signatureName, examples, 'regress', options), examples.length);
  }
}
