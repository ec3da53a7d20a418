import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { narrowed, widened } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, cells, integers, invalid, isWide, shapeText, sizeOf, tensorOf, type Cells } from '../value.ts';
import { lowest } from './reduce.ts';
import { rangeOf } from './scatter.ts';
import { transpose } from './shape.ts';
import { toFive, windowAttributes, windowAxis, type WindowAxis } from './window.ts';

/** NCHW as NHWC and back, for any number of spatial axes. */
export const toChannelsLast = (x: Tensor): Tensor => transpose(x, [0, ...x.shape.slice(2).map((_, axis) => axis + 2), 1]);
export const toChannelsFirst = (x: Tensor): Tensor => transpose(x, [0, x.shape.length - 1, ...x.shape.slice(2).map((_, axis) => axis + 1)]);

const plain: WindowAxis = { input: 1, output: 1, window: 1, stride: 1, dilation: 1, padBefore: 0 };

interface Geometry {
  readonly axes: readonly WindowAxis[];
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/**
 * Calls `tap` for each pair of an output place and an input place that a window's cell joins: cell index within the window, start of
 * the input place's channels, start of the output place's channels.
 */
function eachTap({ axes, batch, inChannels, outChannels }: Geometry, tap: (cell: number, from: number, to: number) => void): void {
  const [d, h, w] = toFive(axes, plain);
  for (let b = 0; b < batch; b += 1) {
    for (let od = 0; od < d.output; od += 1) {
      for (let oh = 0; oh < h.output; oh += 1) {
        for (let ow = 0; ow < w.output; ow += 1) {
          const to = (((b * d.output + od) * h.output + oh) * w.output + ow) * outChannels;
          for (let kd = 0; kd < d.window; kd += 1) {
            const id = od * d.stride + kd * d.dilation - d.padBefore;
            if (id < 0 || id >= d.input) continue;
            for (let kh = 0; kh < h.window; kh += 1) {
              const ih = oh * h.stride + kh * h.dilation - h.padBefore;
              if (ih < 0 || ih >= h.input) continue;
              for (let kw = 0; kw < w.window; kw += 1) {
                const iw = ow * w.stride + kw * w.dilation - w.padBefore;
                if (iw < 0 || iw >= w.input) continue;
                tap((kd * h.window + kh) * w.window + kw, (((b * d.input + id) * h.input + ih) * w.input + iw) * inChannels, to);
              }
            }
          }
        }
      }
    }
  }
}

/** Conv2D and Conv3D: filter [window..., channels / groups, filters]. */
const convolve: MakeKernel = ({ node, attributes }) => {
  const rank = node.op === 'Conv3D' ? 5 : 4;
  const { channelsFirst, strides, dilations, padding, explicit } = windowAttributes(attributes, rank);
  return (inputs) => {
    const [given, filterGiven] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    if (given.shape.length !== rank)
      throw invalid(rank === 4 ? `convolution input must be 4-dimensional: ${shapeText(given.shape)}` : 'input must be 5-dimensional');
    if (filterGiven.shape.length !== rank)
      throw invalid(`${rank === 4 ? 'convolution ' : ''}filter must be ${rank}-dimensional: ${shapeText(filterGiven.shape)}`);
    const x = channelsFirst ? toChannelsLast(widened(given)) : widened(given);
    const filter = widened(filterGiven);
    const channels = x.shape.at(-1)!;
    const [perGroup = 1, filters = 1] = filter.shape.slice(-2);
    if (perGroup === 0 || channels % perGroup !== 0)
      throw invalid(`${rank === 4 ? 'input' : 'Input'} depth must be evenly divisible by filter depth: ${channels} vs ${perGroup}`);
    const groups = channels / perGroup;
    if (filters % groups !== 0) throw invalid(`output depth must be evenly divisible by number of groups: ${filters} vs ${groups}`);
    const axes = strides.map((stride, axis) =>
      windowAxis(x.shape[axis + 1]!, filter.shape[axis]!, stride, dilations[axis]!, padding, explicit[axis]!),
    );
    const into = allocate(x.dtype, [x.shape[0]!, ...axes.map(({ output }) => output), filters]);
    const sums = new Float64Array(sizeOf(into.shape));
    const [from, weights] = [cells(x.data) as Cells<number>, cells(filter.data) as Cells<number>];
    const perFilterGroup = filters / groups;
    eachTap({ axes, batch: x.shape[0]!, inChannels: channels, outChannels: filters }, (cell, at, to) => {
      for (let group = 0; group < groups; group += 1) {
        for (let c = 0; c < perGroup; c += 1) {
          const value = from[at + group * perGroup + c]!;
          if (value === 0) continue;
          const base = (cell * perGroup + c) * filters + group * perFilterGroup;
          const target = to + group * perFilterGroup;
          for (let f = 0; f < perFilterGroup; f += 1) sums[target + f]! += value * weights[base + f]!;
        }
      }
    });
    (into.data as Float32Array).set(sums);
    return narrowed(channelsFirst ? toChannelsFirst(into) : into, given.dtype);
  };
};

/** DepthwiseConv2dNative: filter [height, width, channels, multiplier]. */
const depthwise: MakeKernel = ({ attributes }) => {
  const { channelsFirst, strides, dilations, padding, explicit } = windowAttributes(attributes, 4);
  return (inputs) => {
    const [given, filterGiven] = [tensorOf(inputs[0]), tensorOf(inputs[1])];
    if (given.shape.length !== 4) throw invalid(`input must be 4-dimensional${shapeText(given.shape)}`);
    if (filterGiven.shape.length !== 4) throw invalid(`filter must be 4-dimensional: ${shapeText(filterGiven.shape)}`);
    const x = channelsFirst ? toChannelsLast(widened(given)) : widened(given);
    const filter = widened(filterGiven);
    const channels = x.shape[3]!;
    const [, , inChannels = 0, multiplier = 0] = filter.shape;
    if (channels !== inChannels) throw invalid(`input and filter must have the same depth: ${channels} vs ${inChannels}`);
    const axes = strides.map((stride, axis) =>
      windowAxis(x.shape[axis + 1]!, filter.shape[axis]!, stride, dilations[axis]!, padding, explicit[axis]!),
    );
    const into = allocate(x.dtype, [x.shape[0]!, ...axes.map(({ output }) => output), channels * multiplier]);
    const sums = new Float64Array(sizeOf(into.shape));
    const [from, weights] = [cells(x.data) as Cells<number>, cells(filter.data) as Cells<number>];
    eachTap({ axes, batch: x.shape[0]!, inChannels: channels, outChannels: channels * multiplier }, (cell, at, to) => {
      const base = cell * channels * multiplier;
      for (let c = 0; c < channels; c += 1)
        for (let m = 0; m < multiplier; m += 1) sums[to + c * multiplier + m]! += from[at + c]! * weights[base + c * multiplier + m]!;
    });
    (into.data as Float32Array).set(sums);
    return narrowed(channelsFirst ? toChannelsFirst(into) : into, given.dtype);
  };
};

/** The transposed convolution: what Conv2D's gradient gives for its input. Filter [window..., outputs, inputs]. */
const backpropInput: MakeKernel = ({ node, attributes }) => {
  const rank = node.op.startsWith('Conv3D') ? 5 : 4;
  const { channelsFirst, strides, dilations, padding, explicit } = windowAttributes(attributes, rank);
  return (inputs) => {
    const wanted = integers(tensorOf(inputs[0]));
    const [filterGiven, given] = [tensorOf(inputs[1]), tensorOf(inputs[2])];
    const dtype = given.dtype;
    const gradient = channelsFirst ? toChannelsLast(widened(given)) : widened(given);
    const filter = widened(filterGiven);
    const spatial = wanted.length === rank - 2 ? wanted : channelsFirst ? wanted.slice(2) : wanted.slice(1, -1);
    const channels = wanted.length === rank - 2 ? filter.shape.at(-2)! : channelsFirst ? wanted[1]! : wanted.at(-1)!;
    const [perGroup = 1, filters = 1] = filter.shape.slice(-2);
    if (gradient.shape.at(-1) !== filters) throw invalid('Conv2DCustomBackpropInput: filter and out_backprop must have the same out_depth');
    const axes = strides.map((stride, axis) =>
      windowAxis(spatial[axis]!, filter.shape[axis]!, stride, dilations[axis]!, padding, explicit[axis]!),
    );
    for (const [axis, { output, input, window, stride, dilation }] of axes.entries()) {
      if (output !== gradient.shape[axis + 1])
        throw invalid(
          `Conv2DCustomBackpropInput: Size of out_backprop doesn't match computed: actual = ${gradient.shape[axis + 1] ?? 0}, computed = ${output} spatial_dim: ${axis + 1} input: ${input} filter: ${window} output: ${gradient.shape[axis + 1] ?? 0} stride: ${stride} dilation: ${dilation}`,
        );
    }
    const batch = gradient.shape[0]!;
    const into = allocate(gradient.dtype, [batch, ...spatial, channels]);
    const sums = new Float64Array(sizeOf(into.shape));
    const [from, weights] = [cells(gradient.data) as Cells<number>, cells(filter.data) as Cells<number>];
    const groups = channels / perGroup;
    const perFilterGroup = filters / groups;
    eachTap({ axes, batch, inChannels: channels, outChannels: filters }, (cell, at, to) => {
      for (let group = 0; group < groups; group += 1) {
        for (let c = 0; c < perGroup; c += 1) {
          let sum = 0;
          const base = (cell * perGroup + c) * filters + group * perFilterGroup;
          for (let f = 0; f < perFilterGroup; f += 1) sum += from[to + group * perFilterGroup + f]! * weights[base + f]!;
          sums[at + group * perGroup + c]! += sum;
        }
      }
    });
    (into.data as Float32Array).set(sums);
    return narrowed(channelsFirst ? toChannelsFirst(into) : into, dtype);
  };
};

/** Largest or mean value of each window; cells outside the image do not count. */
const pool =
  (kind: 'max' | 'average', rank: number): MakeKernel =>
  ({ node, attributes }) => {
    const fromInputs = node.op === 'MaxPoolV2';
    const { channelsFirst, spatial, strides, window, padding, explicit } = windowAttributes(attributes, rank);
    return (inputs) => {
      const given = tensorOf(inputs[0]);
      if (given.shape.length !== rank)
        throw invalid(
          rank === 4 ? `tensor_in_shape must have 2 spatial dimensions. ${given.shape.length} 0` : `tensor_in must be ${rank}-dimensional`,
        );
      const x = channelsFirst ? toChannelsLast(widened(given)) : widened(given);
      const sizes = fromInputs ? spatial.map((axis) => integers(tensorOf(inputs[1]))[axis]!) : window;
      const steps = fromInputs ? spatial.map((axis) => integers(tensorOf(inputs[2]))[axis]!) : strides;
      const channels = x.shape.at(-1)!;
      const axes = steps.map((stride, axis) => windowAxis(x.shape[axis + 1]!, sizes[axis]!, stride, 1, padding, explicit[axis]!));
      const into = allocate(x.dtype, [x.shape[0]!, ...axes.map(({ output }) => output), channels]);
      const [from, to] = [cells(x.data) as Cells<number>, cells(into.data) as Cells<number>];
      const geometry = { axes, batch: x.shape[0]!, inChannels: channels, outChannels: channels };
      if (kind === 'max') {
        // In two dimensions TensorFlow starts from the least finite value, and a NaN is no greater than it.
        const isFlat = rank === 4;
        const least = isFlat ? Number(rangeOf(given.dtype)[0]) : lowest(x.dtype);
        for (let i = 0; i < to.length; i += 1) to[i] = isWide(x.dtype) ? (-(2n ** 63n) as unknown as number) : least;
        eachTap(geometry, (_, at, place) => {
          for (let c = 0; c < channels; c += 1) {
            const value = from[at + c]!;
            if (value > to[place + c]! || (!isFlat && Number.isNaN(value))) to[place + c] = value;
          }
        });
      } else {
        const sums = new Float64Array(to.length);
        const counts = new Int32Array(channels === 0 ? 0 : to.length / channels);
        eachTap(geometry, (_, at, place) => {
          counts[place / channels]! += 1;
          for (let c = 0; c < channels; c += 1) sums[place + c]! += from[at + c]!;
        });
        for (let i = 0; i < to.length; i += 1) to[i] = sums[i]! / counts[Math.floor(i / channels)]!;
      }
      return narrowed(channelsFirst ? toChannelsFirst(into) : into, given.dtype);
    };
  };

/** Normalises by given statistics, or by the batch's own while training. The further outputs are the statistics. */
const batchNorm: MakeKernel = ({ attributes }) => {
  const [epsilon, training, channelsFirst] = [
    attributes.float('epsilon'),
    attributes.bool('is_training'),
    attributes.text('data_format').startsWith('NC'),
  ];
  return (inputs) => {
    const given = tensorOf(inputs[0]);
    if (given.shape.length !== 4 && given.shape.length !== 5) throw invalid(`input must be 4 or 5-dimensional${shapeText(given.shape)}`);
    const x = channelsFirst ? toChannelsLast(widened(given)) : widened(given);
    const [scale, offset, meanGiven, varianceGiven] = inputs
      .slice(1, 5)
      .map((input) => cells(widened(tensorOf(input)).data) as Cells<number>) as [
      Cells<number>,
      Cells<number>,
      Cells<number>,
      Cells<number>,
    ];
    const channels = x.shape.at(-1)!;
    if (scale.length !== channels)
      throw invalid(`scale must have the same number of elements as the channels of x, got ${scale.length} and ${channels}`);
    const rows = channels === 0 ? 0 : sizeOf(x.shape) / channels;
    const from = cells(x.data) as Cells<number>;
    let [mean, variance] = [meanGiven, varianceGiven];
    if (training) {
      const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
      for (let i = 0; i < from.length; i += 1) sums[i % channels]! += from[i]! / rows;
      for (let i = 0; i < from.length; i += 1) squares[i % channels]! += (from[i]! - sums[i % channels]!) ** 2 / rows;
      [mean, variance] = [sums, squares];
    }
    const into = allocate(x.dtype, x.shape);
    const to = cells(into.data) as Cells<number>;
    for (let c = 0; c < channels; c += 1) {
      const factor = scale[c]! / Math.sqrt(variance[c]! + epsilon);
      const [shift, middle] = [offset[c]!, mean[c]!];
      for (let i = c; i < to.length; i += channels) to[i] = (from[i]! - middle) * factor + shift;
    }
    const statistic = (values: Cells<number>): Tensor => ({
      dtype: 'DT_FLOAT',
      shape: [channels],
      data: Float32Array.from(values),
    });
    const whole = narrowed(channelsFirst ? toChannelsFirst(into) : into, given.dtype);
    return [
      whole,
      statistic(mean),
      statistic(variance),
      statistic(mean),
      statistic(variance),
      { dtype: 'DT_FLOAT', shape: [0], data: new Float32Array() },
    ];
  };
};

/** Local response normalisation over neighbouring channels. */
const localResponse: MakeKernel = ({ attributes }) => {
  const [radius, bias, alpha, beta] = [
    attributes.int('depth_radius'),
    attributes.float('bias'),
    attributes.float('alpha'),
    attributes.float('beta'),
  ];
  return (inputs) => {
    const given = tensorOf(inputs[0]);
    if (given.shape.length !== 4) throw invalid('in must be 4-dimensional');
    const x = widened(given);
    const channels = x.shape.at(-1)!;
    const into = allocate(x.dtype, x.shape);
    const [from, to] = [cells(x.data) as Cells<number>, cells(into.data) as Cells<number>];
    for (let row = 0; row < to.length; row += channels)
      for (let c = 0; c < channels; c += 1) {
        let sum = 0;
        for (let near = Math.max(0, c - radius); near <= Math.min(channels - 1, c + radius); near += 1) sum += from[row + near]! ** 2;
        to[row + c] = from[row + c]! / (bias + alpha * sum) ** beta;
      }
    return narrowed(into, given.dtype);
  };
};

export const convolutionOps: OpFamily = {
  Conv2D: convolve,
  Conv3D: convolve,
  DepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: backpropInput,
  Conv3DBackpropInputV2: backpropInput,
  MaxPool: pool('max', 4),
  MaxPoolV2: pool('max', 4),
  MaxPool3D: pool('max', 5),
  AvgPool: pool('average', 4),
  AvgPool3D: pool('average', 5),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  LRN: localResponse,
};
