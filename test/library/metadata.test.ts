import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readMetadata } from '../../src/main/library/metadataFile.ts';
import { openLibrary, sample, type OpenLibrary } from './openLibrary.ts';

const signal = new AbortController().signal;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-metadata-'));
  cpSync(sample, join(folder, 'digits'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The library of one of a team; each has the same folder. */
async function person(name: string, { isEmpty = false } = {}): Promise<OpenLibrary> {
  const library = openLibrary(join(folder, name));
  if (!isEmpty && library.hub.state.models.length === 0) await library.imports.addPath(join(folder, 'digits'), 'digits', { signal });
  return library;
}
const idOf = ({ hub }: OpenLibrary): string => hub.state.models[0]?.id ?? '';
const said = ({ hub }: OpenLibrary, version: string): unknown => {
  const record = hub.state.models[0]?.record.versions.find((one) => one.version === version);
  return [
    record?.tags.map(({ key, value }) => `${key}=${value}`),
    record?.metrics.filter(({ source }) => source.kind === 'typed').map(({ name, value }) => `${name} ${value}`),
    record?.note,
  ];
};

describe('what was said, as a file', () => {
  test('reaches another library whole, and merging it again changes nothing', async () => {
    await using ada = await person('ada');
    const modelId = idOf(ada);
    ada.libraryRecord.edit({
      modelId,
      version: '3',
      tags: { team: 'vision', prod: '' },
      metrics: { f1: 0.9 },
      note: 'line\n"quoted" 数字',
    });
    ada.libraryRecord.edit({ modelId, tags: { owner: 'Ada' }, note: 'ours' });
    const { text, name } = ada.libraryRecord.exportMetadata();
    expect([name, text.split('\n')[0]]).toEqual([
      expect.stringMatching(/^slipway-metadata-\d{4}-\d\d-\d\d\.jsonl$/),
      expect.stringContaining('"version":1'),
    ]);
    await using bob = await person('bob');
    const first = bob.libraryRecord.importMetadata(text);
    // The three metrics of each of the three versions were read here, too.
    expect(first).toEqual({ added: 6, changed: 0, same: 9, kept: 0, waiting: [], different: [], bad: [], badLines: 0 });
    expect([said(bob, '3'), bob.hub.state.models[0]?.record.note, bob.hub.state.models[0]?.record.tags.map(({ value }) => value)]).toEqual([
      said(ada, '3'),
      'ours',
      ['Ada'],
    ]);
    expect(bob.libraryRecord.importMetadata(text)).toMatchObject({ added: 0, changed: 0, same: 15, kept: 0 });
    expect(
      bob.libraryRecord
        .history({ modelId: idOf(bob), version: '3', limit: 9 })
        .filter(({ by }) => by === 'import')
        .map(({ kind }) => kind),
    ).toEqual(['noted', 'measured', 'tagged', 'tagged']);
  });

  test('gives way to what is newer here, and what it replaces is in the history', async () => {
    await using ada = await person('ada');
    await using bob = await person('bob');
    bob.libraryRecord.edit({ modelId: idOf(bob), version: '1', tags: { old: 'here' }, note: 'before' });
    ada.libraryRecord.edit({ modelId: idOf(ada), version: '1', tags: { old: 'there', new: 'there' }, note: 'after' });
    const { text } = ada.libraryRecord.exportMetadata();
    bob.libraryRecord.edit({ modelId: idOf(bob), version: '1', tags: { new: 'here' } });
    expect(bob.libraryRecord.importMetadata(text)).toMatchObject({ added: 0, changed: 2, kept: 1 });
    expect(said(bob, '1')).toEqual([['new=here', 'old=there'], [], 'after']);
    const noted = bob.libraryRecord.history({ modelId: idOf(bob), version: '1', limit: 9 }).find(({ kind }) => kind === 'noted');
    expect(noted).toMatchObject({ by: 'import', data: { before: 'before' } });
  });

  test('of what is not here waits, over a restart, until it comes', async () => {
    let text = '';
    {
      await using ada = await person('ada');
      ada.libraryRecord.edit({ modelId: idOf(ada), version: '2', tags: { prod: '' } });
      ada.libraryRecord.edit({ modelId: idOf(ada), note: 'the digits' });
      ({ text } = ada.libraryRecord.exportMetadata());
      await using bob = await person('bob', { isEmpty: true });
      expect(bob.libraryRecord.importMetadata(text)).toMatchObject({ added: 0, waiting: ['digits', 'digits@1', 'digits@2', 'digits@3'] });
      // What waits is passed on as well.
      expect(bob.libraryRecord.exportMetadata().text.split('\n').slice(1)).toEqual(text.split('\n').slice(1));
    }
    await using bob = await person('bob');
    expect([said(bob, '2'), bob.hub.state.models[0]?.record.note]).toEqual([[['prod='], [], ''], 'the digits']);
    expect(bob.libraryRecord.importMetadata(text)).toMatchObject({ added: 0, waiting: [] });
  });

  test('of other content under the same number is kept aside, and theirs once the content is', async () => {
    await using ada = await person('ada');
    ada.libraryRecord.edit({ modelId: idOf(ada), version: '1', tags: { prod: '' } });
    const { text } = ada.libraryRecord.exportMetadata();
    mkdirSync(join(folder, 'other'));
    cpSync(join(sample, '2'), join(folder, 'other', '1'), { recursive: true });
    await using bob = openLibrary(join(folder, 'bob'));
    await bob.imports.addPath(join(folder, 'other'), 'digits', { signal });
    expect(bob.libraryRecord.importMetadata(text)).toMatchObject({ added: 0, different: ['digits@1'], waiting: ['digits@2', 'digits@3'] });
    expect(said(bob, '1')).toEqual([[], [], '']);
    rmSync(join(folder, 'other', '1'), { recursive: true });
    cpSync(join(sample, '1'), join(folder, 'other', '1'), { recursive: true });
    await expect.poll(() => said(bob, '1'), { timeout: 30_000, interval: 50 }).toEqual([['prod='], [], '']);
  });

  test('with bad lines is used but for those, which are told; of a newer Slipway nothing is', async () => {
    await using ada = await person('ada');
    const version = (tags: unknown, more = {}): string =>
      JSON.stringify({ kind: 'version', model: 'digits', version: '1', fingerprint: null, tags, metrics: [], note: null, ...more });
    const tag = { key: 'a', value: '1', at: '2026-11-25T10:00:00Z' };
    const lines = [
      '{"kind":"slipway-metadata","version":1}',
      'nonsense',
      version([tag]),
      version([{ key: 'b' }]),
      version([], { version: 'x' }),
      '[]',
      '',
      version([{ ...tag, key: 'c' }]),
    ];
    const done = ada.libraryRecord.importMetadata(lines.join('\n'));
    expect([done.added, done.badLines, done.bad.map(({ line }) => line)]).toEqual([2, 4, [2, 4, 5, 6]]);
    expect(said(ada, '1')).toEqual([['a=1', 'c=1'], [], '']);
    expect(() => ada.libraryRecord.importMetadata(`${version([{ ...tag, key: 'd' }])}\n{"kind":"slipway-metadata","version":2}`)).toThrow(
      /not understood/,
    );
    expect(said(ada, '1')).toEqual([['a=1', 'c=1'], [], '']);
  });

  test('is read to its end whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constant('{"kind":"version"}'))), (lines) => {
        const { lines: good, badLines } = readMetadata(lines.join('\n'));
        return good.length === 0 && badLines >= 0;
      }),
    );
  });
});
