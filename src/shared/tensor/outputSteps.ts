import type { OutputStep } from '../contract/processing.ts';
import { elementText } from './tensorJson.ts';
import type { Tensor } from './tensor.ts';
import { plainNumbers } from './tensorStats.ts';
import { StepFailed } from './tensorSteps.ts';

/** The largest values of one row, largest first; `value` as TensorFlow Serving writes it. */
export type Top = readonly { readonly index: number; readonly label: string | null; readonly value: string }[];

/** Softmax and sigmoid that neither overflow nor lose a large difference. */
const rowSteps = {
  softmax(row: Float64Array): void {
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (let index = 0; index < row.length; index += 1) {
      row[index] = Math.exp((row[index] ?? 0) - most);
      sum += row[index] ?? 0;
    }
    for (let index = 0; index < row.length; index += 1) row[index] = (row[index] ?? 0) / sum;
  },
  sigmoid(row: Float64Array): void {
    for (let index = 0; index < row.length; index += 1) {
      const value = row[index] ?? 0;
      row[index] = value >= 0 ? 1 / (1 + Math.exp(-value)) : Math.exp(value) / (1 + Math.exp(value));
    }
  },
};

function topOf(name: string, tensor: Tensor, count: number, labels: readonly string[] | null): readonly Top[] {
  const values = plainNumbers(tensor) ?? (Array.isArray(tensor.data) ? null : Array.from(tensor.data as BigInt64Array, Number));
  if (values === null) throw new StepFailed('strings have no largest');
  const width = tensor.shape.at(-1) ?? 1;
  const text = elementText(name, tensor);
  return Array.from({ length: width === 0 ? 0 : values.length / width }, (_, row) => {
    const order = Array.from({ length: width }, (_unused, index) => index);
    const at = (index: number): number => {
      const value = values[row * width + index] ?? 0;
      return Number.isNaN(value) ? -Infinity : value;
    };
    // Of equals the first comes first.
    order.sort((a, b) => (at(b) > at(a) ? 1 : at(b) < at(a) ? -1 : a - b));
    return order.slice(0, count).map((index) => ({ index, label: labels?.[index] ?? null, value: text(row * width + index) }));
  });
}

/**
 * An output through its postprocessing, a row being its last dimension; in float, or double where it was. `labelsOf` finds the names
 * that a `top` step asks for. Throws StepFailed for an output that holds no real numbers.
 */
export async function applyOutputSteps(
  name: string,
  output: Tensor,
  steps: readonly OutputStep[],
  labelsOf: (source: Extract<OutputStep, { kind: 'top' }>['labels']) => Promise<readonly string[] | null>,
): Promise<{ readonly tensor: Tensor; readonly top: readonly Top[] | null }> {
  let tensor = output;
  for (const step of steps) {
    if (step.kind === 'top') return { tensor, top: topOf(name, tensor, step.count, await labelsOf(step.labels)) };
    const numbers = plainNumbers(tensor) ?? (Array.isArray(tensor.data) ? null : Array.from(tensor.data as BigInt64Array, Number));
    if (numbers === null || tensor.dtype === 'DT_COMPLEX64' || tensor.dtype === 'DT_COMPLEX128')
      throw new StepFailed(`${step.kind} takes real numbers`);
    const values = Float64Array.from(numbers);
    const width = step.kind === 'softmax' || step.kind === 'sigmoid' ? (tensor.shape.at(-1) ?? 1) : values.length;
    const rows = width === 0 ? 0 : values.length / width;
    for (let at = 0; at < rows; at += 1) {
      const row = values.subarray(at * width, (at + 1) * width);
      if (step.kind === 'softmax' || step.kind === 'sigmoid') rowSteps[step.kind](row);
      else
        for (let index = 0; index < row.length; index += 1) {
          const value = row[index] ?? 0;
          row[index] = step.kind === 'affine' ? value * step.multiply + step.add : value >= step.value ? 1 : 0;
        }
    }
    const isDouble = tensor.dtype === 'DT_DOUBLE';
    tensor = { dtype: isDouble ? 'DT_DOUBLE' : 'DT_FLOAT', shape: tensor.shape, data: isDouble ? values : Float32Array.from(values) };
  }
  return { tensor, top: null };
}
