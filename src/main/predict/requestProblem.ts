import type { PredictAnswer, PredictRequest, Remedy, RequestProblem } from '../../shared/contract/predict.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import { valueDtype } from '../../shared/tensor/dtype.ts';
import { shapeFix } from '../../shared/tensor/tensorFix.ts';
import type { KeptExchange } from './exchanges.ts';

/** What a refusal is seen with. */
export interface RefusalFacts {
  readonly request: Pick<PredictRequest, 'timeoutMs' | 'version' | 'label' | 'signature'>;
  readonly mode: PredictAnswer['mode'];
  readonly serving: Serving;
  readonly model: Model | undefined;
}

type Found = Readonly<Record<string, string | undefined>>;
type Refused = Pick<KeptExchange, 'error' | 'signature' | 'inputs'>;

interface Rule {
  readonly id: string;
  /** Groups: input, output, row (from 0), level or dimension (from 0), expected, got. */
  readonly text: RegExp;
  readonly remedies?: (found: Found, facts: RefusalFacts, refused: Refused) => readonly Remedy[];
  /** What there is to choose from. */
  readonly known?: (facts: RefusalFacts, refused: Refused) => readonly string[];
}

const served = ({ serving: { state } }: RefusalFacts): readonly string[] => (state.kind === 'serving' ? state.versions : []);
const inputNames = (_: RefusalFacts, { signature }: Refused): readonly string[] => Object.keys(signature?.inputs ?? {});
const again: readonly Remedy[] = [{ kind: 'again' }];
const columns = (_: Found, { mode }: RefusalFacts): readonly Remedy[] =>
  mode === 'row' ? [{ kind: 'mode', mode: 'columnar' }] : [{ kind: 'mode', mode: 'grpc' }];

/** Signatures of the version that was asked, as the folder has them. */
function signatureNames({ model, request, serving }: RefusalFacts): readonly string[] {
  const version =
    model?.versions.find((one) => one.version === (request.version ?? served({ serving } as RefusalFacts)[0])) ?? model?.versions[0];
  return (version?.meta_graphs ?? [])
    .flatMap(({ signatures }) => Object.keys(signatures))
    .filter((name) => name !== '__saved_model_init_op');
}

/** The nearest by edits, where it is near. */
function nearest(wanted: string, known: readonly string[]): string | null {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, index) => index);
    for (const [at, char] of a.split('').entries()) {
      const next = [at + 1];
      for (const [index, other] of b.split('').entries())
        next.push(Math.min((row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1, (row[index] ?? 0) + (char === other ? 0 : 1)));
      row = next;
    }
    return row.at(-1) ?? 0;
  };
  const [best] = known.map((name) => [distance(wanted, name), name] as const).toSorted(([a], [b]) => a - b);
  return best !== undefined && best[0] <= Math.max(2, wanted.length / 3) ? best[1] : null;
}

/** A cast or another shape, as the text of a refusal suggests it for the input that it names or the only one. */
function fixes(input: string | null, { signature, inputs }: Refused): readonly Remedy[] {
  const info = input === null ? undefined : signature?.inputs[input];
  const tensor = input === null ? undefined : inputs?.[input];
  if (input === null || info === undefined || tensor === undefined) return [];
  const fix =
    tensor.dtype === valueDtype(info.dtype)
      ? shapeFix(tensor.shape, info.shape)
      : ({ kind: 'cast', dtype: valueDtype(info.dtype) } as const);
  return fix === null ? [] : [{ kind: 'fix', input, fix }];
}

const row = String.raw`(?:Failed to process element: (?<row>\d+)(?: key: (?<input>[^\n]+?))? of 'instances' list\.\s+(?:Error: \w+: )?)?`;

/**
 * Refusals by their texts, the first that fits. Sources: TensorFlow Serving's json_tensor.cc, predict_util.cc,
 * batching_session.cc, shared_batch_scheduler.h and recorded answers of 2.20; `F` numbers as in the tests.
 */
export const requestProblems: readonly Rule[] = [
  { id: 'F13', text: /Op type not registered '(?<got>[^']+)'/, remedies: () => [{ kind: 'log' }] },
  {
    id: 'F42.label',
    text: /Unrecognized servable version label: (?<got>\S+)/,
    known: served,
    remedies: () => [{ kind: 'version', version: null }],
  },
  {
    id: 'F42.version',
    text: /Servable not found for request: Specific\((?<name>.+), (?<got>-?\d+)\)/,
    known: served,
    remedies: () => [{ kind: 'version', version: null }, ...again],
  },
  {
    id: 'F42.model',
    text: /Servable not found for request: Latest\((?<got>.+)\)|Could not find any versions of model (?<model>\S+)/,
    remedies: () => [...again, { kind: 'log' }],
  },
  {
    id: 'F43',
    text: /Malformed request: (?<got>\S+ \S+)|Missing model name in request/,
    known: served,
    remedies: () => [{ kind: 'version', version: null }],
  },
  { id: 'F44.json', text: /JSON Parse error: (?<expected>.+?)(?: at offset: (?<got>\d+))?$/s },
  { id: 'F44.object', text: /^JSON Value: .* Is not object$/s },
  { id: 'F44.both', text: /expecting only one of 'inputs' or 'instances'/ },
  { id: 'F44.form', text: /Missing 'inputs' or 'instances' key/ },
  { id: 'F44.list', text: /Expecting 'instances' to be an list\/array/ },
  { id: 'F44.empty', text: /No values in 'instances' array/ },
  {
    id: 'F44.mixed',
    text: new RegExp(`Expecting (?<expected>object|value/list) but got (?<got>list|object) at item (?<row>\\d+) of input list`),
  },
  { id: 'F44.signature', text: /'signature_name' key must be a string value/ },
  { id: 'F44.no-inputs', text: /Failed to get input map for signature: (?<got>\S+)/, known: signatureNames },
  { id: 'F44.base64', text: new RegExp(`${row}(?:Unable to base64 decode|not formatted correctly for base64 data)`) },
  { id: 'F44.unknown-input', text: new RegExp(`${row}JSON object: does not have named input: (?<got>[^\\n]+)`), known: inputNames },
  { id: 'F44.keys', text: new RegExp(`${row}JSON object: .* keys must be equal to: (?<expected>.+)$`, 's'), known: inputNames },
  { id: 'F44.missing-input', text: /Missing named input: (?<input>.+?) in 'inputs' object/, known: inputNames },
  { id: 'F44.names', text: /(?:instances is a plain list|inputs is a plain value\/list), but expecting/, known: inputNames },
  {
    id: 'F44.no-type',
    text: new RegExp(
      `${row}Conversion of JSON Value: (?<got>.+?) to type: (?<expected>\\w+)|Failed to write JSON value for tensor type: (?<type>\\w+)`,
      's',
    ),
    remedies: () => [{ kind: 'mode', mode: 'grpc' }],
  },
  { id: 'F44.type', text: new RegExp(`${row}JSON Value: (?<got>.+?) Type: \\w+ is not of expected type: (?<expected>\\w+)`, 's') },
  {
    id: 'F44.ragged-row',
    text: new RegExp(`${row}Expecting (?:tensor size|shape):? (?<expected>\\[.*?\\]|\\d+) but got: (?<got>\\[.*?\\]|\\d+)`),
  },
  {
    id: 'F44.ragged',
    text: new RegExp(`${row}Encountered list at unexpected size: (?<got>\\d+) at level: (?<level>\\d+) expected size: (?<expected>\\d+)`),
  },
  {
    id: 'F44.ragged-level',
    text: new RegExp(
      `${row}(?:JSON Value: .* found at incorrect level: (?<got>\\d+) in the JSON DOM\\. Expected at level: (?<expected>\\d+)|Encountered list at unexpected level)`,
      's',
    ),
  },
  {
    id: 'F44.examples',
    text: /When method is (?<got>classify|regress), key 'examples' is expected|Expecting 'examples' value to be an list\/array|Example must be JSON object/,
  },
  {
    id: 'F44.feature',
    text: /(?:Key: (?<input>[^,]+), Index: (?<row>\d+)\.\s+Data types don't match\. (?:Data type: (?<got>\w+) but expected type: (?<expected>\w+))?)|(?:Unexpected element type in feature|Feature): (?<feature>\S+) (?:expecting type: (?<type>\w+)|has .+)/,
  },
  {
    id: 'F44.feature-size',
    text: /Key: (?<input>[^,]+), Index: (?<row>\d+)\.\s+Number of \w+ values != expected\.\s+Values size: (?<got>\d+) but output shape: (?<expected>\[.*?\])/,
  },
  { id: 'F44.feature-missing', text: /Feature: (?<input>\S+) \(data type: (?<expected>\w+)\) is required but could not be found/ },
  { id: 'F44.example', text: /Could not parse example input/ },
  { id: 'F45.scalar', text: /Tensor name: (?<output>\S+) has no shape information/, remedies: columns },
  {
    id: 'F45.rows',
    text: /Tensor name: (?<output>\S+) has (?:inconsistent|invalid) batch size: (?<got>-?\d+)(?: expecting: (?<expected>\d+))?/,
    remedies: columns,
  },
  {
    id: 'F46.inputs',
    text: /input size does not match signature: (?<got>\d+)!=(?<expected>\d+)(?:.*?Sent extra: \{(?<extra>[^}]*)\})?(?:.*?Missing but required: \{(?<input>[^}]*)\})?/s,
    known: inputNames,
  },
  {
    id: 'F46.signature',
    text: /Serving signature (?:key|name): ?"(?<got>[^"]*)" not found|Serving signature key "(?<key>[^"]*)" not found|No signature was found with the name: (?<name>\S+)/,
    known: signatureNames,
    remedies: ({ got, key, name }, facts) => {
      const known = signatureNames(facts);
      const near = nearest(got ?? key ?? name ?? '', known) ?? (known.length === 1 ? known[0] : undefined);
      return near === undefined || near === null ? [] : [{ kind: 'signature', signature: near }];
    },
  },
  {
    id: 'F46.method',
    text: /No (?:classification|regression) (?:inputs|outputs) found in SignatureDef|Expected (?:one|classification|regression|output) .*(?:Tensor|method_name|outputs)/s,
    known: signatureNames,
  },
  { id: 'F46.placeholder', text: /You must feed a value for placeholder tensor '(?<input>[^']+)'/ },
  { id: 'F46.shape', text: /Matrix size-incompatible: In\[0\]: (?<got>\[.*?\]), In\[1\]: (?<expected>\[.*?\])/ },
  {
    id: 'F46.shape',
    text: /Input to reshape is a tensor with (?<got>\d+) values, but the requested shape (?:has|requires a multiple of) (?<expected>\d+)/,
  },
  {
    id: 'F46.shape',
    text: /(?<got>[^\n]*(?:Incompatible shapes|input depth must be|must be at least rank|must have (?:rank|at least)|must be \d-dimensional|Invalid reduction dimension|out of bounds|not in \[-?\d+, \d+\)|must be a scalar|Dimensions must|shape mismatch)[^\n]*)/i,
  },
  {
    id: 'F46.type',
    text: /Expected \w+ .*?to be of type (?<expected>\w+).*?got (?<got>\w+)|(?<input>\S+) is of type (?<sent>\w+), (?:which|expected) .*?(?<want>\w+)$|tensor parsing error: (?<tensor>\S+)/,
  },
  {
    id: 'F46.tensor',
    text: /Tensor (?<got>\S*), specified in either feed_devices or fetch_devices was not found in the Graph/,
    known: signatureNames,
  },
  { id: 'F46.assertion', text: /assertion failed: (?<expected>[^\n]*)/ },
  { id: 'F47.rows', text: /(?:Batching session )?(?:Batching )?Run\(\) input tensors must have equal 0th-dimension size/ },
  {
    id: 'F47.scalar',
    text: /input tensors must have at least one dimension|Batched output tensor has 0 dimensions/,
    remedies: () => [{ kind: 'flag', flag: '--enable_batching=false' }],
  },
  {
    id: 'F47.output',
    text: /Batched output tensor's 0th dimension does not equal the sum/,
    remedies: () => [{ kind: 'flag', flag: '--enable_batching=false' }],
  },
  {
    id: 'F47.size',
    text: /Task size (?<got>\d+) is larger than maximum input batch size (?<expected>\d+)/,
    remedies: ({ expected }) => [{ kind: 'split', rows: Number(expected) }],
  },
  { id: 'F47.shapes', text: /Tensors with name '(?<input>[^']+)' from different tasks have different shapes/ },
  { id: 'F48', text: /The batch scheduling queue to which this task was submitted is full/, remedies: () => again },
  {
    id: 'F49',
    text: /Timed out waiting for notification|Deadline Exceeded|DEADLINE_EXCEEDED/i,
    remedies: (_, { request: { timeoutMs } }) => [
      { kind: 'flag', flag: `--rest_api_timeout_in_ms=${Math.max(60_000, timeoutMs * 2)}` },
      { kind: 'mode', mode: 'grpc' },
    ],
  },
  {
    id: 'F50',
    text: /Received message larger than max \((?<got>\d+) vs\. (?<expected>\d+)\)/,
    remedies: () => [{ kind: 'mode', mode: 'columnar' }],
  },
];

/** The input that an answer means: the one it names, or the only one there is. */
function inputMeant(named: string | undefined, { signature }: Refused): string | null {
  const names = Object.keys(signature?.inputs ?? {});
  if (named !== undefined) return names.find((name) => name === named || signature?.inputs[name]?.name.split(':')[0] === named) ?? named;
  return names.length === 1 ? (names[0] ?? null) : null;
}

const aboutNoInput =
  /^F4[2358]|^F49|^F50|^F44\.(?:json|object|both|form|signature|no-inputs|examples|names)|^F46\.(?:signature|method|tensor)|^F47\.(?:output|size)/;

/** A server's refusal translated to the field it belongs to; null where its text is not known. */
export function requestProblem(refused: Refused, facts: RefusalFacts): RequestProblem | null {
  for (const { id, text, known, remedies } of requestProblems) {
    const found = text.exec(refused.error ?? '')?.groups;
    if (found === undefined && !text.test(refused.error ?? '')) continue;
    const groups: Found = found ?? {};
    const named = groups['input'] ?? groups['feature'] ?? groups['tensor'];
    const input = aboutNoInput.test(id) && named === undefined ? null : inputMeant(named, refused);
    const level = groups['level'];
    return {
      id,
      input,
      output: groups['output'] ?? null,
      dimension: level === undefined ? null : Number(level) + 1,
      row: groups['row'] === undefined ? null : Number(groups['row']) + 1,
      expected: groups['expected'] ?? groups['type'] ?? null,
      got: groups['got'] ?? groups['key'] ?? groups['name'] ?? null,
      known: known?.(facts, refused) ?? [],
      remedies: [...(remedies?.(groups, facts, refused) ?? []), ...(/^F46\.(?:shape|type)/.test(id) ? fixes(input, refused) : [])],
    };
  }
  return null;
}
