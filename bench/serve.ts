import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { becomeOwner } from '../src/main/owner/becomeOwner.ts';
import { commandOutside } from '../src/main/cli/outside.ts';
import { fetchState, waitUntilServing } from '../src/main/cli/watchState.ts';
import type { ServingPlan } from '../src/shared/contract/serving.ts';
import { median, say } from './processMs.ts';

const runs = 5;
export const benchImage = 'tensorflow/serving:latest';

/** Why nothing can be served here; undefined where it can. */
export const whyNoServing = (): string | undefined =>
  spawnSync('docker', ['image', 'inspect', benchImage], { stdio: 'ignore' }).status === 0 ? undefined : `no engine with ${benchImage}`;

/** The baseline: `docker run` of the same image, model and ports by hand, until it answers; then `docker stop`. Times in ms. */
async function byHand({ name, mount, restPort, grpcPort }: ServingPlan, body: string): Promise<{ answer: number; stop: number }> {
  const container = `slipway-bench-${process.pid}`;
  const ports = ['-p', `127.0.0.1:${restPort}:8501`, '-p', `127.0.0.1:${grpcPort}:8500`];
  const mounted = `type=bind,source=${mount.source},target=${mount.target},readonly`;
  const started = performance.now();
  spawnSync('docker', ['run', '-d', '--init', '--name', container, ...ports, '--mount', mounted, '-e', `MODEL_NAME=${name}`, benchImage]);
  const url = `http://127.0.0.1:${restPort}/v1/models/${name}:predict`;
  while ((await fetch(url, { method: 'POST', body }).catch(() => null))?.ok !== true) await wait(10);
  const answer = performance.now() - started;
  const stopping = performance.now();
  spawnSync('docker', ['stop', container]);
  const stop = performance.now() - stopping;
  spawnSync('docker', ['rm', '-f', container]);
  return { answer, stop };
}

/** From an added model to AVAILABLE, to the first answer, and a stop; against the same by hand, in turns. */
export async function benchServe(): Promise<void> {
  const why = whyNoServing();
  if (why !== undefined) {
    say(`serve: skipped, ${why}`);
    return;
  }
  const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const session = await becomeOwner(commandOutside({ env: { ...process.env, SLIPWAY_HOME: home } }, 'background'));
  if (session === null) throw new Error('the data folder is taken');
  const { client } = session;
  const times: Record<'available' | 'answer' | 'stop' | 'handAnswer' | 'handStop', number[]> = {
    available: [],
    answer: [],
    stop: [],
    handAnswer: [],
    handStop: [],
  };
  const model = await client.imports.sample();
  await session.app?.engines.ready;
  for (let run = 0; run < runs; run += 1) {
    const started = performance.now();
    const { servingId } = await client.servings.start({ modelId: model.id });
    const { plan } = await waitUntilServing(client, servingId, new AbortController().signal);
    times.available.push(performance.now() - started);
    const { template } = await client.models.signature({ id: model.id, version: null, signature: 'serving_default' });
    await client.predict.run({ servingId, signature: 'serving_default', body: template });
    times.answer.push(performance.now() - started);
    const stopping = performance.now();
    await client.servings.stop({ id: servingId });
    times.stop.push(performance.now() - stopping);
    const hand = await byHand(plan, template);
    times.handAnswer.push(hand.answer);
    times.handStop.push(hand.stop);
  }
  for (const { id } of (await fetchState(client)).servings) await client.servings.remove({ id });
  await session[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
  const ms = (list: readonly number[]): string => `${median(list).toFixed(0)} ms`;
  const ratio = (ours: readonly number[], theirs: readonly number[]): string =>
    `${(median(ours) / median(theirs)).toFixed(2)}× by hand (${ms(theirs)})`;
  say(`serve: to AVAILABLE and tried ${ms(times.available)}`);
  say(`serve: to the first answer ${ms(times.answer)}, ${ratio(times.answer, times.handAnswer)}`);
  say(`serve: stop ${ms(times.stop)}, ${ratio(times.stop, times.handStop)}; goal 1 s`);
}
