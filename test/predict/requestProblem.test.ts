import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SignatureInfo } from '../../src/shared/contract/savedModel.ts';
import type { Serving } from '../../src/shared/contract/serving.ts';
import { requestProblem, type RefusalFacts } from '../../src/main/predict/requestProblem.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';

const info = (dtype: 'DT_FLOAT' | 'DT_STRING', dtype_enum: number, shape: readonly number[]) =>
  ({ name: 'x:0', dtype, dtype_enum, shape, unknown_rank: false }) as const;
const signature: SignatureInfo = { method_name: 'tensorflow/serving/predict', inputs: { x: info('DT_FLOAT', 1, [-1, 4]) }, outputs: {} };
const two: SignatureInfo = { ...signature, inputs: { a: info('DT_FLOAT', 1, [-1, 2]), b: info('DT_FLOAT', 1, [-1]) } };

const graph = { signatures: { serving_default: signature, regress_x_to_y: signature, __saved_model_init_op: signature } };
const facts = (mode: RefusalFacts['mode'] = 'row'): RefusalFacts => ({
  request: { timeoutMs: 30_000, signature: 'serving_default' },
  mode,
  serving: { state: { kind: 'serving', versions: ['3', '1'] } } as unknown as Serving,
  model: { versions: [{ version: '3', meta_graphs: [graph] }] } as unknown as RefusalFacts['model'],
});
const of = (
  error: string,
  mode?: RefusalFacts['mode'],
  inputs: Readonly<Record<string, Tensor>> | null = null,
  asked = signature,
): unknown => requestProblem({ error, signature: asked, inputs }, facts(mode));

const nothing = { input: null, output: null, dimension: null, row: null, expected: null, got: null, known: [], remedies: [] };
const element = "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: ";

describe('a refusal is brought to its field', () => {
  test.each([
    [
      'Unrecognized servable version label: stable',
      { id: 'F42.label', got: 'stable', known: ['3', '1'], remedies: [{ kind: 'version', version: null }] },
    ],
    [
      'Servable not found for request: Specific(half_plus_two, 9)',
      { id: 'F42.version', got: '9', known: ['3', '1'], remedies: [{ kind: 'version', version: null }, { kind: 'again' }] },
    ],
    ['Servable not found for request: Latest(nope)', { id: 'F42.model', got: 'nope', remedies: [{ kind: 'again' }, { kind: 'log' }] }],
    ['JSON Parse error: Invalid value. at offset: 15', { id: 'F44.json', expected: 'Invalid value.', got: '15' }],
    ["Missing 'inputs' or 'instances' key", { id: 'F44.form' }],
    [
      `${element}JSON Value: "a" Type: String is not of expected type: float`,
      { id: 'F44.type', input: 'x', row: 2, got: '"a"', expected: 'float' },
    ],
    [`${element}Expecting tensor size: 1 but got: 2`, { id: 'F44.ragged-row', input: 'x', row: 2, expected: '1', got: '2' }],
    [`${element}Expecting shape [1] but got: []`, { id: 'F44.ragged-row', input: 'x', row: 2, expected: '[1]', got: '[]' }],
    [`${element}Unable to base64 decode`, { id: 'F44.base64', input: 'x', row: 2 }],
    [
      'Encountered list at unexpected size: 2 at level: 1 expected size: 1',
      { id: 'F44.ragged', input: 'x', dimension: 2, got: '2', expected: '1' },
    ],
    [
      "Failed to process element: 0 of 'instances' list. Error: UNIMPLEMENTED: Conversion of JSON Value: 65535 to type: uint16",
      { id: 'F44.no-type', input: 'x', row: 1, got: '65535', expected: 'uint16', remedies: [{ kind: 'mode', mode: 'grpc' }] },
    ],
    [
      'Serving signature name: "serving_defualt" not found in signature def',
      {
        id: 'F46.signature',
        got: 'serving_defualt',
        known: ['serving_default', 'regress_x_to_y'],
        remedies: [{ kind: 'signature', signature: 'serving_default' }],
      },
    ],
    ['Tensor name: total has no shape information ', { id: 'F45.scalar', output: 'total', remedies: [{ kind: 'mode', mode: 'columnar' }] }],
    [
      'Tensor name: y has inconsistent batch size: 2 expecting: 3',
      { id: 'F45.rows', output: 'y', got: '2', expected: '3', remedies: [{ kind: 'mode', mode: 'columnar' }] },
    ],
    [
      'Task size 5 is larger than maximum input batch size 4',
      { id: 'F47.size', got: '5', expected: '4', remedies: [{ kind: 'split', rows: 4 }] },
    ],
    [
      'The batch scheduling queue to which this task was submitted is full; currently 2 batches enqueued and max_enqueued_batches is 2',
      { id: 'F48', remedies: [{ kind: 'again' }] },
    ],
    [
      'Timed out waiting for notification',
      {
        id: 'F49',
        remedies: [
          { kind: 'flag', flag: '--rest_api_timeout_in_ms=60000' },
          { kind: 'mode', mode: 'grpc' },
        ],
      },
    ],
    [
      'Received message larger than max (32243844 vs. 4194304)',
      { id: 'F50', got: '32243844', expected: '4194304', remedies: [{ kind: 'mode', mode: 'columnar' }] },
    ],
  ])('%s', (error, want) => {
    expect(of(error)).toEqual({ ...nothing, ...want });
  });

  test('a shape that the model refuses is offered the change that makes it fit', () => {
    const x: Tensor = { dtype: 'DT_FLOAT', shape: [4], data: new Float32Array(4) };
    expect(of('Matrix size-incompatible: In[0]: [1,3], In[1]: [4,2]', 'columnar', { x })).toEqual({
      ...nothing,
      id: 'F46.shape',
      input: 'x',
      got: '[1,3]',
      expected: '[4,2]',
      remedies: [{ kind: 'fix', input: 'x', fix: { kind: 'add-batch' } }],
    });
  });

  test('the input that a row names is meant, of several', () => {
    const error = "Failed to process element: 1 key: a of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 3";
    expect(of(error, 'row', null, two)).toEqual({ ...nothing, id: 'F44.ragged-row', input: 'a', row: 2, expected: '2', got: '3' });
  });

  test('words that are not known stay the server’s', () => {
    expect(of('Something else went wrong')).toBe(null);
  });
});

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly response_body: string;
}

describe.skipIf(fixtures() === undefined)(`recorded refusals ${fixtures() === undefined ? whyNoFixtures : ''}`, () => {
  test('of a genuine server to predictions are all known, but those of its HTTP server', () => {
    const lines = readFileSync(join(fixtures() ?? '', 'reference', 'rest', 'transcripts.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const refusals = lines
      .map((line) => JSON.parse(line) as Recorded)
      .filter(
        ({ status, method, path }) => status !== null && status >= 400 && method === 'POST' && /:(?:predict|classify|regress)$/.test(path),
      )
      .flatMap(({ response_body }) => {
        const error = /^\s*\{/.test(response_body) ? (JSON.parse(response_body) as { readonly error?: string }).error : undefined;
        return error === undefined ? [] : [error];
      });
    const unknown = [...new Set(refusals)].filter((error) => of(error) === null);
    expect([refusals.length > 80, unknown]).toEqual([true, []]);
  });
});
