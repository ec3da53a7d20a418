import { AppError } from '../../shared/contract/errors.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { MalformedProto } from '../protobuf/wire.ts';
import { readExampleAnswer } from '../tfserving/exampleMessages.ts';
import {
  connectGrpc,
  GrpcFailure,
  grpcStatus,
  readPrediction,
  type CallOptions,
  type GrpcAnswer,
  type ModelSpec,
  type Prediction,
  type ServingGrpc,
} from '../tfserving/grpcClient.ts';
import { httpStatus } from '../tfserving/restAnswers.ts';
import type { StatusName } from '../tfserving/status.ts';
import { answered, type Exchange } from './exchange.ts';
import type { InputTensors } from './inputTensors.ts';
import type { Headers } from './sendRest.ts';

/** A connection that was not used for so long is closed. */
const idleMs = 60_000;

/** Connections to servers by their address, kept between calls. */
export interface GrpcConnections extends Disposable {
  use<T>(address: string, work: (grpc: ServingGrpc) => Promise<T>): Promise<T>;
}

export function createGrpcConnections(): GrpcConnections {
  const open = new Map<string, { readonly grpc: ServingGrpc; users: number; timer: NodeJS.Timeout | undefined }>();
  const close = (address: string): void => {
    open.get(address)?.grpc.close();
    open.delete(address);
  };
  return {
    async use(address, work) {
      const one = open.get(address) ?? { grpc: connectGrpc(address), users: 0, timer: undefined };
      open.set(address, one);
      clearTimeout(one.timer);
      one.users += 1;
      try {
        return await work(one.grpc);
      } finally {
        one.users -= 1;
        if (one.users === 0) one.timer = setTimeout(() => close(address), idleMs).unref();
      }
    },
    [Symbol.dispose]() {
      for (const [address, { timer }] of open) {
        clearTimeout(timer);
        close(address);
      }
    },
  };
}

/** What is asked over gRPC: tensors, or serialized tf.Examples of a signature of that method. */
export type GrpcQuestion = ModelSpec & { readonly signature: string } & (
    | { readonly method: 'predict'; readonly inputs: InputTensors }
    | { readonly method: 'classify' | 'regress'; readonly examples: readonly Uint8Array[] }
  );

const isAbsence = ({ code, message }: GrpcFailure): boolean =>
  code === grpcStatus.UNAVAILABLE && /No connection established|ECONN|Name resolution|[Cc]onnection dropped|goaway/i.test(message);

function read(response: Uint8Array, method: Exchange['method']): Pick<Prediction, 'version' | 'outputs'> {
  if (method === 'predict') return readPrediction(response);
  const { spec, outputs } = readExampleAnswer(response, method);
  return { version: spec.version === undefined ? null : String(spec.version), outputs };
}

/**
 * One question and its answer, the server's refusal included. SERVER_UNREACHABLE where nothing answers, ANSWER_TIMEOUT where nothing
 * comes in time, SERVER_REFUSED where the answer is not understood.
 */
export async function askGrpc(grpc: ServingGrpc, address: string, question: GrpcQuestion, options: CallOptions): Promise<Exchange> {
  const { method } = question;
  const headers: Headers = [
    [':authority', address],
    ['content-type', 'application/grpc'],
    ...Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const),
  ];
  const facts = ({ path, request, encodeMs, networkMs }: Omit<GrpcAnswer, 'response'>) => ({
    method,
    url: `grpc://${address}${path}`,
    request: { start: `POST ${path} HTTP/2`, headers, body: request },
    requestBytes: request.length,
    encodeMs,
    networkMs,
    serverMs: null,
  });
  const trailer = (code: number): Exchange['response']['headers'] => [
    ['content-type', 'application/grpc'],
    ['grpc-status', String(code)],
  ];
  try {
    const answer = method === 'predict' ? await grpc.predict(question, options) : await grpc.askExamples({ ...question, method }, options);
    const received = performance.now();
    const { version, outputs } = read(answer.response, method);
    return {
      ...facts(answer),
      status: 200,
      grpcStatus: 'OK',
      ok: true,
      error: null,
      version,
      outputs,
      response: { start: 'HTTP/2 200', headers: trailer(0), body: answer.response },
      responseBytes: answer.response.length,
      decodeMs: performance.now() - received,
    };
  } catch (cause) {
    if (cause instanceof MalformedProto)
      throw new AppError('SERVER_REFUSED', { detail: `Its answer is not understood: ${cause.message}.` }, { cause });
    if (!(cause instanceof GrpcFailure) || cause.sent === null) throw cause;
    if (isAbsence(cause)) throw new AppError('SERVER_UNREACHABLE', { address }, { cause });
    if (cause.code === grpcStatus.DEADLINE_EXCEEDED) throw new AppError('ANSWER_TIMEOUT', { seconds: options.timeoutMs / 1000 }, { cause });
    const name = (grpcStatus[cause.code] ?? 'UNKNOWN') as StatusName;
    return {
      ...facts(cause.sent),
      status: httpStatus[name],
      grpcStatus: name,
      ok: false,
      error: cause.message,
      version: null,
      outputs: {},
      response: { start: 'HTTP/2 200', headers: [...trailer(cause.code), ['grpc-message', cause.message]], body: new Uint8Array() },
      responseBytes: 0,
      decodeMs: 0,
    };
  }
}

/** Asks one server once and says its refusals as failures. */
async function once<T>(address: string, work: (grpc: ServingGrpc) => Promise<T>): Promise<T> {
  const grpc = connectGrpc(address);
  try {
    return await work(grpc);
  } finally {
    grpc.close();
  }
}

/** One prediction over a connection of its own; its inputs are sent as they are. SERVER_REFUSED has the server's words. */
export function predictOverGrpc(
  address: string,
  request: ModelSpec & { readonly signature: string; readonly inputs: InputTensors },
  options: CallOptions,
): Promise<Exchange> {
  return once(address, async (grpc) => answered(await askGrpc(grpc, address, { ...request, method: 'predict' }, options)));
}

/** The signatures that a server tells of a model. */
export function fetchSignaturesOverGrpc(
  address: string,
  spec: ModelSpec,
  options: CallOptions,
): Promise<Readonly<Record<string, SignatureInfo>>> {
  return once(address, async (grpc) => {
    try {
      return await grpc.fetchSignatures(spec, options);
    } catch (cause) {
      if (!(cause instanceof GrpcFailure)) throw cause;
      if (isAbsence(cause)) throw new AppError('SERVER_UNREACHABLE', { address }, { cause });
      if (cause.code === grpcStatus.DEADLINE_EXCEEDED)
        throw new AppError('ANSWER_TIMEOUT', { seconds: options.timeoutMs / 1000 }, { cause });
      throw new AppError('SERVER_REFUSED', { detail: `gRPC ${grpcStatus[cause.code] ?? cause.code}: ${cause.message}` }, { cause });
    }
  });
}
