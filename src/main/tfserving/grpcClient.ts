import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { ProtoReader, ProtoWriter } from '../protobuf/wire.ts';
import { readSignature } from '../savedmodel/savedModelProto.ts';
import { exampleMessage } from './exampleMessages.ts';
import { readSpec, writeSpec, type SpecMessage } from './modelSpecMessage.ts';
import type { ModelConfig } from './modelServerConfig.ts';
import { reloadConfigRequest, versionStates } from './modelServiceMessages.ts';
import { readTensor, writeTensor } from './tensorMessage.ts';

/**
 * TensorFlow Serving's gRPC, client side: the messages that Slipway uses, by the field numbers of get_model_status.proto,
 * predict.proto, get_model_metadata.proto and model.proto.
 */

/** A version as ModelService.GetModelStatus tells it. */
export interface VersionStatus {
  readonly version: string;
  readonly state: 'UNKNOWN' | 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';
  readonly errorCode: number;
  readonly errorMessage: string;
}

/** Which model, version and signature is asked; a version excludes a label. */
export interface ModelSpec {
  readonly model: string;
  readonly version?: string | undefined;
  readonly label?: string | undefined;
}

/** What came back from a call, not read yet: `readPrediction` or `readExampleAnswer` does. */
export interface GrpcAnswer {
  /** `/tensorflow.serving.PredictionService/Predict` */
  readonly path: string;
  /** The message as it was sent. */
  readonly request: Uint8Array;
  readonly response: Uint8Array;
  readonly encodeMs: number;
  /** From the first byte sent to the last byte received. */
  readonly networkMs: number;
}

/** A prediction's outputs, and the version that really answered; null where the server does not say. */
export interface Prediction {
  readonly model: string;
  readonly version: string | null;
  readonly signature: string;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** A call's refusal by the server, or its absence: `code` is gRPC's number. */
export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure';
  readonly code: status;
  /** What had been sent. */
  sent: Omit<GrpcAnswer, 'response'> | null = null;
  constructor({ code, details }: ServiceError) {
    super(details);
    this.code = code;
  }
}

const states: ReadonlyMap<number, VersionStatus['state']> = new Map(
  Object.entries(versionStates).map(([name, number]) => [number, name as VersionStatus['state']]),
);

function readVersionStatus(reader: ProtoReader): VersionStatus {
  let [version, state, errorCode, errorMessage] = ['0', 0, 0, ''];
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) version = String(reader.bigint());
    else if (reader.field === 2 && reader.wireType === 0) state = reader.varint();
    else if (reader.field === 3 && reader.wireType === 2) {
      const inner = reader.message();
      while (inner.next()) {
        if (inner.field === 1 && inner.wireType === 0) errorCode = inner.varint();
        else if (inner.field === 2 && inner.wireType === 2) errorMessage = inner.string();
        else inner.skip();
      }
    } else reader.skip();
  }
  return { version, state: states.get(state) ?? 'UNKNOWN', errorCode, errorMessage };
}

function readModelStatus(bytes: Uint8Array): readonly VersionStatus[] {
  const versions: VersionStatus[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) versions.push(readVersionStatus(reader.message()));
    else reader.skip();
  }
  return versions;
}

const specOf = ({ model, version, label }: ModelSpec, signatureName = ''): SpecMessage => ({
  name: model,
  signatureName,
  ...(version === undefined ? {} : { version: BigInt(version) }),
  ...(label === undefined ? {} : { label }),
});

/** Reads a PredictResponse. Throws MalformedProto. */
export function readPrediction(response: Uint8Array): Prediction {
  const outputs: (readonly [string, Tensor])[] = [];
  let spec: SpecMessage = { name: '', signatureName: '' };
  const reader = new ProtoReader(response);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) {
      const [name, value] = reader.mapEntry();
      outputs.push([name, readTensor(value)]);
    } else if (reader.field === 2 && reader.wireType === 2) spec = readSpec(reader.message());
    else reader.skip();
  }
  const { name: model, version, signatureName: signature } = spec;
  // A map has no order on the wire.
  return {
    model,
    version: version === undefined ? null : String(version),
    signature,
    outputs: Object.fromEntries(outputs.toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** The signatures in a GetModelMetadataResponse: a map of Any, of which `signature_def` holds a SignatureDefMap. */
function readMetadata(response: Uint8Array): Readonly<Record<string, SignatureInfo>> {
  const signatures: (readonly [string, SignatureInfo])[] = [];
  const reader = new ProtoReader(response);
  while (reader.next()) {
    if (reader.field !== 2 || reader.wireType !== 2) {
      reader.skip();
      continue;
    }
    const [, any] = reader.mapEntry();
    while (any.next()) {
      if (any.field !== 2 || any.wireType !== 2) {
        any.skip();
        continue;
      }
      const map = any.message();
      while (map.next()) {
        if (map.field === 1 && map.wireType === 2) {
          const [name, value] = map.mapEntry();
          signatures.push([name, readSignature(value)]);
        } else map.skip();
      }
    }
  }
  return Object.fromEntries(signatures);
}

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Sent along as metadata. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A connection to one server's gRPC port. */
export interface ServingGrpc {
  /** Status is not counted among the server's requests. */
  fetchStatus(model: string, options: { readonly signal: AbortSignal }): Promise<readonly VersionStatus[]>;
  /** One prediction. */
  predict(
    request: ModelSpec & { readonly signature: string; readonly inputs: Readonly<Record<string, Tensor>> },
    options: CallOptions,
  ): Promise<GrpcAnswer>;
  /** Classify or Regress with serialized tf.Examples. */
  askExamples(
    request: ModelSpec & { readonly signature: string; readonly method: 'classify' | 'regress'; readonly examples: readonly Uint8Array[] },
    options: CallOptions,
  ): Promise<GrpcAnswer>;
  /** The signatures of a version; not counted among the server's requests. */
  fetchSignatures(
    spec: ModelSpec,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<Readonly<Record<string, SignatureInfo>>>;
  /**
   * Serves these models and no others from now on. Waits until those that are new to the server answer, but not for new versions of
   * the others; a label may only stand for a version that is AVAILABLE.
   */
  reloadConfig(models: readonly ModelConfig[], options: { readonly signal: AbortSignal; readonly timeoutMs: number }): Promise<void>;
  close(): void;
}

export { status as grpcStatus };

/** Connects lazily to `address` (`127.0.0.1:8500`); messages may be of any size. */
export function connectGrpc(address: string): ServingGrpc {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    // A server that is still starting is asked again at once, not after a growing pause.
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 250,
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
  function call(path: string, message: Uint8Array, { signal, timeoutMs, headers = {} }: CallOptions): Promise<Uint8Array> {
    signal.throwIfAborted();
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const same = (bytes: Buffer): Buffer => bytes;
    const asked = client.makeUnaryRequest(
      path,
      same,
      same,
      Buffer.from(message.buffer, message.byteOffset, message.byteLength),
      metadata,
      { deadline: Date.now() + timeoutMs },
      (error, answer) => {
        if (error !== null) reject(signal.aborted ? (signal.reason as Error) : new GrpcFailure(error));
        else resolve(answer ?? new Uint8Array());
      },
    );
    const abort = (): void => asked.cancel();
    signal.addEventListener('abort', abort, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', abort));
  }
  async function timed(name: string, options: CallOptions, encode: () => Uint8Array): Promise<GrpcAnswer> {
    const path = `/tensorflow.serving.PredictionService/${name}`;
    const started = performance.now();
    const request = encode();
    const sent = performance.now();
    const facts = (): Omit<GrpcAnswer, 'response'> => ({ path, request, encodeMs: sent - started, networkMs: performance.now() - sent });
    try {
      const response = await call(path, request, options);
      return { ...facts(), response };
    } catch (error) {
      if (error instanceof GrpcFailure) error.sent = facts();
      throw error;
    }
  }
  return {
    async fetchStatus(model, { signal }) {
      const request = new ProtoWriter().message(1, (spec) => spec.string(1, model));
      return readModelStatus(await call('/tensorflow.serving.ModelService/GetModelStatus', request.finish(), { signal, timeoutMs: 2_000 }));
    },
    predict({ inputs, signature, ...asked }, options) {
      return timed('Predict', options, () => {
        const request = new ProtoWriter().message(1, (spec) => writeSpec(spec, specOf(asked, signature)));
        for (const [name, tensor] of Object.entries(inputs))
          request.message(2, (entry) => entry.string(1, name).message(2, (value) => writeTensor(value, tensor)));
        return request.finish();
      });
    },
    askExamples({ method, examples, signature, ...asked }, options) {
      const name = method === 'classify' ? 'Classify' : 'Regress';
      return timed(name, options, () => exampleMessage(specOf(asked, signature), examples));
    },
    async fetchSignatures(asked, { signal, timeoutMs }) {
      const request = new ProtoWriter().message(1, (spec) => writeSpec(spec, specOf(asked))).string(2, 'signature_def');
      return readMetadata(await call('/tensorflow.serving.PredictionService/GetModelMetadata', request.finish(), { signal, timeoutMs }));
    },
    async reloadConfig(models, options) {
      await call('/tensorflow.serving.ModelService/HandleReloadConfigRequest', reloadConfigRequest(models), options);
    },
    close: () => client.close(),
  };
}
