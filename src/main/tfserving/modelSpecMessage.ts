import type { ProtoReader, ProtoWriter } from '../protobuf/wire.ts';

/** A ModelSpec by the field numbers of model.proto; `''` is the default signature, and a label excludes a version. */
export interface SpecMessage {
  readonly name: string;
  readonly version?: bigint;
  readonly label?: string;
  readonly signatureName: string;
}

/** Reads a ModelSpec. Throws MalformedProto. */
export function readSpec(reader: ProtoReader): SpecMessage {
  let [name, signatureName] = ['', ''];
  let version: bigint | undefined;
  let label: string | undefined;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) name = reader.string();
    else if (reader.field === 2 && reader.wireType === 2) {
      version = 0n;
      const wrapped = reader.message();
      while (wrapped.next()) {
        if (wrapped.field === 1 && wrapped.wireType === 0) version = wrapped.bigint();
        else wrapped.skip();
      }
    } else if (reader.field === 3 && reader.wireType === 2) signatureName = reader.string();
    else if (reader.field === 4 && reader.wireType === 2) label = reader.string();
    else reader.skip();
  }
  return {
    name,
    signatureName,
    ...(label === undefined ? {} : { label }),
    ...(version === undefined || label !== undefined ? {} : { version }),
  };
}

/** Writes a ModelSpec's fields. */
export function writeSpec(writer: ProtoWriter, { name, version, label, signatureName }: SpecMessage): void {
  writer.string(1, name);
  if (version !== undefined) writer.message(2, (value) => value.varint(1, version));
  if (signatureName !== '') writer.string(3, signatureName);
  if (label !== undefined) writer.string(4, label);
}
