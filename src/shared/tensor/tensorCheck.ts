import type { SignatureInfo } from '../contract/savedModel.ts';
import { dtypeLabel, valueDtype } from './dtype.ts';
import type { Misfit } from './requestCheck.ts';
import type { Tensor } from './tensor.ts';
import { shapeFix } from './tensorFix.ts';

const shown = (shape: readonly number[]): string => `[${shape.map((size) => (size < 0 ? '?' : size)).join(', ')}]`;
const plain = { dimension: null, expected: '', got: '', at: null, fix: null };

/** How one tensor does not fit an input of a signature; null where it does. */
function tensorMisfit(input: string, tensor: Tensor, { inputs }: SignatureInfo): Misfit | null {
  const info = inputs[input];
  if (info === undefined)
    return { ...plain, input, message: `${input} is no input of the signature, which has ${Object.keys(inputs).join(', ')}.` };
  const { shape: wanted } = info;
  const { shape } = tensor;
  const dtype = valueDtype(info.dtype);
  if (dtype !== tensor.dtype) {
    const [expected, got] = [dtypeLabel(dtype), dtypeLabel(tensor.dtype)];
    return { ...plain, input, expected, got, fix: { kind: 'cast', dtype }, message: `${input} is ${expected}; it was given ${got}.` };
  }
  if (wanted === null) return null;
  const fix = shapeFix(shape, wanted);
  if (shape.length !== wanted.length) {
    const message = `${input} has ${shape.length} dimensions, ${shown(shape)}; the model wants ${wanted.length}, ${shown(wanted)}.`;
    return { ...plain, input, expected: String(wanted.length), got: String(shape.length), fix, message };
  }
  const axis = shape.findIndex((size, at) => (wanted[at] ?? -1) >= 0 && wanted[at] !== size);
  if (axis < 0) return null;
  const [expected, got] = [String(wanted[axis]), String(shape[axis])];
  const message = `Dimension ${axis + 1} of ${input} is ${got}; the model wants ${expected}.`;
  return { ...plain, input, dimension: axis + 1, expected, got, fix, message };
}

/** What keeps tensors from being a request of this signature; an input may be left out only where it has a default, or `optional` names it. */
export function checkTensors(
  signature: SignatureInfo,
  tensors: Readonly<Record<string, Tensor>>,
  optional: readonly string[] = signature.optional ?? [],
): readonly Misfit[] {
  const missing = Object.keys(signature.inputs).filter((name) => tensors[name] === undefined && !optional.includes(name));
  return [
    ...missing.map((input) => ({ ...plain, input, message: `${input} is missing.` })),
    ...Object.entries(tensors).flatMap(([name, tensor]) => tensorMisfit(name, tensor, signature) ?? []),
  ];
}
