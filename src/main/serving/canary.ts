import { AppError } from '../../shared/contract/errors.ts';
import {
  callableSignatures,
  metaGraphFor,
  type SignatureInfo,
  type TensorInfo,
  type VersionSummary,
} from '../../shared/contract/savedModel.ts';
import type { Canary } from '../../shared/contract/serving.ts';
import { dtypeSizeBytes, valueDtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { elementCount, newNumbers } from '../../shared/tensor/tensorData.ts';
import { describeSignatureGraph } from '../savedmodel/signatureGraph.ts';
import { GrpcFailure, grpcStatus, type ServingGrpc } from '../tfserving/grpcClient.ts';

/** A made-up input larger than this says nothing more than a small one would. */
const maxBytes = 64 * 1024 * 1024;
const timeoutMs = 30_000;

/** Zeros of the tensor's shape with batch 1; null where a dimension other than the first is unknown. */
function smallTensor(info: TensorInfo): Tensor | null {
  if (info.shape === null) return null;
  const shape = info.shape.map((dim, index) => (index === 0 && dim < 0 ? 1 : dim));
  if (shape.some((dim) => dim < 0)) return null;
  const elements = elementCount(shape);
  const dtype = valueDtype(info.dtype);
  if (elements * Math.max(1, dtypeSizeBytes(dtype)) > maxBytes) return null;
  if (dtype === 'DT_STRING') return { dtype, shape, data: Array.from({ length: elements }, () => new Uint8Array()) };
  const data = newNumbers(dtype, elements);
  return data === null ? null : { dtype, shape, data };
}

/** The signature that a client would call first. */
function mainSignature(version: VersionSummary, tags: readonly string[]): readonly [string, SignatureInfo] | undefined {
  const graph = metaGraphFor(version, tags);
  const all = graph === undefined ? [] : callableSignatures(graph);
  const predicts = all.filter(([, { method_name }]) => method_name.endsWith('/predict'));
  return predicts.find(([name]) => name === 'serving_default') ?? predicts[0];
}

/**
 * One prediction made from the signature, where that is safe and means something. An op's refusal of made-up input is a note.
 * Throws OP_UNKNOWN and CANARY_FAILED where the model cannot answer at all.
 */
export async function tryCanary(
  grpc: Pick<ServingGrpc, 'predict'>,
  {
    model,
    version,
    tags,
    asVersion,
  }: {
    readonly model: string;
    readonly version: VersionSummary;
    readonly tags: readonly string[];
    /** The version to ask; the one that answers where it is not given. */
    readonly asVersion?: string;
  },
  { signal }: { readonly signal: AbortSignal },
): Promise<Canary> {
  const signature = mainSignature(version, tags);
  if (signature === undefined) return { kind: 'not-tried', reason: 'the model has no predict signature' };
  const [name, { inputs }] = signature;
  const graph = await describeSignatureGraph(version.path, tags, name, { signal });
  if (graph.writesState) return { kind: 'not-tried', reason: 'a prediction changes the model’s state' };
  if (graph.needsMeaningfulBytes) return { kind: 'not-tried', reason: 'its inputs are encoded data such as images or examples' };
  const tensors: Record<string, Tensor> = {};
  for (const [input, info] of Object.entries(inputs)) {
    const tensor = smallTensor(info);
    if (tensor === null) return { kind: 'not-tried', reason: `${input} has dimensions that only you know` };
    tensors[input] = tensor;
  }
  const started = performance.now();
  try {
    await grpc.predict({ model, version: asVersion, signature: name, inputs: tensors }, { signal, timeoutMs });
    return { kind: 'answered', ms: performance.now() - started };
  } catch (error) {
    if (!(error instanceof GrpcFailure)) throw error;
    const op = /Op type not registered '([^']+)'/.exec(error.message)?.[1];
    if (op !== undefined) throw new AppError('OP_UNKNOWN', { op }, { cause: error });
    const cannotAnswer = [grpcStatus.RESOURCE_EXHAUSTED, grpcStatus.UNAVAILABLE, grpcStatus.DEADLINE_EXCEEDED].includes(error.code);
    if (cannotAnswer) throw new AppError('CANARY_FAILED', { detail: error.message }, { cause: error });
    return { kind: 'refused', note: error.message.slice(0, 500) };
  }
}
