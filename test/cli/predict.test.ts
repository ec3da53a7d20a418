import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseJson, type Json } from '../../src/shared/tensor/json.ts';
import { whyNoEngine } from '../docker/engine.ts';
import { fixtures } from '../fixtures.ts';
import { slipway, type Outcome } from './runSlipway.ts';

const models = join(fixtures() ?? '', 'models', 'models');
const goldens = join(fixtures() ?? '', 'models', 'goldens');
const files = join(import.meta.dirname, '..', 'predict', 'files');

interface GoldenTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: unknown;
}
interface GoldenCase {
  readonly name: string;
  readonly signature: string;
  readonly feeds: Readonly<Record<string, GoldenTensor>>;
  readonly outputs?: Readonly<Record<string, GoldenTensor>>;
  readonly tolerance?: { readonly rtol: number; readonly atol: number };
}

const casesOf = (model: string): readonly GoldenCase[] =>
  (JSON.parse(readFileSync(join(goldens, model, '1', 'goldens.json'), 'utf8')) as { readonly cases: readonly GoldenCase[] }).cases;

/** Golden values as a person writes them: numbers bare, also where the goldens quote them. */
function written(data: unknown, dtype: string): string {
  if (Array.isArray(data)) return `[${data.map((one) => written(one, dtype)).join(', ')}]`;
  return typeof data === 'string' && dtype !== 'DT_STRING' ? data : JSON.stringify(data);
}
const requestOf = ({ feeds }: GoldenCase): string =>
  `{"inputs": {${Object.entries(feeds)
    .map(([name, { data, dtype }]) => `"${name}": ${written(data, dtype)}`)
    .join(', ')}}}`;

/** Scalars in order, exactly as they were written. */
function scalars(json: Json | undefined): readonly string[] {
  if (json === undefined) return [];
  if (json.kind === 'list') return json.items.flatMap(scalars);
  if (json.kind === 'number') return [json.text];
  return [json.kind === 'object' ? JSON.stringify(json.entries) : json.kind === 'null' ? 'null' : String(json.value)];
}
const member = (json: Json | undefined, name: string): Json | undefined =>
  json?.kind === 'object' ? json.entries.find(([key]) => key === name)?.[1] : undefined;

/** Which outputs are not the golden ones. */
function unlike(answer: string, { outputs = {}, tolerance }: GoldenCase): readonly string[] {
  const got = member(parseJson(answer), 'outputs');
  const { rtol = 0, atol = 0 } = tolerance ?? {};
  return Object.entries(outputs).flatMap(([name, { data, dtype }]) => {
    const want = scalars(parseJson(written(data, dtype)));
    const have = scalars(member(got, name));
    const isFloat = /FLOAT|DOUBLE|HALF/.test(dtype);
    const close = (a = '', b = ''): boolean =>
      Object.is(Number(a), Number(b)) || Math.abs(Number(a) - Number(b)) <= atol + rtol * Math.abs(Number(b));
    const same = want.length === have.length && want.every((value, index) => (isFloat ? close(have[index], value) : have[index] === value));
    return same ? [] : [`${name}: ${have.slice(0, 8).join(' ')} instead of ${want.slice(0, 8).join(' ')}`];
  });
}

async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const [rest = 0, grpc = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return [rest, grpc];
}

const why = whyNoEngine();
describe.skipIf(why !== undefined)(why === undefined ? 'on a real engine' : `on a real engine [${why}]`, () => {
  let home = '';
  let at: Readonly<Record<string, { readonly rest: string; readonly grpc: string }>> = {};
  const run = (...args: string[]): Promise<Outcome> => slipway(home, ['predict', ...args]);
  const piped = (input: string, ...args: string[]): Promise<Outcome> => slipway(home, ['predict', ...args, '--input', '-'], { input });
  const errorIn = ({ code, out }: Outcome): unknown => [code, (JSON.parse(out) as { readonly error: unknown }).error];

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'slipway-predict-'));
    // Names and ports of its own: other suites serve the same models at the same time.
    for (const model of ['dtype_zoo', 'digits_cnn', 'image_bytes', 'half_plus_two']) {
      const [rest, grpc] = await freePorts();
      const where = ['--name', `ask_${model}`, '--rest-port', String(rest), '--grpc-port', String(grpc)];
      const { code, err } = await slipway(home, ['serve', join(models, model), ...where, '--versions', 'all', '--detach']);
      if (code !== 0) throw new Error(err);
    }
    const rows = JSON.parse((await slipway(home, ['ps', '--json'])).out) as readonly { name: string; rest: string; grpc: string }[];
    at = Object.fromEntries(rows.map(({ name, rest, grpc }) => [name, { rest, grpc }] as const));
  });
  afterAll(async () => {
    await slipway(home, ['rm', ...Object.keys(at)]);
    rmSync(home, { recursive: true, force: true });
  });

  // An empty list of lists cannot be told from an empty list in JSON; a table of bytes is compared below.
  test.each(
    fixtures() === undefined
      ? []
      : casesOf('dtype_zoo').filter(({ name, outputs }) => outputs !== undefined && !['empty', 'strings'].includes(name)),
  )('over gRPC, $name is TensorFlow’s answer, exactly where it is whole', async (one) => {
    const { code, out, err } = await piped(
      requestOf(one),
      `grpc://${at['ask_dtype_zoo']?.grpc ?? ''}/ask_dtype_zoo`,
      '--signature',
      one.signature,
      '--json',
    );
    expect([code, err, out === '' ? 'nothing' : unlike(out, one)]).toEqual([0, '', []]);
    expect(JSON.parse(out)).toMatchObject({ model_spec: { name: 'ask_dtype_zoo', signature_name: one.signature, version: '1' } });
  });

  test('bytes go there and back, as text where they are text', async () => {
    const { out } = await piped('{"inputs": [{"b64": "/wAQ"}, "hé", ""]}', 'ask_dtype_zoo', '--signature', 'strings', '--grpc', '--json');
    expect(JSON.parse(out)).toMatchObject({ outputs: { echo_bytes: [{ b64: '/wAQ' }, { b64: 'aMOp' }, { b64: '' }], length: [3, 3, 0] } });
  });

  test('an array of NumPy goes over gRPC and over REST, from a name, an address and a folder', async () => {
    const answers = [
      await run('ask_digits_cnn', '--input', join(files, 'digit.npy'), '--grpc', '--json'),
      await run(`grpc://${at['ask_digits_cnn']?.grpc ?? ''}/ask_digits_cnn`, '--input', join(files, 'digit.npy'), '--json'),
      await run('ask_digits_cnn', '--input', join(files, 'digit.npy'), '--json'),
      await run(at['ask_digits_cnn']?.rest ?? '', '--input', join(files, 'digit.npy'), '--json'),
      await run(join(models, 'digits_cnn'), '--input', join(files, 'digit.npy'), '--json'),
    ];
    const rows = answers.map(({ out }) => {
      const { outputs } = JSON.parse(out) as { readonly outputs: number[][] | { readonly digit: number[][] } };
      return (Array.isArray(outputs) ? outputs : outputs.digit).flat().map((value) => Math.fround(value));
    });
    expect(rows).toEqual(rows.map(() => rows[0]));
    expect(rows[0]).toHaveLength(10);
  });

  test('a folder that is not served is served for the one request, over either protocol', async () => {
    const table = join(fixtures() ?? '', 'models', 'data', 'iris_test.csv');
    const [rest, grpc] = [await run(join(models, 'iris'), '--input', table), await run(join(models, 'iris'), '--input', table, '--grpc')];
    const served = JSON.parse((await slipway(home, ['ps', '--json'])).out) as readonly { readonly name: string }[];
    expect([rest.out.split('  ')[0], grpc.out.split('  ')[0], served.map(({ name }) => name).toSorted()]).toEqual([
      'output_0 [45, 3]',
      'output_0 [45, 3]',
      Object.keys(at).toSorted(),
    ]);
  });

  test('a table and a picture of digits are read as they were drawn', async () => {
    const data = join(fixtures() ?? '', 'models', 'data');
    const table = readFileSync(join(data, 'digits_test.csv'), 'utf8').trim().split('\n').slice(1, 41);
    const rows = join(home, 'rows.csv');
    const header = [...Array.from({ length: 64 }, (_, index) => `p${index}`), 'label'].join(',');
    const scaled = table.map((line) => line.split(',').map((cell, index) => (index < 64 ? Number(cell) / 16 : Number(cell))));
    writeFileSync(rows, [header, ...scaled.map((cells) => cells.join(','))].join('\n'));
    const { out, err } = await run('ask_digits_cnn', '--input', rows, '--grpc', '--json');
    const { outputs } = JSON.parse(out) as { readonly outputs: { readonly digit: readonly (readonly number[])[] } };
    const right = outputs.digit.filter((row, index) => row.indexOf(Math.max(...row)) === scaled[index]?.[64]).length;
    expect([outputs.digit.length, right >= 36, err]).toEqual([40, true, 'conv1_input is columns p0, p1, p2 … p63 (64); left out: label\n']);
    const picture = await run('ask_digits_cnn', '--input', join(data, 'digit_1_label1.png'), '--json');
    const [row = []] = (JSON.parse(picture.out) as { readonly outputs: number[][] }).outputs;
    expect([row.indexOf(Math.max(...row)), picture.err]).toEqual([1, 'conv1_input: 8×8, grey, values 0..1\n']);
  });

  test('a model that takes encoded images gets the file itself, over either protocol', async () => {
    const photo = join(fixtures() ?? '', 'models', 'data', 'flower.jpg');
    const [rest, grpc] = [await run('ask_image_bytes', '--input', photo), await run('ask_image_bytes', '--input', photo, '--grpc')];
    expect([rest.code, grpc.code, rest.err.split('\n')[0]]).toEqual([0, 0, expect.stringMatching(/^\w+: the file’s own \d+ bytes$/)]);
  });

  test('a server’s address alone is enough: the signature is read there, for a template and for the check', async () => {
    const url = at['ask_digits_cnn']?.rest ?? '';
    const template = await run(url);
    const wrong = await piped('{"instances": [[[1]]]}', url, '--json');
    const named = await run(url, '--signature', 'nothing', '--json');
    expect([template.code, template.out.startsWith('digit [1, 10]'), template.err.split('\n')[0]]).toEqual([
      0,
      true,
      'No --input: zeros that fit the signature are sent.',
    ]);
    expect([errorIn(wrong), errorIn(named)]).toEqual([
      [1, expect.objectContaining({ code: 'REQUEST_MISMATCH', advice: 'conv1_input has 3 dimensions; the model wants 4, [?, 8, 8, 1].' })],
      [1, expect.objectContaining({ code: 'SIGNATURE_NOT_FOUND', advice: 'Known: serving_default.' })],
    ]);
  });

  test('the version that is asked for answers, by a flag or in the address', async () => {
    const versionOf = ({ out }: Outcome): unknown =>
      (JSON.parse(out) as { readonly model_spec: { readonly version: string } }).model_spec.version;
    const address = `grpc://${at['ask_half_plus_two']?.grpc ?? ''}/ask_half_plus_two`;
    const ask = (...args: string[]): Promise<Outcome> => piped('{"instances": [[1.0], [2.0]]}', ...args, '--json');
    expect([
      versionOf(await ask('ask_half_plus_two', '--grpc', '--version', '1')),
      versionOf(await ask('ask_half_plus_two', '--grpc')),
      versionOf(await ask(`${address}/versions/1`)),
      (JSON.parse((await ask(`${at['ask_half_plus_two']?.rest ?? ''}/versions/1:predict`)).out) as { predictions: number[] }).predictions
        .length,
    ]).toEqual(['1', '2', '1', 2]);
    expect([errorIn(await ask('ask_half_plus_two', '--version', '7')), errorIn(await ask(`${address}/labels/none`))]).toEqual([
      [1, expect.objectContaining({ code: 'VERSION_NOT_FOUND', advice: 'Known: 2, 1.' })],
      [1, expect.objectContaining({ code: 'SERVER_REFUSED' })],
    ]);
  });

  test('what JSON cannot carry is told before it is sent, and so is an address where nobody listens', async () => {
    const half = join(home, 'half.json');
    writeFileSync(half, '{"inputs": {"h": [1, 2]}}');
    expect([
      errorIn(await run('ask_dtype_zoo', '--signature', 'half', '--input', half, '--json')),
      errorIn(await run('grpc://127.0.0.1:1/x', '--json')),
      errorIn(await run('http://127.0.0.1:1/v1/models/x', '--json')),
    ]).toEqual([
      [1, expect.objectContaining({ code: 'REQUEST_MISMATCH', advice: 'h is float16, which JSON cannot carry; use gRPC.' })],
      [1, expect.objectContaining({ code: 'SERVER_UNREACHABLE', title: 'Nothing answers at 127.0.0.1:1' })],
      [1, expect.objectContaining({ code: 'SERVER_UNREACHABLE', title: 'Nothing answers at 127.0.0.1:1' })],
    ]);
  });

  test('NaN and infinities are strings where JSON is promised', async () => {
    const body = '{"instances": [0.0, -1.0, NaN]}';
    const [rest, grpc] = [
      await piped(body, 'ask_dtype_zoo', '--signature', 'nonfinite', '--json'),
      await piped(body, 'ask_dtype_zoo', '--signature', 'nonfinite', '--grpc', '--json'),
    ];
    const { predictions } = JSON.parse(rest.out) as { readonly predictions: readonly { readonly log: unknown }[] };
    expect([predictions.map(({ log }) => log), (JSON.parse(grpc.out) as { outputs: { log: unknown } }).outputs.log]).toEqual([
      ['-Infinity', 'NaN', 'NaN'],
      ['-Infinity', 'NaN', 'NaN'],
    ]);
  });

  test('a message of many megabytes goes over gRPC whole, and its answer comes back whole', async () => {
    const count = 3_000_000;
    const header = `{'descr': '<i8', 'fortran_order': False, 'shape': (${count},), }`.padEnd(117).concat('\n');
    const values = BigInt64Array.from({ length: count }, (_, index) => 9_007_199_254_740_993n + BigInt(index));
    const file = join(home, 'many.npy');
    writeFileSync(
      file,
      Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'), Buffer.from(header), Buffer.from(values.buffer)]),
    );
    const { code, out } = await run('ask_dtype_zoo', '--signature', 'scale_int64', '--input', file, '--grpc', '--json');
    const same = /"same": \[([^\]]*)\]/.exec(out)?.[1]?.split(', ') ?? [];
    expect([code, same.length, same[0], same.at(-1)]).toEqual([
      0,
      count,
      '9007199254740993',
      String(9_007_199_254_740_992n + BigInt(count)),
    ]);
  });
});

describe('wrong usage', () => {
  const home = join(tmpdir(), 'slipway-never-made');
  test.each([
    ['a version and a label', ['x', '--version', '1', '--label', 'a'], '--version and --label exclude each other'],
    ['a version that is none', ['x', '--version', 'new'], '--version new is no version'],
    ['a time that is none', ['x', '--timeout', 'soon'], '--timeout soon is not a number of seconds up to 3600'],
    ['a scale that is none', ['x', '--scale', '1'], '--scale 1 is not LOW..HIGH, such as -1..1'],
    [
      'an address of something else',
      ['http://127.0.0.1:1/'],
      'http://127.0.0.1:1/ is neither http://HOST:PORT/v1/models/NAME nor grpc://HOST:PORT/NAME',
    ],
    [
      'gRPC at a REST address',
      ['http://127.0.0.1:1/v1/models/x', '--grpc'],
      '--grpc goes with grpc://HOST:PORT/NAME: a REST address does not tell the gRPC port',
    ],
    ['two versions', ['http://127.0.0.1:1/v1/models/x/versions/1', '--version', '2'], 'The URL names a version itself'],
  ])('%s', async (_, args, words) => {
    const { code, out, err } = await slipway(home, ['predict', ...args]);
    expect([code, out, err.split('\n')[0]]).toEqual([2, '', words]);
  });
});

test('a server that tells no signatures is asked all the same, and a file cannot be made for it', async () => {
  const server = createServer((request, response) => {
    if (request.method === 'GET') response.writeHead(404).end('{"error": "no metadata here"}');
    else request.resume().on('end', () => response.end('{"predictions": [3.5]}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/v1/models/x`;
  const typed = await slipway('', ['predict', url, '--input', '-', '--json'], { input: '{"instances": [3]}' });
  const file = await slipway('', ['predict', url, '--input', join(files, 'digit.npy'), '--json']);
  server.close();
  expect([typed.code, JSON.parse(typed.out), file.code, (JSON.parse(file.out) as { error: { code: string } }).error.code]).toEqual([
    0,
    { predictions: [3.5] },
    1,
    'BAD_INPUT',
  ]);
});
