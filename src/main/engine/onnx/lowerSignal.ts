import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { constantIntegers, isFloat, isOf, rowSize, type Lower, type LowerFamily } from './lowering.ts';

/** Beyond this length the matrices are larger than what they save. */
const maxLength = 4096;

/** The roots of unity as ONNX Runtime multiplies by them; what is 0 is so exactly. */
function rootOf(turns: number, length: number): readonly [cos: number, sin: number] {
  const angle = (-2 * Math.PI * (turns % length)) / length;
  const exact = (value: number): number => (Math.abs(value) < 1e-12 ? 0 : value);
  return [exact(Math.cos(angle)), exact(Math.sin(angle))];
}

/** The smaller factor first; undefined where one of them is 1 or much smaller than the other. */
function factors(length: number): readonly [number, number] | undefined {
  for (let small = Math.floor(Math.sqrt(length)); small > 1 && small * small * 4 >= length; small -= 1)
    if (length % small === 0) return [small, length / small];
  return undefined;
}

/** Sums over places `b * i` apart, for every remainder: [a, (part, k1)]. */
function innerMatrix(a: number): Tensor {
  const data = new Float32Array(a * 2 * a);
  for (let i = 0; i < a; i += 1)
    for (let k = 0; k < a; k += 1) {
      const [cos, sin] = rootOf(i * k, a);
      data[i * 2 * a + k] = cos;
      data[i * 2 * a + a + k] = sin;
    }
  return { dtype: 'DT_FLOAT', shape: [a, 2 * a], data };
}

/** For every k1 the sums over the remainders j, turned by their places: [k1, (j, part), (part, k2)]. */
function outerMatrix(a: number, b: number, count: number): Tensor {
  const data = new Float32Array(a * 2 * b * 2 * count);
  for (let k1 = 0; k1 < a; k1 += 1)
    for (let j = 0; j < b; j += 1)
      for (let k2 = 0; k2 < count; k2 += 1) {
        const [cos, sin] = rootOf(j * (k1 + a * k2), a * b);
        const re = (k1 * b + j) * 4 * count + k2;
        const im = re + 2 * count;
        data[re] = cos;
        data[re + count] = sin;
        data[im] = -sin;
        data[im + count] = cos;
      }
  return { dtype: 'DT_FLOAT', shape: [a, 2 * b, 2 * count], data };
}

/**
 * A real Fourier transform of a length `a * b` as two matrix products: with n = b * i + j and k = k1 + a * k2, first over i for each j,
 * then over j for each k1 (Cooley and Tukey). The library's own transform takes three times as long.
 */
const realTransform: Lower = ({ inputs }) => {
  const [x, lengthValue] = inputs;
  const length = constantIntegers(lengthValue)?.[0] ?? 0;
  const factored = factors(length);
  if (x === undefined || !isFloat(x) || x.dims?.at(-1) !== length || factored === undefined || length > maxLength) return null;
  const [a, b] = factored;
  const half = Math.floor(length / 2) + 1;
  const count = Math.ceil(half / a);
  const dims = [...x.dims.slice(0, -1), half];
  if (dims.filter((dim) => dim < 0).length > 1 || dims.includes(0)) return null;
  return {
    outputs: [{ dtype: 'DT_COMPLEX64', dims }],
    work: (rowSize([...x.dims, 1]) / length) * 2 * length * (a + 2 * count),
    emit(build, [input], [output]) {
      const apart = build.op('Reshape', [build.plain(input!), build.int64([-1, a, b])]);
      const inner = build.op('MatMul', [build.op('Transpose', [apart], { perm: [0, 2, 1] }), build.constant(innerMatrix(a))]);
      const byRoot = build.op('Transpose', [build.op('Reshape', [inner, build.int64([-1, b, 2, a])])], { perm: [3, 0, 1, 2] });
      const outer = build.op('MatMul', [
        build.op('Reshape', [byRoot, build.int64([a, -1, 2 * b])]),
        build.constant(outerMatrix(a, b, count)),
      ]);
      const parts = build.ops('Split', [outer, build.int64([count, count])], { axis: 2 }, 2).map((part) => {
        // k1, the first axis, becomes the last: k is then in order.
        const ordered = build.op('Reshape', [build.op('Transpose', [part], { perm: [1, 2, 0] }), build.int64([-1, count * a])]);
        const wanted = build.op('Slice', [ordered, build.int64([0]), build.int64([half]), build.int64([1])]);
        return build.op('Reshape', [wanted, build.int64(dims)]);
      });
      build.defineParts(output!, parts[0]!, parts[1]!);
    },
  };
};

/** In double, which the squares of floats do not leave. */
const complexAbs: Lower = ({ inputs }) => {
  const [x] = inputs;
  if (!isOf(x, 'DT_COMPLEX64')) return null;
  return {
    outputs: [{ dtype: 'DT_FLOAT', dims: x.dims }],
    work: rowSize(x.dims) * 4,
    emit(build, [input], [output]) {
      const [re, im] = build.parts(input!).map((part) => {
        const wide = build.op('Cast', [part], { to: 11 });
        return build.op('Mul', [wide, wide]);
      });
      build.define(output!, build.op('Cast', [build.op('Sqrt', [build.op('Add', [re!, im!])])], { to: 1 }));
    },
  };
};

const part =
  (index: 0 | 1): Lower =>
  ({ inputs }) => {
    const [x] = inputs;
    if (!isOf(x, 'DT_COMPLEX64')) return null;
    return {
      outputs: [{ dtype: 'DT_FLOAT', dims: x.dims }],
      work: 0,
      emit: (build, [input], [output]) => build.define(output!, build.parts(input!)[index]),
    };
  };

export const lowerSignal: LowerFamily = {
  RFFT: realTransform,
  ComplexAbs: complexAbs,
  Real: part(0),
  Imag: part(1),
};
