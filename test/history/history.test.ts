import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PastRequest } from '../../src/shared/contract/history.ts';
import { tensorFromWire } from '../../src/shared/tensor/tensorWire.ts';
import { slipway } from '../cli/runSlipway.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { ownElsewhere, type Mirror } from '../serving/openOwner.ts';

const models = join(fixtures() ?? '', 'models', 'models');
const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };

describe.skipIf(fixtures() === undefined)(`the history of requests ${fixtures() === undefined ? whyNoFixtures : ''}`, () => {
  let home: string;
  let owner: Mirror & { readonly kill: () => Promise<void> };
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'slipway-test-history-'));
    owner = await ownElsewhere(home, { env });
  }, 120_000);
  afterAll(async () => {
    await owner[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });
  const told = ({ origin, outcome, options, answer, problem }: PastRequest): readonly unknown[] => [
    origin,
    outcome,
    options.signature,
    answer?.status ?? problem?.code,
    answer?.outputs.map(({ name, shape, top }) => [name, shape, top?.index, top?.value]) ?? null,
  ];

  test('holds what a window and a command sent and what came of it, not what was refused before it was sent', async () => {
    const { client } = owner;
    const serving = await owner.serve(join(models, 'dtype_zoo'), { engine: 'embedded' });
    const { modelId } = serving;
    const body = '{"instances": [9223372036854775807, -9223372036854775808, -0]}';
    const exact = await client.predict.run({ servingId: serving.id, signature: 'scale_int64', body });
    await expect(
      client.predict.run({ servingId: serving.id, signature: 'scale_int64', body: '{"instances": [1.5]}' }),
    ).rejects.toMatchObject({ code: 'REQUEST_MISMATCH' });
    await client.predict.run({ servingId: serving.id, signature: 'scale_int64', body: '{"instances": [1.5]}', insist: true });
    // So much cannot be read and answered within a millisecond.
    const slow = { body: `{"instances": [${'1, '.repeat(500_000)}1]}`, timeoutMs: 1, headers: { 'X-Api-Key': 'k' } };
    await expect(client.predict.run({ servingId: serving.id, signature: 'scale_int64', ...slow })).rejects.toMatchObject({
      code: 'ANSWER_TIMEOUT',
    });
    writeFileSync(join(home, 'long.json'), body);
    const command = await slipway(
      home,
      ['predict', 'dtype_zoo', '--signature', 'scale_int64', '--input', join(home, 'long.json'), '--grpc'],
      { env },
    );
    expect([exact.ok, command.code, command.err.includes('history')]).toEqual([true, 0, false]);

    const { requests } = await client.history.list({ modelId });
    const same = exact.outputs.find(({ name }) => name === 'same');
    expect(requests.map(told)).toEqual([
      ['command', 'answered', 'scale_int64', 200, expect.arrayContaining([['same', [3], null, '9223372036854775807']])],
      ['window', 'failed', 'scale_int64', 'ANSWER_TIMEOUT', null],
      ['window', 'refused', 'scale_int64', 400, []],
      ['window', 'answered', 'scale_int64', 200, expect.arrayContaining([['same', same?.shape, null, same?.first[0]]])],
    ]);
    expect(requests.map(({ withheld }) => withheld)).toEqual([[], ['X-Api-Key'], [], []]);
    const [ofCommand, , , ofWindow] = requests;
    const again = await client.history.get({ id: ofWindow?.id ?? 0 });
    expect(again.request).toMatchObject({ body, signature: 'scale_int64', servingId: serving.id });
    expect((await client.predict.run(again.request)).outputs).toEqual(exact.outputs);
    const [{ source } = { source: undefined }] = Object.values((await client.history.get({ id: ofCommand?.id ?? 0 })).request.inputs ?? {});
    const tensor = source?.kind === 'tensor' ? await tensorFromWire(source.tensor) : null;
    expect([...((tensor?.data as BigInt64Array | undefined) ?? [])]).toEqual([9223372036854775807n, -9223372036854775808n, 0n]);

    // What was listed outlives kill -9; a model that is forgotten takes its history along.
    const before = (await client.history.list({ modelId })).requests.map(({ id }) => id);
    await owner.kill();
    await owner[Symbol.asyncDispose]();
    owner = await ownElsewhere(home, { env });
    const after = await owner.client.history.list({ modelId });
    expect(after.requests.map(({ id }) => id)).toEqual(before);
    await owner.client.servings.remove({ id: serving.id });
    await owner.client.models.forget({ id: modelId });
    expect((await owner.client.history.list({ modelId })).count).toBe(0);
  });
});
