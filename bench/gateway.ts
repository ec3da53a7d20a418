import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '../src/main/gateway/startGateway.ts';
import { connectGrpc } from '../src/main/tfserving/grpcClient.ts';
import { freePort } from '../test/freePort.ts';
import { runModelServer } from '../test/tfserving/runModelServer.ts';
import { median, say } from './processMs.ts';
import { wrk, type Load } from './wrk.ts';

const root = join(import.meta.dirname, '..');
const models = join(process.env['SLIPWAY_FIXTURES'] ?? join(root, '..', 'shared'), 'reference', 'rest', 'models');
const model = 'half_plus_two';
const rounds = 3;
const seconds = 3;
const grpcCalls = 3_000;

/** wrk with so many connections. */
const load = (port: number, script: string, connections: number): Load =>
  wrk(`http://127.0.0.1:${port}/v1/models/${model}:predict`, script, { connections, seconds });

/** So many gRPC predictions, so many at a time. */
async function grpcLoad(port: number, atATime: number): Promise<Load> {
  const grpc = connectGrpc(`127.0.0.1:${port}`);
  const inputs = { x: { dtype: 'DT_FLOAT', shape: [3], data: new Float32Array([1, 2, 5]) } } as const;
  const signal = new AbortController().signal;
  const times: number[] = [];
  let [left, failed] = [grpcCalls, 0];
  const started = performance.now();
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      while (left > 0) {
        left -= 1;
        const asked = performance.now();
        await grpc.predict({ model, signature: 'serving_default', inputs }, { signal, timeoutMs: 10_000 }).catch(() => (failed += 1));
        times.push(performance.now() - asked);
      }
    }),
  );
  const elapsed = performance.now() - started;
  grpc.close();
  return { perSecond: (grpcCalls / elapsed) * 1_000, requests: grpcCalls, p50Us: median(times) * 1_000, failed };
}

/** What the gateway adds to a request and takes from a server's rate: the embedded engine asked directly and through it, in turns. */
export async function benchGateway(): Promise<void> {
  if (spawnSync('wrk', ['-v']).error !== undefined) {
    say('gateway: skipped, wrk is not there');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const script = join(folder, 'predict.lua');
  writeFileSync(script, `wrk.method = 'POST'\nwrk.body = '{"instances":[1.0,2.0,5.0]}'\n`);
  await using server = await runModelServer([`--model_name=${model}`, `--model_base_path=${join(models, model)}`], { grpc: true });
  const control = await startGateway(join(folder, 'gateway.sock'), [process.execPath, join(root, 'out', 'main', 'slipway.js'), 'gateway'], {
    signal: AbortSignal.timeout(20_000),
  });
  try {
    const address = { restPort: await freePort(), grpcPort: await freePort() };
    const { pid } = await control.listen(address, server);
    const cases = [
      ['REST, 1 connection', (ports: typeof address) => Promise.resolve(load(ports.restPort, script, 1))],
      ['REST, 8 connections', (ports: typeof address) => Promise.resolve(load(ports.restPort, script, 8))],
      ['gRPC, 1 at a time', ({ grpcPort }: typeof address) => grpcLoad(grpcPort, 1)],
      ['gRPC, 8 at a time', ({ grpcPort }: typeof address) => grpcLoad(grpcPort, 8)],
    ] as const;
    for (const [name, ask] of cases) {
      await ask(server);
      await ask(address);
      const [direct, through]: [Load[], Load[]] = [[], []];
      for (let round = 0; round < rounds; round += 1) {
        direct.push(await ask(server));
        through.push(await ask(address));
      }
      const of = (loads: readonly Load[], key: keyof Load): number => median(loads.map((one) => one[key]));
      const failed = [...direct, ...through].reduce((sum, one) => sum + one.failed, 0);
      const [rate, directRate] = [of(through, 'perSecond'), of(direct, 'perSecond')];
      const [p50, directP50] = [of(through, 'p50Us'), of(direct, 'p50Us')];
      say(
        `gateway: ${name}: p50 ${p50.toFixed(0)} µs, +${(p50 - directP50).toFixed(0)} µs (direct ${directP50.toFixed(0)}); ` +
          `${rate.toFixed(0)} requests/s, ${(rate / directRate).toFixed(2)}× direct (${directRate.toFixed(0)}); ${failed} failed`,
      );
    }
    const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;
    say(`gateway: resident ${resident.toFixed(0)} MB after it`);
  } finally {
    await control.stop();
    rmSync(folder, { recursive: true });
  }
}
