import { AppError } from '../../shared/contract/errors.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { MalformedProto } from '../protobuf/wire.ts';
import {
  connectGrpc,
  GrpcFailure,
  grpcStatus,
  readPrediction,
  type GrpcAnswer,
  type ModelSpec,
  type Prediction,
  type ServingGrpc,
} from '../tfserving/grpcClient.ts';
import type { InputTensors } from './inputTensors.ts';

export type GrpcPrediction = Prediction & Omit<GrpcAnswer, 'response'> & { readonly responseBytes: number; readonly decodeMs: number };

interface Waiting {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Asks one server and says its refusals as failures: SERVER_UNREACHABLE, SERVER_REFUSED. */
async function ask<T>(address: string, { timeoutMs }: Waiting, work: (grpc: ServingGrpc) => Promise<T>): Promise<T> {
  const grpc = connectGrpc(address);
  try {
    return await work(grpc);
  } catch (cause) {
    if (cause instanceof MalformedProto)
      throw new AppError('SERVER_REFUSED', { detail: `Its answer is not understood: ${cause.message}.` }, { cause });
    if (!(cause instanceof GrpcFailure)) throw cause;
    if (cause.code === grpcStatus.UNAVAILABLE) throw new AppError('SERVER_UNREACHABLE', { address }, { cause });
    const detail =
      cause.code === grpcStatus.DEADLINE_EXCEEDED
        ? `There was no answer within ${timeoutMs / 1000} s.`
        : `gRPC ${grpcStatus[cause.code] ?? cause.code}: ${cause.message}`;
    throw new AppError('SERVER_REFUSED', { detail }, { cause });
  } finally {
    grpc.close();
  }
}

/** One prediction over gRPC; its inputs are sent as they are. */
export function predictOverGrpc(
  address: string,
  request: ModelSpec & { readonly signature: string; readonly inputs: InputTensors },
  waiting: Waiting,
): Promise<GrpcPrediction> {
  return ask(address, waiting, async (grpc) => {
    const { response, ...answer } = await grpc.predict(request, waiting);
    const received = performance.now();
    const prediction = readPrediction(response);
    return { ...prediction, ...answer, responseBytes: response.length, decodeMs: performance.now() - received };
  });
}

/** The signatures that a server tells of a model. */
export function fetchSignaturesOverGrpc(
  address: string,
  spec: ModelSpec,
  waiting: Waiting,
): Promise<Readonly<Record<string, SignatureInfo>>> {
  return ask(address, waiting, (grpc) => grpc.fetchSignatures(spec, waiting));
}
