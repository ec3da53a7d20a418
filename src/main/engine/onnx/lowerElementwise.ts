import { broadcastDims, isFloat, isOf, rowSize, type Lower, type LowerFamily, type ValueType } from './lowering.ts';
import type { SegmentBuilder } from './segmentBuilder.ts';

const like = ({ dtype, dims }: ValueType): ValueType => ({ dtype, dims });

/** An op of one float32 input, as one or more nodes. */
const unary =
  (apply: (build: SegmentBuilder, name: string) => string): Lower =>
  ({ inputs }) => {
    const [x] = inputs;
    if (x === undefined || !isFloat(x)) return null;
    return {
      outputs: [like(x)],
      work: rowSize(x.dims),
      emit: (build, [input], [output]) => build.elementwise(input!, output!, (name) => apply(build, name)),
    };
  };

const named = (type: string): Lower => unary((build, name) => build.op(type, [name]));

/** An op of two float32 inputs with broadcasting. */
const binary =
  (apply: (build: SegmentBuilder, a: string, b: string) => string): Lower =>
  ({ inputs }) => {
    const [a, b] = inputs;
    if (a === undefined || b === undefined || !isFloat(a) || !isFloat(b)) return null;
    const dims = broadcastDims(a.dims, b.dims);
    return {
      outputs: [{ dtype: 'DT_FLOAT', dims }],
      work: rowSize(dims),
      emit(build, slots, [output]) {
        const { names, layout } = build.together(slots);
        build.define(output!, apply(build, names[0]!, names[1]!), layout);
      },
    };
  };

const twoNamed = (type: string): Lower => binary((build, a, b) => build.op(type, [a, b]));

/** Of int32 too, which goes round at its ends in both. */
const arithmetic = (type: 'Add' | 'Sub' | 'Mul'): Lower => {
  const floats = twoNamed(type);
  return (context) => {
    const [a, b] = context.inputs;
    if (!isOf(a, 'DT_INT32') || !isOf(b, 'DT_INT32')) return floats(context);
    const lowered = floats({ ...context, inputs: [a, b].map((one): ValueType => ({ ...one, dtype: 'DT_FLOAT' })) });
    return lowered === null ? null : { ...lowered, outputs: [{ dtype: 'DT_INT32', dims: lowered.outputs[0]!.dims }] };
  };
};

const pass: Lower = ({ inputs }) => {
  const [x] = inputs;
  if (x === undefined || !isFloat(x)) return null;
  return { outputs: [like(x)], work: 0, emit: (build, [input], [output]) => build.elementwise(input!, output!, (name) => name) };
};

/** Adds one value a channel. */
const biasAdd: Lower = ({ inputs, attributes }) => {
  const [x, bias] = inputs;
  if (x === undefined || bias === undefined || !isFloat(x) || !isFloat(bias) || attributes.text('data_format') === 'NCHW') return null;
  return {
    outputs: [like(x)],
    work: rowSize(x.dims),
    emit(build, [input, biasSlot], [output]) {
      if (build.isFirst(input!) && bias.constant === undefined) {
        const rank = x.dims!.length;
        const shaped = build.op('Reshape', [
          build.plain(biasSlot!),
          build.int64([-1, ...Array.from<number>({ length: rank - 2 }).fill(1)]),
        ]);
        build.define(output!, build.op('Add', [build.first(input!), shaped]), 'first');
        return;
      }
      const { names, layout } = build.together([input!, biasSlot!]);
      build.define(output!, build.op('Add', [names[0]!, names[1]!]), layout);
    },
  };
};

const softmax =
  (type: 'Softmax' | 'LogSoftmax'): Lower =>
  ({ inputs }) => {
    const [x] = inputs;
    if (x === undefined || !isFloat(x)) return null;
    return {
      outputs: [like(x)],
      work: rowSize(x.dims) * 4,
      emit(build, [input], [output]) {
        if (!build.isFirst(input!) || type === 'LogSoftmax') {
          build.define(output!, build.op(type, [build.plain(input!)], { axis: -1 }));
          return;
        }
        // The library's own walks over each pixel's few channels; these walk over all pixels a channel.
        const name = build.first(input!);
        const powers = build.op('Exp', [build.op('Sub', [name, build.op('ReduceMax', [name], { axes: [1], keepdims: 1 })])]);
        const sum = build.op('ReduceSum', [powers, build.int64([1])], { keepdims: 1 });
        build.define(output!, build.op('Div', [powers, sum]), 'first');
      },
    };
  };

export const lowerElementwise: LowerFamily = {
  Identity: pass,
  StopGradient: pass,
  Snapshot: pass,
  Add: arithmetic('Add'),
  AddV2: arithmetic('Add'),
  Sub: arithmetic('Sub'),
  Mul: arithmetic('Mul'),
  RealDiv: twoNamed('Div'),
  Maximum: twoNamed('Max'),
  Minimum: twoNamed('Min'),
  Pow: twoNamed('Pow'),
  SquaredDifference: binary((build, a, b) => {
    const difference = build.op('Sub', [a, b]);
    return build.op('Mul', [difference, difference]);
  }),
  BiasAdd: biasAdd,
  Relu: named('Relu'),
  Relu6: unary((build, name) => build.op('Clip', [name, build.float(0), build.float(6)])),
  Elu: unary((build, name) => build.op('Elu', [name], { alpha: { float: 1 } })),
  // The library's own Selu makes a negative zero positive.
  Selu: unary((build, name) =>
    build.op('Mul', [build.op('Elu', [name], { alpha: { float: 1.6732632423543772 } }), build.float(1.0507009873554805)]),
  ),
  LeakyRelu: (context) =>
    unary((build, name) => build.op('LeakyRelu', [name], { alpha: { float: context.attributes.float('alpha') } }))(context),
  Sigmoid: named('Sigmoid'),
  Tanh: named('Tanh'),
  Softplus: named('Softplus'),
  Softsign: named('Softsign'),
  Exp: named('Exp'),
  Log: named('Log'),
  Sqrt: named('Sqrt'),
  Rsqrt: unary((build, name) => build.op('Reciprocal', [build.op('Sqrt', [name])])),
  Reciprocal: named('Reciprocal'),
  Square: unary((build, name) => build.op('Mul', [name, name])),
  Neg: named('Neg'),
  Abs: named('Abs'),
  Floor: named('Floor'),
  Ceil: named('Ceil'),
  Erf: named('Erf'),
  Erfc: unary((build, name) => build.op('Sub', [build.float(1), build.op('Erf', [name])])),
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
};
