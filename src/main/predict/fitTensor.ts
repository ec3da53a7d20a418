import { AppError } from '../../shared/contract/errors.ts';
import type { TensorInfo } from '../../shared/contract/savedModel.ts';
import { dtypeLabel, valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import { wholeRanges } from '../../shared/tensor/dtypeRanges.ts';
import { smallFloat } from '../../shared/tensor/smallFloat.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { isStrings, newNumbers, type NumberData } from '../../shared/tensor/tensorData.ts';
import type { FileReading } from './inputTensors.ts';

const floats = new Set<Dtype>(['DT_HALF', 'DT_BFLOAT16', 'DT_FLOAT', 'DT_DOUBLE']);
const complexes = new Set<Dtype>(['DT_COMPLEX64', 'DT_COMPLEX128']);

/** A request that does not fit, in the words of the check of typed JSON. */
export const mismatch = (detail: string): AppError => new AppError('REQUEST_MISMATCH', { detail });

/** `[?, 28, 28]` */
export const shapeText = (shape: readonly number[]): string => `[${shape.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]`;

/** A tensor of a file as an input of a signature: its type made the signature's where that loses no more than digits, its shape compared. */
export function fitTensor(input: string, tensor: Tensor, info: TensorInfo, { say, insist }: Omit<FileReading, 'signature'>): Tensor {
  const shape = fitShape(input, tensor.shape, info, { say, insist });
  const dtype = valueDtype(info.dtype);
  if (dtype === tensor.dtype) return { ...tensor, shape };
  const data = converted(input, tensor, dtype);
  say(`${input}: ${dtypeLabel(tensor.dtype)} → ${dtypeLabel(dtype)}`);
  return { dtype, shape, data };
}

/** The shape to send: the array's own, or with a first dimension of 1 where one row of a batch was given. */
function fitShape(
  input: string,
  shape: readonly number[],
  { shape: wanted }: TensorInfo,
  { say, insist }: Omit<FileReading, 'signature'>,
): readonly number[] {
  if (wanted === null) return shape;
  const row = wanted.slice(1);
  if (shape.length === row.length && wanted.length > 0 && (wanted[0] ?? 0) <= 1 && wanted[0] !== 0 && fits(shape, row)) {
    say(`${input}: ${shapeText(shape)} is sent as a batch of one, ${shapeText([1, ...shape])}`);
    return [1, ...shape];
  }
  if (insist) return shape;
  if (shape.length !== wanted.length)
    throw mismatch(`${input} has ${shape.length} dimensions, ${shapeText(shape)}; the model wants ${wanted.length}, ${shapeText(wanted)}.`);
  for (const [index, size] of shape.entries()) {
    const want = wanted[index] ?? -1;
    if (want >= 0 && want !== size) throw mismatch(`Dimension ${index + 1} of ${input} is ${size}; the model wants ${want}.`);
  }
  return shape;
}

const fits = (shape: readonly number[], wanted: readonly number[]): boolean =>
  shape.every((size, index) => (wanted[index] ?? -1) < 0 || wanted[index] === size);

function converted(input: string, { dtype: from, data }: Tensor, to: Dtype): NumberData {
  const refuse = (): never => {
    const held = dtypeLabel(from);
    throw mismatch(
      `${input} is ${dtypeLabel(to)}, the file holds ${held}.${floats.has(from) && wholeRanges[to] !== undefined ? ` Round it yourself: a.astype("${dtypeLabel(to)}").` : ''}`,
    );
  };
  if (isStrings(data)) return refuse();
  const made = newNumbers(to, complexes.has(to) ? data.length / 2 : data.length);
  const whole = (dtype: Dtype): boolean => wholeRanges[dtype] !== undefined;
  const known = complexes.has(from)
    ? complexes.has(to)
    : floats.has(to)
      ? floats.has(from) || whole(from) || from === 'DT_BOOL'
      : whole(to) && (whole(from) || from === 'DT_BOOL');
  if (made === null || !known) return refuse();
  const range = wholeRanges[to];
  const read = from === 'DT_HALF' || from === 'DT_BFLOAT16' ? smallFloat[from].value : null;
  const write = to === 'DT_HALF' || to === 'DT_BFLOAT16' ? smallFloat[to].bits : null;
  for (let index = 0; index < data.length; index += 1) {
    const value = data[index] ?? 0;
    if (range !== undefined && (value < range[0] || value > range[1]))
      throw mismatch(`${input} is ${dtypeLabel(to)}: ${value} is not a number from ${range[0]} to ${range[1]}.`);
    if (made instanceof BigInt64Array || made instanceof BigUint64Array) made[index] = BigInt(value);
    else {
      const number = read === null ? Number(value) : read(Number(value));
      made[index] = write === null ? number : write(number);
    }
  }
  return made;
}
