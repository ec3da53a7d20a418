import { dtypeEnum, type Dtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { bytesOf, isStrings, type NumberData } from '../../shared/tensor/tensorData.ts';
import { MalformedProto, ProtoReader, ProtoWriter } from '../protobuf/wire.ts';
import type { ScoredClass } from './classifyRegress.ts';
import { readSpec, writeSpec, type SpecMessage } from './modelSpecMessage.ts';
import { StatusError } from './status.ts';
import { readTensor, writeTensor } from './tensorMessage.ts';

/**
 * The messages of PredictionService, server side, by the field numbers of model.proto, predict.proto, input.proto,
 * classification.proto, regression.proto, inference.proto and get_model_metadata.proto.
 */

const noSpec: SpecMessage = { name: '', signatureName: '' };

/** Reads a request of which only the ModelSpec, field 1, matters, and the texts of field 2. */
export function readSpecRequest(bytes: Uint8Array): { readonly spec: SpecMessage; readonly texts: readonly string[] } {
  let spec = noSpec;
  const texts: string[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) spec = readSpec(reader.message());
    else if (reader.field === 2 && reader.wireType === 2) texts.push(reader.string());
    else reader.skip();
  }
  return { spec, texts };
}

export interface PredictMessage {
  readonly spec: SpecMessage;
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Empty: all. */
  readonly outputFilter: readonly string[];
}

function readNamedTensor(name: string, reader: ProtoReader): Tensor {
  try {
    return readTensor(reader);
  } catch (error) {
    if (error instanceof MalformedProto) throw new StatusError('INVALID_ARGUMENT', `tensor parsing error: ${name}`, { cause: error });
    throw error;
  }
}

/** Reads a PredictRequest. Throws MalformedProto, and StatusError for a tensor whose values are not what its shape says. */
export function readPredictMessage(bytes: Uint8Array): PredictMessage {
  let spec = noSpec;
  const inputs: Record<string, Tensor> = {};
  const outputFilter: string[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) spec = readSpec(reader.message());
    else if (reader.field === 2 && reader.wireType === 2) {
      const [name, value] = reader.mapEntry();
      inputs[name] = readNamedTensor(name, value);
    } else if (reader.field === 3 && reader.wireType === 2) outputFilter.push(reader.string());
    else reader.skip();
  }
  return { spec, inputs, outputFilter };
}

/** Serialized tf.Examples of an Input; a context stands before each, so that the example's own features win. */
function readInput(reader: ProtoReader): readonly Uint8Array[] {
  const examples: Uint8Array[] = [];
  let context: Uint8Array | undefined;
  while (reader.next()) {
    if ((reader.field !== 1 && reader.field !== 2) || reader.wireType !== 2) {
      reader.skip();
      continue;
    }
    const withContext = reader.field === 2;
    const list = reader.message();
    while (list.next()) {
      if (list.field === 1 && list.wireType === 2) examples.push(list.bytes().slice());
      else if (withContext && list.field === 2 && list.wireType === 2) context = list.bytes();
      else list.skip();
    }
  }
  const before = context;
  return before === undefined ? examples : examples.map((example) => Buffer.concat([before, example]));
}

export interface ExampleMessage {
  readonly spec: SpecMessage;
  readonly examples: readonly Uint8Array[];
}

/** Reads a ClassificationRequest or a RegressionRequest, which have the same fields. Throws MalformedProto. */
export function readExampleMessage(bytes: Uint8Array): ExampleMessage {
  let spec = noSpec;
  let examples: readonly Uint8Array[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) spec = readSpec(reader.message());
    else if (reader.field === 2 && reader.wireType === 2) examples = readInput(reader.message());
    else reader.skip();
  }
  return { spec, examples };
}

export interface MultiInferenceMessage {
  readonly tasks: readonly { readonly spec: SpecMessage; readonly methodName: string }[];
  readonly examples: readonly Uint8Array[];
}

/** Reads a MultiInferenceRequest. Throws MalformedProto. */
export function readMultiInferenceMessage(bytes: Uint8Array): MultiInferenceMessage {
  const tasks: { readonly spec: SpecMessage; readonly methodName: string }[] = [];
  let examples: readonly Uint8Array[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) {
      let [spec, methodName] = [noSpec, ''];
      const task = reader.message();
      while (task.next()) {
        if (task.field === 1 && task.wireType === 2) spec = readSpec(task.message());
        else if (task.field === 2 && task.wireType === 2) methodName = task.string();
        else task.skip();
      }
      tasks.push({ spec, methodName });
    } else if (reader.field === 2 && reader.wireType === 2) examples = readInput(reader.message());
    else reader.skip();
  }
  return { tasks, examples };
}

/** The list of a TensorProto that holds a type's values; `int_val` for the rest. */
const listFields: Readonly<Partial<Record<Dtype, number>>> = {
  DT_FLOAT: 5,
  DT_DOUBLE: 6,
  DT_COMPLEX64: 9,
  DT_INT64: 10,
  DT_BOOL: 11,
  DT_COMPLEX128: 12,
  DT_HALF: 13,
  DT_BFLOAT16: 13,
  DT_UINT32: 16,
  DT_UINT64: 17,
};

/** Writes a TensorProto with its values in the list of their type, as clients that read `float_val` expect. */
function writeTensorLists(writer: ProtoWriter, tensor: Tensor): void {
  const { dtype, shape, data } = tensor;
  if (isStrings(data)) {
    writeTensor(writer, tensor);
    return;
  }
  writer.varint(1, dtypeEnum(dtype)).message(2, (dims) => {
    for (const size of shape) dims.message(2, (dim) => dim.varint(1, size));
  });
  const numbers: NumberData = data;
  const field = listFields[dtype] ?? 7;
  // Packed floats are the array's own bytes.
  if (numbers instanceof Float32Array || numbers instanceof Float64Array) writer.bytes(field, bytesOf(numbers));
  else writer.packed(field, numbers);
}

/** A PredictResponse; with `asContent` values are raw bytes, which is quicker and not what every client reads. */
export function predictResponse(
  outputs: Readonly<Record<string, Tensor>>,
  spec: SpecMessage,
  { asContent }: { readonly asContent: boolean },
): Uint8Array {
  const write = asContent ? writeTensor : writeTensorLists;
  const writer = new ProtoWriter();
  for (const [name, tensor] of Object.entries(outputs))
    writer.message(1, (entry) => entry.string(1, name).message(2, (value) => write(value, tensor)));
  return writer.message(2, (answered) => writeSpec(answered, spec)).finish();
}

/** What classify or regress made of the examples. */
export type ExampleResult =
  | { readonly kind: 'classify'; readonly classes: readonly (readonly ScoredClass[])[] }
  | { readonly kind: 'regress'; readonly values: readonly number[] };

function writeResult(writer: ProtoWriter, result: ExampleResult): void {
  if (result.kind === 'regress') for (const value of result.values) writer.message(1, (regression) => regression.float(1, value));
  else
    for (const classes of result.classes)
      writer.message(1, (classification) => {
        for (const { label, score } of classes)
          classification.message(1, (one) => {
            if (label.length > 0) one.bytes(1, label);
            one.float(2, score);
          });
      });
}

/** A ClassificationResponse or a RegressionResponse. */
export function exampleResponse(result: ExampleResult, spec: SpecMessage): Uint8Array {
  return new ProtoWriter()
    .message(1, (writer) => writeResult(writer, result))
    .message(2, (answered) => writeSpec(answered, spec))
    .finish();
}

/** A MultiInferenceResponse. */
export function multiInferenceResponse(results: readonly { readonly result: ExampleResult; readonly spec: SpecMessage }[]): Uint8Array {
  const response = new ProtoWriter();
  for (const { result, spec } of results)
    response.message(1, (writer) =>
      writer
        .message(1, (answered) => writeSpec(answered, spec))
        .message(result.kind === 'classify' ? 2 : 3, (inner) => writeResult(inner, result)),
    );
  return response.finish();
}

/** A GetModelMetadataResponse: the SignatureDef messages as they stand in the file. */
export function metadataResponse(signatures: ReadonlyMap<string, { readonly bytes: Uint8Array }>, spec: SpecMessage): Uint8Array {
  const map = new ProtoWriter();
  for (const [name, { bytes }] of signatures) map.message(1, (entry) => entry.string(1, name).bytes(2, bytes));
  return new ProtoWriter()
    .message(1, (answered) => writeSpec(answered, spec))
    .message(2, (entry) =>
      entry
        .string(1, 'signature_def')
        .message(2, (any) => any.string(1, 'type.googleapis.com/tensorflow.serving.SignatureDefMap').bytes(2, map.finish())),
    )
    .finish();
}
