import type { TensorStep } from '../contract/processing.ts';
import { utf8Bytes, utf8Text } from './bytesText.ts';
import { dtypeLabel, type Dtype } from './dtype.ts';
import { wholeRanges } from './dtypeRanges.ts';
import { smallFloat } from './smallFloat.ts';
import type { Tensor, TensorData } from './tensor.ts';
import { elementCount, isStrings, newNumbers, putText, type NumberData } from './tensorData.ts';
import { elementText } from './tensorJson.ts';
import { plainNumbers } from './tensorStats.ts';

/** A step does not go with the tensor that it is given. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

const shown = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** The place in row-major order that each element of the transposed comes from. */
export function transposedPlaces(shape: readonly number[], order: readonly number[]): Int32Array {
  const steps: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    steps.unshift(step);
    step *= size;
  }
  const places = new Int32Array(step);
  const sizes = order.map((axis) => shape[axis] ?? 0);
  const strides = order.map((axis) => steps[axis] ?? 0);
  const index = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < places.length; to += 1) {
    places[to] = from;
    for (let axis = sizes.length - 1; axis >= 0; axis -= 1) {
      const at = (index[axis] ?? 0) + 1;
      if (at < (sizes[axis] ?? 0)) {
        index[axis] = at;
        from += strides[axis] ?? 0;
        break;
      }
      from -= (at - 1) * (strides[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return places;
}

/** The shape with its −1 made whatever is left. Throws StepFailed. */
export function filledShape(shape: readonly number[], count: number): readonly number[] {
  const known = shape.filter((size) => size >= 0).reduce((product, size) => product * size, 1);
  const unknown = shape.filter((size) => size < 0).length;
  const rest = known === 0 ? 0 : count / known;
  if (unknown > 1 || !Number.isInteger(rest) || (unknown === 0 && known !== count))
    throw new StepFailed(`${count} values do not fill ${shown(shape)}`);
  return shape.map((size) => (size < 0 ? rest : size));
}

/** Elements in another order; complex ones are pairs. */
function gathered(data: TensorData, places: Int32Array, dtype: Dtype): TensorData {
  if (isStrings(data)) return Array.from(places, (place) => data[place] ?? new Uint8Array());
  const width = dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128' ? 2 : 1;
  const made = new (data.constructor as new (length: number) => NumberData)(data.length);
  for (let to = 0; to < places.length; to += 1)
    for (let part = 0; part < width; part += 1) made[to * width + part] = data[(places[to] ?? 0) * width + part] as never;
  return made;
}

/** The same values as another type, as tf.cast: fractions are cut off, what is out of range becomes the nearest there is, text is read and written. Throws StepFailed. */
export function castTensor(tensor: Tensor, dtype: Dtype): Tensor {
  if (tensor.dtype === dtype) return tensor;
  const { shape, data } = tensor;
  if (dtype === 'DT_STRING') {
    const text = elementText('', tensor);
    return { dtype, shape, data: Array.from({ length: elementCount(shape) }, (_, index) => utf8Bytes(text(index))) };
  }
  const made = newNumbers(dtype, elementCount(shape));
  if (made === null) throw new StepFailed(`${dtypeLabel(dtype)} holds no values`);
  if (isStrings(data)) {
    for (const [index, bytes] of data.entries()) {
      const text = utf8Text(bytes)?.trim() ?? '';
      const whole = made instanceof BigInt64Array || made instanceof BigUint64Array;
      if (whole ? !/^-?\d+$/.test(text) : !/^-?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|Inf(?:inity)?|NaN)$/.test(text))
        throw new StepFailed(`${JSON.stringify(text.slice(0, 40))} is no ${dtypeLabel(dtype)}`);
      putText(made, index, dtype, text);
    }
    return { dtype, shape, data: made };
  }
  const range = wholeRanges[dtype];
  const bits = dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16' ? smallFloat[dtype].bits : null;
  const complexFrom = tensor.dtype === 'DT_COMPLEX64' || tensor.dtype === 'DT_COMPLEX128';
  const complexTo = dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128';
  if (complexFrom && !complexTo) throw new StepFailed(`complex numbers are no ${dtypeLabel(dtype)}`);
  const source = complexFrom ? (data as Float64Array) : (plainNumbers(tensor) ?? data);
  const stride = complexTo && !complexFrom ? 2 : 1;
  for (let index = 0; index < source.length; index += 1) {
    const value = source[index] ?? 0;
    if (dtype === 'DT_BOOL') made[index] = Number(value) === 0 ? 0 : 1;
    else if (range === undefined) made[index * stride] = (bits === null ? Number(value) : bits(Number(value))) as never;
    else {
      const whole = typeof value === 'bigint' ? value : wholeOf(value, range);
      const kept = whole < range[0] ? range[0] : whole > range[1] ? range[1] : whole;
      if (made instanceof BigInt64Array || made instanceof BigUint64Array) made[index] = kept;
      else made[index] = Number(kept);
    }
  }
  return { dtype, shape, data: made };
}

function wholeOf(value: number, [low, high]: readonly [bigint, bigint]): bigint {
  if (Number.isNaN(value)) return 0n;
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : value > 0 ? high : low;
}

function affine(tensor: Tensor, multiply: number, add: number): Tensor {
  const values = plainNumbers(tensor);
  if (values === null || tensor.dtype === 'DT_BOOL') throw new StepFailed(`${dtypeLabel(tensor.dtype)} is not scaled`);
  const scaled = Float64Array.from(values, (value) => value * multiply + add);
  return castTensor({ dtype: 'DT_DOUBLE', shape: tensor.shape, data: scaled }, tensor.dtype);
}

function oneHot(tensor: Tensor, depth: number): Tensor {
  const { data, shape } = tensor;
  if (isStrings(data) || (plainNumbers(tensor) === null) !== data instanceof BigInt64Array)
    throw new StepFailed('one-hot takes whole numbers');
  const made = new Float32Array(data.length * depth);
  for (const [row, value] of data.entries()) {
    const index = Number(value);
    if (Number.isInteger(index) && index >= 0 && index < depth) made[row * depth + index] = 1;
  }
  return { dtype: 'DT_FLOAT', shape: [...shape, depth], data: made };
}

/** One step on a tensor; its values are never changed in place. Throws StepFailed. */
export function applyStep(tensor: Tensor, step: TensorStep): Tensor {
  const { dtype, shape, data } = tensor;
  switch (step.kind) {
    case 'cast':
      return castTensor(tensor, step.dtype);
    case 'reshape':
      return { dtype, shape: filledShape(step.shape, elementCount(shape)), data };
    case 'add-batch':
      return { dtype, shape: [1, ...shape], data };
    case 'drop-batch':
      if (shape[0] !== 1) throw new StepFailed(`${shown(shape)} is no batch of one`);
      return { dtype, shape: shape.slice(1), data };
    case 'transpose': {
      if (step.order.toSorted((a, b) => a - b).join() !== shape.map((_, axis) => axis).join())
        throw new StepFailed(`the order ${shown(step.order)} does not go with ${shown(shape)}`);
      return { dtype, shape: step.order.map((axis) => shape[axis] ?? 0), data: gathered(data, transposedPlaces(shape, step.order), dtype) };
    }
    case 'one-hot':
      return oneHot(tensor, step.depth);
    case 'affine':
      return affine(tensor, step.multiply, step.add);
  }
}
