import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../src/main/database/database.ts';
import { createRequestHistory, type RequestHistory, type SentRequest } from '../../src/main/history/requestHistory.ts';
import { AppError } from '../../src/shared/contract/errors.ts';
import { historyQuery, type HistoryQuery, type PastRequest } from '../../src/shared/contract/history.ts';
import { predictRequest, type PredictRequest } from '../../src/shared/contract/predict.ts';
import type { Serving } from '../../src/shared/contract/serving.ts';

const root = join(import.meta.dirname, '..', '..');
const serving = {
  id: 's1',
  name: 'digits',
  modelId: 'm1',
  state: { kind: 'serving', versions: ['3', '2'] },
  plan: {},
} as unknown as Serving;

let folder = '';
let database: Database;
let limitBytes = 200_000_000;
let history: RequestHistory;
const open = (): void => {
  database = openDatabase(folder);
  history = createRequestHistory({ home: folder, records: database.requests, getLimitBytes: () => limitBytes });
};
const close = async (): Promise<void> => {
  await history[Symbol.asyncDispose]();
  database.close();
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-history-'));
  // It holds the models m1 and m2.
  copyFileSync(join(root, 'test', 'database', 'files', 'slipway-1.db'), join(folder, 'slipway.db'));
  limitBytes = 200_000_000;
  open();
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const answer = {
  mode: 'row',
  status: 200,
  grpcStatus: null,
  ok: true,
  error: null,
  version: null,
  outputs: [{ name: 'digit', dtype: 'DT_FLOAT', shape: [1, 10], top: { index: 8, value: '0.9158' } }],
  latencyMs: 3.9,
  requestBytes: 20,
  responseBytes: 30,
} as const;

function sent(request: Partial<PredictRequest>, outcome: SentRequest['outcome'] = { kind: 'remembered', answer }): SentRequest {
  const whole = predictRequest.parse({
    servingId: 's1',
    signature: 'serving_default',
    ...(request.inputs === undefined ? { body: '{}' } : {}),
    ...request,
  });
  return { request: whole, serving, origin: 'window', at: '2026-11-25T14:02:11.000Z', outcome };
}
const list = async (query: Partial<HistoryQuery> = {}): Promise<readonly PastRequest[]> =>
  (await history.list(historyQuery.parse({ modelId: 'm1', ...query }))).requests;
const bodies = async (query: Partial<HistoryQuery> = {}): Promise<readonly string[]> =>
  (await list(query)).map(({ input }) => input.preview);
const files = (): readonly string[] =>
  readdirSync(join(folder, 'requests'), { recursive: true, withFileTypes: true }).flatMap((one) => (one.isFile() ? [one.name] : []));
const blobOf = (text: string): Blob => new Blob([text], { type: 'image/png' });
const withFile = (data: Blob, name = 'eight.png'): Partial<PredictRequest> => ({
  inputs: { image: { source: { kind: 'files', files: [{ name, data }] }, steps: [] } },
});

test('a typed body comes back as it was, character by character, small or as a file', async () => {
  const typed = '{"instances":\t[9223372036854775807, -9223372036854775808, NaN, -Infinity, -0.0, 1e-45, "\\u0000 é 漢 🚢"]}\r\n  ';
  const long = `{"instances": [${'-0.0, '.repeat(20_000)}"🚢"]}`;
  history.add(sent({ body: typed, mode: 'row', timeoutMs: 1_234, gzip: true, insist: true, version: '2' }));
  history.add(sent({ body: long, label: 'canary' }));
  const [second, first] = await list();
  const [one, other] = [await history.get(first?.id ?? 0), await history.get(second?.id ?? 0)];
  expect(one.request).toEqual(
    predictRequest.parse({
      servingId: 's1',
      signature: 'serving_default',
      body: typed,
      mode: 'row',
      timeoutMs: 1_234,
      gzip: true,
      insist: true,
      version: '2',
    }),
  );
  expect([other.request.body === long, other.request.label, second?.input.bytes, files().length]).toEqual([
    true,
    'canary',
    Buffer.byteLength(long),
    1,
  ]);
});

test('inputs come back with their bytes; the same bytes lie on the disk once, and go with the last request that had them', async () => {
  const steps = [{ kind: 'affine' as const, multiply: 1 / 255, add: -1 }];
  history.add(sent(withFile(blobOf('the picture'))));
  history.add(
    sent({
      inputs: {
        image: { source: { kind: 'files', files: [{ name: 'again.png', data: blobOf('the picture') }] }, steps },
        $bytes: { source: { kind: 'text', texts: ['a'] }, steps: [] },
      },
    } as never),
  );
  const [second, first] = await list();
  const { request } = await history.get(second?.id ?? 0);
  const source = request.inputs?.['image']?.source;
  const data = source?.kind === 'files' ? source.files[0]?.data : undefined;
  expect([await data?.text(), data?.type, request.inputs?.['image']?.steps, request.inputs?.['$bytes'], first?.input.preview]).toEqual([
    'the picture',
    'image/png',
    steps,
    { source: { kind: 'text', texts: ['a'] }, steps: [] },
    'image: eight.png',
  ]);
  expect(files()).toHaveLength(1);
  await history.remove(first?.id ?? 0);
  expect(files()).toHaveLength(1);
  await history.remove(second?.id ?? 0);
  expect([files(), await list()]).toEqual([[], []]);
  await expect(history.get(second?.id ?? 0)).rejects.toMatchObject({ code: 'REQUEST_FORGOTTEN' });
});

test('where the limit is passed the oldest go first, with their files; pinned ones stay', async () => {
  for (const name of ['a', 'b', 'c', 'd']) history.add(sent(withFile(blobOf(name.repeat(100_000)), name)));
  const oldest = (await list()).at(-1);
  await history.pin(oldest?.id ?? 0, true);
  limitBytes = 250_000;
  history.add(sent({ body: '{"small": 1}' }));
  expect([await bodies(), files().length]).toEqual([['{"small": 1}', 'image: d', 'image: a'], 2]);
  expect((await history.list(historyQuery.parse({ modelId: 'm1' }))).storedBytes).toBeLessThan(limitBytes);
  limitBytes = 0;
  history.add(sent({ body: '{"never": 1}' }));
  expect(await bodies({ text: 'never' })).toEqual([]);
});

test('clearing a model’s history leaves what is pinned, and other models', async () => {
  history.add(sent({ body: '{"kept": 1}' }));
  const [kept] = await list();
  await history.pin(kept?.id ?? 0, true);
  history.add(sent({ body: '{"gone": 1}' }));
  history.add({ ...sent({ body: '{"other": 1}' }), serving: { ...serving, modelId: 'm2' } });
  expect([await history.clear('m1'), await bodies(), await bodies({ modelId: 'm2' })]).toEqual([
    { removed: 1 },
    ['{"kept": 1}'],
    ['{"other": 1}'],
  ]);
});

test('it is searched by the text of the input, signature, version, status and error, and read by pages', async () => {
  const refusal = { ...answer, ok: false, status: 400, error: 'Matrix size-incompatible: In[0]' };
  history.add(sent({ body: '{"instances": [[5.1, 3.5]]}', signature: 'scores', version: '2' }));
  history.add(sent({ body: '{"instances": [[100%_\\]]}' }, { kind: 'remembered', answer: refusal }));
  history.add(sent({ body: '{"late": 1}' }, { kind: 'problem', problem: new AppError('ANSWER_TIMEOUT', { seconds: 30 }).report() }));
  for (let count = 0; count < 5; count += 1) history.add(sent({ body: `{"page": ${count}}` }));
  expect([
    await bodies({ text: '5.1, 3.5' }),
    await bodies({ text: '%_\\' }),
    await bodies({ text: 'SIZE-incompatible' }),
    await bodies({ text: '400' }),
    await bodies({ signature: 'scores' }),
    await bodies({ version: '2' }),
    await bodies({ outcome: 'failed' }),
    await bodies({ outcome: 'refused' }),
    await bodies({ text: '%', outcome: 'answered' }),
  ]).toEqual([
    ['{"instances": [[5.1, 3.5]]}'],
    ['{"instances": [[100%_\\]]}'],
    ['{"instances": [[100%_\\]]}'],
    ['{"instances": [[100%_\\]]}'],
    ['{"instances": [[5.1, 3.5]]}'],
    ['{"instances": [[5.1, 3.5]]}'],
    ['{"late": 1}'],
    ['{"instances": [[100%_\\]]}'],
    [],
  ]);
  const first = await history.list(historyQuery.parse({ modelId: 'm1', limit: 3 }));
  const before = first.requests.at(-1)?.id ?? 0;
  const rest = await history.list(historyQuery.parse({ modelId: 'm1', limit: 5, before }));
  expect([first.requests.length, first.more, rest.requests.length, rest.more, rest.count, rest.signatures, rest.versions]).toEqual([
    3,
    true,
    5,
    false,
    8,
    ['scores', 'serving_default'],
    ['3', '2'],
  ]);
});

test('headers that look like secrets are not written, only their names', async () => {
  const secret = 'sk-9f8e7d6c5b4a39281706f5e4d3c2b1a0';
  const headers = {
    Authorization: `Bearer ${secret}`,
    'X-Api-Key': secret,
    Cookie: `sid=${secret}`,
    'X-Trace': secret,
    'Proxy-Authorization': `Basic ${secret}`,
    'X-Team': 'vision',
    'Accept-Language': 'de',
  };
  history.add(sent({ body: '{"with": "headers"}', headers }));
  const [past] = await list();
  const { request } = await history.get(past?.id ?? 0);
  expect([past?.withheld, request.headers]).toEqual([
    ['Authorization', 'X-Api-Key', 'Cookie', 'X-Trace', 'Proxy-Authorization'],
    { 'X-Team': 'vision', 'Accept-Language': 'de' },
  ]);
  for (const name of readdirSync(folder).filter((one) => one.startsWith('slipway.db')))
    expect(readFileSync(join(folder, name)).includes(secret)).toBe(false);
});

test('asking waits for no writing: nothing is on the disk when add has returned', async () => {
  const calls: string[] = [];
  const records = Object.fromEntries(
    Object.entries(database.requests).map(([name, call]) => [
      name,
      (...args: never[]) => {
        calls.push(name);
        return (call as (...all: never[]) => unknown)(...args);
      },
    ]),
  ) as unknown as typeof database.requests;
  const watched = createRequestHistory({ home: folder, records, getLimitBytes: () => limitBytes });
  await watched.settled();
  calls.length = 0;
  watched.add(sent({ body: `{"large": "${'x'.repeat(5_000_000)}"}` }));
  expect(calls).toEqual([]);
  await watched[Symbol.asyncDispose]();
  expect(calls).toContain('add');
});

test('what a crash left half-written or unnamed is swept at the next start; what was listed is there, with its files', async () => {
  const script = `import { openDatabase } from ${JSON.stringify(join(root, 'src/main/database/database.ts'))};
    import { createRequestHistory } from ${JSON.stringify(join(root, 'src/main/history/requestHistory.ts'))};
    const records = openDatabase(${JSON.stringify(folder)}).requests;
    const history = createRequestHistory({ home: ${JSON.stringify(folder)}, records, getLimitBytes: () => 1e9 });
    const serving = ${JSON.stringify(serving)};
    const answer = ${JSON.stringify(answer)};
    for (let count = 0; ; count += 1) {
      const inputs = { x: { source: { kind: 'files', files: [{ name: 'n' + count, data: new Blob([String(count).repeat(50_000)]) }] }, steps: [] } };
      history.add({ request: { servingId: 's1', signature: 's', backend: 'serving', mode: 'auto', insist: false, timeoutMs: 1, gzip: false, headers: {}, inputs }, serving, origin: 'window', at: '', outcome: { kind: 'remembered', answer } });
      await history.settled();
      process.stdout.write(count + '\\n');
    }`;
  await close();
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  for await (const chunk of child.stdout) {
    told += String(chunk);
    if (told.split('\n').length > 20 && !child.killed) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const last = Number(told.trimEnd().split('\n').at(-1));
  mkdirSync(join(folder, 'requests', 'ab'), { recursive: true });
  writeFileSync(join(folder, 'requests', 'ab', 'ab'.repeat(32)), 'named by nobody');
  writeFileSync(join(folder, 'requests', 'half.part'), 'half');
  open();
  const { requests } = await history.list(historyQuery.parse({ modelId: 'm1', limit: 200 }));
  const texts = await Promise.all(
    requests.map(async ({ id }) => {
      const source = (await history.get(id)).request.inputs?.['x']?.source;
      return source?.kind === 'files' ? `${source.files[0]?.name ?? ''} ${(await source.files[0]?.data.text())?.length ?? 0}` : '';
    }),
  );
  expect(texts.length).toBeGreaterThan(last);
  expect(texts).toEqual(texts.map((_, index) => `n${texts.length - 1 - index} ${String(texts.length - 1 - index).length * 50_000}`));
  expect(files().toSorted()).toEqual([...database.requests.hashes()].toSorted());
});
