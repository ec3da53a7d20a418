type Known = readonly [count: number, why: string];

const lenient = 'computed where this TensorFlow has no kernel on a CPU';
const artefact =
  'what TensorFlow answers here is no definition: an internal error, zeros or NaN for what it has a value of, the order of unsorted values, or a name that the session made up';
const zero =
  "the sign of a zero, which TensorFlow's own loops give by the place of an element: positive in a vector of eight, negative in the rest; the library keeps it";

/** How many cases of an op's goldens this engine answers otherwise, and why. A case more or less fails: a mended one is taken out here. */
export const knownDifferences: Readonly<Record<string, Known>> = {
  EnsureShape: [2, artefact],
  Unpack: [1, artefact],
  Where: [1, lenient],
  TruncateDiv: [3, artefact],
  TruncateMod: [2, artefact],
  Round: [2, artefact],
  Erf: [1, artefact],
  DepthwiseConv2dNative: [2, lenient],
  TopKV2: [1, artefact],
  TopK: [2, lenient],
  'Relu in a session': [2, zero],
  'Relu6 in a session': [2, zero],
  'graph: resource variable': [1, artefact],
  'graph: reference variable': [1, artefact],
  'graph: tensor arrays': [4, artefact],
};
