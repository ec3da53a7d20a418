import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../src/shared/contract/errors.ts';
import { readCase, removeCase, writeCase, type Case } from '../../src/main/cases/caseFile.ts';
import { judgeOutput } from '../../src/main/cases/judgeCase.ts';
import { junitReport } from '../../src/main/cases/junit.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-test-cases-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const floats = (...values: readonly number[]): Tensor => ({ dtype: 'DT_FLOAT', shape: [values.length], data: Float32Array.from(values) });
const base: Case = {
  name: 'one',
  note: '',
  signature: 'serving_default',
  inputs: { x: floats(1) },
  expects: { kind: 'error', text: 'no' },
};
const bits = ({ data }: Tensor): unknown =>
  ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')
    : data.map((one) => Buffer.from(one).toString('hex'));
const plain = (tensors: Readonly<Record<string, Tensor>>): unknown =>
  Object.entries(tensors).map(([name, tensor]) => [name, tensor.dtype, tensor.shape, bits(tensor)]);

describe('the file of a case', () => {
  test('holds every value with all its bits, whatever the type', async () => {
    const inputs: Readonly<Record<string, Tensor>> = {
      int64: { dtype: 'DT_INT64', shape: [3], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n) },
      uint64: { dtype: 'DT_UINT64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
      floats: floats(Number.NaN, Infinity, -Infinity, -0, 1e-45, 3.4e38, 0.1),
      doubles: { dtype: 'DT_DOUBLE', shape: [2], data: Float64Array.of(5e-324, 0.1) },
      half: { dtype: 'DT_HALF', shape: [2, 1], data: Uint16Array.of(0x3c01, 0x8000) },
      brain: { dtype: 'DT_BFLOAT16', shape: [1], data: Uint16Array.of(0x3f81) },
      bools: { dtype: 'DT_BOOL', shape: [2], data: Uint8Array.of(0, 1) },
      scalar: { dtype: 'DT_INT32', shape: [], data: Int32Array.of(7) },
      empty: { dtype: 'DT_FLOAT', shape: [0, 3], data: new Float32Array() },
      strings: { dtype: 'DT_STRING', shape: [3], data: [Buffer.from('a"b\n'), Buffer.from([0xff, 0, 0]), Buffer.from('')] },
      'odd/name': { dtype: 'DT_FLOAT', shape: [40, 50], data: Float32Array.from({ length: 2_000 }, (_, index) => Math.sin(index)) },
    };
    const wanted: Case = {
      ...base,
      note: 'all of them',
      inputs,
      expects: { kind: 'outputs', outputs: inputs, tolerance: { absolute: 0, relative: 0.5 } },
    };
    const read = await readCase(await writeCase(folder, wanted));
    expect([read.name, read.note, read.signature, plain(read.inputs)]).toEqual(['one', 'all of them', 'serving_default', plain(inputs)]);
    expect(read.expects).toMatchObject({ kind: 'outputs', tolerance: { absolute: 0, relative: 0.5 } });
    expect(read.expects.kind === 'outputs' && plain(read.expects.outputs)).toEqual(plain(inputs));
    expect((await readdir(folder)).filter((name) => name.endsWith('.npy'))).toEqual(['one.in.odd_name.npy', 'one.out.odd_name.npy']);
    await removeCase(folder, 'one', read);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ['no JSON', '{', 'no JSON'],
    ['another form', '{"slipway_case": 2}', '"slipway_case": 1'],
    ['no inputs', '{"slipway_case": 1, "expect": {"error": ""}}', 'no inputs'],
    ['a type that is none', '{"slipway_case": 1, "inputs": {"x": {"dtype": "float33", "shape": [], "values": 1}}}', 'no dtype'],
    ['another shape', '{"slipway_case": 1, "inputs": {"x": {"dtype": "float32", "shape": [2], "values": [1]}}}', 'the shape [1]'],
    [
      'values of another type',
      '{"slipway_case": 1, "inputs": {"x": {"dtype": "int64", "shape": [1], "values": [1.5]}}}',
      'not every value',
    ],
    ['neither values nor file', '{"slipway_case": 1, "inputs": {"x": {"dtype": "float32", "shape": []}}}', 'neither'],
    ['a file that is not there', '{"slipway_case": 1, "inputs": {"x": {"dtype": "float32", "shape": [], "npy": "gone.npy"}}}', 'not there'],
    ['a negative tolerance', '{"slipway_case": 1, "inputs": {}, "expect": {"outputs": {}, "tolerance": {"absolute": -1}}}', 'tolerance'],
    ['no expectation', '{"slipway_case": 1, "inputs": {}}', 'no expected outputs'],
  ])('with %s is refused in words', async (_, text, words) => {
    const file = join(folder, 'bad.case.json');
    await writeFile(file, text);
    const report = await readCase(file).then(
      () => null,
      (error: unknown) => (error instanceof AppError ? error.report() : null),
    );
    expect(report).toMatchObject({ code: 'CASE_UNREADABLE', advice: expect.stringContaining(words) });
  });

  test('leads to no file outside its folder', async () => {
    const file = join(folder, 'out.case.json');
    for (const npy of ['../secret.npy', '/etc/passwd', 'a/../../b.npy']) {
      await writeFile(file, JSON.stringify({ slipway_case: 1, inputs: { x: { dtype: 'float32', shape: [], npy } } }));
      await expect(readCase(file)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    }
  });

  test('whatever stands in it, it is read or refused, and nothing else', async () => {
    const whole = await readFile(await writeCase(folder, { ...base, name: 'whole' }), 'utf8');
    const file = join(folder, 'fuzz.case.json');
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.nat(20), fc.string(), async (at, length, inserted) => {
        await writeFile(file, whole.slice(0, at) + inserted + whole.slice(at + length));
        const outcome = await readCase(file).catch((error: unknown) => error);
        expect(!(outcome instanceof Error) || outcome instanceof AppError).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an answer', () => {
  const tolerance = { absolute: 0.01, relative: 0.1 };
  test.each([
    ['is equal', floats(1, 2), floats(1, 2), 0],
    ['lies within the tolerance of each element', floats(1.1, 110), floats(1, 100), 0],
    ['lies beyond it', floats(1.2, 100, 8.5), floats(1, 100, 8), 1],
    ['has NaN where NaN is expected', floats(Number.NaN, Infinity), floats(Number.NaN, Infinity), 0],
    ['has NaN where a number is expected', floats(Number.NaN), floats(1), 1],
    ['has infinity where a number is expected', floats(Infinity), floats(1), 1],
    ['has another shape', floats(1, 2, 3), floats(1, 2), 2],
    ['is not there', null, floats(1, 2), 2],
    [
      'is another whole number',
      { dtype: 'DT_INT64', shape: [1], data: BigInt64Array.of(5n) } as const,
      { dtype: 'DT_INT64', shape: [1], data: BigInt64Array.of(6n) } as const,
      1,
    ],
    [
      'is another text',
      { dtype: 'DT_STRING', shape: [1], data: [Buffer.from('a')] } as const,
      { dtype: 'DT_STRING', shape: [1], data: [Buffer.from('b')] } as const,
      1,
    ],
  ])('%s', (_, answered, expected, beyond) => {
    expect(judgeOutput('y', answered, expected, tolerance).beyond).toBe(beyond);
  });
});

test('results are JUnit’s XML, whatever their texts', () => {
  const result = { outputs: [], largest: null, version: null, exchange: null } as const;
  const report = junitReport('a<b', [
    { ...result, name: 'one', outcome: 'passed', detail: null, latencyMs: 1.5 },
    { ...result, name: '"two"', outcome: 'failed', detail: 'x < y &\n\u0001z', latencyMs: 2 },
    { ...result, name: 'three', outcome: 'not-run', detail: 'gone', latencyMs: null },
  ]);
  expect(report).toContain('<testsuite name="a&lt;b" tests="3" failures="1" errors="1" time="0.003500">');
  expect(report).toContain('<testcase classname="a&lt;b" name="one" time="0.001500"/>');
  expect(report).toContain('<failure message="x &lt; y &amp;&#10;z"/>');
  expect(report).toContain('<error message="gone"/>');
});
