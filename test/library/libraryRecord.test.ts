import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { libraryQuery, type LibraryAnswer } from '../../src/shared/contract/library.ts';
import { openLibrary, sample, type OpenLibrary } from './openLibrary.ts';

const signal = new AbortController().signal;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-record-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A library with all three versions of the sample. */
async function opened(): Promise<OpenLibrary & { readonly modelId: string }> {
  const library = openLibrary(join(folder, 'home'));
  cpSync(sample, join(folder, 'digits'), { recursive: true });
  const { id } = await library.imports.addPath(join(folder, 'digits'), 'digits', { signal });
  return { ...library, modelId: id };
}
const search = ({ libraryRecord }: OpenLibrary, query: string): LibraryAnswer => libraryRecord.search(libraryQuery.parse({ query }));
const named = ({ versions }: LibraryAnswer): readonly string[] => versions.map(({ model, version }) => `${model}@${version}`);

describe('what a person says of a version', () => {
  test('is mirrored, found, kept over a restart, and taken back', async () => {
    {
      await using library = await opened();
      const { modelId, libraryRecord, hub } = library;
      libraryRecord.edit({ modelId, version: '2', tags: { team: 'vision', prod: '' }, metrics: { test_accuracy: 0.972 }, note: 'for Ada' });
      libraryRecord.edit({ modelId, tags: { owner: 'Ada' }, note: 'all of it' });
      const record = hub.state.models[0]?.record;
      expect(record?.versions.find(({ version }) => version === '2')).toMatchObject({
        tags: [
          { key: 'prod', value: '' },
          { key: 'team', value: 'vision' },
        ],
        metrics: expect.arrayContaining([{ name: 'test_accuracy', value: 0.972, source: { kind: 'typed', by: 'person' }, points: 0 }]),
        note: 'for Ada',
      });
      expect([record?.tags.map(({ key, value }) => [key, value]), record?.note]).toEqual([[['owner', 'Ada']], 'all of it']);
    }
    await using again = openLibrary(join(folder, 'home'));
    const modelId = again.hub.state.models[0]?.id ?? '';
    expect(
      ['tag:team=vision', 'tag:PROD', 'test_acc>0.9', 'test_accuracy<=0.972', 'ada version:2'].map((query) => named(search(again, query))),
    ).toEqual(Array.from({ length: 5 }, () => ['digits@2']));
    again.libraryRecord.edit({ modelId, version: '2', removeTags: ['team', 'prod'], removeMetrics: ['test_accuracy'], note: '' });
    expect([named(search(again, 'tag:prod')), named(search(again, 'test_acc>0'))]).toEqual([[], []]);
    expect(again.libraryRecord.history({ modelId, version: '2', limit: 20 }).map(({ kind, by }) => [kind, by])).toEqual([
      ['noted', 'person'],
      ['unmeasured', 'person'],
      ['untagged', 'person'],
      ['untagged', 'person'],
      ['noted', 'person'],
      ['measured', 'person'],
      ['tagged', 'person'],
      ['tagged', 'person'],
      ['added', 'person'],
    ]);
  });

  test('of a version that is not there, or a metric of a model as a whole, is refused', async () => {
    await using library = await opened();
    const { modelId, libraryRecord } = library;
    expect(() => libraryRecord.edit({ modelId, version: '9', note: 'x' })).toThrow(/no version 9/);
    expect(() => libraryRecord.edit({ modelId, metrics: { acc: 1 } })).toThrow(/not understood/);
    expect(() => libraryRecord.edit({ modelId: 'none', note: 'x' })).toThrow(/No model/);
  });
});

test('versions are compared by what a client sees, what was measured and what they hold', async () => {
  await using library = await opened();
  const { modelId, libraryRecord } = library;
  for (const [version, acc] of [
    ['1', 0.944],
    ['2', 0.972],
    ['3', 0.978],
  ] as const)
    libraryRecord.edit({ modelId, version, metrics: { test_accuracy: acc, test_loss: 1 - acc, speed: 5 } });
  const compared = libraryRecord.compare({
    versions: [
      { modelId, version: '1' },
      { modelId, version: '3' },
    ],
  });
  expect(compared.versions.map(({ model, version, verdict, reasons }) => [model, version, verdict, reasons.length])).toEqual([
    ['digits', '1', null, 0],
    ['digits', '3', 'drop-in', 0],
  ]);
  const typed = compared.metrics.filter(({ sources }) => sources[0]?.kind === 'typed');
  expect(typed.map(({ name, values, better, changes }) => [name, values, better, changes[1]?.is])).toEqual([
    ['speed', [5, 5], null, 'same'],
    ['test_accuracy', [0.944, 0.978], 'higher', 'better'],
    ['test_loss', [1 - 0.944, 1 - 0.978], 'lower', 'better'],
  ]);
  expect(typed[1]?.trends).toEqual([
    {
      modelId,
      model: 'digits',
      points: [
        { version: '1', value: 0.944 },
        { version: '2', value: 0.972 },
        { version: '3', value: 0.978 },
      ],
    },
  ]);
  expect(compared.files.some(({ name, same }) => name === 'saved_model.pb' && !same)).toBe(true);
});

test('a comparison leaves as CSV, JSON and Markdown, with nothing that runs in a spreadsheet', async () => {
  await using library = await opened();
  const { modelId, libraryRecord } = library;
  libraryRecord.edit({ modelId, version: '1', tags: { sum: '=1+1' }, note: 'one, "two"\n| three' });
  const request = {
    versions: [
      { modelId, version: '1' },
      { modelId, version: '2' },
    ],
  };
  const csv = libraryRecord.exportComparison(request, 'csv');
  const markdown = libraryRecord.exportComparison(request, 'markdown');
  const json = libraryRecord.exportComparison(request, 'json');
  expect([csv.name, markdown.name, json.name]).toEqual(['digits@1-digits@2.csv', 'digits@1-digits@2.md', 'digits@1-digits@2.json']);
  expect(csv.text).toContain("tag,sum,'=1+1,\r\n");
  expect(csv.text).toContain('version,note,"one, ""two""\n| three",\r\n');
  expect(markdown.text).toContain('| note | one, "two" \\| three |  |');
  expect(JSON.parse(json.text)).toEqual(libraryRecord.compare(request));
});

describe('a search', () => {
  test('is told as it was understood', async () => {
    await using library = await opened();
    const { understood, notUnderstood } = search(
      library,
      'dig "two words" shape:[?, 8, 8, 1] size<10MB acc>high after:2026-13-01 params>=1e3',
    );
    expect([understood.map(({ text, kind }) => [text, kind]), notUnderstood]).toEqual([
      [
        ['dig', 'word'],
        ['"two words"', 'word'],
        ['shape:[?, 8, 8, 1]', 'shape'],
        ['size<10MB', 'number'],
        ['params>=1e3', 'number'],
      ],
      ['acc>high', 'after:2026-13-01'],
    ]);
  });

  test.each<[query: string, expected: number]>([
    ['', 3],
    ['digits', 3],
    ['nothing', 0],
    ['shape:[?,8,8,1]', 3],
    ['shape:1x8x8x1', 3],
    ['shape:[?,28,28,1]', 0],
    ['shape:[?,8,8]', 0],
    ['after:2020-01-01', 3],
    ['before:2020-01-01', 0],
    ['op:MatMul size<1GB', 3],
    ['op:NoSuchOp', 0],
    ['version:2', 1],
    ['model:digits version:v3', 1],
    ['tf:2', 3],
    ['params>1', 3],
  ])('for %j finds %i', async (query, expected) => {
    await using library = await opened();
    expect(search(library, query).total).toBe(expected);
  });
});

describe('what training left beside a version', () => {
  const deadline = { timeout: 30_000, interval: 50 };
  const recordOf = ({ hub }: OpenLibrary, wanted: string) => hub.state.models[0]?.record.versions.find(({ version }) => version === wanted);

  test('is known when it is added, follows its files, and what a person typed goes before it', async () => {
    await using library = await opened();
    const { modelId, libraryRecord } = library;
    const accuracy = (): unknown => recordOf(library, '3')?.metrics.find(({ name }) => name === 'accuracy')?.value;
    expect([accuracy(), named(search(library, 'acc>0.9'))]).toEqual([0.9806, ['digits@3', 'digits@2']]);
    writeFileSync(join(folder, 'digits', '3', 'metrics.json'), '{"accuracy": 0.99, "by": "Ada"}');
    await expect.poll(accuracy, deadline).toBe(0.99);
    libraryRecord.edit({ modelId, version: '3', metrics: { accuracy: 0.5 } });
    expect(accuracy()).toBe(0.5);
    libraryRecord.edit({ modelId, version: '3', removeMetrics: ['accuracy'] });
    expect([accuracy(), libraryRecord.details({ modelId, version: '3' }).details]).toEqual([
      0.99,
      [{ name: 'by', text: 'Ada', source: { kind: 'metrics.json', file: '3/metrics.json', scope: 'version' } }],
    ]);
  });

  test('and its course lead to a comparison', async () => {
    cpSync(sample, join(folder, 'digits'), { recursive: true });
    writeFileSync(join(folder, 'digits', 'history.json'), '{"2": {"val_acc": [0.5, 0.75]}, "3": {"val_acc": [0.6, 0.7, 0.8]}}');
    await using library = await opened();
    const { modelId, libraryRecord } = library;
    const { metrics } = libraryRecord.compare({
      versions: [
        { modelId, version: '2' },
        { modelId, version: '3' },
      ],
    });
    expect(metrics.find(({ name }) => name === 'val_acc')).toMatchObject({
      values: [0.75, 0.8],
      courses: [
        [
          [1, 0.5],
          [2, 0.75],
        ],
        [
          [1, 0.6],
          [2, 0.7],
          [3, 0.8],
        ],
      ],
      trends: [
        {
          points: [
            { version: '2', value: 0.75 },
            { version: '3', value: 0.8 },
          ],
        },
      ],
    });
  });

  test('other content under the same number is noticed and said, until it is accepted or undone', async () => {
    await using library = await opened();
    const { modelId, libraryRecord } = library;
    const before = recordOf(library, '3')?.fingerprint?.value;
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    const graph = join(folder, 'digits', '3', 'saved_model.pb');
    const [third, second] = [readFileSync(graph), readFileSync(join(folder, 'digits', '2', 'saved_model.pb'))];
    writeFileSync(graph, second);
    await expect.poll(() => recordOf(library, '3')?.changed?.before, deadline).toBe(before);
    writeFileSync(graph, third);
    await expect
      .poll(() => [recordOf(library, '3')?.changed, recordOf(library, '3')?.fingerprint?.value], deadline)
      .toEqual([null, before]);
    writeFileSync(graph, second);
    await expect.poll(() => recordOf(library, '3')?.changed?.before, deadline).toBe(before);
    libraryRecord.accept({ modelId, version: '3' });
    expect([recordOf(library, '3')?.changed, recordOf(library, '3')?.fingerprint?.value === before]).toEqual([null, false]);
    expect(libraryRecord.history({ modelId, version: '3', limit: 10 }).map(({ kind }) => kind)).toEqual([
      'accepted',
      'changed',
      'changed',
      'changed',
      'added',
    ]);
  });

  test('a version that comes, goes and returns is history, and its tags wait for it', async () => {
    await using library = await opened();
    const { modelId, libraryRecord } = library;
    libraryRecord.edit({ modelId, version: '3', tags: { prod: '' } });
    const versions = (): unknown => library.hub.state.models[0]?.record.versions.map(({ version, tags }) => [version, tags.length]);
    renameSync(join(folder, 'digits', '3'), join(folder, 'elsewhere'));
    await expect.poll(versions, deadline).toEqual([
      ['2', 0],
      ['1', 0],
    ]);
    renameSync(join(folder, 'elsewhere'), join(folder, 'digits', '3'));
    cpSync(join(sample, '2'), join(folder, 'digits', '4'), { recursive: true });
    await expect.poll(versions, deadline).toEqual([
      ['4', 0],
      ['3', 1],
      ['2', 0],
      ['1', 0],
    ]);
    const history = (version: string): unknown => libraryRecord.history({ modelId, version, limit: 10 }).map(({ kind, by }) => [kind, by]);
    expect([history('3'), history('4')]).toEqual([
      [
        ['returned', 'automatic'],
        ['gone', 'automatic'],
        ['tagged', 'person'],
        ['added', 'person'],
      ],
      [['appeared', 'automatic']],
    ]);
  });
});
