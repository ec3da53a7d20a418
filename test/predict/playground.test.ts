import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PredictAnswer, PreparedInputs } from '../../src/shared/contract/predict.ts';
import type { LocalClient } from '../../src/shared/rpc/connectClient.ts';
import type { Serving } from '../../src/shared/contract/serving.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { tensorFromWire, tensorToWire } from '../../src/shared/tensor/tensorWire.ts';
import { readNpy } from '../../src/main/predict/readNpy.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { freePort } from '../freePort.ts';
import { ownElsewhere, type Mirror } from '../serving/openOwner.ts';

const folder = join(fixtures() ?? '', 'models');
const models = ['dtype_zoo', 'digits_cnn', 'example_classifier', 'image_bytes'] as const;
type ModelName = (typeof models)[number];

/** What a window and a command see of a playground, on servings of the embedded engine. */
describe.skipIf(fixtures() === undefined)(`the playground ${fixtures() === undefined ? whyNoFixtures : ''}`, () => {
  let home: string;
  let mirror: Mirror;
  let client: LocalClient;
  const served = new Map<ModelName, Serving>();
  const at = (name: ModelName): Serving => {
    const serving = served.get(name);
    if (serving === undefined) throw new Error(name);
    return serving;
  };

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'slipway-playground-'));
    mirror = await ownElsewhere(home);
    client = mirror.client;
    for (const name of models) {
      const ports = { restPort: await freePort(), grpcPort: await freePort() };
      served.set(name, await mirror.serve(join(folder, 'models', name), { engine: 'embedded', ...ports }));
    }
  }, 180_000);
  afterAll(async () => {
    for (const { id } of served.values()) await client.servings.stop({ id });
    await mirror[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  }, 60_000);

  const ask = (name: ModelName, request: Omit<Parameters<LocalClient['predict']['run']>[0], 'servingId'>): Promise<PredictAnswer> =>
    client.predict.run({ servingId: at(name).id, ...request });
  const given = (tensor: Tensor): PreparedInputs[string] => ({ source: { kind: 'tensor', tensor: tensorToWire(tensor) } });
  const facts = ({ mode, reason, ok, status, grpcStatus, error }: PredictAnswer): unknown => ({
    mode,
    reason,
    ok,
    status,
    grpcStatus,
    error,
  });

  test('tensors go in rows where all have rows, in columns or over gRPC where they must, and it says why', async () => {
    const zoo = (signature: string, inputs: PreparedInputs) => ask('dtype_zoo', { signature, inputs });
    const floats = given({ dtype: 'DT_FLOAT', shape: [2], data: Float32Array.of(-0, 2.5) });
    const answers = [
      await zoo('nonfinite', { x: floats }),
      await zoo('serving_default', { x: floats }),
      await zoo('half', { h: given({ dtype: 'DT_HALF', shape: [2], data: Uint16Array.of(0x3c00, 0x8000) }) }),
      await ask('digits_cnn', {
        signature: 'serving_default',
        inputs: { conv1_input: { source: { kind: 'fill', fill: { kind: 'uniform', seed: 7 }, shape: [20_000, 8, 8, 1] } } },
      }),
    ];
    const [rows, scalar, half, large] = answers.map(facts);
    const over = { ok: true, status: 200, error: null };
    expect([rows, scalar, half, large]).toEqual([
      { ...over, mode: 'row', reason: { kind: 'rows' }, grpcStatus: null },
      { ...over, mode: 'columnar', reason: { kind: 'scalar', tensor: 'argmax', side: 'output' }, grpcStatus: null },
      { ...over, mode: 'grpc', reason: { kind: 'type', tensor: 'h', side: 'input', dtype: 'float16' }, grpcStatus: 'OK' },
      { ...over, mode: 'grpc', reason: { kind: 'large', bytes: 5_120_000 }, grpcStatus: 'OK' },
    ]);
  });

  test('the same input answers the same in rows, in columns, over gRPC and from the engine', async () => {
    const source = { kind: 'fill', fill: { kind: 'normal', seed: 3 }, shape: [2, 8, 8, 1] } as const;
    const inputs = { conv1_input: { source } };
    const outputs = async (more: Pick<Parameters<typeof ask>[1], 'mode' | 'backend' | 'gzip'>): Promise<unknown> => {
      const { exchange, mode, backend, outputs: told } = await ask('digits_cnn', { signature: 'serving_default', inputs, ...more });
      const [name = ''] = told.map((one) => one.name);
      const { dtype, shape, data } = await tensorFromWire(await client.playground.output({ exchange, name }));
      return [mode, backend, dtype, shape, Array.from(data as Float32Array, (value) => value.toFixed(6))];
    };
    const first = (await outputs({ mode: 'grpc' })) as readonly unknown[];
    const same = (mode: string, backend = 'serving'): unknown => [mode, backend, ...first.slice(2)];
    expect([
      await outputs({ mode: 'row', gzip: true }),
      await outputs({ mode: 'columnar' }),
      await outputs({ mode: 'grpc', backend: 'embedded' }),
    ]).toEqual([same('row'), same('columnar'), same('grpc', 'embedded')]);
  });

  test('typed text goes as it was typed, or over gRPC with the same numbers', async () => {
    const body = '{"instances": [9007199254740993, -9223372036854775808]}';
    const [rest, grpc] = [
      await ask('dtype_zoo', { signature: 'scale_int64', body }),
      await ask('dtype_zoo', { signature: 'scale_int64', body, mode: 'grpc' }),
    ];
    const same = ({ outputs }: PredictAnswer): unknown => outputs.find(({ name }) => name === 'same')?.first;
    const raw = await client.playground.raw({ exchange: rest.exchange, side: 'request', offset: 0, length: 1000 });
    expect([same(rest), same(grpc), rest.mode, grpc.mode, raw.start, await new Response(raw.data).text()]).toEqual([
      ['9007199254740993', '-9223372036854775808'],
      ['9007199254740993', '-9223372036854775808'],
      'row',
      'grpc',
      'POST /v1/models/dtype_zoo:predict HTTP/1.1',
      `{"signature_name": "scale_int64", ${body.slice(1)}`,
    ]);
  });

  test('what does not fit is not sent, unless the person insists, and names the input and the change', async () => {
    const { modelId } = at('digits_cnn');
    const asked = { modelId, version: null, signature: 'serving_default' };
    const source = { kind: 'fill', fill: { kind: 'zeros' }, shape: [8, 8, 1] } as const;
    const { inputs } = await client.playground.prepare({ ...asked, inputs: { conv1_input: { source } } });
    const fixed = await client.playground.prepare({ ...asked, inputs: { conv1_input: { source, steps: [{ kind: 'add-batch' }] } } });
    await expect(ask('digits_cnn', { signature: 'serving_default', inputs: { conv1_input: { source } } })).rejects.toMatchObject({
      code: 'REQUEST_MISMATCH',
    });
    expect([inputs['conv1_input']?.misfits.map(({ input, fix }) => [input, fix]), fixed.inputs['conv1_input']?.misfits]).toEqual([
      [['conv1_input', { kind: 'add-batch' }]],
      [],
    ]);
  });

  test('classify goes over REST and gRPC with the same classes', async () => {
    const { modelId } = at('example_classifier');
    const features = await client.playground.features({ modelId, version: null, signature: 'serving_default' });
    expect(features.length).toBeGreaterThan(0);
    const example = features.map(({ name, dtype, shape }) => {
      const count = Math.max(
        1,
        (shape ?? [1]).reduce((product, size) => product * Math.max(1, size), 1),
      );
      const value = dtype === 'DT_STRING' ? '"a"' : dtype === 'DT_INT64' ? '1' : '0.5';
      return `${JSON.stringify(name)}: [${Array.from({ length: count }, () => value).join(', ')}]`;
    });
    const body = `{"examples": [{${example.join(', ')}}]}`;
    const [rest, grpc] = [
      await ask('example_classifier', { signature: 'serving_default', body }),
      await ask('example_classifier', { signature: 'serving_default', body, mode: 'grpc' }),
    ];
    const classes = ({ outputs, method }: PredictAnswer): unknown => [
      method,
      outputs.map(({ name, dtype, shape, first }) => [name, dtype, shape, first]),
    ];
    expect(rest.error ?? classes(rest)).toEqual(grpc.error ?? classes(grpc));
    expect(grpc.grpcStatus).toBe('OK');
    // The same features, serialized, to a signature that takes them as strings.
    const fields = features.map(({ name, dtype, shape }) => {
      const count = Math.max(
        1,
        (shape ?? [1]).reduce((product, size) => product * Math.max(1, size), 1),
      );
      const [type, value] =
        dtype === 'DT_STRING' ? (['text', 'a'] as const) : dtype === 'DT_INT64' ? (['int64', '1'] as const) : (['float', '0.5'] as const);
      return [name, { type, values: Array.from({ length: count }, () => value) }] as const;
    });
    const source = { kind: 'examples', examples: [Object.fromEntries(fields)] } as const;
    const predicted = await ask('example_classifier', { signature: 'predict', inputs: { examples: { source } } });
    expect(predicted.outputs.find(({ name }) => name === 'probabilities')?.first).toEqual(
      rest.outputs.find(({ name }) => name === 'scores')?.first,
    );
  });

  test('a picture becomes what the model gets, and that is shown; for bytes it is its own', async () => {
    const file = {
      name: 'digit.png',
      data: new Blob([readFileSync(join(import.meta.dirname, '..', '..', 'resources', 'sample', 'images', 'digit-8.png'))]),
    };
    const source = { kind: 'files', files: [file, file] } as const;
    const { inputs } = await client.playground.prepare({
      modelId: at('digits_cnn').modelId,
      version: null,
      signature: 'serving_default',
      inputs: { conv1_input: { source } },
    });
    const { conv1_input: image } = inputs;
    const pictures = await Promise.all(
      (image?.pictures ?? []).map(async (one) => Buffer.from(await one.arrayBuffer()).toString('latin1', 1, 4)),
    );
    const bytes = await client.playground.prepare({
      modelId: at('image_bytes').modelId,
      version: null,
      signature: 'serving_default',
      inputs: { image_bytes: { source } },
    });
    expect([image?.summary.shape, image?.misfits, pictures, bytes.inputs['image_bytes']?.summary]).toMatchObject([
      [2, 8, 8, 1],
      [],
      ['PNG', 'PNG'],
      { dtype: 'DT_STRING', shape: [2] },
    ]);
  });

  test('an output is saved as it is', async () => {
    const { exchange } = await ask('dtype_zoo', { signature: 'nonfinite', body: '{"instances": [0.0, -1.0]}' });
    const text = async (format: 'json' | 'csv'): Promise<string> =>
      new Response((await client.playground.save({ exchange, name: 'log', format })).data).text();
    const npy = await client.playground.save({ exchange, name: 'inv', format: 'npy' });
    const array = readNpy(new Uint8Array(await npy.data.arrayBuffer()));
    expect([await text('json'), await text('csv'), npy.name, [...(array.data as Float32Array)]]).toEqual([
      '[-Infinity, NaN]',
      'log\r\n-Infinity\r\nNaN\r\n',
      'inv.npy',
      [Infinity, -1],
    ]);
    const all = await client.playground.saveAll({ exchange, side: 'outputs' });
    expect([all.name, all.data.size > 200]).toEqual(['outputs.npz', true]);
    await expect(client.playground.save({ exchange, name: 'inv', format: 'png' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(client.playground.output({ exchange: 'none', name: 'x' })).rejects.toMatchObject({ code: 'EXCHANGE_GONE' });
  });

  test('what was sent can be looked at as tensors, also where it was typed, and every tensor is fetched in parts', async () => {
    const { exchange } = await ask('dtype_zoo', { signature: 'nonfinite', body: '{"instances": [4.0, -0.0, NaN]}' });
    const [sent, ...others] = await client.playground.inputs({ exchange });
    expect([sent?.name, sent?.shape, sent?.first, sent?.sum, others]).toEqual(['x', [3], ['4.0', '-0.0', 'NaN'], '4', []]);
    const whole = await tensorFromWire(await client.playground.input({ exchange, name: 'x' }));
    expect(Array.from(whole.data as Float32Array)).toEqual([4, -0, NaN]);

    const bytes = async (wire: { readonly data: Blob }): Promise<number[]> => [...new Uint8Array(await wire.data.arrayBuffer())];
    const steps = [{ kind: 'affine', multiply: 2, add: 0 }] as const;
    const asked = { exchange, name: 'inv' };
    const read = {
      output: (part?: { offset: number; length: number }) =>
        client.playground.output({ ...asked, ...(part === undefined ? {} : { part }) }),
      process: async (part?: { offset: number; length: number }) =>
        (await client.playground.process({ ...asked, steps: [...steps], ...(part === undefined ? {} : { part }) })).tensor,
    };
    for (const fetchPart of Object.values(read)) {
      const all = await bytes(await fetchPart());
      const parts = [
        await fetchPart({ offset: 0, length: 5 }),
        await fetchPart({ offset: 5, length: 5 }),
        await fetchPart({ offset: 10, length: 5 }),
      ];
      expect((await Promise.all(parts.map(bytes))).flat()).toEqual(all);
      expect([all.length, parts.map(({ shape }) => shape)]).toEqual([12, [[3], [3], [3]]]);
    }
    await expect(client.playground.input({ exchange, name: 'y' })).rejects.toMatchObject({ code: 'BAD_INPUT' });

    // tf.Examples are no tensors of the signature.
    const examples = await ask('example_classifier', {
      signature: 'serving_default',
      body: '{"examples": [{"age": 40.0, "hours": 30.0, "city": "Oslo"}]}',
      insist: true,
    });
    expect(await client.playground.inputs({ exchange: examples.exchange })).toEqual([]);
  });

  test('a postprocessing gives the largest with their labels', async () => {
    const { exchange } = await ask('dtype_zoo', { signature: 'nonfinite', body: '{"instances": [4.0, 0.5, 2.0]}' });
    const labels = { kind: 'list', labels: ['a', 'b', 'c'] } as const;
    const { top, summary } = await client.playground.process({
      exchange,
      name: 'inv',
      steps: [{ kind: 'softmax' }, { kind: 'top', count: 2, labels }],
    });
    expect([top?.map((row) => row.map(({ index, label }) => [index, label])), Number(summary.mean).toFixed(4)]).toEqual([
      [
        [
          [1, 'b'],
          [2, 'c'],
        ],
      ],
      '0.3333',
    ]);
  });

  test('a recipe stays with the model', async () => {
    const { modelId } = at('digits_cnn');
    const recipe = { version: 1, inputs: { conv1_input: [{ kind: 'cast', dtype: 'DT_FLOAT' }] }, outputs: {} } as const;
    const about = { modelId, signature: 'serving_default' };
    const before = await client.playground.recipe(about);
    await client.playground.saveRecipe({ ...about, recipe });
    const kept = await client.playground.recipe(about);
    await client.playground.saveRecipe({ ...about, recipe: null });
    expect([before, kept, await client.playground.recipe(about)]).toEqual([null, recipe, null]);
  });

  describe('tables', () => {
    const rows = 1000;
    const csv = (bad?: number): string =>
      `x,note\n${Array.from({ length: rows }, (_, row) => `${row === bad ? 'oops' : row},n${row}`).join('\n')}\n`;
    const read = (text: string, name = 'rows.csv') =>
      client.playground.readTable({
        modelId: at('dtype_zoo').modelId,
        version: null,
        signature: 'nonfinite',
        name,
        data: new Blob([text]),
      });
    const run = async (
      table: string,
      columns: Readonly<Record<string, readonly number[]>>,
      rowsPerRequest: number,
      result: 'csv' | 'jsonl' = 'csv',
    ): Promise<string> =>
      (
        await client.playground.runTable({
          table,
          columns,
          rowsPerRequest,
          result,
          request: { servingId: at('dtype_zoo').id, signature: 'nonfinite' },
        })
      ).taskId;
    const ended = (taskId: string) =>
      mirror.until(`the task ended`, ({ tasks }) => tasks.find(({ id, state }) => id === taskId && state !== 'running'));
    const lines = async (taskId: string): Promise<readonly string[]> => {
      const { data } = await client.playground.tableResult({ taskId, offset: 0, length: 1_000_000 });
      return (await new Response(data).text()).split(/\r?\n/).slice(0, -1);
    };

    test('are read with their columns, and asked in batches', async () => {
      const view = await read(csv());
      const taskId = await run(view.table, view.suggested, 300);
      const { state } = await ended(taskId);
      const all = await lines(taskId);
      expect([view.columns, view.suggested, view.notes, view.rowCount, state, all.length, all.slice(0, 2), all.at(-1)]).toEqual([
        [
          { name: 'x', kind: 'number' },
          { name: 'note', kind: 'text' },
        ],
        { x: [0] },
        ['left out: note'],
        rows,
        'done',
        rows + 1,
        ['x,note,inv,log,error', '0,n0,Infinity,-Infinity,'],
        `999,n999,0.001001001,${String(all.at(-1)?.split(',')[3])},`,
      ]);
    }, 60_000);

    test('tell a row that fails, and go on', async () => {
      const view = await read(csv(2));
      const taskId = await run(view.table, { x: [0] }, 1);
      const { state } = await ended(taskId);
      const all = await lines(taskId);
      const { rows: asked, failed } = await client.playground.tableResult({ taskId, offset: 0, length: 1 });
      expect([view.problem, state, asked, failed, all[3]]).toEqual([
        'Row 3, column x: "oops" is not float32.',
        'done',
        rows,
        1,
        'oops,n2,,,"Row 3, column x: ""oops"" is not float32."',
      ]);
    }, 60_000);

    test('of JSON lines answer JSON lines, and stop where they are cancelled', async () => {
      const view = await read(Array.from({ length: rows }, (_, row) => `{"x": ${row}, "y": 1}`).join('\n'), 'rows.jsonl');
      const taskId = await run(view.table, { x: [0] }, 500, 'jsonl');
      await ended(taskId);
      const stopped = await run(view.table, { x: [0] }, 1, 'jsonl');
      await client.tasks.cancel({ id: stopped });
      const { state } = await ended(stopped);
      expect([(await lines(taskId))[1], state]).toEqual(['{"row": 2, "outputs": {"inv": 1.0, "log": 0.0}}', 'cancelled']);
    }, 60_000);
  });
});
