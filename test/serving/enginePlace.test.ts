import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import { createEnginePlace } from '../../src/main/serving/enginePlace.ts';
import { forkEngines, type EngineProcess } from '../../src/main/tfserving/engineProcess.ts';
import { summarize, type VersionSummary } from '../../src/shared/contract/savedModel.ts';
import { fixtures } from '../fixtures.ts';
import { placeContract, planFor, recordReport } from './placeContract.ts';

const why = fixtures() === undefined ? 'no fixtures' : undefined;
const signal = AbortSignal.timeout(280_000);
const home = mkdtempSync(join(tmpdir(), 'slipway-engine-'));
const versions = new Map<string, readonly VersionSummary[]>();
const fork = forkEngines(join(import.meta.dirname, '..', '..', 'out', 'main', 'slipway.js'));
const place = createEnginePlace({
  fork,
  getVersions: (modelId) => versions.get(modelId) ?? [],
  dataFolder: home,
  onChange: () => undefined,
});

beforeAll(async () => {
  if (why !== undefined) return;
  const inspection = summarize(await inspectFolder(join(fixtures() ?? '', 'models', 'models/half_plus_two'), { signal }));
  versions.set(
    'models/half_plus_two',
    inspection.versions.toSorted((a, b) => Number(b.version) - Number(a.version)),
  );
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

placeContract('embedded', why, () => place);

describe.skipIf(why !== undefined)(why === undefined ? 'the engine’s process' : `the engine’s process [${why}]`, () => {
  /** A place that keeps its processes for the test to hurt. */
  async function begin(changes: Partial<Parameters<typeof createEnginePlace>[0]> = {}) {
    const processes: EngineProcess[] = [];
    const made = createEnginePlace({
      fork(flags, env) {
        const started = fork(flags, env);
        processes.push(started);
        return started;
      },
      getVersions: () => versions.get('models/half_plus_two') ?? [],
      dataFolder: home,
      onChange: () => undefined,
      ...changes,
    });
    const plan = await planFor('embedded', 'models/half_plus_two');
    const facts = async (handle: string): Promise<string> => (await made.inspect(handle, plan, { signal })).kind;
    return { made, plan, processes, facts, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() };
  }

  test('that is killed is started again at the same address; one that keeps ending is given up', async () => {
    await using begun = await begin();
    const { made, plan, processes, facts } = begun;
    const { handle } = await made.start(plan, recordReport().report, { signal });
    processes[0]?.kill();
    await expect.poll(() => processes.length, { timeout: 60_000 }).toBe(2);
    await expect.poll(() => facts(handle), { timeout: 60_000 }).toBe('running');
    const answer = await fetch(`http://127.0.0.1:${plan.restPort}/v1/models/m:predict`, { method: 'POST', body: '{"instances":[4.0]}' });
    expect(await answer.json()).toEqual({ predictions: [5] });
    for (let count = 2; count <= 4; count += 1) {
      await expect.poll(() => processes.length, { timeout: 60_000 }).toBe(count);
      processes.at(-1)?.kill();
      await processes.at(-1)?.exited;
    }
    expect(await made.inspect(handle, plan, { signal })).toMatchObject({ kind: 'ended', problem: { code: 'CONTAINER_ENDED' } });
  });

  test('that passes its memory limit is ended, with that as the reason', async () => {
    await using begun = await begin();
    const { made, plan } = begun;
    const limited = { ...plan, memoryBytes: 20_000_000 };
    const { report, getHandle } = recordReport();
    // Where the model answers before its first figures are told, the start succeeds, and it is ended right after.
    await made.start(limited, report, { signal }).catch(() => undefined);
    await expect
      .poll(() => made.inspect(getHandle(), limited, { signal }), { timeout: 60_000 })
      .toMatchObject({ kind: 'ended', problem: { code: 'OUT_OF_MEMORY' } });
  });

  test('that hangs is ended and started again', async () => {
    await using begun = await begin({ hangMs: 4_000 });
    const { made, plan, processes, facts } = begun;
    const { handle } = await made.start(plan, recordReport().report, { signal });
    process.kill(processes[0]?.pid ?? 0, 'SIGSTOP');
    await expect.poll(() => processes.length, { timeout: 60_000 }).toBe(2);
    await expect.poll(() => facts(handle), { timeout: 60_000 }).toBe('running');
  });
});
