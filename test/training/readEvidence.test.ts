import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEvidence, type EvidenceRequest, type ReadEvidence } from '../../src/main/training/readEvidence.ts';

const files = join(import.meta.dirname, 'files');
let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'slipway-evidence-'));
  for (const version of ['1', '2']) mkdirSync(join(base, version));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function put(path: string, content: unknown): void {
  mkdirSync(dirname(join(base, path)), { recursive: true });
  writeFileSync(join(base, path), typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
}
const versions = (): EvidenceRequest['versions'] => ['1', '2'].map((version) => ({ version, path: join(base, version) }));
const read = (known: EvidenceRequest['known'] = {}): Promise<readonly ReadEvidence[]> =>
  readEvidence({ base, versions: versions(), known });
const of = (evidence: readonly ReadEvidence[], version: string): ReadEvidence => {
  const found = evidence.find((one) => one.version === version);
  if (found === undefined) throw new Error(`nothing of ${version}`);
  return found;
};
/** name -> value of a version. */
const values = async (version: string): Promise<Record<string, number>> =>
  Object.fromEntries(of(await read(), version).metrics.map(({ name, value }) => [name, value]));
const words = async (version: string): Promise<Record<string, string>> =>
  Object.fromEntries(of(await read(), version).details.map(({ name, text }) => [name, text]));
const rounded = (numbers: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value.toFixed(4))]));

describe('metrics.json', () => {
  test('in a version’s folder: numbers are metrics, the rest is said in words', async () => {
    put(
      '1/metrics.json',
      '{"accuracy": 0.98, "val": {"loss": 1e-3}, "classes": ["a", "b"], "ok": true, "version": 7, "auc": NaN, "none": null}',
    );
    expect(await values('1')).toEqual({ accuracy: 0.98, 'val.loss': 0.001 });
    expect(await words('1')).toEqual({ classes: '["a", "b"]', ok: 'true', auc: 'NaN' });
    expect(await values('2')).toEqual({});
  });

  test('of the base folder keyed by version goes to each, and what a version’s own says goes before', async () => {
    put('metrics.json', { 1: { acc: 0.9, loss: 1 }, v2: { acc: 0.95 }, dataset: 'iris', rows: 150 });
    put('1/metrics.json', { acc: 0.91 });
    expect([await values('1'), await values('2'), await words('2')]).toEqual([
      { acc: 0.91, loss: 1, rows: 150 },
      { acc: 0.95, rows: 150 },
      { dataset: 'iris' },
    ]);
    const { metrics } = of(await read(), '1');
    expect(metrics.map(({ name, source }) => [name, source])).toEqual([
      ['acc', { kind: 'metrics.json', file: '1/metrics.json', scope: 'version' }],
      ['loss', { kind: 'metrics.json', file: 'metrics.json', scope: 'version' }],
      ['rows', { kind: 'metrics.json', file: 'metrics.json', scope: 'model' }],
    ]);
  });

  test('as a list of versions, or under `versions`', async () => {
    put('metrics.json', [{ version: 1, acc: 0.5 }, { version: 'v2', acc: 0.6 }, { acc: 0.7 }]);
    expect([await values('1'), await values('2')]).toEqual([{ acc: 0.5 }, { acc: 0.6 }]);
    put('metrics.json', { versions: { 2: { acc: 0.8 } } });
    expect([await values('1'), await values('2')]).toEqual([{}, { acc: 0.8 }]);
    put('metrics.json', { version: 1, acc: 0.9 });
    expect([await values('1'), await values('2')]).toEqual([{ acc: 0.9 }, {}]);
  });

  test('in assets.extra is read too', async () => {
    put('2/assets.extra/metrics.json', { f1: 0.7 });
    put('2/assets.extra/evaluation.json', { auc: 0.8 });
    expect(await values('2')).toEqual({ auc: 0.8, f1: 0.7 });
  });
});

describe('the history that Keras wrote', () => {
  test('gives the last value of each metric, with its course', async () => {
    put('1/history.json', readFileSync(join(files, 'history.json')));
    const { metrics } = of(await read(), '1');
    expect(metrics.map(({ name, course }) => [name, course.map(([step]) => step)])).toEqual(
      ['loss', 'mae', 'val_loss', 'val_mae'].map((name) => [name, [1, 2, 3, 4]]),
    );
    expect(metrics[0]?.value).toBe(1.4390153884887695);
  });

  test('as the object holds it has its epochs, and one that diverged is said in words', async () => {
    put('1/assets.extra/history.json', '{"epoch": [0, 1], "history": {"loss": [1.5, 0.5], "mae": [1, NaN]}, "params": {"epochs": 2}}');
    expect([of(await read(), '1').metrics.map(({ name, course }) => [name, course]), await words('1')]).toEqual([
      [
        [
          'loss',
          [
            [0, 1.5],
            [1, 0.5],
          ],
        ],
      ],
      { mae: 'NaN' },
    ]);
  });

  test('keyed by version in the base folder, beside metrics.json, which keeps its value and gains the course', async () => {
    put('history.json', { 2: { acc: [0.1, 0.2] } });
    put('2/metrics.json', { acc: 0.25 });
    expect(of(await read(), '2').metrics).toMatchObject([
      {
        name: 'acc',
        value: 0.25,
        course: [
          [1, 0.1],
          [2, 0.2],
        ],
      },
    ]);
  });
});

describe('TensorBoard’s event files', () => {
  test('of TensorFlow 2 hold scalars as tensors, beside histograms, images and text', async () => {
    cpSync(join(files, 'tf2'), join(base, '1', 'logs'), { recursive: true });
    expect(rounded(await values('1'))).toEqual({ 'train/epoch_loss': 0.2, 'train/epoch_accuracy': 0.9 });
    const { metrics } = of(await read(), '1');
    expect(metrics[0]?.course.map(([step]) => step)).toEqual([0, 1, 2, 3, 4]);
  });

  test('of TensorFlow 1 hold simple values', async () => {
    cpSync(join(files, 'tf1'), join(base, '2'), { recursive: true });
    const { metrics, unread } = of(await read(), '2');
    expect(metrics.map(({ name, value, course }) => [name, Number(value.toFixed(4)), course.map(([step]) => step)])).toEqual([
      ['acc', 0.92, [0, 100, 200]],
    ]);
    expect(unread).toEqual([]);
  });

  test('of Keras in the base folder belong to the version that their folder names', async () => {
    cpSync(join(files, 'keras'), join(base, 'logs', 'v2'), { recursive: true });
    const names = Object.keys(await values('2'));
    expect([names.includes('train/epoch_loss'), names.includes('validation/epoch_loss'), await values('1')]).toEqual([true, true, {}]);
    const history = JSON.parse(readFileSync(join(files, 'history.json'), 'utf8')) as Record<string, number[]>;
    expect((await values('2'))['validation/epoch_loss']).toBeCloseTo(history['val_loss']?.at(-1) ?? 0, 6);
  });

  test('that end within a record are read to there; a damaged one says where', async () => {
    cpSync(join(files, 'tf2'), join(base, '1', 'logs'), { recursive: true });
    const folder = join(base, '1', 'logs', 'train');
    const path = join(folder, readdirSync(folder)[0] ?? '');
    const whole = readFileSync(path);
    truncateSync(path, whole.length - 5);
    expect(of(await read(), '1')).toMatchObject({ unread: [] });
    expect(Object.keys(await values('1'))).toContain('train/epoch_loss');
    const damaged = Buffer.from(whole);
    damaged[200] = (damaged[200] ?? 0) ^ 0xff;
    writeFileSync(path, damaged);
    expect(of(await read(), '1').unread[0]).toMatch(/^1\/logs\/train\/events\.out\S+: damaged at byte \d+$/);
  });
});

describe('MLflow’s run folders', () => {
  test('in the base folder go to the versions that the runs name, with parameters and tags', async () => {
    cpSync(join(files, 'mlruns'), join(base, 'mlruns'), { recursive: true });
    expect([await values('1'), await values('2')]).toEqual([
      { val_acc: 0.91, 'val/f1': 0.91 },
      { val_acc: 0.97, 'val/f1': 0.97 },
    ]);
    expect(await words('2')).toEqual({ bad: 'NaN', hidden: '16', optimizer: 'adam', team: 'vision', 'mlflow.run': 'iris-v2' });
    expect(of(await read(), '1').metrics.find(({ name }) => name === 'val_acc')).toMatchObject({
      source: { kind: 'mlflow', scope: 'version' },
      course: [
        [0, 0.71],
        [1, 0.81],
        [2, 0.91],
      ].map(([step, value]) => [step, expect.closeTo(value ?? 0, 9)]),
    });
  });

  test('go to the version whose MLmodel names the run, whatever the run is called', async () => {
    put('mlruns/0/abc/metrics/acc', '1700000000000 0.5 0\n1700000000001 0.75 1\nnonsense\n');
    put('mlruns/0/abc/meta.yaml', "run_name: 'loud-bee-7'\nend_time: 1700000000002\n");
    put(
      '2/MLmodel',
      "artifact_path: model\nflavors:\n  tensorflow:\n    code: null\n  python_function:\n    env: x\nrun_id: abc\nutc_time_created: '2026-01-02 03:04:05'\n",
    );
    expect([await values('1'), await values('2'), await words('2')]).toEqual([
      {},
      { acc: 0.75 },
      {
        'mlflow.run_id': 'abc',
        'mlflow.utc_time_created': '2026-01-02 03:04:05',
        'mlflow.flavors': 'tensorflow, python_function',
        'mlflow.run': 'loud-bee-7',
      },
    ]);
    expect(of(await read(), '2').unread).toEqual(['mlruns/0/abc/metrics/acc: lines that are no `timestamp value step`']);
  });

  test('that name no version are the model’s where there is one, and said where there are several', async () => {
    put('mlruns/0/abc/metrics/acc', '1 0.5 0\n');
    expect([await values('1'), await values('2')]).toEqual([{ acc: 0.5 }, { acc: 0.5 }]);
    put('mlruns/0/def/metrics/acc', '1 0.6 0\n');
    expect([await values('1'), of(await read(), '1').unread]).toEqual([{}, ['mlruns: 2 runs name no version']]);
  });
});

describe('what is read', () => {
  test('is read again only where something changed, and the model’s own content is recognised apart from what lies beside it', async () => {
    put('1/saved_model.pb', 'graph');
    put('1/variables/variables.index', 'index');
    put('1/variables/variables.data-00000-of-00001', 'weights');
    put('1/assets/vocab.txt', 'a b');
    const first = await read();
    const known = Object.fromEntries(first.map(({ version, print, fingerprint }) => [version, { print, fingerprint }]));
    expect(await read(known)).toEqual([]);
    put('1/metrics.json', { acc: 1 });
    const beside = await read(known);
    expect(beside.map(({ version, fingerprint }) => [version, fingerprint === of(first, '1').fingerprint])).toEqual([['1', true]]);
    const prints: string[] = [of(first, '1').fingerprint];
    for (const [path, content] of [
      ['1/saved_model.pb', 'grapf'],
      ['1/variables/variables.index', 'other'],
      ['1/assets/vocab.txt', 'a c'],
      ['1/variables/variables.data-00000-of-00001', 'longer weights'],
      ['1/assets/more.txt', ''],
    ] as const) {
      put(path, content);
      prints.push(of(await read(), '1').fingerprint);
    }
    expect(new Set(prints).size).toBe(prints.length);
  });

  test('of a single folder without a base is that version’s own', async () => {
    put('metrics.json', { acc: 0.5 });
    const [only] = await readEvidence({ base, versions: [{ version: '1', path: base }], known: {} });
    expect(only?.metrics).toMatchObject([{ name: 'acc', source: { file: 'metrics.json', scope: 'version' } }]);
  });

  test('never leaves the folder by a link, and a huge, damaged or odd file is a note', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'slipway-outside-'));
    writeFileSync(join(outside, 'secret.json'), '{"secret": 1}');
    symlinkSync(join(outside, 'secret.json'), join(base, '1', 'metrics.json'));
    put('1/history.json', '{"loss": [1, ');
    put('2/metrics.json', '');
    truncateSync(join(base, '2', 'metrics.json'), 17_000_000);
    put('2/logs/events.out.tfevents.1.x', Buffer.from('not a record at all, and longer than a head'));
    mkdirSync(join(base, '2', 'history.json'));
    const evidence = await read();
    rmSync(outside, { recursive: true });
    expect(evidence.map(({ metrics, unread }) => [metrics, unread])).toEqual([
      [[], ['1/metrics.json: a link that leads elsewhere', expect.stringMatching(/^1\/history\.json: no JSON: /)]],
      [[], ['2/metrics.json: larger than 16 MB', '2/logs/events.out.tfevents.1.x: damaged at byte 0']],
    ]);
  });

  test('is bounded: names, numbers of metrics and text', async () => {
    put('1/metrics.json', Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`m ${index} ${'x'.repeat(500)}`, index])));
    put('2/metrics.json', { note: 'y'.repeat(100_000) });
    const evidence = await read();
    expect([
      of(evidence, '1').metrics.length,
      Math.max(...of(evidence, '1').metrics.map(({ name }) => name.length)),
      of(evidence, '2').details[0]?.text.length,
    ]).toEqual([1_000, 256, 4_000]);
  });

  test('is a value for any bytes at all', async () => {
    const event = readFileSync(join(files, 'tf1', 'events.out.tfevents.1795614085.host'));
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(event.length - 1),
        fc.json({ noUnicodeString: false }),
        async (bytes, at, json) => {
          put('1/metrics.json', json);
          put('1/history.json', Buffer.from(bytes));
          put('1/MLmodel', Buffer.from(bytes));
          put('mlruns/0/r/metrics/a', Buffer.from(bytes));
          put('2/events.out.tfevents.1.x', Buffer.concat([event.subarray(0, at), bytes, event.subarray(at)]));
          const evidence = await read();
          expect(evidence.every(({ metrics }) => metrics.every(({ value }) => Number.isFinite(value)))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('of a folder that went away meanwhile is nothing', async () => {
    rmSync(base, { recursive: true });
    const evidence = await read();
    expect(evidence.map(({ metrics, unread }) => [metrics, unread])).toEqual([
      [[], []],
      [[], []],
    ]);
    mkdirSync(base);
    appendFileSync(join(base, 'metrics.json'), '');
  });
});
