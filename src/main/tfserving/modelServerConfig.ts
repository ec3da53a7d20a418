import { isAbsolute } from 'node:path';
import { messageFromText, TextSyntax, type TextSchema } from '../protobuf/textFormat.ts';
import { ProtoReader } from '../protobuf/wire.ts';
import { StatusError } from './status.ts';

/**
 * ModelServerConfig and its parts, as text (`--model_config_file`) and as a message (ReloadConfigRequest), by the field numbers of
 * model_server_config.proto and file_system_storage_path_source.proto.
 */

/** Which versions under a base path are served. */
export type ServedVersions =
  | { readonly kind: 'latest'; readonly count: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'specific'; readonly versions: readonly bigint[] };

export interface ModelConfig {
  readonly name: string;
  readonly basePath: string;
  readonly versions: ServedVersions;
  readonly labels: ReadonlyMap<string, bigint>;
}

const policy: TextSchema = {
  latest: [100, { num_versions: [1, 'int'] }],
  all: [101, {}],
  specific: [102, { versions: [1, 'int'] }],
};
const modelType = new Map([
  ['MODEL_TYPE_UNSPECIFIED', 0],
  ['TENSORFLOW', 1],
  ['OTHER', 2],
]);
const modelConfig: TextSchema = {
  name: [1, 'string'],
  base_path: [2, 'string'],
  model_type: [3, modelType],
  model_platform: [4, 'string'],
  logging_config: [
    6,
    {
      sampling_config: [2, { sampling_rate: [1, 'double'] }],
      log_collector_config: [1, { type: [1, 'string'], filename_prefix: [2, 'string'] }],
    },
  ],
  model_version_policy: [7, policy],
  version_labels: [8, { key: [1, 'string'], value: [2, 'int'] }],
};
const modelServerConfig: TextSchema = {
  model_config_list: [1, { config: [1, modelConfig] }],
  custom_model_config: [2, { type_url: [1, 'string'], value: [2, 'bytes'] }],
};

/** The file's text is no such message. */
export class InvalidConfigText extends StatusError {
  /** What and where, as TensorFlow Serving's log has it. */
  readonly logLine: string;
  constructor(message: string, file: string, cause: TextSyntax) {
    super('INVALID_ARGUMENT', `Invalid protobuf file: '${file}'`, { cause });
    this.logLine = `Error parsing text-format tensorflow.serving.${message}: ${cause.line}:${cause.column}: ${cause.message}`;
  }
}

/** A message of a file's text; `name` and `file` are for the error. Throws InvalidConfigText. */
export function configMessage(
  text: string,
  schema: TextSchema,
  { name, file }: { readonly name: string; readonly file: string },
): ProtoReader {
  try {
    return new ProtoReader(messageFromText(text, schema, { unknown: 'refuse' }));
  } catch (error) {
    if (error instanceof TextSyntax) throw new InvalidConfigText(name, file, error);
    throw error;
  }
}

function readPolicy(reader: ProtoReader): ServedVersions {
  let served: ServedVersions = { kind: 'latest', count: 1 };
  while (reader.next()) {
    if (reader.wireType !== 2) {
      reader.skip();
      continue;
    }
    if (reader.field === 100) {
      const latest = reader.message();
      let count = 0;
      while (latest.next()) {
        if (latest.field === 1 && latest.wireType === 0) count = latest.varint();
        else latest.skip();
      }
      // TensorFlow Serving takes 0 for 1.
      served = { kind: 'latest', count: Math.max(count, 1) };
    } else if (reader.field === 101) {
      reader.skip();
      served = { kind: 'all' };
    } else if (reader.field === 102) {
      const specific = reader.message();
      const versions: bigint[] = [];
      while (specific.next()) {
        if (specific.field !== 1) specific.skip();
        else if (specific.wireType === 0) versions.push(specific.bigint());
        else versions.push(...specific.bigints());
      }
      served = { kind: 'specific', versions };
    } else reader.skip();
  }
  return served;
}

function readLabel(reader: ProtoReader): readonly [string, bigint] {
  let label = '';
  let version = 0n;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) label = reader.string();
    else if (reader.field === 2 && reader.wireType === 0) version = reader.bigint();
    else reader.skip();
  }
  return [label, version];
}

function readModelConfig(reader: ProtoReader): ModelConfig {
  let [name, basePath, platform, type] = ['', '', '', 0];
  let versions: ServedVersions = { kind: 'latest', count: 1 };
  const labels = new Map<string, bigint>();
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) name = reader.string();
    else if (reader.field === 2 && reader.wireType === 2) basePath = reader.string();
    else if (reader.field === 3 && reader.wireType === 0) type = reader.varint();
    else if (reader.field === 4 && reader.wireType === 2) platform = reader.string();
    else if (reader.field === 6 && reader.wireType === 2)
      throw new StatusError('FAILED_PRECONDITION', 'No request-logger-creator provided.');
    else if (reader.field === 7 && reader.wireType === 2) versions = readPolicy(reader.message());
    else if (reader.field === 8 && reader.wireType === 2) labels.set(...readLabel(reader.message()));
    else reader.skip();
  }
  if (platform === '' && type === 0)
    throw new StatusError(
      'INVALID_ARGUMENT',
      `Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform, model name is ${name}`,
    );
  if (platform !== '' && platform !== 'tensorflow')
    throw new StatusError('INVALID_ARGUMENT', `Model ${name} requests unsupported platform ${platform}`);
  if (!isAbsolute(basePath))
    throw new StatusError('INVALID_ARGUMENT', `Expected model ${name} to have an absolute path or URI; got base_path()=${basePath}`);
  return { name, basePath, versions, labels };
}

/** The models of a configuration. Throws StatusError in TensorFlow Serving's words. */
export function readModelServerConfig(reader: ProtoReader): readonly ModelConfig[] {
  const models: ModelConfig[] = [];
  while (reader.next()) {
    if (reader.field === 2) throw new StatusError('INVALID_ARGUMENT', 'A custom_model_config is not supported');
    if (reader.field !== 1 || reader.wireType !== 2) {
      reader.skip();
      continue;
    }
    const list = reader.message();
    while (list.next()) {
      if (list.field === 1 && list.wireType === 2) models.push(readModelConfig(list.message()));
      else list.skip();
    }
  }
  const seen = new Set<string>();
  for (const { name } of models) {
    if (seen.has(name)) throw new StatusError('INVALID_ARGUMENT', `Illegal to list model ${name} multiple times in config list`);
    seen.add(name);
  }
  return models;
}

/** `--model_config_file`'s text. */
export function modelServerConfigFromText(text: string, file: string): readonly ModelConfig[] {
  return readModelServerConfig(configMessage(text, modelServerConfig, { name: 'ModelServerConfig', file }));
}
