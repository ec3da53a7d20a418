import type { CaseOutput, Tolerance } from '../../shared/contract/cases.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { isStrings } from '../../shared/tensor/tensorData.ts';
import { plainNumbers } from '../../shared/tensor/tensorStats.ts';
import { compareOutput } from '../predict/compareAnswers.ts';

/** One output of an answer against what a case expects: its difference, and how many elements lie beyond the tolerance. */
export function judgeOutput(name: string, answered: Tensor | null, expected: Tensor, tolerance: Tolerance): CaseOutput {
  const difference = compareOutput(name, answered, expected);
  if (answered === null || difference.problem !== null) return { ...difference, beyond: difference.size };
  // Strings, and whole numbers of 64 bits, are equal or not.
  if (isStrings(expected.data) || difference.different === 0) return { ...difference, beyond: difference.different };
  const [got, want] = [plainNumbers(answered), plainNumbers(expected)];
  if (got === null || want === null) return { ...difference, beyond: difference.different };
  let beyond = 0;
  for (let index = 0; index < want.length; index += 1) {
    const [one, other] = [got[index] ?? 0, want[index] ?? 0];
    const equal = one === other || (Number.isNaN(one) && Number.isNaN(other));
    if (!equal && !(Math.abs(one - other) <= tolerance.absolute + tolerance.relative * Math.abs(other))) beyond += 1;
  }
  return { ...difference, beyond };
}

/** The sentence that tells why an output does not fit; null where it does. */
export function faultOf({ name, beyond, size, problem, largest }: CaseOutput): string | null {
  if (beyond === 0 && problem === null) return null;
  if (problem !== null) return `${name}: ${problem}`;
  return `${name}: ${beyond} of ${size} ${size === 1 ? 'element' : 'elements'} beyond the tolerance${largest === null ? '' : `, by up to ${Number(largest.toPrecision(3))}`}.`;
}
