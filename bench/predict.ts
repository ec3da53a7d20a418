import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOutside } from '../src/main/cli/outside.ts';
import { waitUntilServing } from '../src/main/cli/watchState.ts';
import { becomeOwner } from '../src/main/owner/becomeOwner.ts';
import { forkEngines } from '../src/main/tfserving/engineProcess.ts';
import type { LocalClient } from '../src/shared/rpc/connectClient.ts';
import { fillTensor } from '../src/shared/tensor/fillTensor.ts';
import { tensorToWire } from '../src/shared/tensor/tensorWire.ts';
import { writeEchoModel } from '../test/predict/echoModel.ts';
import { freePort } from '../test/freePort.ts';
import { median, say } from './processMs.ts';

const root = join(import.meta.dirname, '..');
const models = join(process.env['SLIPWAY_FIXTURES'] ?? join(root, '..', 'shared'), 'models', 'models');
const rounds = 2_500;
const batches = 9;

/** The least that a client can do: one connection that is kept, a body that is there, an answer that is thrown away. */
function bareClient(url: string, body: Buffer): () => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  return () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const asked = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', resolve);
    });
    asked.once('error', reject);
    asked.end(body);
    return promise;
  };
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** One small request through the whole of predict.run, against a bare client on the same server, in turns. */
async function small(client: LocalClient, servingId: string, restPort: number, name: string): Promise<void> {
  const body = '{"instances": [[1.0], [2.0], [5.0]]}';
  const bare = bareClient(`http://127.0.0.1:${restPort}/v1/models/${name}:predict`, Buffer.from(body));
  const ours = (): Promise<unknown> => client.predict.run({ servingId, signature: 'serving_default', body });
  const times: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    times.bare.push(await timed(bare));
    times.ours.push(await timed(ours));
  }
  // The first ones compile; what a person waits for then is told too.
  const early = median(times.ours.slice(0, 100)) - median(times.bare.slice(0, 100));
  const [p50, base] = [median(times.ours.slice(500)), median(times.bare.slice(500))];
  say(
    `predict: p50 of predict.run ${p50.toFixed(2)} ms, ${(p50 / base).toFixed(2)}× a bare client (${base.toFixed(2)} ms), ${(p50 - base).toFixed(2)} ms more (${early.toFixed(2)} ms of the first hundred); goal 1.5× or 0.3 ms`,
  );
}

/** [8, 224, 224, 3] floats in columns and over gRPC, in turns, tensors handed over and answers summed up. */
async function large(client: LocalClient, servingId: string, what: string, signature: string, input: string): Promise<void> {
  const tensor = fillTensor({ kind: 'uniform', low: 0, high: 1, seed: 1 }, 'DT_FLOAT', [8, 224, 224, 3]);
  const times: Record<'columnar' | 'grpc', number[]> = { columnar: [], grpc: [] };
  for (let round = 0; round < batches; round += 1)
    for (const mode of ['columnar', 'grpc'] as const) {
      const inputs = { [input]: { source: { kind: 'tensor' as const, tensor: tensorToWire(tensor) } } };
      const run = async (): Promise<void> => {
        const { ok, error } = await client.predict.run({ servingId, signature, inputs, mode });
        if (!ok) throw new Error(error ?? '');
      };
      times[mode].push(await timed(run));
    }
  const [json, grpc] = [median(times.columnar.slice(2)), median(times.grpc.slice(2))];
  say(
    `predict: [8,224,224,3] to ${what} by gRPC ${grpc.toFixed(0)} ms, JSON ${json.toFixed(0)} ms (${(json / grpc).toFixed(1)}×); goal 5×`,
  );
}

/** Asking, end to end, through the same calls that a window makes; and what fills a tensor. */
export async function benchPredict(): Promise<void> {
  for (const kind of ['uniform', 'normal'] as const) {
    const fill = kind === 'uniform' ? ({ kind, low: 0, high: 1, seed: 1 } as const) : ({ kind, mean: 0, deviation: 1, seed: 1 } as const);
    const times: number[] = [];
    for (let run = 0; run < 15; run += 1) times.push(await timed(() => Promise.resolve(fillTensor(fill, 'DT_FLOAT', [1, 224, 224, 3]))));
    say(`predict: ${kind} fill of 150 528 values ${median(times).toFixed(1)} ms, the first ${(times[0] ?? 0).toFixed(1)} ms; goal 50 ms`);
  }
  const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const forkEngine = forkEngines(join(root, 'src', 'main', 'cli', 'slipway.ts'));
  const session = await becomeOwner(commandOutside({ env: { ...process.env, SLIPWAY_HOME: home }, forkEngine }, 'background'));
  if (session === null) throw new Error('the data folder is taken');
  const { client } = session;
  const serve = async (path: string): Promise<{ readonly servingId: string; readonly restPort: number; readonly name: string }> => {
    const { id: modelId } = await client.local.addPath({ path });
    const ports = { restPort: await freePort(), grpcPort: await freePort() };
    const { servingId } = await client.servings.start({ modelId, engine: 'embedded', ...ports });
    const { plan } = await waitUntilServing(client, servingId, new AbortController().signal);
    return { servingId, restPort: plan.restPort, name: plan.name };
  };
  const tiny = await serve(join(models, 'half_plus_two'));
  await small(client, tiny.servingId, tiny.restPort, tiny.name);
  await writeEchoModel(join(home, 'echo'));
  const echo = await serve(join(home, 'echo'));
  await large(client, echo.servingId, 'an identity', 'DT_FLOAT', 'x');
  const mobilenet = await serve(join(models, 'mobilenet'));
  const model = (
    await client.models.signature({
      id: (await client.local.addPath({ path: join(models, 'mobilenet') })).id,
      version: null,
      signature: 'serving_default',
    })
  ).info;
  await large(client, mobilenet.servingId, 'mobilenet', 'serving_default', Object.keys(model.inputs)[0] ?? '');
  for (const { servingId } of [tiny, echo, mobilenet]) await client.servings.stop({ id: servingId });
  await session[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
}
