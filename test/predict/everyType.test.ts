import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { planTensors, sendPlan } from '../../src/main/predict/ask.ts';
import { createGrpcConnections } from '../../src/main/predict/predictGrpc.ts';
import { wholeRanges } from '../../src/shared/tensor/dtypeRanges.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { bytesOf, elementCount, isStrings, newNumbers } from '../../src/shared/tensor/tensorData.ts';
import { tensorFromWire, tensorToWire } from '../../src/shared/tensor/tensorWire.ts';
import { testImage, whyNoEngine } from '../docker/engine.ts';
import { freePort } from '../freePort.ts';
import { runModelServer } from '../tfserving/runModelServer.ts';
import { echoSignature, echoTypes, writeEchoModel, type EchoType } from './echoModel.ts';

const signal = new AbortController().signal;

/** Bit patterns that go wrong where anything on the way is a double, or text of too few digits. */
const specials: Partial<Readonly<Record<EchoType, readonly (number | bigint)[]>>> = {
  DT_FLOAT: [0, -0, 1e-45, -1e-45, 1.17549435e-38, 3.4028235e38, 0.1, 16777217, NaN, Infinity, -Infinity].map(Math.fround),
  DT_DOUBLE: [0, -0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 2 ** 53 + 2, NaN, Infinity, -Infinity],
  // As bits: −0, the least and largest subnormal and normal, infinities, NaN, 1/3.
  DT_HALF: [0, 0x8000, 1, 0x8001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x3555],
  DT_BFLOAT16: [0, 0x8000, 1, 0x8001, 0x007f, 0x0080, 0x7f7f, 0x7f80, 0xff80, 0x7fc0, 0x3eab],
};

/** One element's arbitrary; a pair for complex ones. */
function element(dtype: EchoType): fc.Arbitrary<number | bigint> {
  const range = wholeRanges[dtype];
  if (range !== undefined) {
    const [min, max] = range;
    const whole = fc.oneof(fc.constantFrom(min, max, 0n, min + 1n, max - 1n), fc.bigInt({ min, max }));
    return dtype === 'DT_INT64' || dtype === 'DT_UINT64' ? whole : whole.map(Number);
  }
  if (dtype === 'DT_BOOL') return fc.integer({ min: 0, max: 1 });
  if (dtype === 'DT_HALF' || dtype === 'DT_BFLOAT16') {
    const infinity = dtype === 'DT_HALF' ? 0x7c00 : 0x7f80;
    // Other NaNs than the quiet one may be made quiet on the way.
    const bits = fc.integer({ min: 0, max: 0xffff }).filter((one) => (one & 0x7fff) <= infinity);
    return fc.oneof(fc.constantFrom(...(specials[dtype] ?? [])), bits);
  }
  const isSingle = dtype === 'DT_FLOAT' || dtype === 'DT_COMPLEX64';
  return fc.oneof(fc.constantFrom(...(specials[isSingle ? 'DT_FLOAT' : 'DT_DOUBLE'] ?? [])), isSingle ? fc.float() : fc.double());
}

/** A tensor of a type, of any rank up to 3; empty ones too where the protocol can tell their shape. */
function tensorOf(dtype: EchoType, { empty, minRank }: { readonly empty: boolean; readonly minRank: number }): fc.Arbitrary<Tensor> {
  return fc.array(fc.integer({ min: empty ? 0 : 1, max: 3 }), { minLength: minRank, maxLength: 3 }).chain((shape): fc.Arbitrary<Tensor> => {
    const count = elementCount(shape);
    const size = { minLength: count, maxLength: count };
    if (dtype === 'DT_STRING') {
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 12 }),
        fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
      );
      return fc.array(bytes, size).map((data) => ({ dtype, shape, data }));
    }
    const data = newNumbers(dtype, count);
    if (data === null) throw new Error(dtype);
    const parts = { minLength: data.length, maxLength: data.length };
    return fc.array(element(dtype), parts).map((values) => {
      const filled = newNumbers(dtype, count);
      for (const [index, value] of values.entries()) if (filled !== null) filled[index] = value as never;
      return { dtype, shape, data: filled ?? [] };
    });
  });
}

/** Type, shape and bytes, to be compared as a whole; NaN of any bits is one NaN. */
function exactly(tensor: Tensor | undefined): unknown {
  if (tensor === undefined) return undefined;
  const { dtype, shape, data } = tensor;
  if (isStrings(data)) return { dtype, shape, data: data.map((one) => Buffer.from(one).toString('hex')) };
  if (data instanceof Float32Array || data instanceof Float64Array)
    return { dtype, shape, data: Array.from(data, (value) => (Number.isNaN(value) ? 'NaN' : Object.is(value, -0) ? '-0' : String(value))) };
  return { dtype, shape, data: Buffer.from(bytesOf(data)).toString('hex') };
}

const overRest = echoTypes.filter((one) => !/HALF|BFLOAT|COMPLEX|UINT16/.test(one));

interface Server {
  readonly restPort: number;
  readonly grpcPort: number;
  readonly stop: () => Promise<void>;
}

async function embedded(base: string): Promise<Server> {
  const server = await runModelServer([`--model_name=echo`, `--model_base_path=${base}`], { grpc: true });
  return { restPort: server.restPort, grpcPort: server.grpcPort, stop: async () => server[Symbol.asyncDispose]() };
}

async function inDocker(base: string): Promise<Server> {
  const [restPort, grpcPort] = [await freePort(), await freePort()];
  const mounted = `type=bind,src=${base},dst=/models/echo,readonly`;
  const ports = ['--publish', `127.0.0.1:${restPort}:8501`, '--publish', `127.0.0.1:${grpcPort}:8500`];
  const id = execFileSync('docker', ['run', '--detach', '--rm', '--mount', mounted, '--env', 'MODEL_NAME=echo', ...ports, testImage])
    .toString()
    .trim();
  const url = `http://127.0.0.1:${restPort}/v1/models/echo`;
  const answers = async (): Promise<void> => {
    if (!(await (await fetch(url)).text()).includes('AVAILABLE')) throw new Error('not available yet');
  };
  await vi.waitFor(answers, { timeout: 80_000, interval: 200 });
  return { restPort, grpcPort, stop: () => Promise.resolve(void execFileSync('docker', ['kill', id], { stdio: 'ignore' })) };
}

describe.each([
  ['the embedded engine', embedded, undefined, 60],
  ['TensorFlow in Docker', inDocker, whyNoEngine(), 25],
] as const)('every type comes back from %s as it was sent', (_, start, why, numRuns) => {
  let server: Server | undefined;
  let folder: string;
  const connections = createGrpcConnections();

  beforeAll(async () => {
    if (why !== undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'slipway-echo-'));
    await chmod(folder, 0o755);
    await writeEchoModel(join(folder, 'echo'));
    server = await start(join(folder, 'echo'));
  }, 90_000);
  afterAll(async () => {
    connections[Symbol.dispose]();
    if (why !== undefined) return;
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const echoed = async (tensor: Tensor, dtype: EchoType, mode: 'row' | 'columnar' | 'grpc'): Promise<unknown> => {
    const signature = echoSignature(dtype);
    const plan = planTensors(signature, { x: tensor }, { mode, insist: false, signature: dtype });
    const rest = `http://127.0.0.1:${server?.restPort ?? 0}/v1/models/echo`;
    const to = { rest, grpc: `127.0.0.1:${server?.grpcPort ?? 0}`, model: 'echo', which: {}, signature, name: dtype, connections };
    const { outputs, error } = await sendPlan(plan, to, { signal, timeoutMs: 30_000 });
    return error ?? exactly(outputs['y_bytes']);
  };

  test.skipIf(why !== undefined).each(echoTypes)(
    '%s over gRPC, also empty',
    async (dtype) => {
      await fc.assert(
        fc.asyncProperty(tensorOf(dtype, { empty: true, minRank: 0 }), async (tensor) => {
          expect(await echoed(tensor, dtype, 'grpc')).toEqual(exactly(tensor));
        }),
        { numRuns },
      );
    },
    120_000,
  );

  test.skipIf(why !== undefined).each(overRest)(
    '%s over REST, in columns and in rows',
    async (dtype) => {
      await fc.assert(
        fc.asyncProperty(tensorOf(dtype, { empty: false, minRank: 1 }), async (tensor) => {
          const both = [await echoed(tensor, dtype, 'columnar'), await echoed(tensor, dtype, 'row')];
          expect(both).toEqual([exactly(tensor), exactly(tensor)]);
        }),
        { numRuns },
      );
    },
    120_000,
  );
});

test.each(echoTypes)('%s crosses a process as it is', async (dtype) => {
  await fc.assert(
    fc.asyncProperty(tensorOf(dtype, { empty: true, minRank: 0 }), async (tensor) => {
      expect(exactly(await tensorFromWire(tensorToWire(tensor)))).toEqual(exactly(tensor));
    }),
  );
});
