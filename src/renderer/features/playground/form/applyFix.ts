import type { TensorInfo } from '../../../../shared/contract/savedModel.ts';
import { valueDtype } from '../../../../shared/tensor/dtype.ts';
import { JsonSyntax, jsonText, member, parseJson } from '../../../../shared/tensor/json.ts';
import { fixBody, type TensorFix } from '../../../../shared/tensor/tensorFix.ts';
import { cellsOf, resizeCells } from './cells.ts';
import { withCells, type FieldInput } from './fieldInput.ts';

/** Text that is changed where it stands; longer text, files and tensors get a step instead. */
const changedChars = 200_000;

/** The input with a fix: its values changed where they were typed, else one step more. */
export function applyFix(name: string, input: FieldInput, info: TensorInfo, fix: TensorFix): FieldInput {
  const { source, steps = [] } = input;
  if (steps.length === 0 && source.kind === 'json' && source.text.length <= changedChars) {
    const text = fixedText(name, source.text, info, fix);
    if (text !== null) return { ...input, source: { kind: 'json', text } };
  }
  if (steps.length === 0 && source.kind === 'fill' && fix.kind !== 'cast')
    return { ...input, source: { ...source, shape: fixedShape(source.shape, fix) } };
  return { ...input, steps: [...steps, fix] };
}

function fixedText(name: string, text: string, info: TensorInfo, fix: TensorFix): string | null {
  try {
    const body = parseJson(`{"inputs": ${text}}`);
    const fixed = member(parseJson(fixBody({ method_name: '', inputs: { [name]: info }, outputs: {} }, body, name, fix)), 'inputs');
    return fixed === undefined ? null : jsonText(fixed);
  } catch (error) {
    if (error instanceof JsonSyntax) return null;
    throw error;
  }
}

function fixedShape(shape: readonly number[], fix: TensorFix): readonly number[] {
  switch (fix.kind) {
    case 'add-batch':
      return [1, ...shape];
    case 'drop-batch':
      return shape.slice(1);
    case 'transpose':
      return fix.order.map((axis) => shape[axis] ?? 1);
    case 'reshape': {
      const count = shape.reduce((product, size) => product * size, 1);
      const known = fix.shape.reduce((product, size) => (size < 0 ? product : product * size), 1);
      return fix.shape.map((size) => (size < 0 ? count / known : size));
    }
    case 'cast':
      return shape;
  }
}

/** The same values cut or filled up to the sizes that the signature has; null where they are not here as cells, or fit. */
export function fittedCells(input: FieldInput, info: TensorInfo): { readonly input: FieldInput; readonly shape: readonly number[] } | null {
  const cells = cellsOf(input, info);
  const wanted = info.shape;
  if (cells === null || wanted === null || wanted.length !== cells.shape.length || (input.steps ?? []).length > 0) return null;
  const shape = wanted.map((size, axis) => (size < 0 ? (cells.shape[axis] ?? 1) : size));
  if (shape.every((size, axis) => size === cells.shape[axis])) return null;
  const made: FieldInput =
    input.source.kind === 'fill'
      ? { ...input, source: { ...input.source, shape } }
      : withCells(input, resizeCells(cells, shape, valueDtype(info.dtype)));
  return { input: made, shape };
}
