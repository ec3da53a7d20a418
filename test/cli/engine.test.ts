import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lineOf, slipway, startSlipway } from './runSlipway.ts';

const sample = join(import.meta.dirname, '..', '..', 'resources', 'sample');
const image = (digit: number): string => join(sample, 'images', `digit-${digit}.png`);
const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
let home = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-cli-engine-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Ready {
  readonly event: string;
  readonly engine: string;
  readonly rest: string;
  readonly versions: readonly string[];
}

/** The digit that an answer of the sample gives the most to. */
async function digitOf(target: string, input: string): Promise<number> {
  const { code, out, err } = await slipway(home, ['predict', target, '--input', input, '--json'], { env });
  if (code !== 0) throw new Error(err);
  const { outputs } = JSON.parse(out) as { readonly outputs: readonly (readonly number[])[] };
  const [row = []] = outputs;
  return row.indexOf(Math.max(...row));
}

describe('without Docker', () => {
  test('try serves the bundled sample, asks it, and leaves nothing', async () => {
    const { code, out } = await slipway(home, ['try', '--once', '--json'], { env });
    const [ready, answer] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Ready & { readonly digit: number; readonly probabilities: readonly number[] })
      .filter(({ event }) => event !== 'progress');
    expect([code, ready?.event, ready?.engine, ready?.versions, answer?.event, answer?.digit, answer?.probabilities.length]).toEqual([
      0,
      'ready',
      'embedded',
      ['3'],
      'answer',
      8,
      10,
    ]);
    expect((await slipway(home, ['ps', '--json'], { env })).out.trim()).toBe('[]');
    await expect(fetch(ready?.rest ?? '')).rejects.toThrow('fetch failed');
  });

  test('serve takes the embedded engine by itself and says so; each image of the sample is read', async () => {
    const serve = startSlipway(home, ['serve', join(sample, 'digits'), '--json'], env);
    const exited = once(serve, 'exit');
    try {
      const ready = JSON.parse(await lineOf(serve.stdout, /"ready"/)) as Ready;
      expect([ready.engine, ready.versions]).toEqual(['embedded', ['3']]);
      const digits: number[] = [];
      for (let digit = 0; digit < 10; digit += 1) digits.push(await digitOf(digit % 2 === 0 ? 'digits' : ready.rest, image(digit)));
      expect(digits).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    } finally {
      serve.kill('SIGTERM');
      await exited;
    }
  });

  test('the engine ends with its owner, also where that is killed', async () => {
    const serve = startSlipway(home, ['serve', join(sample, 'digits'), '--json'], env);
    const { rest } = JSON.parse(await lineOf(serve.stdout, /"ready"/)) as Ready;
    serve.kill('SIGKILL');
    await once(serve, 'exit');
    const answers = (): Promise<boolean> =>
      fetch(rest).then(
        () => true,
        () => false,
      );
    await expect.poll(answers, { timeout: 30_000 }).toBe(false);
    // The next owner says what is, and takes the name again.
    expect(JSON.parse((await slipway(home, ['ps', '--json'], { env })).out)).toEqual([]);
  });

  test('detached, it is left to the owner: stopped, started and removed by name', async () => {
    const state = async (): Promise<unknown> => {
      const [one] = JSON.parse((await slipway(home, ['ps', '--json'], { env })).out) as {
        readonly state: string;
        readonly engine: string;
      }[];
      return one === undefined ? null : [one.state, one.engine];
    };
    const detached = await slipway(home, ['serve', join(sample, 'digits'), '--name', 'kept', '--versions', '1,2', '--detach', '--json'], {
      env,
    });
    expect([detached.code, await state()]).toEqual([0, ['serving', 'embedded']]);
    expect((await slipway(home, ['stop', 'kept'], { env })).code).toBe(0);
    expect(await state()).toEqual(['stopped', 'embedded']);
    expect((await slipway(home, ['start', 'kept'], { env })).code).toBe(0);
    expect(await digitOf('kept', image(7))).toBe(7);
    expect((await slipway(home, ['logs', 'kept'], { env })).out).toContain('Successfully loaded servable version');
    expect((await slipway(home, ['rm', 'kept'], { env })).code).toBe(0);
    expect(await state()).toBeNull();
  });
});
