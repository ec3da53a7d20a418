import { ProtoWriter } from '../protobuf/wire.ts';
import { typeName } from './jsonDebug.ts';
import type { JsonTape } from './jsonTape.ts';
import { base64Entry, decodeBase64, formatError, readTape, signatureNameOf } from './predictRequest.ts';
import { invalid } from './status.ts';

/**
 * The bodies of :classify and :regress: examples as serialized tf.Example messages (example.proto, feature.proto). A context stands
 * before each example's own bytes, so that the example's features win. Rules and texts: TensorFlow Serving's REST API.
 */
export interface ExampleRequest {
  readonly signatureName: string;
  readonly examples: readonly Uint8Array[];
}

type Kind = 'int64' | 'float' | 'string';

function kindOf(tape: JsonTape, entry: number, feature: string): Kind {
  const type = typeName(tape, entry);
  if (type === 'True' || type === 'False') return 'int64';
  if (type === 'String' || base64Entry(tape, entry) !== undefined) return 'string';
  if (type !== 'Number') throw invalid(`Feature: ${feature} has element with unexpected JSON type: ${type}`);
  const text = tape.text(entry);
  if (!/^-?\d+$/.test(text)) return 'float';
  const value = BigInt(text);
  if (value > 18_446_744_073_709_551_615n || value < -9_223_372_036_854_775_808n) return 'float';
  if (value > 9_223_372_036_854_775_807n) throw invalid(`Feature: ${feature} has uint64_t element. Only int64_t is supported.`);
  return 'int64';
}

/** Field numbers of a Feature's lists. */
const listField = { string: 1, float: 2, int64: 3 } as const;

function writeFeature(tape: JsonTape, entry: number, feature: string, writer: ProtoWriter): void {
  const items = tape.isList(entry) ? [...tape.items(entry)] : [entry];
  const [first] = items;
  if (first === undefined) return;
  const kind = kindOf(tape, first, feature);
  writer.message(listField[kind], (list) => {
    for (const item of items) {
      if (kindOf(tape, item, feature) !== kind) throw invalid(`Unexpected element type in feature: ${feature} expecting type: ${kind}`);
      if (kind === 'float') list.float(1, Number(tape.text(item).replace(/Inf$/, 'Infinity')));
      else if (kind === 'int64') {
        const text = tape.text(item);
        list.varint(1, text === 'true' ? 1 : text === 'false' ? 0 : BigInt(text));
      } else {
        const encoded = base64Entry(tape, item);
        list.bytes(1, encoded === undefined ? tape.string(item) : decodeBase64(tape.string(encoded)));
      }
    }
  });
}

function exampleBytes(tape: JsonTape, entry: number): Uint8Array {
  if (!tape.isObject(entry)) throw invalid(`Example must be JSON object but got JSON ${typeName(tape, entry)}`);
  return new ProtoWriter()
    .message(1, (features) => {
      for (const [name, value] of tape.members(entry))
        features.message(1, (pair) => pair.string(1, name).message(2, (feature) => writeFeature(tape, value, name, feature)));
    })
    .finish();
}

/** Reads the body of a classify or regress request. Throws StatusError. */
export function readExampleRequest(body: Buffer): ExampleRequest {
  const tape = readTape(body);
  const signatureName = signatureNameOf(tape);
  const context = tape.member(0, 'context');
  const contextBytes = context === undefined ? undefined : exampleBytes(tape, context);
  const list = tape.member(0, 'examples');
  // The genuine server says classify for regress, too.
  if (list === undefined) throw formatError(tape, 0, "When method is classify, key 'examples' is expected and was not found");
  if (!tape.isList(list)) throw formatError(tape, 0, "Expecting 'examples' value to be an list/array");
  const examples = Array.from(tape.items(list), (item) => {
    const bytes = exampleBytes(tape, item);
    return contextBytes === undefined ? bytes : Buffer.concat([contextBytes, bytes]);
  });
  return { signatureName, examples };
}
