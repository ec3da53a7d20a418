import type { Attributes } from '../attributes.ts';
import { invalid } from '../value.ts';

/** One spatial axis of a sliding window: the input's length, the window, and where the first window begins. */
export interface WindowAxis {
  readonly input: number;
  readonly output: number;
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padBefore: number;
}

/** TensorFlow's padding rules: SAME puts the odd cell behind; EXPLICIT takes pairs by axis. */
export function windowAxis(
  input: number,
  window: number,
  stride: number,
  dilation: number,
  padding: string,
  explicit: readonly [number, number],
): WindowAxis {
  const effective = (window - 1) * dilation + 1;
  let [before, output] = [0, 0];
  if (padding === 'SAME') {
    output = Math.ceil(input / stride);
    before = Math.floor(Math.max(0, (output - 1) * stride + effective - input) / 2);
  } else {
    const [head, tail] = padding === 'EXPLICIT' ? explicit : [0, 0];
    before = head;
    output = Math.floor((input + head + tail - effective) / stride) + 1;
    if (output < 0 || (output === 0 && input > 0 && input + head + tail < effective && padding !== 'VALID'))
      throw invalid(
        `Computed output size would be negative: ${output} [input_size: ${input}, effective_filter_size: ${effective}, stride: ${stride}]`,
      );
    output = Math.max(0, output);
  }
  return { input, output, window, stride, dilation, padBefore: before };
}

/** Attributes of convolutions and pools, by spatial axis, whatever the layout. */
export function windowAttributes(
  attributes: Attributes,
  rank: number,
): {
  readonly channelsFirst: boolean;
  readonly spatial: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly window: readonly number[];
  readonly padding: string;
  readonly explicit: readonly (readonly [number, number])[];
} {
  const channelsFirst = attributes.text('data_format').startsWith('NC');
  const spatial = Array.from({ length: rank - 2 }, (_, axis) => axis + (channelsFirst ? 2 : 1));
  const along = (name: string): readonly number[] => {
    const values = attributes.ints(name);
    return spatial.map((axis) => values[axis] ?? 1);
  };
  const paddings = attributes.ints('explicit_paddings');
  return {
    channelsFirst,
    spatial,
    strides: along('strides'),
    dilations: along('dilations'),
    window: along('ksize'),
    padding: attributes.text('padding'),
    explicit: spatial.map((axis) => [paddings[axis * 2] ?? 0, paddings[axis * 2 + 1] ?? 0] as const),
  };
}

/** An image tensor as [batch, depth, height, width, channels]; two-dimensional images have a depth of 1. */
export function toFive<T>(values: readonly T[], one: T): readonly [T, T, T] {
  const three = [...Array.from<T>({ length: 3 - values.length }).fill(one), ...values];
  return three as unknown as readonly [T, T, T];
}
