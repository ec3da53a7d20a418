import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { dtypeEnum, type Dtype } from '../../shared/tensor/dtype.ts';
import { ProtoReader, ProtoWriter } from '../protobuf/wire.ts';

/**
 * TensorFlow Serving's gRPC, client side: the messages that Slipway uses, by the field numbers of get_model_status.proto,
 * predict.proto, model.proto, tensor.proto and tensor_shape.proto.
 */

/** A version as ModelService.GetModelStatus tells it. */
export interface VersionStatus {
  readonly version: string;
  readonly state: 'UNKNOWN' | 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';
  readonly errorCode: number;
  readonly errorMessage: string;
}

/** A tensor to send: `data` is little-endian values in row-major order; strings go in `strings` instead. */
export interface WireTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly strings?: readonly Uint8Array[];
}

/** A call's refusal by the server, or its absence: `code` is gRPC's number. */
export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure';
  readonly code: status;
  constructor({ code, details }: ServiceError) {
    super(details);
    this.code = code;
  }
}

const states: Readonly<Record<number, VersionStatus['state']>> = {
  0: 'UNKNOWN',
  10: 'START',
  20: 'LOADING',
  30: 'AVAILABLE',
  40: 'UNLOADING',
  50: 'END',
};

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
  return { version, state: states[state] ?? 'UNKNOWN', errorCode, errorMessage };
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

function writeTensor(writer: ProtoWriter, { dtype, shape, data, strings }: WireTensor): void {
  writer.varint(1, dtypeEnum(dtype)).message(2, (dims) => {
    for (const size of shape) dims.message(2, (dim) => dim.varint(1, size));
  });
  if (strings === undefined) writer.bytes(4, data);
  else for (const value of strings) writer.bytes(8, value);
}

/** A connection to one server's gRPC port. */
export interface ServingGrpc {
  /** Status is not counted among the server's requests. */
  fetchStatus(model: string, options: { readonly signal: AbortSignal }): Promise<readonly VersionStatus[]>;
  /** One prediction; its outputs are not read, since only whether there is an answer is asked. */
  predict(
    request: { readonly model: string; readonly signature: string; readonly inputs: Readonly<Record<string, WireTensor>> },
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<void>;
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
  function call(path: string, message: Uint8Array, signal: AbortSignal, timeoutMs: number): Promise<Uint8Array> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const same = (bytes: Buffer): Buffer => bytes;
    const asked = client.makeUnaryRequest(
      path,
      same,
      same,
      Buffer.from(message),
      new Metadata(),
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
  return {
    async fetchStatus(model, { signal }) {
      const request = new ProtoWriter().message(1, (spec) => spec.string(1, model));
      return readModelStatus(await call('/tensorflow.serving.ModelService/GetModelStatus', request.finish(), signal, 2_000));
    },
    async predict({ model, signature, inputs }, { signal, timeoutMs }) {
      const request = new ProtoWriter().message(1, (spec) => spec.string(1, model).string(3, signature));
      for (const [name, tensor] of Object.entries(inputs))
        request.message(2, (entry) => entry.string(1, name).message(2, (value) => writeTensor(value, tensor)));
      await call('/tensorflow.serving.PredictionService/Predict', request.finish(), signal, timeoutMs);
    },
    close: () => client.close(),
  };
}
