import { dtypeOfEnum } from '../../shared/tensor/dtype.ts';
import { messageFromText, type TextSchema } from '../protobuf/textFormat.ts';

/** saved_model.pbtxt in wire format, by a schema of the fields that Slipway reads; others are parsed and left out. */

const dtypes: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 200 }, (_, number) => [dtypeOfEnum(number) ?? '', number] as const).filter(([name]) => name !== ''),
);

const shape: TextSchema = { dim: [2, { size: [1, 'int'], name: [2, 'string'] }], unknown_rank: [3, 'bool'] };
const tensor: TextSchema = {
  dtype: [1, dtypes],
  tensor_shape: [2, shape],
  version_number: [3, 'int'],
  tensor_content: [4, 'bytes'],
  float_val: [5, 'float'],
  double_val: [6, 'double'],
  int_val: [7, 'int'],
  string_val: [8, 'bytes'],
  int64_val: [10, 'int'],
  scomplex_val: [9, 'float'],
  bool_val: [11, 'bool'],
  dcomplex_val: [12, 'double'],
  half_val: [13, 'int'],
  uint32_val: [16, 'int'],
  uint64_val: [17, 'int'],
};
const attrValue: TextSchema = {
  list: [
    1,
    {
      s: [2, 'bytes'],
      i: [3, 'int'],
      f: [4, 'float'],
      b: [5, 'bool'],
      type: [6, dtypes],
      shape: [7, shape],
      tensor: [8, tensor],
      func: [9, () => nameAttrList],
    },
  ],
  s: [2, 'bytes'],
  i: [3, 'int'],
  f: [4, 'float'],
  b: [5, 'bool'],
  type: [6, dtypes],
  shape: [7, shape],
  tensor: [8, tensor],
  placeholder: [9, 'string'],
  func: [10, () => nameAttrList],
};
const nameAttrList: TextSchema = { name: [1, 'string'], attr: [2, { key: [1, 'string'], value: [2, () => attrValue] }] };
const node: TextSchema = {
  name: [1, 'string'],
  op: [2, 'string'],
  input: [3, 'string'],
  device: [4, 'string'],
  attr: [5, { key: [1, 'string'], value: [2, attrValue] }],
};
const argument: TextSchema = { name: [1, 'string'], type: [3, dtypes] };
const functionDef: TextSchema = {
  signature: [1, { name: [1, 'string'], input_arg: [2, argument], output_arg: [3, argument] }],
  node_def: [3, node],
  ret: [4, { key: [1, 'string'], value: [2, 'string'] }],
  control_ret: [6, { key: [1, 'string'], value: [2, 'string'] }],
};
const tensorInfo: TextSchema = {
  name: [1, 'string'],
  dtype: [2, dtypes],
  tensor_shape: [3, shape],
  coo_sparse: [4, { values_tensor_name: [1, 'string'], indices_tensor_name: [2, 'string'], dense_shape_tensor_name: [3, 'string'] }],
};
const tensorInfoMap: TextSchema = { key: [1, 'string'], value: [2, tensorInfo] };
const signature: TextSchema = { inputs: [1, tensorInfoMap], outputs: [2, tensorInfoMap], method_name: [3, 'string'] };
const metaGraph: TextSchema = {
  meta_info_def: [
    1,
    { stripped_op_list: [2, { op: [1, { name: [1, 'string'] }] }], tags: [4, 'string'], tensorflow_version: [5, 'string'] },
  ],
  graph_def: [
    2,
    { node: [1, node], library: [2, { function: [1, functionDef] }], versions: [4, { producer: [1, 'int'], min_consumer: [2, 'int'] }] },
  ],
  saver_def: [3, { filename_tensor_name: [1, 'string'], save_tensor_name: [2, 'string'], restore_op_name: [3, 'string'] }],
  collection_def: [4, { key: [1, 'string'], value: [2, { node_list: [1, { value: [1, 'string'] }] }] }],
  signature_def: [5, { key: [1, 'string'], value: [2, signature] }],
  asset_file_def: [6, { tensor_info: [1, tensorInfo], filename: [2, 'string'] }],
};
const savedModel: TextSchema = { saved_model_schema_version: [1, 'int'], meta_graphs: [2, metaGraph] };

/** saved_model.pbtxt's text as a SavedModel message in wire format. Throws MalformedProto. */
export function savedModelFromText(source: string): Uint8Array {
  return messageFromText(source, savedModel, { unknown: 'skip' });
}
