import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtoWriter } from '../../src/main/protobuf/wire.ts';
import type { SignatureInfo } from '../../src/shared/contract/savedModel.ts';
import { dtypeEnum, type Dtype } from '../../src/shared/tensor/dtype.ts';

/** Every type of element that a request carries. */
export const echoTypes = [
  'DT_FLOAT',
  'DT_DOUBLE',
  'DT_HALF',
  'DT_BFLOAT16',
  'DT_INT8',
  'DT_INT16',
  'DT_INT32',
  'DT_INT64',
  'DT_UINT8',
  'DT_UINT16',
  'DT_UINT32',
  'DT_UINT64',
  'DT_BOOL',
  'DT_STRING',
  'DT_COMPLEX64',
  'DT_COMPLEX128',
] as const satisfies readonly Dtype[];
export type EchoType = (typeof echoTypes)[number];

const tensorInfo = (writer: ProtoWriter, name: string, dtype: Dtype): void =>
  void writer
    .string(1, name)
    .varint(2, dtypeEnum(dtype))
    .message(3, (shape) => shape.bool(3, true));

/** The signature that answers a type's `x` as `y_bytes`, of any rank; strings that are no text are then base64. */
export const echoSignature = (dtype: EchoType): SignatureInfo => {
  const info = (name: string) => ({ name, dtype, dtype_enum: dtypeEnum(dtype), shape: null, unknown_rank: true });
  return {
    method_name: 'tensorflow/serving/predict',
    inputs: { x: info(`x_${dtype}:0`) },
    outputs: { y_bytes: info(`y_${dtype}:0`) },
  };
};

/** Writes a SavedModel of version 1 whose signatures, one a type and called as it, are an Identity. */
export async function writeEchoModel(base: string): Promise<void> {
  const node = (graph: ProtoWriter, name: string, op: string, inputs: readonly string[], attribute: string, dtype: Dtype): void =>
    void graph.message(1, (one) => {
      one.string(1, name).string(2, op);
      for (const input of inputs) one.string(3, input);
      one.message(5, (pair) => pair.string(1, attribute).message(2, (value) => value.varint(6, dtypeEnum(dtype))));
    });
  const bytes = new ProtoWriter()
    .varint(1, 1)
    .message(2, (meta) => {
      meta.message(1, (info) => info.string(4, 'serve').string(5, '2.19.1'));
      meta.message(2, (graph) => {
        for (const dtype of echoTypes) {
          node(graph, `x_${dtype}`, 'Placeholder', [], 'dtype', dtype);
          node(graph, `y_${dtype}`, 'Identity', [`x_${dtype}`], 'T', dtype);
        }
        graph.message(4, (versions) => versions.varint(1, 1882).varint(2, 12));
      });
      for (const dtype of echoTypes)
        meta.message(5, (entry) =>
          entry.string(1, dtype).message(2, (signature) =>
            signature
              .message(1, (input) => input.string(1, 'x').message(2, (info) => tensorInfo(info, `x_${dtype}:0`, dtype)))
              .message(2, (output) => output.string(1, 'y_bytes').message(2, (info) => tensorInfo(info, `y_${dtype}:0`, dtype)))
              .string(3, 'tensorflow/serving/predict'),
          ),
        );
    })
    .finish();
  await mkdir(join(base, '1'), { recursive: true });
  await writeFile(join(base, '1', 'saved_model.pb'), bytes);
}
