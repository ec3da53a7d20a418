import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../src/main/engine/loadModel.ts';
import { ProtoWriter } from '../../src/main/protobuf/wire.ts';
import { dtypeSizeBytes, valueDtype } from '../../src/shared/tensor/dtype.ts';
import type { Tensor, TensorData } from '../../src/shared/tensor/tensor.ts';
import type { SignatureInfo } from '../../src/shared/contract/savedModel.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { mutated } from '../savedmodel/mutated.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-engine-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Zeros for each input, unknown dimensions taken as 2. */
function inputsFor({ inputs }: SignatureInfo): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, info]) => {
      const shape = (info.shape ?? []).slice(0, 6).map((dim) => (dim < 0 ? 2 : Math.min(dim, 8)));
      const size = shape.reduce((product, dim) => product * dim, 1);
      const dtype = valueDtype(info.dtype);
      const width = dtypeSizeBytes(dtype);
      const data: TensorData =
        dtype === 'DT_STRING'
          ? Array.from({ length: size }, () => Buffer.from('x'))
          : dtype === 'DT_INT64'
            ? new BigInt64Array(size)
            : dtype === 'DT_FLOAT'
              ? new Float32Array(size)
              : new Uint8Array(size * Math.max(1, width));
      return [name, { dtype, shape, data }];
    }),
  );
}

/** Loads and runs everything; what is thrown must be a refusal in TensorFlow's terms. */
async function refusesOnly(version: string): Promise<void> {
  const signal = AbortSignal.timeout(2_000);
  try {
    await using model = await loadModel(version, { signal });
    for (const [name, info] of Object.entries(model.signatures)) {
      await model.run(name, inputsFor(info), { signal }).catch((error: unknown) => {
        if ((error as Error).name !== 'StatusError') throw error;
      });
    }
  } catch (error) {
    if ((error as Error).name !== 'StatusError') throw error;
  }
}

const shared = fixtures();
const small = [
  'half_plus_two/1',
  'iris/1',
  'counter/1',
  'table_lookup/1',
  'control_flow/1',
  'control_flow_v1/1',
  'two_tags/1',
  'gru_next_token/1',
];

describe.skipIf(shared === undefined)(`changed graphs (${shared === undefined ? whyNoFixtures : 'bytes of the corpus'})`, () => {
  test.each(small)('%s with changed bytes is run or refused, and always ends', async (path) => {
    const version = join(folder, path.replace('/', '-'));
    cpSync(join(shared ?? '', 'models', 'models', path), version, { recursive: true });
    const graph = join(version, 'saved_model.pb');
    const original = readFileSync(graph);
    await fc.assert(
      fc.asyncProperty(mutated(original), async (bytes) => {
        writeFileSync(graph, bytes);
        await refusesOnly(version);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['huge_const', 'RESOURCE_EXHAUSTED'],
    ['truncated_pb', 'DATA_LOSS'],
    ['random_pb', 'DATA_LOSS'],
    ['empty_pb', 'NOT_FOUND'],
    ['no_serve_tag', 'NOT_FOUND'],
    ['unknown_op', 'UNIMPLEMENTED'],
    ['missing_data', 'NOT_FOUND'],
    ['missing_shard', 'NOT_FOUND'],
    ['truncated_data', 'OUT_OF_RANGE'],
    ['corrupt_data', 'DATA_LOSS'],
    ['corrupt_index', 'DATA_LOSS'],
    ['missing_asset', 'NOT_FOUND'],
    ['variable_shape_mismatch', 'INVALID_ARGUMENT'],
  ])('%s of the broken models is refused as %s', async (name, status) => {
    const version = join(shared ?? '', 'models', 'bad', name, '1');
    const answer = loadModel(version).then((model) => {
      const [first] = Object.entries(model.signatures);
      return first === undefined ? undefined : model.run(first[0], inputsFor(first[1]));
    });
    await expect(answer).rejects.toMatchObject({ name: 'StatusError', status });
  });
});

describe('graphs that ask for too much', () => {
  const constant = (dtype: number, dims: readonly number[], value: (tensor: ProtoWriter) => unknown) => (attr: ProtoWriter) =>
    void attr.string(1, 'value').message(2, (one) =>
      one.message(8, (tensor) => {
        tensor.varint(1, dtype).message(2, (shape) => {
          for (const dim of dims) shape.message(2, (size) => size.varint(1, dim));
        });
        value(tensor);
      }),
    );
  const typed = (name: string, dtype: number) => (attr: ProtoWriter) => void attr.string(1, name).message(2, (one) => one.varint(6, dtype));

  /** A version folder of one signature without inputs whose output is the node `out`. */
  function write(
    name: string,
    nodes: readonly (readonly [name: string, op: string, inputs: readonly string[], attrs: readonly ((attr: ProtoWriter) => void)[]])[],
  ): string {
    const version = join(folder, name);
    cpSync(join(import.meta.dirname, 'knownDifferences.ts'), join(version, 'README'), { recursive: true });
    const meta = new ProtoWriter().message(2, (graph) =>
      graph
        .message(1, (info) => info.string(4, 'serve'))
        .message(2, (def) => {
          for (const [node, op, inputs, attrs] of nodes)
            def.message(1, (one) => {
              one.string(1, node).string(2, op);
              for (const input of inputs) one.string(3, input);
              for (const attr of attrs) one.message(5, attr);
            });
        })
        .message(5, (entry) =>
          entry.string(1, 'serving_default').message(2, (signature) =>
            signature.message(2, (output) =>
              output.string(1, 'y').message(2, (info) =>
                info
                  .string(1, 'out:0')
                  .varint(2, 1)
                  .message(3, () => undefined),
              ),
            ),
          ),
        ),
    );
    writeFileSync(join(version, 'saved_model.pb'), meta.finish());
    return version;
  }

  async function refusal(version: string): Promise<unknown> {
    const model = await loadModel(version);
    return model.run('serving_default', {}).then(
      () => 'an answer',
      (error: unknown) => error,
    );
  }

  test('a fill of a million million numbers is refused before the memory is asked for', async () => {
    const version = write('fill', [
      ['dims', 'Const', [], [constant(3, [2], (tensor) => tensor.varint(7, 1_000_000).varint(7, 1_000_000))]],
      ['value', 'Const', [], [constant(1, [], (tensor) => tensor.float(5, 1))]],
      ['out', 'Fill', ['dims', 'value'], [typed('T', 1)]],
    ]);
    expect(await refusal(version)).toMatchObject({ name: 'StatusError', status: 'RESOURCE_EXHAUSTED' });
  });

  test('an attribute that lies about the type is refused', async () => {
    const version = write('lie', [
      ['text', 'Const', [], [constant(7, [2], (tensor) => tensor.string(8, 'a').string(8, 'b')), typed('dtype', 1)]],
      ['number', 'Const', [], [constant(1, [2], (tensor) => tensor.float(5, 1))]],
      ['out', 'AddV2', ['text', 'number'], [typed('T', 1)]],
    ]);
    expect(await refusal(version)).toMatchObject({ name: 'StatusError', status: 'INVALID_ARGUMENT' });
  });

  test('a file outside of the model is not read', async () => {
    const version = write('file', [
      ['table', 'HashTableV2', [], [typed('key_dtype', 7), typed('value_dtype', 9)]],
      ['path', 'Const', [], [constant(7, [], (tensor) => tensor.string(8, '/etc/passwd'))]],
      [
        'init',
        'InitializeTableFromTextFileV2',
        ['table', 'path'],
        ['key_index', 'value_index'].map(
          (name, index) => (attr: ProtoWriter) => void attr.string(1, name).message(2, (one) => one.varint(3, -2 + index)),
        ),
      ],
      ['out', 'LookupTableSizeV2', ['table', '^init'], []],
    ]);
    expect(await refusal(version)).toMatchObject({ name: 'StatusError', status: 'PERMISSION_DENIED' });
  });
});
