import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { transpose } from '../ops/shape.ts';
import { windowAttributes, windowAxis, type WindowAxis } from '../ops/window.ts';
import { cells, type Cells } from '../value.ts';
import { constantIntegers, isFloat, type Lower, type LowerContext, type LowerFamily, type ValueType } from './lowering.ts';
import type { SegmentBuilder } from './segmentBuilder.ts';

/** Padding and output sizes of a window over an input whose spatial sizes may be unknown. A size of 0 the library refuses. */
function spatialOf(
  dims: readonly number[],
  sizes: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  padding: string,
  explicit: readonly (readonly [number, number])[],
): { readonly attributes: Record<string, string | readonly number[]>; readonly output: readonly number[] } {
  const spatial = dims.slice(1, -1);
  if (padding === 'SAME' && spatial.some((dim) => dim < 0)) {
    const isFixed = strides.every((stride) => stride === 1);
    // With a stride of one the padding does not depend on the size; otherwise the library reckons it, by the same rule.
    if (!isFixed)
      return {
        attributes: { auto_pad: 'SAME_UPPER' },
        output: spatial.map((dim, axis) => (dim < 0 ? -1 : Math.ceil(dim / strides[axis]!))),
      };
    const total = sizes.map((size, axis) => (size - 1) * dilations[axis]!);
    return {
      attributes: { pads: [...total.map((all) => Math.floor(all / 2)), ...total.map((all) => Math.ceil(all / 2))] },
      output: spatial,
    };
  }
  const axisOf = (dim: number, axis: number): WindowAxis =>
    windowAxis(dim, sizes[axis]!, strides[axis]!, dilations[axis]!, padding, explicit[axis]!);
  if (padding !== 'SAME') {
    const pads =
      padding === 'EXPLICIT' ? [...explicit.map(([head]) => head), ...explicit.map(([, tail]) => tail)] : sizes.flatMap(() => [0, 0]);
    return { attributes: { pads }, output: spatial.map((dim, axis) => (dim < 0 ? -1 : axisOf(dim, axis).output)) };
  }
  const known = spatial.map(axisOf);
  const after = known.map(
    ({ output, stride, window, dilation, input, padBefore }) =>
      Math.max(0, (output - 1) * stride + (window - 1) * dilation + 1 - input) - padBefore,
  );
  return { attributes: { pads: [...known.map(({ padBefore }) => padBefore), ...after] }, output: known.map(({ output }) => output) };
}

/** A filter [window..., inputs, filters] as ONNX has it: [filters, inputs, window...]. */
const filterOrder = (rank: number): readonly number[] => [rank - 1, rank - 2, ...Array.from({ length: rank - 2 }, (_, axis) => axis)];

function filterName(build: SegmentBuilder, slot: number, order: readonly number[]): string {
  const { constant } = build.type(slot);
  return constant === undefined ? build.op('Transpose', [build.plain(slot)], { perm: order }) : build.constant(transpose(constant, order));
}

const usable = ({ inputs, attributes }: LowerContext, rank: number): readonly [ValueType, ValueType] | null => {
  const [x, filter] = inputs;
  if (x === undefined || filter === undefined || !isFloat(x) || !isFloat(filter) || attributes.text('data_format').startsWith('NC'))
    return null;
  if (x.dims?.length !== rank || filter.dims?.length !== rank || filter.dims.includes(-1) || x.dims.at(-1)! < 0) return null;
  return [x, filter];
};

const convolution =
  (rank: number): Lower =>
  (context) => {
    const known = usable(context, rank);
    if (known === null) return null;
    const [x, filter] = known;
    const { strides, dilations, padding, explicit } = windowAttributes(context.attributes, rank);
    const window = filter.dims!.slice(0, -2);
    const [perGroup = 1, filters = 1] = filter.dims!.slice(-2);
    const channels = x.dims!.at(-1)!;
    if (perGroup === 0 || channels % perGroup !== 0) return null;
    const { attributes, output } = spatialOf(x.dims!, window, strides, dilations, padding, explicit);
    if (output.includes(0)) return null;
    const size = (list: readonly number[]): number => list.reduce((product, dim) => product * Math.max(1, dim), 1);
    return {
      outputs: [{ dtype: 'DT_FLOAT', dims: [x.dims![0]!, ...output, filters] }],
      work: size(output) * size(window) * perGroup * filters,
      emit: (build, [input, weights], [result]) =>
        build.define(
          result!,
          build.op('Conv', [build.first(input!), filterName(build, weights!, filterOrder(rank))], {
            ...attributes,
            strides,
            dilations,
            group: channels / perGroup,
            kernel_shape: window,
          }),
          'first',
        ),
    };
  };

/** A depthwise filter [height, width, channels, multiplier] as a grouped one: [channels * multiplier, 1, height, width]. */
function depthwiseFilter({ dtype, shape, data }: Tensor): Tensor {
  const [height = 0, width = 0, channels = 0, multiplier = 0] = shape;
  const made = new Float32Array(data.length);
  const from = cells(data) as Cells<number>;
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      for (let c = 0; c < channels * multiplier; c += 1)
        made[(c * height + y) * width + x] = from[(y * width + x) * channels * multiplier + c]!;
  return { dtype, shape: [channels * multiplier, 1, height, width], data: made };
}

const depthwise: Lower = (context) => {
  const known = usable(context, 4);
  const constant = known?.[1].constant;
  if (known === null || constant === undefined) return null;
  const [x, filter] = known;
  const { strides, dilations, padding, explicit } = windowAttributes(context.attributes, 4);
  const [height = 1, width = 1, channels = 1, multiplier = 1] = filter.dims!;
  if (x.dims![3] !== channels) return null;
  const { attributes, output } = spatialOf(x.dims!, [height, width], strides, dilations, padding, explicit);
  if (output.includes(0)) return null;
  return {
    outputs: [{ dtype: 'DT_FLOAT', dims: [x.dims![0]!, ...output, channels * multiplier] }],
    work: output.reduce((product, dim) => product * Math.max(1, dim), 1) * height * width * channels * multiplier,
    emit: (build, [input], [result]) =>
      build.define(
        result!,
        build.op('Conv', [build.first(input!), build.constant(depthwiseFilter(constant))], {
          ...attributes,
          strides,
          dilations,
          group: channels,
          kernel_shape: [height, width],
        }),
        'first',
      ),
  };
};

/** The transposed convolution, where its output's spatial size is known. */
const transposed: Lower = ({ inputs, attributes }) => {
  const [wanted, filter, x] = inputs;
  if (wanted === undefined || filter === undefined || x === undefined || !isFloat(filter) || !isFloat(x)) return null;
  if (attributes.text('data_format').startsWith('NC') || filter.dims?.length !== 4 || x.dims?.length !== 4 || filter.dims.includes(-1))
    return null;
  const sizes = constantIntegers(wanted) ?? (wanted.partial === undefined ? undefined : Array.from(wanted.partial.data as Float64Array));
  if (sizes === undefined) return null;
  const spatial = sizes.length === 2 ? sizes : sizes.slice(1, 3);
  if (spatial.some(Number.isNaN)) return null;
  const { strides, dilations, padding, explicit } = windowAttributes(attributes, 4);
  const [height = 1, width = 1, channels = 1, filters = 1] = filter.dims;
  const axes = [height, width].map((window, axis) =>
    windowAxis(spatial[axis]!, window, strides[axis]!, dilations[axis]!, padding, explicit[axis]!),
  );
  if (axes.some(({ output }, axis) => output !== x.dims![axis + 1] && x.dims![axis + 1] !== -1)) return null;
  // ONNX: output = stride * (input - 1) + window reach + output_padding - pads.
  const extra = axes.map(
    ({ output, stride, window, dilation, input, padBefore }) => stride * (output - 1) + (window - 1) * dilation + 1 - padBefore - input,
  );
  const pads = [...axes.map(({ padBefore }) => padBefore), ...extra.map((more) => Math.max(0, more))];
  const outputPadding = extra.map((more) => Math.max(0, -more));
  return {
    outputs: [{ dtype: 'DT_FLOAT', dims: [x.dims[0]!, ...spatial, channels] }],
    work: x.dims.slice(1, 3).reduce((product, dim) => product * Math.max(1, dim), 1) * height * width * channels * filters,
    emit: (build, [, weights, input], [result]) =>
      build.define(
        result!,
        build.op('ConvTranspose', [build.first(input!), filterName(build, weights!, [3, 2, 0, 1])], {
          pads,
          output_padding: outputPadding,
          strides,
          dilations,
          kernel_shape: [height, width],
        }),
        'first',
      ),
  };
};

const pool =
  (type: 'MaxPool' | 'AveragePool', rank: number): Lower =>
  ({ inputs, attributes }) => {
    const [x] = inputs;
    if (x === undefined || !isFloat(x) || x.dims?.length !== rank || attributes.text('data_format').startsWith('NC')) return null;
    const { strides, window, padding, explicit } = windowAttributes(attributes, rank);
    const ones = window.map(() => 1);
    const { attributes: padded, output } = spatialOf(x.dims, window, strides, ones, padding, explicit);
    if (output.includes(0)) return null;
    const outputs = [{ dtype: 'DT_FLOAT' as const, dims: [x.dims[0]!, ...output, x.dims.at(-1)!] }];
    return {
      outputs,
      work:
        output.reduce((product, dim) => product * Math.max(1, dim), 1) *
        Math.max(1, x.dims.at(-1)!) *
        window.reduce((product, dim) => product * dim, 1),
      emit(build, [input], [result]) {
        const first = build.first(input!);
        // The library's own maximum forgets what came before a NaN, TensorFlow's forgets the NaN.
        if (type === 'MaxPool') build.guardNaN(first);
        build.define(result!, build.op(type, [first], { ...padded, strides, kernel_shape: window }), 'first');
      },
    };
  };

/** Inference only: scale and shift by constants, which the library folds into the convolution before it. */
const batchNorm: Lower = ({ inputs, attributes }) => {
  const [x, ...statistics] = inputs;
  if (
    x === undefined ||
    !isFloat(x) ||
    x.dims === null ||
    x.dims.length < 3 ||
    attributes.bool('is_training') ||
    attributes.text('data_format').startsWith('NC')
  )
    return null;
  if (!statistics.every((one) => isFloat(one) && one.dims?.length === 1)) return null;
  return {
    // The further outputs are for training; nobody reads them here.
    outputs: [{ dtype: 'DT_FLOAT', dims: x.dims }],
    work: x.dims.slice(1).reduce((product, dim) => product * Math.max(1, dim), 1),
    emit: (build, [input, scale, offset, mean, variance], [result]) =>
      build.define(
        result!,
        build.op(
          'BatchNormalization',
          [build.first(input!), build.plain(scale!), build.plain(offset!), build.plain(mean!), build.plain(variance!)],
          { epsilon: { float: attributes.float('epsilon') } },
        ),
        'first',
      ),
  };
};

/** Sizes are constants; how places are found is the attribute's. */
const resize =
  (mode: 'linear' | 'nearest'): Lower =>
  ({ inputs, attributes }) => {
    const [x, sizes] = inputs;
    const size = constantIntegers(sizes);
    if (x === undefined || !isFloat(x) || x.dims?.length !== 4 || size?.length !== 2 || x.dims[3]! < 0) return null;
    const [aligned, centred] = [attributes.bool('align_corners'), attributes.bool('half_pixel_centers')];
    if (aligned && centred) return null;
    const dims = [x.dims[0]!, ...size, x.dims[3]!];
    if (x.dims[0]! < 0 && size.length !== 2) return null;
    const known = x.dims.slice(1, 3);
    if (known.some((dim) => dim <= 0)) return null;
    const scales = [1, 1, size[0]! / known[0]!, size[1]! / known[1]!];
    // Centres of cells that are repeated are far from the next cell: elsewhere the host and the library round differently.
    if (mode === 'nearest' && (aligned || !centred || !scales.every(Number.isInteger))) return null;
    // Scales are float32: only where they lead back to the size exactly.
    if (scales.slice(2).some((scale, axis) => Math.floor(Math.fround(scale) * known[axis]!) !== size[axis])) return null;
    return {
      outputs: [{ dtype: 'DT_FLOAT', dims }],
      work: size[0]! * size[1]! * x.dims[3]! * 4,
      emit: (build, [input], [result]) =>
        build.define(
          result!,
          build.op(
            'Resize',
            [build.first(input!), '', build.constant({ dtype: 'DT_FLOAT', shape: [4], data: Float32Array.from(scales) })],
            {
              mode,
              // A nearest cell's centre is asked for with 0.5 more than ONNX's: a whole scale then has no centres.
              coordinate_transformation_mode: aligned ? 'align_corners' : centred && mode !== 'nearest' ? 'half_pixel' : 'asymmetric',
              ...(mode === 'nearest' ? { nearest_mode: 'floor' } : {}),
            },
          ),
          'first',
        ),
    };
  };

export const lowerConvolution: LowerFamily = {
  Conv2D: convolution(4),
  Conv3D: convolution(5),
  DepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: transposed,
  MaxPool: pool('MaxPool', 4),
  MaxPool3D: pool('MaxPool', 5),
  AvgPool: pool('AveragePool', 4),
  AvgPool3D: pool('AveragePool', 5),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  ResizeBilinear: resize('linear'),
  ResizeNearestNeighbor: resize('nearest'),
};
