import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { invalid } from './status.ts';

const joined = (names: Iterable<string>): string => [...names].join(',');

/**
 * The inputs of a Predict call with the signature's defaults for those that are not sent. Throws StatusError with TensorFlow
 * Serving's words where names are missing or unknown, also among the outputs that are asked for.
 */
export function predictInputs(
  signature: SignatureInfo,
  defaults: Readonly<Record<string, Tensor>>,
  sent: Readonly<Record<string, Tensor>>,
  outputFilter: readonly string[],
): Readonly<Record<string, Tensor>> {
  const wanted = Object.keys(signature.inputs).toSorted();
  const given = Object.keys(sent).toSorted();
  const missing = wanted.filter((name) => !Object.hasOwn(sent, name) && !Object.hasOwn(defaults, name));
  const extra = given.filter((name) => !wanted.includes(name));
  if (missing.length > 0 || extra.length > 0)
    throw invalid(
      `input size does not match signature: ${given.length}!=${wanted.length} len({${joined(given)}}) != len({${joined(wanted)}}). Sent extra: {${joined(extra)}}. Missing but required: {${joined(missing)}}.`,
    );
  const seen = new Set<string>();
  for (const name of outputFilter) {
    if (!Object.hasOwn(signature.outputs, name))
      throw invalid(
        `output tensor alias not found in signature: ${name} Outputs expected to be in the set {${joined(Object.keys(signature.outputs).toSorted())}}.`,
      );
    if (seen.has(name)) throw invalid(`duplicate output tensor alias: ${name}`);
    seen.add(name);
  }
  return { ...defaults, ...sent };
}
