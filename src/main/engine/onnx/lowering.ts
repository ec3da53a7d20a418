import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { Attributes } from '../attributes.ts';
import type { SegmentBuilder } from './segmentBuilder.ts';

/** What is known of a value before anything runs. */
export interface ValueType {
  readonly dtype: Dtype | undefined;
  /** -1 for an unknown dimension; null for an unknown rank. */
  readonly dims: readonly number[] | null;
  /** The value itself. */
  readonly constant?: Tensor;
  /** The slot of the value whose shape it is. */
  readonly shapeOf?: number;
  /** A small integer tensor of which some values are known: as doubles, NaN where unknown. */
  readonly partial?: Tensor;
}

export interface LowerContext {
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly ValueType[];
}

/** An op as ONNX nodes. Slots are the plan's. */
export interface Lowered {
  readonly outputs: readonly ValueType[];
  /** Multiplications and additions for one row of the batch, as far as known; decides whether a session is worth its call. */
  readonly work: number;
  readonly emit: (build: SegmentBuilder, inputs: readonly number[], outputs: readonly number[]) => void;
}

/** Answers null where ONNX has no equal, or where too little is known; the host's kernel runs then. */
export type Lower = (context: LowerContext) => Lowered | null;
export type LowerFamily = Readonly<Record<string, Lower>>;

/** Whether it is of one of these types, and no part of the arithmetic of shapes, which is foreseen. */
export const isOf = (value: ValueType | undefined, ...dtypes: readonly Dtype[]): value is ValueType & { readonly dtype: Dtype } =>
  value?.dtype !== undefined && dtypes.includes(value.dtype) && value.partial === undefined;
/** What is moved about without a look at it. */
export const isMovable = (value: ValueType | undefined): value is ValueType & { readonly dtype: Dtype } =>
  isOf(value, 'DT_FLOAT', 'DT_BOOL');
export const isFloat = ({ dtype }: ValueType): boolean => dtype === 'DT_FLOAT';

/** Elements of a shape without its first dimension, unknown ones taken as one. */
export const rowSize = (dims: readonly number[] | null): number => (dims ?? []).slice(1).reduce((size, dim) => size * Math.max(1, dim), 1);

/** The integers of a constant; undefined where it is none. */
export function constantIntegers(value: ValueType | undefined): readonly number[] | undefined {
  return value?.constant === undefined ? undefined : Array.from(value.constant.data as Int32Array, Number);
}

/** Axes counted from the front. */
export const fromFront = (axes: readonly number[], rank: number): readonly number[] => axes.map((axis) => (axis < 0 ? axis + rank : axis));

/** The place of a TensorFlow axis (channels last) once channels come first. */
export const channelsFirstAxis = (axis: number, rank: number): number => (axis === 0 ? 0 : axis === rank - 1 ? 1 : axis + 1);

/** The common shape of two operands, -1 where it depends on an unknown dimension; null where a rank is unknown. */
export function broadcastDims(a: readonly number[] | null, b: readonly number[] | null): readonly number[] | null {
  if (a === null || b === null) return null;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [x, y] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    return x === 1 ? y : y === 1 ? x : x < 0 ? y : x;
  });
}
