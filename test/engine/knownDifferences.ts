type Known = readonly [count: number, why: string];

const complex = 'complex numbers: refused by name, or another branch or sign of zero';
const words = 'the same refusal in other words';
const lenient = "answered where TensorFlow's check of shapes refuses: updates of a vector of indices, or a default of another shape";
const artefact =
  'what TensorFlow answers here is no definition: memory it did not write, an internal error, zeros, the order of unsorted values, or the name that the session gave a feed';
const float = 'the last digits of float16 or of a sum, or the sign of a zero of float16';
const zero =
  "the sign of a zero: the library's Relu and Clip keep a negative one, its Selu and Where do not; another form would not be joined to the convolution before it";
const poolNan =
  "the library's MaxPool forgets other values of a window that has a NaN; to take NaNs out first would be a pass of its own over each image";

/** How many cases of an op's goldens this engine answers otherwise, and why. A case more or less fails: a mended one is taken out here. */
export const knownDifferences: Readonly<Record<string, Known>> = {
  EnsureShape: [2, artefact],
  Unpack: [1, artefact],
  TensorScatterUpdate: [1, lenient],
  TensorScatterAdd: [1, lenient],
  TensorScatterMax: [1, lenient],
  SegmentProd: [2, complex],
  UnsortedSegmentProd: [2, complex],
  Where: [1, artefact],
  TruncateDiv: [3, artefact],
  TruncateMod: [2, artefact],
  Pow: [1, complex],
  Xlog1py: [1, complex],
  Rsqrt: [2, complex],
  Log1p: [2, complex],
  Round: [2, artefact],
  Cos: [2, complex],
  Tan: [1, complex],
  Asin: [2, complex],
  Acos: [2, complex],
  Atan: [2, complex],
  Tanh: [1, complex],
  Erf: [1, artefact],
  Relu: [2, float],
  Relu6: [2, float],
  RGBToHSV: [1, float],
  HSVToRGB: [1, float],
  RFFT: [1, float],
  IRFFT: [1, float],
  FFT: [1, float],
  MatMul: [1, complex],
  BatchMatMulV2: [4, complex],
  Einsum: [3, complex],
  DepthwiseConv2dNative: [2, artefact],
  Conv2DBackpropInput: [2, words],
  FusedBatchNormV3: [1, artefact],
  Prod: [2, complex],
  EuclideanNorm: [6, artefact],
  Cumprod: [2, complex],
  TopKV2: [1, artefact],
  TopK: [2, artefact],
  SparseToDense: [3, complex],
  SparseTensorDenseMatMul: [2, complex],
  ReduceJoin: [2, words],
  AsString: [1, complex],
  ParseExampleV2: [2, lenient],
  'Relu in a session': [2, zero],
  'Relu6 in a session': [2, zero],
  'MaxPool in a session': [2, poolNan],
  'Selu in a session': [2, zero],
  'graph: resource variable': [1, artefact],
  'graph: reference variable': [1, artefact],
};
