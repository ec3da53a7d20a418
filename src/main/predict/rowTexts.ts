import type { Tensor } from '../../shared/tensor/tensor.ts';
import { elementText, tensorJson } from '../../shared/tensor/tensorJson.ts';

/** Elements of one row of a tensor, whose first dimension is the rows; of complex numbers both parts. */
export const rowWidth = ({ dtype, shape }: Tensor): number =>
  shape.slice(1).reduce((product, size) => product * size, 1) * (dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128' ? 2 : 1);

/** One row of a tensor, without the dimension of the rows. */
export function rowOf(tensor: Tensor, row: number): Tensor {
  const width = rowWidth(tensor);
  const { dtype, shape, data } = tensor;
  return { dtype, shape: shape.slice(1), data: data.slice(row * width, (row + 1) * width) };
}

/** A row as TensorFlow Serving's JSON. */
export const rowJson = (name: string, tensor: Tensor, row: number): string => [...tensorJson(name, rowOf(tensor, row))].join('');

/** A value of CSV: a string without its quotation marks. */
export const bareText = (json: string): string => (json.startsWith('"') ? (JSON.parse(json) as string) : json);

/** One row's cells in CSV: a scalar, a vector's elements, or JSON for what has more dimensions. */
export function rowCells(name: string, tensor: Tensor, row: number): readonly string[] {
  const shape = tensor.shape.slice(1);
  const width = shape.reduce((product, size) => product * size, 1);
  const text = elementText(name, tensor);
  if (width === 1) return [bareText(text(row))];
  return shape.length === 1 ? Array.from({ length: width }, (_, at) => bareText(text(row * width + at))) : [rowJson(name, tensor, row)];
}

/** The heads of these cells: `name`, or `name[0]`, `name[1]` … */
export const rowHeads = (name: string, { shape }: Tensor): readonly string[] =>
  shape.length === 2 && shape[1] !== 1 ? Array.from({ length: shape[1] ?? 0 }, (_, at) => `${name}[${at}]`) : [name];
