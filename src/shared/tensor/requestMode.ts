import type { ModeReason } from '../contract/predict.ts';
import type { SignatureInfo, TensorInfo } from '../contract/savedModel.ts';
import { dtypeLabel, valueDtype } from './dtype.ts';
import { notOverRest } from './dtypeRanges.ts';
import type { Tensor } from './tensor.ts';
import { elementCount } from './tensorData.ts';

/** Above so many bytes JSON takes many times as long as gRPC. */
const largeBytes = 4_000_000;

interface Side {
  readonly tensor: string;
  readonly side: 'input' | 'output';
  readonly info: TensorInfo;
}

const sidesOf = ({ inputs, outputs }: SignatureInfo): readonly Side[] => [
  ...Object.entries(inputs).map(([tensor, info]) => ({ tensor, side: 'input' as const, info })),
  ...Object.entries(outputs).map(([tensor, info]) => ({ tensor, side: 'output' as const, info })),
];

/** Why a signature cannot be asked over REST at all; null where it can. */
export function restBarrier(signature: SignatureInfo): ModeReason | null {
  const found = sidesOf(signature).find(({ info }) => notOverRest.has(valueDtype(info.dtype)));
  return found === undefined ? null : { kind: 'type', tensor: found.tensor, side: found.side, dtype: dtypeLabel(found.info.dtype) };
}

/**
 * Why a request cannot go in rows; null where it can: TensorFlow Serving splits the answer by its first dimension, so all tensors,
 * also those of the answer, need one in common. Of the answer only what the signature says is known: a first dimension that is
 * unknown is taken for the batch, one that is fixed must be the rows that are sent.
 */
export function rowBarrier(signature: SignatureInfo, inputs: Readonly<Record<string, Sized>> | null): ModeReason | null {
  let rows: number | null = null;
  for (const { tensor, side, info } of sidesOf(signature)) {
    const sent = side === 'input' ? inputs?.[tensor] : undefined;
    const shape = sent?.shape ?? info.shape;
    if (shape === null || (side === 'input' && inputs !== null && sent === undefined)) continue;
    const [first] = shape;
    if (first === undefined) return { kind: 'scalar', tensor, side };
    if (first < 0) continue;
    if (rows === null && (side === 'input' ? sent !== undefined : inputs !== null)) rows = first;
    else if (rows === null && inputs === null) {
      // Nothing is sent yet: a fixed first dimension keeps rows of any number away, but for a batch of one.
      if (first !== 1) return { kind: 'fixed-rows', tensor, side };
      rows = first;
    } else if (rows !== first) return { kind: side === 'output' ? 'fixed-rows' : 'unequal-rows', tensor, side };
  }
  return rows === 0 ? { kind: 'unequal-rows', tensor: Object.keys(signature.inputs)[0] ?? '', side: 'input' } : null;
}

/** An input whose default is to be taken: REST refuses a request without it, gRPC does not. */
export const leftOutOf = ({ optional = [] }: SignatureInfo, inputs: Readonly<Record<string, unknown>>): string | undefined =>
  optional.find((name) => inputs[name] === undefined);

/** A tensor, or what is known of one that is elsewhere. */
export type Sized = Tensor | { readonly shape: readonly number[]; readonly bytes: number };

const bytesOf = (one: Sized): number =>
  'bytes' in one
    ? one.bytes
    : 'byteLength' in one.data
      ? (one.data as { readonly byteLength: number }).byteLength
      : elementCount(one.shape) * 16;

/** How tensors go where the person leaves it open: REST where it carries them, in rows where they have rows, gRPC where it must or is much faster. */
export function chooseMode(
  signature: SignatureInfo,
  inputs: Readonly<Record<string, Sized>>,
): { readonly mode: 'row' | 'columnar' | 'grpc'; readonly reason: ModeReason } {
  if (Object.keys(signature.inputs).length === 0) return { mode: 'grpc', reason: { kind: 'no-inputs' } };
  const rest = restBarrier(signature);
  if (rest !== null) return { mode: 'grpc', reason: rest };
  const leftOut = leftOutOf(signature, inputs);
  if (leftOut !== undefined) return { mode: 'grpc', reason: { kind: 'left-out', tensor: leftOut } };
  const bytes = Object.values(inputs).reduce((sum, one) => sum + bytesOf(one), 0);
  if (bytes > largeBytes) return { mode: 'grpc', reason: { kind: 'large', bytes } };
  const row = rowBarrier(signature, inputs);
  return row === null ? { mode: 'row', reason: { kind: 'rows' } } : { mode: 'columnar', reason: row };
}
