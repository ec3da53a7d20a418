import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { commandOutside } from '../src/main/cli/outside.ts';
import { waitUntilServing, watchServings } from '../src/main/cli/watchState.ts';
import { becomeOwner } from '../src/main/owner/becomeOwner.ts';
import type { LocalClient } from '../src/shared/rpc/connectClient.ts';
import type { Serving, ServingPlan } from '../src/shared/contract/serving.ts';
import { forkEngines } from '../src/main/tfserving/engineProcess.ts';
import { median, say } from './processMs.ts';
import { whyNoServing } from './serve.ts';

const runs = 5;
const never = new AbortController().signal;

/** Whether the address answers, on a connection of its own. */
function answers({ restPort, name }: ServingPlan): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const asked = request({ host: '127.0.0.1', port: restPort, path: `/v1/models/${name}`, agent: false, timeout: 2_000 }, (answer) => {
    resolve(answer.statusCode === 200);
    answer.destroy();
  });
  asked.once('timeout', () => asked.destroy());
  asked.once('error', () => resolve(false));
  asked.end();
  return promise;
}

/** Asks without a pause until `stop`; answers the longest time from one answer to the next, in ms. */
function watchGap(plan: ServingPlan): { stop(): Promise<number> } {
  const over = new AbortController();
  const watching = (async () => {
    let [last, longest] = [performance.now(), 0];
    while (!over.signal.aborted) {
      if (await answers(plan)) {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      } else await wait(1);
    }
    return longest;
  })();
  return {
    async stop() {
      over.abort();
      return watching;
    },
  };
}

async function changed(client: LocalClient, id: string, taskId: string): Promise<Serving> {
  for await (const one of watchServings(client, [id], never))
    if (!('gone' in one) && one.change?.taskId === taskId && one.change.state !== 'running') {
      if (one.change.state === 'failed') throw new Error(one.change.problem?.title);
      return one;
    }
  throw new Error('the owner has gone');
}

/** How long an address does not answer: at a direct serving's first change of place, at its next one, and where it is stopped and started again. */
export async function benchPlaceGap(): Promise<void> {
  const why = whyNoServing();
  if (why !== undefined) {
    say(`placeGap: skipped, ${why}`);
    return;
  }
  const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const program = join(import.meta.dirname, '..', 'out', 'main', 'slipway.js');
  const session = await becomeOwner(
    commandOutside({ env: { ...process.env, SLIPWAY_HOME: home }, forkEngine: forkEngines(program) }, 'background'),
  );
  if (session === null) throw new Error('the data folder is taken');
  const { client } = session;
  const model = await client.imports.sample();
  await session.app?.engines.ready;
  for (const [from, to] of [
    ['docker', 'docker'],
    ['docker', 'embedded'],
    ['embedded', 'docker'],
  ] as const) {
    const [first, told, next, again]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let run = 0; run < runs; run += 1) {
      const { servingId: id } = await client.servings.start({ modelId: model.id, engine: from, name: `gap-${run}`, through: 'direct' });
      const { plan } = await waitUntilServing(client, id, never);
      let gap = watchGap(plan);
      await client.servings.restart({ id });
      await waitUntilServing(client, id, never, () => undefined);
      again.push(await gap.stop());
      gap = watchGap(plan);
      const { taskId } = await client.servings.changePlace({ id, changes: { engine: to, env: { GAP: '1' } } });
      told.push((await changed(client, id, taskId)).change?.refusedMs ?? 0);
      first.push(await gap.stop());
      gap = watchGap(plan);
      const back = await client.servings.rollbackPlace({ id });
      await changed(client, id, back.taskId);
      next.push(await gap.stop());
      await client.servings.remove({ id });
    }
    const ms = (list: readonly number[]): string => `${median(list).toFixed(0)} ms (${Math.max(...list).toFixed(0)} at most)`;
    say(
      `placeGap, ${from} to ${to}: without an answer ${ms(first)} at the first change, told as ${ms(told)}; ${ms(next)} at the next; ` +
        `stopped and started again ${ms(again)}, ${(median(again) / median(first)).toFixed(1)}× as long`,
    );
  }
  await session[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
}
