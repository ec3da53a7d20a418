import type { TensorSummary } from '../../../shared/contract/predict.ts';
import type { DtypeName } from '../../../shared/tensor/dtype.ts';

/** One class of an answer and its score. */
export interface ClassScore {
  readonly index: number;
  readonly value: number;
  /** As the server wrote it. */
  readonly text: string;
}

export interface Classes {
  /** Highest first. */
  readonly scores: readonly ClassScore[];
  /** All in 0..1 and together 1, so that % makes sense. */
  readonly probabilities: boolean;
}

const floats: readonly string[] = ['DT_FLOAT', 'DT_DOUBLE', 'DT_HALF', 'DT_BFLOAT16'];
const mostClasses = 1_000;

/** The classes of one row of floats, `[1, n]` or `[n]` with 2 to 1000 values all at hand; null for any other tensor. */
export function classesOf(output: TensorSummary, dtype: DtypeName | null): Classes | null {
  const { shape, first, size } = output;
  const row = shape.length === 1 || (shape.length === 2 && shape[0] === 1);
  if (!row || size < 2 || size > mostClasses || first.length < size) return null;
  const kind = output.dtype ?? dtype;
  if (kind !== null && !floats.includes(kind)) return null;
  const values = first.slice(0, size).map(Number);
  if (!values.every(Number.isFinite)) return null;
  const scores = values.map((value, index) => ({ index, value, text: first[index] ?? '' })).toSorted((a, b) => b.value - a.value);
  const sum = values.reduce((total, value) => total + value, 0);
  return { scores, probabilities: values.every((value) => value >= 0 && value <= 1) && Math.abs(sum - 1) < 1e-3 };
}
