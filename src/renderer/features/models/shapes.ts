import {
  callableSignatures,
  metaGraphFor,
  type SignatureInfo,
  type TensorInfo,
  type VersionSummary,
} from '../../../shared/contract/savedModel.ts';
import { dtypeLabel } from '../../../shared/tensor/dtype.ts';

/** `[?, 8, 8, 1]`; with `batch` the unknown first dimension takes that name. */
export function shapeText({ shape }: Pick<TensorInfo, 'shape'>, batch = '?'): string {
  if (shape === null) return '[…]';
  return `[${shape.map((dim, index) => (dim >= 0 ? dim : index === 0 ? batch : '?')).join(', ')}]`;
}

const side = (tensors: SignatureInfo['inputs']): string =>
  Object.entries(tensors)
    .map(([name, info]) => `${name} ${dtypeLabel(info.dtype)} ${shapeText(info)}`)
    .join(', ');

/** A signature in one line. */
export function signatureLine({ inputs, outputs }: SignatureInfo): readonly [inputs: string, outputs: string] {
  return [side(inputs), side(outputs)];
}

/** The callable signatures of a version as it would be served, or of its first graph. */
export function signaturesOf(version: VersionSummary | undefined): readonly (readonly [string, SignatureInfo])[] {
  const graph = version === undefined ? undefined : (metaGraphFor(version) ?? version.meta_graphs[0]);
  return graph === undefined ? [] : callableSignatures(graph);
}

export const methodWord = ({ method_name }: SignatureInfo): string => method_name.split('/').at(-1) ?? '';
