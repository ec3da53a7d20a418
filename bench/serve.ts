import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { becomeOwner } from '../src/main/owner/owner.ts';
import { commandOutside } from '../src/main/cli/outside.ts';
import { fetchState, waitUntilServing } from '../src/main/cli/watchState.ts';
import { median, say } from './processMs.ts';

const runs = 5;

/** From an added model to AVAILABLE, to the first answer, and a stop; against a bare `docker run` of the same image to its exit. */
export async function benchServe(): Promise<void> {
  if (spawnSync('docker', ['image', 'inspect', 'tensorflow/serving:latest'], { stdio: 'ignore' }).status !== 0) {
    say('serve: skipped, no engine with tensorflow/serving:latest');
    return;
  }
  const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const session = await becomeOwner(commandOutside({ env: { ...process.env, SLIPWAY_HOME: home } }, 'background'));
  if (session === null) throw new Error('the data folder is taken');
  const { client } = session;
  const times: Record<'available' | 'answer' | 'stop', number[]> = { available: [], answer: [], stop: [] };
  const model = await client.imports.sample();
  await session.app?.engines.ready;
  for (let run = 0; run < runs; run += 1) {
    const started = performance.now();
    const { servingId } = await client.servings.start({ modelId: model.id });
    await waitUntilServing(client, servingId, new AbortController().signal);
    times.available.push(performance.now() - started);
    const { template } = await client.models.signature({ id: model.id, version: null, signature: 'serving_default' });
    await client.predict.run({ servingId, signature: 'serving_default', body: template });
    times.answer.push(performance.now() - started);
    const stopping = performance.now();
    await client.servings.stop({ id: servingId });
    times.stop.push(performance.now() - stopping);
  }
  for (const { id } of (await fetchState(client)).servings) await client.servings.remove({ id });
  await session[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
  const bare = performance.now();
  spawnSync('docker', ['run', '--rm', '--entrypoint', 'true', 'tensorflow/serving:latest'], { stdio: 'ignore' });
  const bareMs = performance.now() - bare;
  const ms = (list: readonly number[]): string => `${median(list).toFixed(0)} ms`;
  say(
    `serve: to AVAILABLE and tried ${ms(times.available)} (${(median(times.available) / bareMs).toFixed(1)}× a bare container's ${bareMs.toFixed(0)} ms), to the first answer ${ms(times.answer)}, stop ${ms(times.stop)}`,
  );
}
