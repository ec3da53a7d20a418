import { once } from 'node:events';
import { Client, Metadata, credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { ProtoReader, ProtoWriter } from '../../src/main/protobuf/wire.ts';
import { readTensor, writeTensor } from '../../src/main/tfserving/tensorMessage.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';

/** How a call ended: its bytes, or gRPC's code and words. */
export type CallOutcome = { readonly bytes: Buffer } | { readonly code: number; readonly details: string };

/** Calls of a server by their path, with messages as bytes. */
export interface RawGrpc extends Disposable {
  /** Given up after `timeoutMs`, if that is said. */
  call(path: string, message: Uint8Array, timeoutMs?: number): Promise<CallOutcome>;
}

const same = (bytes: Buffer): Buffer => bytes;

/** Connects to a server; messages may be of any size. */
export function rawGrpc(address: string, secrets: ChannelCredentials = credentials.createInsecure()): RawGrpc {
  const client = new Client(address, secrets, { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  return {
    call(path, message, timeoutMs) {
      const { promise, resolve } = Promise.withResolvers<CallOutcome>();
      const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
      client.makeUnaryRequest(path, same, same, Buffer.from(message), new Metadata(), options, (error, bytes) => {
        if (error === null) resolve({ bytes: bytes ?? Buffer.alloc(0) });
        else resolve({ code: error.code, details: error.details });
      });
      return promise;
    },
    [Symbol.dispose]: () => client.close(),
  };
}

/** A stream's first message. */
export async function firstOfStream(address: string, path: string, message: Uint8Array): Promise<Buffer> {
  const client = new Client(address, credentials.createInsecure());
  const stream = client.makeServerStreamRequest(path, same, same, Buffer.from(message));
  const [first] = (await once(stream, 'data')) as [Buffer];
  stream.on('error', () => undefined);
  stream.cancel();
  client.close();
  return first;
}

/** A ModelSpec in field 1 of a message. */
export function specMessage(
  name: string,
  { version, label, signature }: { readonly version?: number; readonly label?: string; readonly signature?: string } = {},
): ProtoWriter {
  return new ProtoWriter().message(1, (spec) => {
    spec.string(1, name);
    if (version !== undefined) spec.message(2, (value) => value.varint(1, version));
    if (signature !== undefined) spec.string(3, signature);
    if (label !== undefined) spec.string(4, label);
  });
}

export function predictMessage(
  name: string,
  inputs: Readonly<Record<string, Tensor>>,
  {
    filter = [],
    ...spec
  }: { readonly version?: number; readonly label?: string; readonly signature?: string; readonly filter?: readonly string[] } = {},
): Uint8Array {
  const message = specMessage(name, spec);
  for (const [key, tensor] of Object.entries(inputs))
    message.message(2, (entry) => entry.string(1, key).message(2, (value) => writeTensor(value, tensor)));
  for (const output of filter) message.string(3, output);
  return message.finish();
}

export const floats = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor => ({
  dtype: 'DT_FLOAT',
  shape,
  data: Float32Array.from(values),
});

/** A message as fields in order of their numbers, each as the kind it is read as; enough to compare answers by. */
export interface ReadPredict {
  readonly spec: readonly unknown[];
  readonly outputs: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly unknown[]; readonly fields: readonly number[] }>
  >;
}

/** A ModelSpec as name, version, signature. */
export function readAnsweredSpec(reader: ProtoReader): readonly unknown[] {
  const spec: unknown[] = ['', '', ''];
  while (reader.next()) {
    if (reader.field === 2) {
      const wrapped = reader.message();
      while (wrapped.next()) spec[1] = String(wrapped.bigint());
    } else spec[reader.field === 1 ? 0 : 2] = reader.string();
  }
  return spec;
}

/** A PredictResponse; of each tensor also which fields hold its values. */
export function readPredictAnswer(bytes: Uint8Array): ReadPredict {
  let spec: readonly unknown[] = [];
  const outputs: Record<string, { shape: readonly number[]; values: readonly unknown[]; fields: readonly number[] }> = {};
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 2) spec = readAnsweredSpec(reader.message());
    else {
      const entry = reader.message();
      let [name, raw] = ['', new Uint8Array()];
      while (entry.next()) {
        if (entry.field === 1) name = entry.string();
        else raw = Uint8Array.from(entry.bytes());
      }
      const fields: number[] = [];
      const walk = new ProtoReader(raw);
      while (walk.next()) {
        if (walk.field > 3) fields.push(walk.field);
        walk.skip();
      }
      const { shape, data } = readTensor(new ProtoReader(raw));
      const values = Array.from(data as ArrayLike<unknown>, (value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString() : value,
      );
      outputs[name] = { shape, values, fields: [...new Set(fields)] };
    }
  }
  return { spec, outputs };
}

/** A tf.Example with float features. */
export function example(features: Readonly<Record<string, number>>): Uint8Array {
  return new ProtoWriter()
    .message(1, (all) => {
      for (const [name, value] of Object.entries(features))
        all.message(1, (entry) => entry.string(1, name).message(2, (feature) => feature.message(2, (list) => list.float(1, value))));
    })
    .finish();
}
