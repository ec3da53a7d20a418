import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { dtypeOfEnum } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { ProtoReader } from '../protobuf/wire.ts';
import { readSignature } from '../savedmodel/savedModelProto.ts';
import { savedModelFromText } from '../savedmodel/textProto.ts';
import { readTensor } from './tensorMessage.ts';

/**
 * A version's signatures as they stand in its file: what GetModelMetadata answers, over gRPC as these bytes, over REST as
 * protobuf's JSON of them. Field numbers: meta_graph.proto, tensor.proto, struct.proto.
 */
export interface SignatureMessage {
  readonly info: SignatureInfo;
  /** The SignatureDef message. */
  readonly bytes: Uint8Array;
  /** Values of inputs that a request may leave out. */
  readonly defaults: Readonly<Record<string, Tensor>>;
}

/** SignatureDef.defaults, field 4. */
function readDefaults(reader: ProtoReader): Readonly<Record<string, Tensor>> {
  const defaults: Record<string, Tensor> = {};
  while (reader.next()) {
    if (reader.field === 4 && reader.wireType === 2) {
      const [name, value] = reader.mapEntry();
      defaults[name] = readTensor(value);
    } else reader.skip();
  }
  return defaults;
}

const sameTags = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((tag) => other.includes(tag));

function readMetaGraph(reader: ProtoReader): {
  readonly tags: readonly string[];
  readonly signatures: ReadonlyMap<string, SignatureMessage>;
} {
  const tags: string[] = [];
  const signatures = new Map<string, SignatureMessage>();
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) {
      const info = reader.message();
      while (info.next()) {
        if (info.field === 4 && info.wireType === 2) tags.push(info.string());
        else info.skip();
      }
    } else if (reader.field === 5 && reader.wireType === 2) {
      let [name, bytes] = ['', new Uint8Array()];
      const entry = reader.message();
      while (entry.next()) {
        if (entry.field === 1 && entry.wireType === 2) name = entry.string();
        else if (entry.field === 2 && entry.wireType === 2) bytes = entry.bytes().slice();
        else entry.skip();
      }
      signatures.set(name, { info: readSignature(new ProtoReader(bytes)), bytes, defaults: readDefaults(new ProtoReader(bytes)) });
    } else reader.skip();
  }
  return { tags, signatures };
}

/** The signatures of the meta graph with these tags, its graph unread; none where there is no such graph. */
export async function readSignatureMessages(
  versionPath: string,
  tags: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, SignatureMessage>> {
  const file = await readFile(join(versionPath, 'saved_model.pb'), { signal }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return savedModelFromText(await readFile(join(versionPath, 'saved_model.pbtxt'), { encoding: 'utf8', signal }));
  });
  const reader = new ProtoReader(file);
  while (reader.next()) {
    if (reader.field !== 2 || reader.wireType !== 2) {
      reader.skip();
      continue;
    }
    const graph = readMetaGraph(reader.message());
    if (sameTags(graph.tags, tags)) return graph.signatures;
  }
  return new Map();
}

type Scalar = 'string' | 'bytes' | 'int32' | 'int64' | 'sint64' | 'bool' | 'float' | 'double' | 'dtype' | readonly string[];
/** Unset `one` fields are left out, others are written with their default; unset messages are left out. */
interface JsonField {
  readonly number: number;
  readonly kind: Scalar | (() => JsonSchema);
  readonly as?: 'list' | 'map' | 'one';
}
type JsonSchema = Readonly<Record<string, JsonField>>;

const one = (number: number, kind: JsonField['kind']): JsonField => ({ number, kind, as: 'one' });
const list = (number: number, kind: JsonField['kind']): JsonField => ({ number, kind, as: 'list' });
const map = (number: number, kind: JsonField['kind']): JsonField => ({ number, kind, as: 'map' });
const plain = (number: number, kind: Scalar): JsonField => ({ number, kind });

const dim: JsonSchema = { size: plain(1, 'int64'), name: plain(2, 'string') };
const shape: JsonSchema = { dim: list(2, () => dim), unknown_rank: plain(3, 'bool') };
const tensor: JsonSchema = {
  dtype: plain(1, 'dtype'),
  tensor_shape: one(2, () => shape),
  version_number: plain(3, 'int32'),
  tensor_content: plain(4, 'bytes'),
  float_val: list(5, 'float'),
  double_val: list(6, 'double'),
  int_val: list(7, 'int32'),
  string_val: list(8, 'bytes'),
  scomplex_val: list(9, 'float'),
  int64_val: list(10, 'int64'),
  bool_val: list(11, 'bool'),
  dcomplex_val: list(12, 'double'),
  half_val: list(13, 'int32'),
  resource_handle_val: list(14, () => ({})),
  variant_val: list(15, () => ({})),
  uint32_val: list(16, 'int32'),
  uint64_val: list(17, 'int64'),
  float8_val: plain(18, 'bytes'),
};
const tensorSpec: JsonSchema = { name: plain(1, 'string'), shape: one(2, () => shape), dtype: plain(3, 'dtype') };
const structured: JsonSchema = {
  none_value: one(1, () => ({})),
  float64_value: one(11, 'double'),
  int64_value: one(12, 'sint64'),
  string_value: one(13, 'string'),
  bool_value: one(14, 'bool'),
  tensor_shape_value: one(31, () => shape),
  tensor_dtype_value: one(32, 'dtype'),
  tensor_spec_value: one(33, () => tensorSpec),
  type_spec_value: one(34, () => typeSpec),
  list_value: one(51, () => ({ values: list(1, () => structured) })),
  tuple_value: one(52, () => ({ values: list(1, () => structured) })),
  dict_value: one(53, () => ({ fields: map(1, () => structured) })),
};
const specClasses = [
  'UNKNOWN',
  'SPARSE_TENSOR_SPEC',
  'INDEXED_SLICES_SPEC',
  'RAGGED_TENSOR_SPEC',
  'TENSOR_ARRAY_SPEC',
  'DATA_DATASET_SPEC',
  'DATA_ITERATOR_SPEC',
  'OPTIONAL_SPEC',
  'PER_REPLICA_SPEC',
  'VARIABLE_SPEC',
  'ROW_PARTITION_SPEC',
  '',
  'REGISTERED_TYPE_SPEC',
  'EXTENSION_TYPE_SPEC',
] as const;
const typeSpec: JsonSchema = {
  type_spec_class: plain(1, specClasses),
  type_state: one(2, () => structured),
  type_spec_class_name: plain(3, 'string'),
  num_flat_components: plain(4, 'int32'),
};
const tensorInfo: JsonSchema = {
  name: one(1, 'string'),
  dtype: plain(2, 'dtype'),
  tensor_shape: one(3, () => shape),
  coo_sparse: one(4, () => ({
    values_tensor_name: plain(1, 'string'),
    indices_tensor_name: plain(2, 'string'),
    dense_shape_tensor_name: plain(3, 'string'),
  })),
  composite_tensor: one(5, () => ({ type_spec: one(1, () => typeSpec), components: list(2, () => tensorInfo) })),
};
const signatureDef: JsonSchema = {
  inputs: map(1, () => tensorInfo),
  outputs: map(2, () => tensorInfo),
  method_name: plain(3, 'string'),
  defaults: map(4, () => tensor),
};

const real = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

function scalarJson(reader: ProtoReader, kind: Scalar): unknown {
  switch (kind) {
    case 'string':
      return reader.string();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'int32':
      return reader.int();
    case 'int64':
      return String(reader.bigint());
    case 'sint64': {
      const value = BigInt.asUintN(64, reader.bigint());
      return String((value >> 1n) ^ -(value & 1n));
    }
    case 'bool':
      return reader.varint() !== 0;
    case 'float': {
      const view = new DataView(new ArrayBuffer(4));
      view.setUint32(0, reader.fixed32());
      return real(view.getFloat32(0));
    }
    case 'double':
      return real(reader.double());
    case 'dtype':
      return dtypeOfEnum(reader.varint()) ?? 'DT_INVALID';
    default:
      return kind[reader.varint()] ?? 'UNKNOWN';
  }
}

function defaultJson(kind: Scalar): unknown {
  switch (kind) {
    case 'string':
    case 'bytes':
      return '';
    case 'int64':
    case 'sint64':
      return '0';
    case 'bool':
      return false;
    case 'dtype':
      return 'DT_INVALID';
    case 'int32':
    case 'float':
    case 'double':
      return 0;
    default:
      return kind[0];
  }
}

const wireTypes: Readonly<Record<string, number>> = { string: 2, bytes: 2, float: 5, double: 1 };

function messageJson(reader: ProtoReader, schema: JsonSchema): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const [name, { kind, as }] of Object.entries(schema)) {
    if (as === 'list') json[name] = [];
    else if (as === 'map') json[name] = {};
    else if (as !== 'one' && typeof kind !== 'function') json[name] = defaultJson(kind);
  }
  const fields = new Map(Object.entries(schema).map(([name, field]) => [field.number, { name, ...field }]));
  while (reader.next()) {
    const field = fields.get(reader.field);
    if (field === undefined) {
      reader.skip();
      continue;
    }
    const { name, kind, as } = field;
    if (typeof kind === 'function') {
      if (as === 'map') {
        const [key, value] = reader.mapEntry();
        (json[name] as Record<string, unknown>)[key] = messageJson(value, kind());
      } else {
        const value = messageJson(reader.message(), kind());
        if (as === 'list') (json[name] as unknown[]).push(value);
        else json[name] = value;
      }
      continue;
    }
    const wireType = typeof kind === 'string' ? (wireTypes[kind] ?? 0) : 0;
    if (as === 'list' && reader.wireType === 2 && wireType !== 2) {
      const packed = reader.message();
      while (packed.more()) (json[name] as unknown[]).push(scalarJson(packed, kind));
    } else if (reader.wireType !== wireType) reader.skip();
    else if (as === 'list') (json[name] as unknown[]).push(scalarJson(reader, kind));
    else json[name] = scalarJson(reader, kind);
  }
  return json;
}

/** A SignatureDef as protobuf's JSON, all plain fields written out. */
export function signatureJson({ bytes }: SignatureMessage): unknown {
  return messageJson(new ProtoReader(bytes), signatureDef);
}
