import { fillPlaces } from '../../shared/contract/errors.ts';
import type { Mend, Problem, ProblemCode } from '../../shared/contract/savedModel.ts';

type Words = readonly [severity: Problem['severity'], message: string, advice: string];

const exportLine = 'model.export("{name}/1")';
const copyVariables = 'Copy the variables folder once more; if a copy is still running, wait for it.';

/** Each problem in words. `{name}` places are filled from its data; the 中文 stands in the window's catalogue under the same code. */
const words: Readonly<Record<ProblemCode, Words>> = {
  NOT_FOUND: ['error', 'There is nothing at {path}.', 'Check the path.'],
  NOT_READABLE: ['error', '{file} cannot be read: {reason}.', 'Give this user the right to read it.'],
  NOT_A_FOLDER: ['error', '{file} is a file, not a model folder.', 'Choose the folder that holds saved_model.pb, or its parent.'],
  EMPTY_FOLDER: ['error', 'The folder {file} is empty.', 'Export the model into it: ' + exportLine + '.'],
  NO_MODEL_FOUND: ['error', 'There is no SavedModel in this folder.', 'Choose a folder that holds numbered versions, or a saved_model.pb.'],
  NO_SAVED_MODEL: ['error', 'There is no saved_model.pb in {file}.', 'Export the model again, or wait until the copy is complete.'],
  IS_VERSION_FOLDER: [
    'note',
    'This is version {version}, not the model’s folder.',
    'It is served as version {version}; choose its parent to serve all versions.',
  ],
  UNVERSIONED: ['note', 'The model has no version folder.', 'It is served as version {version}; your files stay as they are.'],
  VERSION_NOT_NUMERIC: [
    'note',
    'The folder {file} is not a whole number, so TensorFlow Serving would pass over it.',
    'It is served as version {version}; your files stay as they are.',
  ],
  VERSION_LEADING_ZEROS: ['note', 'TensorFlow Serving calls the folder {file} version {version}.', 'Nothing needs to be done.'],
  DUPLICATE_VERSION: [
    'warning',
    'The folders {file} and {other} are both version {version}; only {file} is loaded.',
    'Rename or move one of them.',
  ],
  NESTED_MODEL: ['error', 'The model lies deeper, in {file}.', 'Choose that folder.'],
  SYMLINK_LOOP: ['error', 'The link {file} leads back to a folder above it.', 'Put the version’s files in its place.'],
  DANGLING_LINK: ['error', 'The link {file} leads to nothing.', 'Mount or copy what it should lead to.'],
  KERAS_FILE: ['error', '{file} is a Keras 3 archive, not a SavedModel.', 'Export it: ' + exportLine + '.'],
  H5_FILE: ['error', '{file} is a Keras HDF5 file, not a SavedModel.', 'Export it with Keras.'],
  CHECKPOINT: [
    'error',
    'These are the weights of a checkpoint, without a graph.',
    'Build the model, restore the checkpoint, and export it.',
  ],
  FROZEN_GRAPH: ['error', '{file} is a frozen graph, not a SavedModel.', 'Wrap it in a SavedModel with a signature.'],
  TFLITE_FILE: ['error', '{file} is a TensorFlow Lite model.', 'Export the model it was made from.'],
  ARCHIVE: ['error', '{file} is an archive.', 'Unpack it; Slipway can do that.'],
  PB_IS_FOLDER: ['error', 'saved_model.pb is a folder.', 'Export the model again.'],
  PB_CORRUPT: ['error', 'saved_model.pb does not parse: {reason}.', 'Copy or export it again; it may be cut short.'],
  PB_EMPTY: ['error', 'saved_model.pb holds no graph.', 'Export the model again; the file was not written to its end.'],
  PB_TOO_LARGE: [
    'error',
    'saved_model.pb has {bytes} bytes; a protobuf message holds 2 GiB at most.',
    'Keep the weights in variables instead of in the graph.',
  ],
  PB_IS_FROZEN_GRAPH: ['error', 'saved_model.pb holds a frozen graph, not a SavedModel.', 'Wrap it in a SavedModel with a signature.'],
  NO_SERVE_TAG: ['error', 'No graph is tagged serve; there is {tags}.', 'Export with the tag serve, or serve the tags that are there.'],
  NO_SIGNATURE: [
    'error',
    'The model has no signature, so there is nothing to call.',
    'Export it with signatures: tf.saved_model.save(model, dir, signatures=...).',
  ],
  SIGNATURE_TENSOR_MISSING: [
    'error',
    'The signature {signature} names {tensor}, which is not in the graph.',
    'Export the model again with the right output.',
  ],
  SIGNATURE_SHAPE_HUGE: [
    'warning',
    '{tensor} of {signature} claims the shape {shape}: more than any machine holds.',
    'Check the signature’s shape.',
  ],
  CONST_HUGE: [
    'error',
    'The constant {node} claims {bytes} bytes but holds almost none; loading it would take all memory.',
    'Export the model again; do not serve this file.',
  ],
  UNKNOWN_OP: [
    'error',
    'TensorFlow {release} does not know the op {op}.',
    'The model needs a custom op. Export it without, or use an image that has it.',
  ],
  ASSET_MISSING: ['error', 'The asset assets/{file} is missing.', 'Copy the assets folder once more.'],
  INDEX_MISSING: ['error', 'The weights are missing: there is no variables/variables.index.', copyVariables],
  INDEX_CORRUPT: ['error', 'variables/variables.index is damaged: {reason}.', copyVariables],
  SHARD_MISSING: ['error', 'The weights are incomplete: {file} is missing.', copyVariables],
  SHARD_SHORT: ['error', 'The weights are incomplete: {file} holds {found} of {expected} bytes.', copyVariables],
  CHECKSUM_MISMATCH: [
    'error',
    'The weights are damaged: the checksum of {key} in {file} differs.',
    'Copy the variables folder once more from where it is whole.',
  ],
  VARIABLE_MISMATCH: [
    'error',
    'The weights do not fit the graph: {detail}.',
    'Graph and variables are of different exports. Copy both from the same one.',
  ],
  LIMIT_REACHED: ['warning', '{detail}', 'What lies beyond the limit is not shown.'],
};

const lookAgain: Mend = { kind: 'lookAgain' };
const exportAgain = 'model.export({to})';
/** tf.compat.v1.wrap_function and prune make a signature of a frozen graph's placeholder and output, whose names only its maker knows. */
const wrapFrozen =
  'import tensorflow as tf; g = tf.compat.v1.GraphDef.FromString(open({file}, "rb").read()); ' +
  'f = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(g, name=""), []); ' +
  'tf.saved_model.save(tf.Module(), {to}, signatures=f.prune("INPUT:0", {"output": f.graph.get_tensor_by_name("OUTPUT:0")}))';

/** What mends a problem where the place that tells it knows nothing better: a line of Python, or looking again. */
const usualMends: Readonly<Partial<Record<ProblemCode, string | Mend>>> = {
  NOT_FOUND: lookAgain,
  NOT_READABLE: lookAgain,
  NOT_A_FOLDER: { kind: 'useFolder', path: '..' },
  EMPTY_FOLDER: exportAgain,
  NO_MODEL_FOUND: lookAgain,
  NO_SAVED_MODEL: lookAgain,
  DUPLICATE_VERSION: lookAgain,
  SYMLINK_LOOP: lookAgain,
  DANGLING_LINK: lookAgain,
  KERAS_FILE: 'import keras; keras.saving.load_model({file}).export({to})',
  H5_FILE: 'import keras; keras.saving.load_model({file}, compile=False).export({to})',
  CHECKPOINT: 'import tensorflow as tf; tf.train.Checkpoint(model=model).restore({prefix}).expect_partial(); model.export({to})',
  FROZEN_GRAPH: wrapFrozen,
  TFLITE_FILE: exportAgain,
  ARCHIVE: { kind: 'unpack' },
  PB_IS_FOLDER: exportAgain,
  PB_CORRUPT: lookAgain,
  PB_EMPTY: lookAgain,
  PB_TOO_LARGE: exportAgain,
  PB_IS_FROZEN_GRAPH: wrapFrozen,
  NO_SIGNATURE:
    'import tensorflow as tf; tf.saved_model.save(model, {to}, signatures=' +
    'tf.function(model.__call__).get_concrete_function(tf.TensorSpec(SHAPE, tf.float32)))',
  SIGNATURE_TENSOR_MISSING: exportAgain,
  SIGNATURE_SHAPE_HUGE: exportAgain,
  CONST_HUGE: exportAgain,
  UNKNOWN_OP: exportAgain,
  ASSET_MISSING: lookAgain,
  INDEX_MISSING: lookAgain,
  INDEX_CORRUPT: lookAgain,
  SHARD_MISSING: lookAgain,
  SHARD_SHORT: lookAgain,
  CHECKSUM_MISMATCH: lookAgain,
  VARIABLE_MISMATCH: exportAgain,
};

/** A text as a Python literal: JSON's escapes are Python's too, and a file's name may hold quotes. */
const pythonText = (value: string | number | undefined): string => JSON.stringify(String(value ?? ''));

function usualMend(code: ProblemCode, data: Readonly<Record<string, string | number>>): readonly Mend[] | undefined {
  const usual = usualMends[code];
  if (usual === undefined) return undefined;
  if (typeof usual !== 'string') return [usual];
  const places = {
    file: pythonText(data['file'] ?? 'saved_model.pb'),
    prefix: pythonText(String(data['file'] ?? '').replace(/(\.index|\.data-\d{5}-of-\d{5})$/, '')),
    to: pythonText(`${data['name'] ?? 'model'}/1`),
  };
  return [{ kind: 'runPython', line: fillPlaces(usual, places) }];
}

/** A problem with its words and its mend; `severity` where the usual one does not fit. */
export function problem(
  code: ProblemCode,
  data: Readonly<Record<string, string | number>> = {},
  extra: { readonly mends?: readonly Mend[]; readonly severity?: Problem['severity'] } = {},
): Problem {
  const [severity, message, advice] = words[code];
  const mends = extra.mends ?? usualMend(code, data);
  return {
    code,
    severity: extra.severity ?? severity,
    message: fillPlaces(message, data),
    advice: fillPlaces(advice, data),
    ...(mends === undefined ? {} : { mends }),
    data,
  };
}
