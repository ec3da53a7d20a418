import { callableSignatures, type SignatureInfo, type TensorInfo } from '../../shared/contract/savedModel.ts';
import { dtypeLabel, valueDtype } from '../../shared/tensor/dtype.ts';

/** A JSON Schema (2020-12), as OpenAPI 3.1 holds it. */
type Schema = Readonly<Record<string, unknown>>;

interface Described {
  /** `http://127.0.0.1:8501/v1/models/digits` */
  readonly rest: string;
  readonly name: string;
  readonly signatures: Readonly<Record<string, SignatureInfo>>;
}

const wholeNumbers = /^DT_U?INT(\d+)$/;

/** One element of a tensor, as TensorFlow Serving writes and reads it. */
function elementSchema(info: TensorInfo): Schema {
  const dtype = valueDtype(info.dtype);
  if (dtype === 'DT_BOOL') return { type: 'boolean' };
  if (dtype === 'DT_STRING') return { oneOf: [{ type: 'string' }, { $ref: '#/components/schemas/Bytes' }] };
  const bits = wholeNumbers.exec(dtype)?.[1];
  if (bits === undefined)
    return { type: 'number', ...(dtype === 'DT_FLOAT' ? { format: 'float' } : dtype === 'DT_DOUBLE' ? { format: 'double' } : {}) };
  const size = Number(bits);
  // Bounds of 64 bits are no JSON number that every reader holds.
  if (size === 64) return { type: 'integer', format: 'int64' };
  const unsigned = dtype.startsWith('DT_U');
  return { type: 'integer', minimum: unsigned ? 0 : -(2 ** (size - 1)), maximum: 2 ** (unsigned ? size : size - 1) - 1 };
}

/** Nested lists of a shape, outermost first; -1 is any length. An unknown rank is anything. */
function listsOf(shape: readonly number[] | null, element: Schema): Schema {
  if (shape === null) return {};
  return shape.reduceRight<Schema>(
    (items, size) => ({ type: 'array', items, ...(size >= 0 ? { minItems: size, maxItems: size } : {}) }),
    element,
  );
}

const describe = (info: TensorInfo): string =>
  `${dtypeLabel(valueDtype(info.dtype))} ${info.shape === null ? 'of unknown rank' : `[${info.shape.map((size) => (size < 0 ? '?' : size)).join(', ')}]`}`;

function tensorSchema(info: TensorInfo, rows: boolean): Schema {
  const shape = info.shape === null ? null : info.shape.slice(rows ? 1 : 0);
  return { ...listsOf(shape, elementSchema(info)), description: rows ? `One row of ${describe(info)}` : describe(info) };
}

function named(tensors: Readonly<Record<string, TensorInfo>>, rows: boolean): Schema {
  const entries = Object.entries(tensors);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, info]) => [name, tensorSchema(info, rows)])),
    required: entries.map(([name]) => name),
  };
}

/** A single tensor may stand for itself, as TensorFlow Serving writes it; several are named. */
function tensorsSchema(tensors: Readonly<Record<string, TensorInfo>>, rows: boolean, alsoNamed: boolean): Schema {
  const [only, ...others] = Object.values(tensors);
  if (only === undefined || others.length > 0) return named(tensors, rows);
  const plain = tensorSchema(only, rows);
  return alsoNamed ? { anyOf: [plain, named(tensors, rows)] } : plain;
}

const hasRows = (tensors: Readonly<Record<string, TensorInfo>>): boolean =>
  Object.values(tensors).every(({ shape }) => shape === null || shape.length > 0);

/** A signature's own name in the body: it may be left out where it is the default. */
function withName(name: string, schema: Schema & { readonly properties: Schema; readonly required: readonly string[] }): Schema {
  return {
    ...schema,
    properties: { signature_name: { const: name }, ...schema.properties },
    required: name === 'serving_default' ? schema.required : ['signature_name', ...schema.required],
  };
}

function requestSchema(name: string, { inputs, outputs }: SignatureInfo): Schema {
  const columns = withName(name, { type: 'object', properties: { inputs: tensorsSchema(inputs, false, true) }, required: ['inputs'] });
  if (!hasRows(inputs) || !hasRows(outputs)) return columns;
  const instances = { type: 'array', items: tensorsSchema(inputs, true, true), minItems: 1 };
  return { oneOf: [withName(name, { type: 'object', properties: { instances }, required: ['instances'] }), columns] };
}

function answerSchema({ inputs, outputs }: SignatureInfo): Schema {
  const columns = { type: 'object', properties: { outputs: tensorsSchema(outputs, false, false) }, required: ['outputs'] };
  if (!hasRows(inputs) || !hasRows(outputs)) return columns;
  const predictions = { type: 'array', items: tensorsSchema(outputs, true, false) };
  return { oneOf: [{ type: 'object', properties: { predictions }, required: ['predictions'] }, columns] };
}

const examples: Schema = {
  type: 'object',
  properties: {
    signature_name: { type: 'string' },
    context: { type: 'object' },
    examples: { type: 'array', minItems: 1, items: { type: 'object', description: 'tf.Example: feature name to value or list of values' } },
  },
  required: ['examples'],
};
const classes: Schema = {
  type: 'object',
  properties: {
    results: { type: 'array', items: { type: 'array', items: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] } } },
  },
  required: ['results'],
};
const regressions: Schema = {
  type: 'object',
  properties: { results: { type: 'array', items: { type: 'number' } } },
  required: ['results'],
};

const json = (schema: Schema): Schema => ({ 'application/json': { schema } });
const errors: Schema = Object.fromEntries(
  Object.entries({
    400: 'The request does not fit the signature, or is no JSON.',
    404: 'There is no such model, version or label.',
    503: 'The model is not available, or the server is overloaded.',
  }).map(([status, description]) => [status, { description, content: json({ $ref: '#/components/schemas/Error' }) }]),
);

/**
 * OpenAPI 3.1 of what TensorFlow Serving answers about one model over REST, from its signatures. Numbers that are not finite are
 * written as NaN and Infinity, which JSON, and so this document, does not have.
 */
export function openApiOf({ rest, name, signatures }: Described): Schema {
  const { origin, pathname } = new URL(rest);
  const callable = callableSignatures({ signatures });
  const ofMethod = (method: RegExp): typeof callable => callable.filter(([, { method_name }]) => method.test(method_name));
  const id = (signature: string): string => signature.replaceAll(/[^\w.-]/g, '_');
  const schemas: Record<string, Schema> = {
    Error: { type: 'object', properties: { error: { type: 'string' } }, required: ['error'] },
    Bytes: {
      type: 'object',
      properties: { b64: { type: 'string', contentEncoding: 'base64' } },
      required: ['b64'],
      description: 'Bytes that are no text',
    },
    Status: {
      type: 'object',
      properties: {
        model_version_status: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              version: { type: 'string' },
              state: { enum: ['UNKNOWN', 'START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'] },
              status: { type: 'object', properties: { error_code: { type: 'string' }, error_message: { type: 'string' } } },
            },
          },
        },
      },
      required: ['model_version_status'],
    },
    Metadata: {
      type: 'object',
      properties: { model_spec: { type: 'object' }, metadata: { type: 'object' } },
      required: ['model_spec', 'metadata'],
    },
  };
  for (const [signature, info] of callable) {
    schemas[`${id(signature)}.request`] = requestSchema(signature, info);
    schemas[`${id(signature)}.answer`] = answerSchema(info);
  }
  const anyOf = (part: 'request' | 'answer'): Schema => {
    const all = callable.map(([signature]) => ({ $ref: `#/components/schemas/${id(signature)}.${part}` }));
    return all.length === 1 ? (all[0] ?? {}) : { anyOf: all };
  };
  const operation = (operationId: string, summary: string, request: Schema, answer: Schema): Schema => ({
    post: {
      operationId,
      summary,
      requestBody: { required: true, content: json(request) },
      responses: { 200: { description: 'The answer', content: json(answer) }, ...errors },
    },
  });
  const variants = [
    ['', '', []],
    ['/versions/{version}', 'OfVersion', [{ name: 'version', in: 'path', required: true, schema: { type: 'integer', minimum: 0 } }]],
    ['/labels/{label}', 'OfLabel', [{ name: 'label', in: 'path', required: true, schema: { type: 'string' } }]],
  ] as const;
  const paths: Record<string, Schema> = {};
  for (const [path, suffix, parameters] of variants) {
    const base = `${pathname}${path}`;
    const withParameters = (schema: Schema): Schema => (parameters.length === 0 ? schema : { ...schema, parameters });
    const read = (operationId: string, summary: string, schema: string): Schema => ({
      get: {
        operationId: `${operationId}${suffix}`,
        summary,
        responses: { 200: { description: summary, content: json({ $ref: `#/components/schemas/${schema}` }) }, 404: errors['404'] },
      },
    });
    paths[base] = withParameters(read('status', 'State of the versions', 'Status'));
    paths[`${base}/metadata`] = withParameters(read('metadata', 'Signatures as the server tells them', 'Metadata'));
    if (callable.length > 0)
      paths[`${base}:predict`] = withParameters(operation(`predict${suffix}`, 'Predicts', anyOf('request'), anyOf('answer')));
    if (ofMethod(/classify$/).length > 0)
      paths[`${base}:classify`] = withParameters(operation(`classify${suffix}`, 'Classifies tf.Examples', examples, classes));
    if (ofMethod(/regress$/).length > 0)
      paths[`${base}:regress`] = withParameters(operation(`regress${suffix}`, 'Regresses tf.Examples', examples, regressions));
  }
  return {
    openapi: '3.1.0',
    info: { title: `${name} on TensorFlow Serving`, version: '1' },
    servers: [{ url: origin }],
    paths,
    components: { schemas },
  };
}
