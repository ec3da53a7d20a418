import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Place, PlaceReport } from '../../src/main/serving/place.ts';
import { userFor } from '../../src/main/serving/planServing.ts';
import type { ServingPlan, StepId } from '../../src/shared/contract/serving.ts';
import { fixtures } from '../fixtures.ts';
import { freePort } from '../freePort.ts';

/** A plan for a folder of the fixtures, on ports of its own. */
export async function planFor(engine: ServingPlan['engine'], folder: string, changes: Partial<ServingPlan> = {}): Promise<ServingPlan> {
  const source = join(fixtures() ?? '', 'models', folder);
  const [restPort, grpcPort] = [await freePort(), await freePort()];
  return {
    servingId: randomUUID(),
    modelId: folder,
    name: 'm',
    engine,
    image: 'tensorflow/serving:latest',
    mount: { source, target: '/models/m' },
    versions: { kind: 'latest' },
    tags: ['serve'],
    restPort,
    grpcPort,
    extraFlags: [],
    env: {},
    memoryBytes: 1 << 30,
    user: await userFor(source),
    life: 'kept',
    ...changes,
  };
}

/** What a place told, in order: `load running`, `handle`, `cause F11`. */
export function recordReport(onStep: (id: StepId) => void = () => undefined): {
  readonly report: PlaceReport;
  readonly told: string[];
  readonly getHandle: () => string;
} {
  const told: string[] = [];
  let handle = '';
  return {
    told,
    getHandle: () => handle,
    report: {
      step(id, state) {
        told.push(`${id} ${state}`);
        onStep(id);
      },
      pull: () => undefined,
      cause: ({ id }) => void told.push(`cause ${id}`),
      handle(one) {
        handle = one;
        told.push('handle');
      },
    },
  };
}

/** What every Place promises. `why` says why it cannot run here. */
export function placeContract(engine: ServingPlan['engine'], why: string | undefined, make: () => Place): void {
  describe.skipIf(why !== undefined)(why === undefined ? `a place: ${engine}` : `a place: ${engine} [${why}]`, () => {
    const signal = AbortSignal.timeout(240_000);
    const made: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const undo of made.splice(0)) await undo();
    });
    async function begin(
      folder: string,
      changes: Partial<ServingPlan> = {},
      options: { readonly signal: AbortSignal; readonly at?: StepId; readonly abort?: AbortController } = { signal },
    ) {
      const place = make();
      const plan = await planFor(engine, folder, changes);
      const { report, told, getHandle } = recordReport((id) => id === options.at && options.abort?.abort());
      made.push(() => (getHandle() === '' ? Promise.resolve() : place.remove(getHandle())));
      return { place, plan, told, getHandle, running: place.start(plan, report, options) };
    }
    const ask = async ({ restPort }: ServingPlan): Promise<unknown> => {
      const answer = await fetch(`http://127.0.0.1:${restPort}/v1/models/m:predict`, { method: 'POST', body: '{"instances":[1.0,2.0]}' });
      return answer.json();
    };

    test('tells its handle before it runs and its steps in order, and then answers at the address', async () => {
      const { place, plan, told, getHandle, running } = await begin('models/half_plus_two');
      expect(await running).toMatchObject({ handle: getHandle(), versions: ['2'], canary: { kind: 'answered' } });
      expect(await ask(plan)).toEqual({ predictions: [3.5, 4] });
      const order = ['pull', 'create', 'load', 'available', 'canary'] satisfies StepId[];
      const ended = told.filter((line) => / (done|skipped)$/.test(line)).map((line) => line.split(' ')[0]);
      expect([ended, told.indexOf('handle') < told.indexOf('load running')]).toEqual([order, true]);
      expect(await place.inspect(getHandle(), plan, { signal })).toEqual({ kind: 'running', versions: ['2'] });
      expect((await place.list({ signal })).find(({ handle }) => handle === getHandle())?.plan).toEqual(plan);
    });

    test('serves all versions, or those that are asked for', async () => {
      const all = await begin('models/half_plus_two', { versions: { kind: 'all' } });
      const one = await begin('models/half_plus_two', { versions: { kind: 'specific', versions: ['1'] } });
      expect([(await all.running).versions, (await one.running).versions]).toEqual([['2', '1'], ['1']]);
    });

    test('an aborted start leaves nothing running, and one that was aborted before leaves nothing', async () => {
      const before = await begin('models/half_plus_two', {}, { signal: AbortSignal.abort() });
      await expect(before.running).rejects.toThrow('aborted');
      expect(before.getHandle()).toBe('');
      const abort = new AbortController();
      const { place, plan, getHandle, running } = await begin('models/half_plus_two', {}, { signal: abort.signal, at: 'load', abort });
      await expect(running).rejects.toThrow('aborted');
      expect((await place.inspect(getHandle(), plan, { signal })).kind).toBe('ended');
      await expect(ask(plan)).rejects.toThrow('fetch failed');
    });

    test('a failed start tells the cause, has ended, and keeps its log', async () => {
      const { place, plan, told, getHandle, running } = await begin('bad/no_serve_tag');
      await expect(running).rejects.toMatchObject({ code: 'NO_SERVE_GRAPH' });
      expect(told).toContain('cause F11');
      expect((await place.inspect(getHandle(), plan, { signal })).kind).toBe('ended');
      const lines: string[] = [];
      for await (const { message } of place.logs(getHandle(), { follow: false, tail: 1_000, signal })) lines.push(message);
      expect(lines.some((line) => line.includes('Could not find meta graph def'))).toBe(true);
    });

    test('stops, also again and where it is gone; what is removed is gone', async () => {
      const { place, plan, getHandle, running } = await begin('models/half_plus_two');
      await running;
      await place.stop(getHandle());
      expect(await place.inspect(getHandle(), plan, { signal })).toEqual({ kind: 'ended', problem: null });
      await place.stop(getHandle());
      await place.remove(getHandle());
      await place.remove(getHandle());
      await place.stop(getHandle());
      expect(await place.inspect(getHandle(), plan, { signal })).toEqual({ kind: 'gone' });
    });

    test('a followed log tells what comes and ends with the server; each line has its time and no prefix', async () => {
      const { place, getHandle, running } = await begin('models/half_plus_two');
      await running;
      const lines: string[] = [];
      for await (const { message, time } of place.logs(getHandle(), { follow: true, tail: 1_000, signal })) {
        expect(Number.isNaN(Date.parse(time))).toBe(false);
        if (lines.length === 0) void place.stop(getHandle());
        lines.push(message);
      }
      expect(lines.some((line) => line.startsWith('Successfully loaded servable version'))).toBe(true);
      const last: string[] = [];
      for await (const { message } of place.logs(getHandle(), { follow: false, tail: 2, signal })) last.push(message);
      expect(last).toEqual(lines.slice(-2));
    });

    test('an aborted log and aborted figures end quietly', async () => {
      const { place, getHandle, running } = await begin('models/half_plus_two');
      await running;
      const abort = new AbortController();
      for await (const _ of place.logs(getHandle(), { follow: true, tail: 1, signal: abort.signal })) abort.abort();
      const figures = new AbortController();
      let memoryBytes = 0;
      for await (const one of place.figures(getHandle(), { signal: figures.signal })) {
        ({ memoryBytes } = one);
        figures.abort();
      }
      expect(memoryBytes).toBeGreaterThan(1_000_000);
    });

    test('what runs already is taken up: it is ready anew, or goes on where the waiting is given up', async () => {
      const { place, plan, getHandle, running } = await begin('models/half_plus_two');
      const { versions } = await running;
      const { report, told } = recordReport();
      expect(await place.resume(getHandle(), plan, report, { signal })).toMatchObject({ handle: getHandle(), versions });
      expect(told.at(-1)).toBe('canary done');
      await expect(place.resume(getHandle(), plan, report, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
      expect(await ask(plan)).toEqual({ predictions: [3.5, 4] });
      await place.stop(getHandle());
      await expect(place.resume(getHandle(), plan, report, { signal })).rejects.toMatchObject({ code: 'CONTAINER_ENDED' });
    });

    test('says how it is started by hand', async () => {
      const { place, plan, running } = await begin('models/half_plus_two');
      await running;
      const line = place.commandLine(plan);
      for (const part of [String(plan.restPort), String(plan.grpcPort), plan.mount.source]) expect(line).toContain(part);
    });
  });
}
