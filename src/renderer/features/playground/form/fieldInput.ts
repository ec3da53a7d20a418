import type { ExampleFeature } from '../../../../shared/contract/playground.ts';
import type { InputSource, PreparedInputs } from '../../../../shared/contract/predict.ts';
import type { Fill } from '../../../../shared/contract/processing.ts';
import type { SignatureInfo, TensorInfo } from '../../../../shared/contract/savedModel.ts';
import { valueDtype, type Dtype } from '../../../../shared/tensor/dtype.ts';
import { wholeRanges } from '../../../../shared/tensor/dtypeRanges.ts';
import { elementCount } from '../../../../shared/tensor/tensorData.ts';
import { cellsOf, emptyText, mostCells, resizeCells, textOfCells, type Cells } from './cells.ts';

/** One input of the form: where its values come from, and the steps that are done to them. */
export type FieldInput = PreparedInputs[string];
export type Examples = Extract<InputSource, { kind: 'examples' }>['examples'];
export type Example = Examples[number];

const isPictures = (shape: readonly number[]): boolean => shape.length === 4 && [1, 3, 4].includes(shape[3] ?? -1);

/** A shape that fits: unknown sizes are 1, of pictures 32, an unknown rank is one row. */
export function firstShape({ shape }: TensorInfo): readonly number[] {
  if (shape === null) return [1];
  return shape.map((size, axis) => (size >= 0 ? size : axis > 0 && isPictures(shape) ? 32 : 1));
}

/** One example of a model's features: those that must be there, with zeros and empty texts. */
export function firstExample(features: readonly ExampleFeature[]): Example {
  return Object.fromEntries(
    features
      .filter(({ defaults }) => defaults === null)
      .map(({ name, dtype, shape }) => {
        const type = featureType(dtype);
        const count = elementCount((shape ?? [1]).map((size) => Math.max(1, size)));
        return [name, { type, values: Array.from({ length: count }, () => (type === 'text' ? '' : '0')) }];
      }),
  );
}

/** How a feature's values are given. */
export function featureType(dtype: Dtype): 'int64' | 'float' | 'text' {
  if (dtype === 'DT_STRING') return 'text';
  return dtype === 'DT_FLOAT' ? 'float' : 'int64';
}

export function firstInput(info: TensorInfo, features: readonly ExampleFeature[]): FieldInput {
  const dtype = valueDtype(info.dtype);
  if (dtype === 'DT_STRING' && features.length > 0) return { source: { kind: 'examples', examples: [firstExample(features)] } };
  const shape = firstShape(info);
  if (dtype === 'DT_STRING' && elementCount(shape) <= mostCells) {
    const texts = Array.from({ length: elementCount(shape) }, () => emptyText(dtype));
    return { source: { kind: 'json', text: textOfCells({ shape, texts }) } };
  }
  return { source: { kind: 'fill', fill: { kind: 'zeros' }, shape } };
}

/** What a form holds before anything is typed: batch 1, zeros and empty strings. */
export function firstInputs({ inputs }: SignatureInfo, features: readonly ExampleFeature[]): PreparedInputs {
  return Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, firstInput(info, features)]));
}

/** Whether rows can be added: the first dimension is the batch. */
export const hasBatch = ({ shape }: TensorInfo): boolean => shape !== null && shape[0] === -1;

/** Rows of an input before its steps; null where that is not known here, as of files and large text. */
export function rowsOf(input: FieldInput, info: TensorInfo): number | null {
  const { source } = input;
  switch (source.kind) {
    case 'fill':
      return source.shape[0] ?? null;
    case 'tensor':
      return source.tensor.shape[0] ?? null;
    case 'text':
      return source.texts.length;
    case 'examples':
      return source.examples.length;
    case 'files':
      return source.files.length;
    case 'json':
      return cellsOf(input, info)?.shape[0] ?? null;
  }
}

/** The input with so many rows; as it is where its rows are given by files or by text that is too long. */
export function withRows(input: FieldInput, info: TensorInfo, rows: number): FieldInput {
  const { source } = input;
  if (!hasBatch(info)) return input;
  if (source.kind === 'examples') {
    const last = source.examples.at(-1) ?? {};
    const examples = Array.from({ length: rows }, (_, row) => source.examples[row] ?? last);
    return { ...input, source: { kind: 'examples', examples } };
  }
  const shape = source.kind === 'fill' ? source.shape : cellsOf(input, info)?.shape;
  return shape === undefined || shape.length === 0 ? input : withShape(input, info, [rows, ...shape.slice(1)]);
}

/** The input in another shape. */
export function withShape(input: FieldInput, info: TensorInfo, shape: readonly number[]): FieldInput {
  const { source } = input;
  if (source.kind === 'fill') return { ...input, source: { ...source, shape } };
  const cells = cellsOf(input, info);
  if (cells === null) return input;
  return withCells(input, resizeCells(cells, shape, valueDtype(info.dtype)));
}

export function withCells(input: FieldInput, cells: Cells): FieldInput {
  return { ...input, source: { kind: 'json', text: textOfCells(cells) } };
}

/** The shape that is before the steps, where it is known here. */
export function shapeOf(input: FieldInput, info: TensorInfo): readonly number[] | null {
  if (input.source.kind === 'fill') return input.source.shape;
  if (input.source.kind === 'tensor') return input.source.tensor.shape;
  return cellsOf(input, info)?.shape ?? null;
}

/** Random numbers that mean something for the type: 0..1 for floats, bytes for uint8, small whole numbers else. */
export function uniformOf(dtype: Dtype, seed: number): Fill {
  const high = dtype === 'DT_UINT8' ? 256 : wholeRanges[dtype] === undefined ? 1 : 10;
  return { kind: 'uniform', low: 0, high, seed };
}

/** The input filled, in the shape that it has. */
export function filled(input: FieldInput | undefined, info: TensorInfo, how: Fill): FieldInput {
  const shape = input === undefined ? null : shapeOf(input, info);
  return { source: { kind: 'fill', fill: how, shape: shape ?? firstShape(info) } };
}
