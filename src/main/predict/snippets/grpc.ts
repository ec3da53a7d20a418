import type { Snippet } from '../../../shared/contract/snippets.ts';
import { dtypeEnum, valueDtype } from '../../../shared/tensor/dtype.ts';
import { smallFloat } from '../../../shared/tensor/smallFloat.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { valueField, type Asked } from './asked.ts';
import { nestedLiteral, numberLiteral, pythonBytes, quoted, stringsOf } from './literal.ts';
import { tensorSource } from './tensorSource.ts';

/** Programs that ask over gRPC, by tensors: every value with all its bits. */

type Inputs = Readonly<Record<string, Tensor>>;

const filesOf = (inputs: Inputs): readonly string[] =>
  Object.entries(inputs).flatMap(([name, tensor]) => {
    const source = tensorSource(name, tensor);
    return source.kind === 'inline' ? [] : [source.file];
  });

/** A value that is no string, as a literal of the language. */
function element(
  tensor: Tensor,
  words: { readonly nan: string; readonly infinity: string; readonly no: string; readonly yes: string },
): (index: number) => string {
  const { dtype, data } = tensor;
  return (index) => {
    const value = data[index];
    if (typeof value === 'bigint') return words.nan === 'NaN' ? `${value}n` : String(value);
    const number = typeof value === 'number' ? value : 0;
    if (dtype === 'DT_BOOL') return number === 0 ? words.no : words.yes;
    if (dtype === 'DT_HALF') return numberLiteral(smallFloat[dtype].value(number), words);
    if (dtype !== 'DT_FLOAT' || !Number.isFinite(number)) return numberLiteral(number, words);
    // The shortest text that is the same float of 32 bits.
    const short = Number(number.toPrecision(9));
    return numberLiteral(Math.fround(short) === number ? short : number, words);
  };
}

const python = { nan: 'np.nan', infinity: 'np.inf', no: 'False', yes: 'True' };

function pythonArray(name: string, tensor: Tensor): string {
  const numpyType = valueField(tensor.dtype)?.[1] ?? '';
  const source = tensorSource(name, tensor);
  const strings = stringsOf(tensor);
  const shape = `.reshape((${tensor.shape.join(', ')}${tensor.shape.length === 1 ? ',' : ''}))`;
  if (strings !== null) {
    if (source.kind === 'bytes') return `np.array([open(${quoted(source.file)}, "rb").read()], dtype=object)${shape}`;
    if (source.kind === 'base64')
      return `np.array([base64.b64decode(one) for one in json.load(open(${quoted(source.file)}))], dtype=object)${shape}`;
    return `np.array([${strings.map(pythonBytes).join(', ')}], dtype=object)${shape}`;
  }
  if (source.kind !== 'inline') return `np.fromfile(${quoted(source.file)}, dtype=np.${numpyType})${shape}`;
  const list = nestedLiteral(tensor.shape, element(tensor, python));
  return `np.array(${list}, dtype=np.${numpyType})${tensor.shape.includes(0) ? shape : ''}`;
}

export function pythonGrpc(asked: Asked, inputs: Inputs): Snippet {
  const usesBase64 = Object.entries(inputs).some(([name, tensor]) => tensorSource(name, tensor).kind === 'base64');
  const usesBrain = Object.values(inputs).some(({ dtype }) => dtype === 'DT_BFLOAT16');
  const outputs = Object.entries(asked.signature.outputs).flatMap(([name, { dtype }]) => {
    const field = valueField(valueDtype(dtype));
    if (field === undefined) return [];
    // Halves travel as their bits.
    const numpyType = field[0] === 'half_val' ? 'uint16' : field[1];
    return [`    ${quoted(name)}: (${quoted(field[0])}, np.${numpyType}),\n`];
  });
  return {
    kind: 'python-grpc',
    file: 'predict_grpc.py',
    reads: filesOf(inputs),
    run: 'pip install grpcio tensorflow-serving-api && python predict_grpc.py',
    text: `${usesBase64 ? 'import base64\nimport json\n\n' : ''}import grpc
import numpy as np
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
from tensorflow_serving.apis import predict_pb2


def tensor(array, dtype):
    shape = tensor_shape_pb2.TensorShapeProto(dim=[{"size": size} for size in array.shape])
    if dtype == types_pb2.DT_STRING:
        return tensor_pb2.TensorProto(dtype=dtype, tensor_shape=shape, string_val=array.ravel().tolist())
    return tensor_pb2.TensorProto(dtype=dtype, tensor_shape=shape, tensor_content=array.tobytes())


request = predict_pb2.PredictRequest()
request.model_spec.name = ${quoted(asked.model)}
request.model_spec.signature_name = ${quoted(asked.signatureName)}
${asked.version === undefined ? '' : `request.model_spec.version.value = ${asked.version}\n`}${asked.label === undefined ? '' : `request.model_spec.version_label = ${quoted(asked.label)}\n`}${Object.entries(
      inputs,
    )
      .map(([name, one]) => `request.inputs[${quoted(name)}].CopyFrom(tensor(${pythonArray(name, one)}, types_pb2.${one.dtype}))\n`)
      .join('')}${usesBrain ? '# bfloat16 travels as the bits of its values: numpy has no such type.\n' : ''}
# Messages may be larger than gRPC's usual 4 MB.
channel = grpc.insecure_channel(${quoted(asked.grpcAddress)}, options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)])
predict = channel.unary_unary(
    "/tensorflow.serving.PredictionService/Predict",
    request_serializer=predict_pb2.PredictRequest.SerializeToString,
    response_deserializer=predict_pb2.PredictResponse.FromString,
)
response = predict(request, timeout=30)
print("version:", response.model_spec.version.value)

fields = {
${outputs.join('')}}
for name, output in sorted(response.outputs.items()):
    shape = tuple(dim.size for dim in output.tensor_shape.dim)
    field, dtype = fields.get(name, ("float_val", np.float32))
    values = np.frombuffer(output.tensor_content, dtype) if output.tensor_content else np.array(getattr(output, field), dtype)
${outputs.some((line) => line.includes('half_val')) ? '    values = values.view(np.float16) if field == "half_val" and output.dtype == types_pb2.DT_HALF else values\n' : ''}    print(name, "shape:", shape, "first five values:", values[:5])
`,
  };
}

const javaScript = { nan: 'NaN', infinity: 'Infinity', no: '0', yes: '1' };
const typedArrays: Readonly<Record<string, string>> = {
  DT_FLOAT: 'Float32Array',
  DT_DOUBLE: 'Float64Array',
  DT_INT8: 'Int8Array',
  DT_INT16: 'Int16Array',
  DT_INT32: 'Int32Array',
  DT_UINT8: 'Uint8Array',
  DT_UINT16: 'Uint16Array',
  DT_UINT32: 'Uint32Array',
  DT_INT64: 'BigInt64Array',
  DT_UINT64: 'BigUint64Array',
  DT_BOOL: 'Uint8Array',
  DT_HALF: 'Uint16Array',
  DT_BFLOAT16: 'Uint16Array',
};

function jsTensor(name: string, tensor: Tensor): string {
  const head = `dtype: ${dtypeEnum(tensor.dtype)}, tensorShape: { dim: [${tensor.shape.map((size) => `{ size: ${size} }`).join(', ')}] }`;
  const source = tensorSource(name, tensor);
  const strings = stringsOf(tensor);
  if (strings !== null) {
    if (source.kind === 'bytes') return `{ ${head}, stringVal: [readFileSync(${quoted(source.file)})] }`;
    const list =
      source.kind === 'base64'
        ? `JSON.parse(readFileSync(${quoted(source.file)}, 'utf8'))`
        : `[${strings.map((one) => `'${Buffer.from(one).toString('base64')}'`).join(', ')}]`;
    return `{ ${head}, stringVal: ${list}.map((one) => Buffer.from(one, 'base64')) }`;
  }
  if (source.kind !== 'inline') return `{ ${head}, tensorContent: readFileSync(${quoted(source.file)}) }`;
  const isBits = tensor.dtype === 'DT_HALF' || tensor.dtype === 'DT_BFLOAT16';
  const one = isBits ? (index: number) => String(tensor.data[index]) : element(tensor, javaScript);
  const values = `${typedArrays[tensor.dtype] ?? 'Uint8Array'}.of(${Array.from({ length: tensor.data.length }, (_, index) => one(index)).join(', ')})`;
  return `{ ${head}, tensorContent: new Uint8Array(${values}.buffer) }`;
}

const jsHalf = `
/** The value of a half's 16 bits. */
function half(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 31 ? (fraction ? NaN : Infinity) : exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction;
  return bits & 0x8000 ? -size : size;
}
`;

const camel = (field: string): string => field.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export function javascriptGrpc(asked: Asked, inputs: Inputs): Snippet {
  const files = filesOf(inputs);
  const outputs = Object.entries(asked.signature.outputs).flatMap(([name, { dtype }]) => {
    const value = valueDtype(dtype);
    const field = valueField(value);
    return field === undefined ? [] : [`  ${quoted(name)}: ['${camel(field[0])}', ${typedArrays[value] ?? 'null'}],\n`];
  });
  const hasHalf = Object.values(asked.signature.outputs).some(({ dtype }) => valueDtype(dtype) === 'DT_HALF');
  const version = asked.version === undefined ? '' : `, version: { value: '${asked.version}' }`;
  const label = asked.label === undefined ? '' : `, versionLabel: ${quoted(asked.label)}`;
  return {
    kind: 'javascript-grpc',
    file: 'predict_grpc.mjs',
    reads: files,
    run: 'npm install @grpc/grpc-js @grpc/proto-loader && node predict_grpc.mjs',
    text: `${files.length > 0 ? `import { readFileSync } from 'node:fs';\n` : ''}import grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

// The messages of TensorFlow Serving that this program uses, by their field numbers.
const field = (id, type, rule) => ({ id, type, ...(rule && { rule }) });
const message = (fields) => ({ fields });
const spec = message({ name: field(1, 'string'), version: field(2, 'Int64Value'), signatureName: field(3, 'string'), versionLabel: field(4, 'string') });
const tensor = message({
  dtype: field(1, 'int32'), tensorShape: field(2, 'Shape'), tensorContent: field(4, 'bytes'),
  floatVal: field(5, 'float', 'repeated'), doubleVal: field(6, 'double', 'repeated'), intVal: field(7, 'int32', 'repeated'),
  stringVal: field(8, 'bytes', 'repeated'), int64Val: field(10, 'int64', 'repeated'), boolVal: field(11, 'bool', 'repeated'),
  halfVal: field(13, 'int32', 'repeated'), uint32Val: field(16, 'uint32', 'repeated'), uint64Val: field(17, 'uint64', 'repeated'),
});
const map = (id, type) => ({ id, keyType: 'string', type });
const { PredictionService } = grpc.loadPackageDefinition(
  fromJSON(
    {
      nested: {
        tensorflow: {
          nested: {
            serving: {
              nested: {
                Int64Value: message({ value: field(1, 'int64') }),
                Dim: message({ size: field(1, 'int64') }),
                Shape: message({ dim: field(2, 'Dim', 'repeated') }),
                Tensor: tensor,
                ModelSpec: spec,
                PredictRequest: message({ modelSpec: field(1, 'ModelSpec'), inputs: map(2, 'Tensor') }),
                PredictResponse: message({ outputs: map(1, 'Tensor'), modelSpec: field(2, 'ModelSpec') }),
                PredictionService: { methods: { Predict: { requestType: 'PredictRequest', responseType: 'PredictResponse' } } },
              },
            },
          },
        },
      },
    },
    { longs: String },
  ),
).tensorflow.serving;

const request = {
  modelSpec: { name: ${quoted(asked.model)}, signatureName: ${quoted(asked.signatureName)}${version}${label} },
  inputs: {
${Object.entries(inputs)
  .map(([name, one]) => `    ${quoted(name)}: ${jsTensor(name, one)},\n`)
  .join('')}  },
};

// Messages may be larger than gRPC's usual 4 MB.
const client = new PredictionService(${quoted(asked.grpcAddress)}, grpc.credentials.createInsecure(), {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
});
const response = await new Promise((resolve, reject) => {
  client.Predict(request, { deadline: Date.now() + 30_000 }, (error, answer) => (error ? reject(error) : resolve(answer)));
});
client.close();
console.log('version:', response.modelSpec?.version?.value);

const fields = {
${outputs.join('')}};
for (const [name, { tensorShape, tensorContent, ...lists }] of Object.entries(response.outputs)) {
  const [list, View] = fields[name] ?? ['floatVal', Float32Array];
  const values = tensorContent?.length ? new View(new Uint8Array(tensorContent).buffer) : (lists[list] ?? []);
  const shape = (tensorShape?.dim ?? []).map(({ size }) => Number(size ?? 0));
  console.log(name, 'shape:', shape, 'first five values:', Array.from(values).slice(0, 5)${hasHalf ? ".map((one) => (list === 'halfVal' ? half(one) : one))" : ''});
}
${hasHalf ? jsHalf : ''}`,
  };
}
