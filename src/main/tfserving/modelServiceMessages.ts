import { ProtoReader, ProtoWriter } from '../protobuf/wire.ts';
import type { VersionState, VersionStatus } from './modelManager.ts';
import { readModelServerConfig, type ModelConfig } from './modelServerConfig.ts';
import { StatusError, statusCode } from './status.ts';

/** The messages of ModelService, server side: get_model_status.proto, model_management.proto, status.proto. */

/** ModelVersionStatus.State; 0 is unknown. */
export const versionStates: Readonly<Record<VersionState, number>> = { START: 10, LOADING: 20, AVAILABLE: 30, UNLOADING: 40, END: 50 };

function writeStatus(writer: ProtoWriter, error: StatusError | null): void {
  if (error !== null) writer.varint(1, statusCode[error.status]).string(2, error.message);
}

/** A GetModelStatusResponse. */
export function modelStatusResponse(versions: readonly VersionStatus[]): Uint8Array {
  const response = new ProtoWriter();
  for (const { version, state, error } of versions)
    response.message(1, (one) =>
      one
        .varint(1, version)
        .varint(2, versionStates[state])
        .message(3, (status) => writeStatus(status, error)),
    );
  return response.finish();
}

/** Reads a ReloadConfigRequest. Throws StatusError, MalformedProto. */
export function readReloadConfigRequest(bytes: Uint8Array): readonly ModelConfig[] {
  let models: readonly ModelConfig[] | undefined;
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) models = readModelServerConfig(reader.message());
    else reader.skip();
  }
  if (models === undefined)
    throw new StatusError(
      'INVALID_ARGUMENT',
      'ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported',
    );
  return models;
}

/** A ReloadConfigRequest: these models and no others. */
export function reloadConfigRequest(models: readonly ModelConfig[]): Uint8Array {
  return new ProtoWriter()
    .message(1, (config) =>
      config.message(1, (list) => {
        for (const model of models) list.message(1, (one) => writeModelConfig(one, model));
      }),
    )
    .finish();
}

function writeModelConfig(writer: ProtoWriter, { name, basePath, versions, labels }: ModelConfig): void {
  writer.string(1, name).string(2, basePath).string(4, 'tensorflow');
  writer.message(7, (policy) => {
    if (versions.kind === 'all') policy.message(101, () => undefined);
    else if (versions.kind === 'latest') policy.message(100, (latest) => latest.varint(1, versions.count));
    else policy.message(102, (specific) => specific.packed(1, versions.versions));
  });
  for (const [label, version] of labels) writer.message(8, (entry) => entry.string(1, label).varint(2, version));
}

/** A ReloadConfigResponse; a refusal is the call's own. */
export function reloadConfigResponse(): Uint8Array {
  return new ProtoWriter().message(1, () => undefined).finish();
}
