import {
  Metadata,
  Server,
  status as grpcStatus,
  type ServerOptions,
  type ServiceDefinition,
  type ServerUnaryCall,
  type handleUnaryCall,
  type handleServerStreamingCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { MalformedProto, ProtoReader, ProtoWriter } from '../protobuf/wire.ts';
import { underLease, type Inference } from './inference.ts';
import {
  exampleResponse,
  metadataResponse,
  multiInferenceResponse,
  predictResponse,
  readExampleMessage,
  readMultiInferenceMessage,
  readPredictMessage,
  readSpecRequest,
  type ExampleResult,
} from './inferenceMessages.ts';
import type { LeaseLimit } from './leaseLimit.ts';
import type { ServerMetrics } from './metrics.ts';
import type { ModelManager } from './modelManager.ts';
import type { ModelConfig } from './modelServerConfig.ts';
import type { SpecMessage } from './modelSpecMessage.ts';
import { modelStatusResponse, readReloadConfigRequest, reloadConfigResponse } from './modelServiceMessages.ts';
import { predictInputs } from './predictInputs.ts';
import type { Servable } from './servable.ts';
import { StatusError, statusCode, invalid } from './status.ts';

export interface GrpcServerOptions {
  readonly manager: ModelManager<Servable>;
  readonly inference: Inference;
  readonly metrics: ServerMetrics;
  /** Serves another configuration. Throws StatusError. */
  readonly reload: (models: readonly ModelConfig[], options: { readonly signal: AbortSignal }) => Promise<void>;
  /** Answers of Predict as raw bytes instead of lists. */
  readonly asContent: boolean;
  readonly hasHealth: boolean;
  /** Versions for calls, at most so many at a time. */
  readonly limit: LeaseLimit<Servable>;
  /** `--grpc_channel_arguments`. */
  readonly channelArguments: Readonly<Record<string, string | number>>;
}

type Answer = (request: Buffer, options: { readonly signal: AbortSignal }) => Promise<Uint8Array>;

const same = (bytes: Buffer): Buffer => bytes;

function definition(service: string, methods: readonly string[], responseStream = false): ServiceDefinition {
  return Object.fromEntries(
    methods.map((method) => [
      method,
      {
        path: `/${service}/${method}`,
        requestStream: false,
        responseStream,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    ]),
  );
}

function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof MalformedProto)
    return new StatusError('INVALID_ARGUMENT', `The request does not parse: ${error.message}`, { cause: error });
  return new StatusError('INTERNAL', error instanceof Error ? error.message : String(error));
}

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function named(spec: SpecMessage): SpecMessage {
  if (spec.name === '') throw invalid('Missing ModelSpec');
  return spec;
}

/** The signature that a Predict call names. REST has other words for its absence, and another code. */
function callSignature(servable: Servable, name: string): SignatureInfo {
  const signature = servable.signature(name);
  if (signature === undefined)
    throw new StatusError('FAILED_PRECONDITION', `Serving signature key "${name === '' ? 'serving_default' : name}" not found.`);
  return signature;
}

/** TensorFlow Serving's gRPC: PredictionService, ModelService, and the standard health service where it is wanted. */
export class GrpcServer {
  readonly #options: GrpcServerOptions;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
  }

  /** A server that is not bound yet; messages may be of any size. */
  create(): Server {
    const options: ServerOptions = {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      ...this.#options.channelArguments,
    };
    const server = new Server(options);
    server.addService(
      definition('tensorflow.serving.PredictionService', ['Predict', 'Classify', 'Regress', 'MultiInference', 'GetModelMetadata']),
      {
        Predict: this.#unary((request, { signal }) => this.#predict(request, signal)),
        Classify: this.#unary((request, { signal }) => this.#examples('classify', request, signal)),
        Regress: this.#unary((request, { signal }) => this.#examples('regress', request, signal)),
        MultiInference: this.#unary((request, { signal }) => this.#multiInference(request, signal)),
        GetModelMetadata: this.#unary((request) => Promise.resolve(this.#metadata(request))),
      },
    );
    server.addService(definition('tensorflow.serving.ModelService', ['GetModelStatus', 'HandleReloadConfigRequest']), {
      GetModelStatus: this.#unary((request) => Promise.resolve(this.#status(request))),
      HandleReloadConfigRequest: this.#unary((request, options_) => this.#reload(request, options_)),
    });
    if (this.#options.hasHealth) addHealth(server);
    return server;
  }

  #unary(answer: Answer): handleUnaryCall<Buffer, Buffer> {
    const serve = async (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): Promise<void> => {
      const end = new AbortController();
      const ended = (): void => end.abort(new StatusError('CANCELLED', 'The call was cancelled'));
      call.once('cancelled', ended);
      try {
        callback(null, buffer(await answer(call.request, { signal: end.signal })));
      } catch (error) {
        const { status, message } = asStatusError(error);
        callback({ code: statusCode[status], details: message, metadata: new Metadata() });
      } finally {
        call.off('cancelled', ended);
      }
    };
    return (call, callback) => void serve(call, callback);
  }

  async #counted(api: string, work: (setModel: (model: string) => void) => Promise<Uint8Array>): Promise<Uint8Array> {
    const { metrics } = this.#options;
    const started = performance.now();
    let model = '';
    try {
      const bytes = await work((name) => {
        model = name;
      });
      metrics.requests.add(1, model, 'OK');
      metrics.requestLatency.observe((performance.now() - started) * 1000, model, api, 'GRPC');
      return bytes;
    } catch (error) {
      metrics.requests.add(1, model, asStatusError(error).status);
      throw error;
    }
  }

  #predict(request: Buffer, signal: AbortSignal): Promise<Uint8Array> {
    return this.#counted('Predict', async (setModel) => {
      const { spec, inputs, outputFilter } = readPredictMessage(request);
      const { name, signatureName } = named(spec);
      setModel(name);
      const { limit, inference, asContent } = this.#options;
      const lease = limit.lease(spec);
      const answered = { name, version: lease.version, signatureName: signatureName === '' ? 'serving_default' : signatureName };
      const outputs = await underLease(lease, signal, async ({ model: servable }) => {
        const checked = predictInputs(callSignature(servable, signatureName), servable.defaults(signatureName), inputs, outputFilter);
        return inference.predict(name, servable, signatureName, checked, {
          signal,
          ...(outputFilter.length > 0 ? { outputs: outputFilter } : {}),
        });
      });
      return predictResponse(outputs, answered, { asContent });
    });
  }

  async #run(
    kind: ExampleResult['kind'],
    spec: SpecMessage,
    examples: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<{ readonly result: ExampleResult; readonly spec: { name: string; version: bigint; signatureName: string } }> {
    const { limit, inference } = this.#options;
    const { name, signatureName } = named(spec);
    const lease = limit.lease(spec);
    const result = await underLease(lease, signal, async ({ model }): Promise<ExampleResult> => {
      if (kind === 'classify') return { kind, classes: await inference.classify(name, model, signatureName, examples, { signal }) };
      return { kind, values: await inference.regress(name, model, signatureName, examples, { signal }) };
    });
    return { result, spec: { name, version: lease.version, signatureName: signatureName === '' ? 'serving_default' : signatureName } };
  }

  #examples(kind: ExampleResult['kind'], request: Buffer, signal: AbortSignal): Promise<Uint8Array> {
    return this.#counted(kind === 'classify' ? 'Classify' : 'Regress', async (setModel) => {
      const message = readExampleMessage(request);
      setModel(message.spec.name);
      const { result, spec } = await this.#run(kind, message.spec, message.examples, signal);
      return exampleResponse(result, spec);
    });
  }

  #multiInference(request: Buffer, signal: AbortSignal): Promise<Uint8Array> {
    return this.#counted('MultiInference', async (setModel) => {
      const { tasks, examples } = readMultiInferenceMessage(request);
      const [first] = tasks;
      if (first === undefined) throw invalid('Inference request must have at least one task.');
      setModel(first.spec.name);
      const results = [];
      const seen = new Set<string>();
      for (const { spec, methodName } of tasks) {
        if (spec.name !== first.spec.name) throw invalid(`All ModelSpecs in a MultiInferenceRequest must access the same model name.`);
        if (seen.has(spec.signatureName)) throw invalid(`Duplicate evaluation of signature: ${spec.signatureName}`);
        seen.add(spec.signatureName);
        const kind =
          methodName === 'tensorflow/serving/classify' ? 'classify' : methodName === 'tensorflow/serving/regress' ? 'regress' : undefined;
        if (kind === undefined) throw new StatusError('UNIMPLEMENTED', `Unsupported signature method_name: ${methodName}`);
        results.push(await this.#run(kind, spec, examples, signal));
      }
      return multiInferenceResponse(results);
    });
  }

  #metadata(request: Buffer): Uint8Array {
    const { spec, texts } = readSpecRequest(request);
    const { name } = named(spec);
    if (texts.length === 0) throw invalid('GetModelMetadataRequest must specify at least one metadata_field');
    const other = texts.find((field) => field !== 'signature_def');
    if (other !== undefined) throw invalid(`Metadata field ${other} is not supported`);
    const lease = this.#options.manager.lease(spec);
    try {
      return metadataResponse(lease.model.signatures, { name, version: lease.version, signatureName: '' });
    } finally {
      lease.release();
    }
  }

  #status(request: Buffer): Uint8Array {
    const { manager } = this.#options;
    const { name, version, label } = named(readSpecRequest(request).spec);
    const wanted = label === undefined ? version : manager.versionOf(name, label);
    return modelStatusResponse(manager.status(wanted === undefined ? { name } : { name, version: wanted }));
  }

  async #reload(request: Buffer, options: { readonly signal: AbortSignal }): Promise<Uint8Array> {
    await this.#options.reload(readReloadConfigRequest(request), options);
    return reloadConfigResponse();
  }
}

/** grpc.health.v1.Health: the server as a whole answers that it serves. Source: the public health checking protocol. */
function addHealth(server: Server): void {
  const serving = buffer(new ProtoWriter().varint(1, 1).finish());
  const isKnown = (request: Buffer): boolean => {
    const reader = new ProtoReader(request);
    let service = '';
    while (reader.next()) {
      if (reader.field === 1 && reader.wireType === 2) service = reader.string();
      else reader.skip();
    }
    return service === '';
  };
  const check: handleUnaryCall<Buffer, Buffer> = ({ request }, callback) => {
    if (isKnown(request)) callback(null, serving);
    else callback({ code: grpcStatus.NOT_FOUND, details: 'unknown service' });
  };
  const watch: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    // 3: the service is unknown. The stream stays open, for it may become known.
    call.write(isKnown(call.request) ? serving : buffer(new ProtoWriter().varint(1, 3).finish()));
  };
  server.addService(
    { ...definition('grpc.health.v1.Health', ['Check']), ...definition('grpc.health.v1.Health', ['Watch'], true) },
    { Check: check, Watch: watch },
  );
}
