import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProtoReader, ProtoWriter } from '../../src/main/protobuf/wire.ts';
import { example, floats, predictMessage, rawGrpc, readPredictAnswer, specMessage, type RawGrpc } from './rawGrpc.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';

/** A server that serves the configuration of `contractConfig`, wherever it runs. */
export interface ContractServer extends AsyncDisposable {
  readonly address: string;
  /** Where it sees the recorded models. */
  readonly models: string;
}

/** Flags that both servers get; labels of versions that load later are refused without the second one by a genuine server. */
export const contractFlags = ['--allow_version_labels_for_unavailable_models=true', '--file_system_poll_wait_seconds=1'];

/** The models that the contract speaks of, under a folder. */
export function contractConfig(models: string): string {
  const config = (name: string, more = ''): string =>
    `  config { name: '${name}' base_path: '${models}/${name}' model_platform: 'tensorflow' ${more} }\n`;
  return `model_config_list {
${['half_plus_two', 'tf1', 'multi', 'nodefault', 'with_default', 'types'].map((name) => config(name)).join('')}${config(
    'versions',
    "model_version_policy { specific { versions: 1 versions: 3 } } version_labels { key: 'stable' value: 1 } version_labels { key: 'canary' value: 3 }",
  )}}
`;
}

const prediction = '/tensorflow.serving.PredictionService';
const modelService = '/tensorflow.serving.ModelService';

const withExamples = (message: ProtoWriter, examples: readonly Uint8Array[], context?: Uint8Array): Uint8Array =>
  message
    .message(2, (input) =>
      input.message(context === undefined ? 1 : 2, (list) => {
        for (const one of examples) list.bytes(1, one);
        if (context !== undefined) list.bytes(2, context);
      }),
    )
    .finish();

interface ReloadModel {
  readonly name: string;
  readonly base: string;
  readonly platform?: string;
  readonly versions?: readonly number[];
  readonly labels?: Readonly<Record<string, number>>;
}

function reloadMessage(models: readonly ReloadModel[]): Uint8Array {
  return new ProtoWriter()
    .message(1, (config) =>
      config.message(1, (list) => {
        for (const { name, base, platform = 'tensorflow', versions, labels = {} } of models)
          list.message(1, (model) => {
            model.string(1, name).string(2, base).string(4, platform);
            if (versions !== undefined)
              model.message(7, (policy) =>
                policy.message(102, (specific) => {
                  for (const version of versions) specific.varint(1, version);
                }),
              );
            for (const [label, version] of Object.entries(labels)) model.message(8, (entry) => entry.string(1, label).varint(2, version));
          });
      }),
    )
    .finish();
}

/** Versions and states of a GetModelStatusResponse. */
function readStates(bytes: Uint8Array): readonly (readonly [version: number, state: number])[] {
  const found: (readonly [number, number])[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    let [version, state] = [0, 0];
    const one = reader.message();
    while (one.next()) {
      if (one.field === 1) version = one.varint();
      else if (one.field === 2) state = one.varint();
      else one.skip();
    }
    found.push([version, state]);
  }
  return found;
}

const ofMulti = { a: floats([1, 2], [1, 2]), b: { dtype: 'DT_INT32', shape: [1], data: Int32Array.of(3) } satisfies Tensor };

/** What a server of TensorFlow Serving's gRPC answers, whoever it is. */
export function grpcContract(start: () => Promise<ContractServer>): void {
  let server: ContractServer;
  let grpc: RawGrpc;
  beforeAll(async () => {
    server = await start();
    grpc = rawGrpc(server.address);
  });
  afterAll(async () => {
    grpc[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });
  const predict = async (...args: Parameters<typeof predictMessage>): Promise<unknown> => {
    const outcome = await grpc.call(`${prediction}/Predict`, predictMessage(...args));
    return 'bytes' in outcome ? readPredictAnswer(outcome.bytes) : outcome;
  };
  const hex = async (path: string, message: Uint8Array): Promise<unknown> => {
    const outcome = await grpc.call(path, message);
    return 'bytes' in outcome ? outcome.bytes.toString('hex') : outcome;
  };

  test('Predict answers values in the list of their type, and the version that answered', async () => {
    expect(await predict('half_plus_two', { x: floats([1, 2, 5]) })).toEqual({
      spec: ['half_plus_two', '123', 'serving_default'],
      outputs: { y: { shape: [3], values: [2.5, 3, 4.5], fields: [5] } },
    });
    expect(await predict('multi', ofMulti)).toEqual({
      spec: ['multi', '1', 'serving_default'],
      outputs: {
        flag: { shape: [1], values: [1], fields: [11] },
        label: { shape: [1], values: ['3'], fields: [8] },
        sum: { shape: [1], values: [6], fields: [5] },
      },
    });
  });

  test('Predict takes a version, a label, an output filter, a signature, and defaults for what is not sent', async () => {
    expect(await predict('versions', { x: floats([1]) }, { version: 1 })).toMatchObject({ spec: ['versions', '1', 'serving_default'] });
    expect(await predict('versions', { x: floats([1]) }, { label: 'canary' })).toMatchObject({
      spec: ['versions', '3', 'serving_default'],
    });
    expect(await predict('multi', ofMulti, { filter: ['sum'] })).toMatchObject({ outputs: { sum: { values: [6] } } });
    expect(await predict('nodefault', { x: floats([2]) }, { signature: 'double' })).toMatchObject({ outputs: { y: { values: [4] } } });
    expect(await predict('with_default', { a: floats([1, 2], [1, 2]) })).toMatchObject({ outputs: { sum: { values: [8] } } });
  });

  test('types that REST cannot carry go over gRPC', async () => {
    const half: Tensor = { dtype: 'DT_HALF', shape: [1], data: Uint16Array.of(0x3e00) };
    expect(await predict('types', { x: half }, { signature: 'f16' })).toMatchObject({ outputs: { y: { values: [0x3e00], fields: [13] } } });
    const long: Tensor = { dtype: 'DT_INT64', shape: [1], data: BigInt64Array.of(-9_223_372_036_854_775_808n) };
    expect(await predict('types', { x: long }, { signature: 'i64' })).toMatchObject({
      outputs: { y: { values: [-9_223_372_036_854_775_808n], fields: [10] } },
    });
  });

  test('a message of more than four million bytes is no problem', async () => {
    const values = Array.from({ length: 2_000_000 }, () => 1);
    expect(await predict('half_plus_two', { x: floats(values) })).toMatchObject({ outputs: { y: { shape: [2_000_000] } } });
  });

  test.each([
    ['an unknown model', ['nope', { x: floats([1]) }], 5, 'Servable not found for request: Latest(nope)'],
    ['an unknown version', ['versions', { x: floats([1]) }, { version: 2 }], 5, 'Servable not found for request: Specific(versions, 2)'],
    ['an unknown label', ['versions', { x: floats([1]) }, { label: 'zzz' }], 3, 'Unrecognized servable version label: zzz'],
    ['an unknown signature', ['half_plus_two', { x: floats([1]) }, { signature: 'zz' }], 9, 'Serving signature key "zz" not found.'],
    ['no default signature', ['nodefault', { x: floats([1]) }], 9, 'Serving signature key "serving_default" not found.'],
    [
      'a missing input',
      ['multi', { a: floats([1, 2], [1, 2]) }],
      3,
      'input size does not match signature: 1!=2 len({a}) != len({a,b}). Sent extra: {}. Missing but required: {b}.',
    ],
    [
      'an input too many',
      ['half_plus_two', { x: floats([1]), zz: floats([2]) }],
      3,
      'input size does not match signature: 2!=1 len({x,zz}) != len({x}). Sent extra: {zz}. Missing but required: {}.',
    ],
    ['an output twice', ['multi', ofMulti, { filter: ['sum', 'sum'] }], 3, 'duplicate output tensor alias: sum'],
  ] as const)('%s is refused in TensorFlow Serving’s words', async (_, args, code, details) => {
    expect(await predict(...(args as unknown as Parameters<typeof predictMessage>))).toEqual({ code, details });
  });

  test('a tensor whose values are not what its shape says is refused by its name', async () => {
    const message = specMessage('half_plus_two')
      .message(2, (entry) =>
        entry.string(1, 'x').message(2, (tensor) =>
          tensor
            .varint(1, 1)
            .message(2, (shape) => shape.message(2, (dim) => dim.varint(1, 3)))
            .bytes(4, Buffer.alloc(4)),
        ),
      )
      .finish();
    expect(await grpc.call(`${prediction}/Predict`, message)).toEqual({ code: 3, details: 'tensor parsing error: x' });
  });

  test('Classify, Regress and MultiInference answer byte by byte the same', async () => {
    const two = [example({ x: 0.25 }), example({ x: 0.5 })];
    expect(await hex(`${prediction}/Classify`, withExamples(specMessage('tf1'), two))).toBe(
      '0a340a180a0a0a03636174150000803e0a0a0a03646f67150000403f0a180a0a0a03636174150000003f0a0a0a03646f67150000003f121a0a03746631120208011a0f73657276696e675f64656661756c74',
    );
    expect(await hex(`${prediction}/Regress`, withExamples(specMessage('tf1', { signature: 'reg' }), two))).toBe(
      '0a0e0a050d000020400a050d0000a040120e0a03746631120208011a03726567',
    );
    const tasks = new ProtoWriter();
    for (const [signature, method] of [
      ['serving_default', 'classify'],
      ['reg', 'regress'],
    ] as const)
      tasks.message(1, (task) =>
        task.message(1, (spec) => spec.string(1, 'tf1').string(3, signature)).string(2, `tensorflow/serving/${method}`),
      );
    expect(await hex(`${prediction}/MultiInference`, withExamples(tasks, two.slice(0, 1)))).toBe(
      '0a380a1a0a03746631120208011a0f73657276696e675f64656661756c74121a0a180a0a0a03636174150000803e0a0a0a03646f67150000403f0a190a0e0a03746631120208011a037265671a070a050d00002040',
    );
  });

  test('a context stands in for features that an example lacks', async () => {
    const message = withExamples(specMessage('tf1', { signature: 'reg' }), [example({}), example({ x: 0.25 })], example({ x: 0.75 }));
    expect(await hex(`${prediction}/Regress`, message)).toContain('0a050d0000f0400a050d00002040');
  });

  test('examples that are none, and signatures that take none, are refused', async () => {
    expect(await hex(`${prediction}/Classify`, withExamples(specMessage('tf1'), []))).toMatchObject({
      code: 3,
      details: 'Input is empty.',
    });
    expect(await hex(`${prediction}/Classify`, withExamples(specMessage('tf1', { signature: 'zz' }), [example({ x: 1 })]))).toMatchObject({
      code: 3,
      details: 'No signature was found with the name: zz',
    });
  });

  test('GetModelMetadata answers the signatures of the file', async () => {
    const outcome = await grpc.call(`${prediction}/GetModelMetadata`, specMessage('half_plus_two').string(2, 'signature_def').finish());
    const text = 'bytes' in outcome ? outcome.bytes.toString('latin1') : '';
    expect(text).toContain('type.googleapis.com/tensorflow.serving.SignatureDefMap');
    expect(text).toContain('regress_x2_to_y3');
    expect(await hex(`${prediction}/GetModelMetadata`, specMessage('half_plus_two').finish())).toEqual({
      code: 3,
      details: 'GetModelMetadataRequest must specify at least one metadata_field',
    });
    expect(await hex(`${prediction}/GetModelMetadata`, specMessage('half_plus_two').string(2, 'zz').finish())).toEqual({
      code: 3,
      details: 'Metadata field zz is not supported',
    });
  });

  test('GetModelStatus tells versions, highest first', async () => {
    expect(await hex(`${modelService}/GetModelStatus`, specMessage('versions').finish())).toBe('0a060803101e1a000a060801101e1a00');
    expect(await hex(`${modelService}/GetModelStatus`, specMessage('versions', { version: 1 }).finish())).toBe('0a060801101e1a00');
    expect(await hex(`${modelService}/GetModelStatus`, specMessage('nope').finish())).toEqual({
      code: 5,
      details: 'Could not find any versions of model nope',
    });
  });

  test('a configuration with a fault is refused, and what is served stays', async () => {
    const reload = (models: readonly ReloadModel[]): Promise<unknown> =>
      hex(`${modelService}/HandleReloadConfigRequest`, reloadMessage(models));
    const base = `${server.models}/scalar`;
    expect(
      await reload([
        { name: 'a', base },
        { name: 'a', base },
      ]),
    ).toEqual({ code: 3, details: 'Illegal to list model a multiple times in config list' });
    expect(await reload([{ name: 'a', base, platform: 'x' }])).toEqual({ code: 3, details: 'Model a requests unsupported platform x' });
    expect(await reload([{ name: 'a', base: 'scalar' }])).toEqual({
      code: 3,
      details: 'Expected model a to have an absolute path or URI; got base_path()=scalar',
    });
    expect(await hex(`${modelService}/HandleReloadConfigRequest`, new Uint8Array())).toMatchObject({ code: 3 });
    expect(await predict('half_plus_two', { x: floats([1]) })).toMatchObject({ outputs: { y: { values: [2.5] } } });
  });

  // The last one: what it leaves behind serves other models.
  test('a new configuration adds models, moves labels, and lets go of what it does not name', async () => {
    const reload = (models: readonly ReloadModel[]): Promise<unknown> =>
      hex(`${modelService}/HandleReloadConfigRequest`, reloadMessage(models));
    const versions = { name: 'versions', base: `${server.models}/versions`, versions: [1, 3] };
    expect(
      await reload([
        { name: 'scalar', base: `${server.models}/scalar` },
        { ...versions, labels: { stable: 3 } },
      ]),
    ).toBe('0a00');
    expect(await predict('scalar', { x: floats([1]) })).toMatchObject({ outputs: { y: { values: [2] } } });
    expect(await predict('versions', { x: floats([1]) }, { label: 'stable' })).toMatchObject({
      spec: ['versions', '3', 'serving_default'],
    });
    await expect
      .poll(() => predict('half_plus_two', { x: floats([1]) }), { timeout: 30_000 })
      .toEqual({ code: 5, details: 'Servable not found for request: Latest(half_plus_two)' });
    expect(await reload([{ ...versions, labels: { stable: 2 } }])).toEqual({
      code: 9,
      details: 'Request to assign label to version 2 of model versions, which is not currently available for inference',
    });
    expect(await predict('versions', { x: floats([1]) }, { label: 'stable' })).toMatchObject({
      spec: ['versions', '3', 'serving_default'],
    });
    const outcome = await grpc.call(`${modelService}/GetModelStatus`, specMessage('versions').finish());
    expect('bytes' in outcome ? readStates(outcome.bytes) : outcome).toEqual([
      [3, 30],
      [1, 30],
    ]);
  });
}
