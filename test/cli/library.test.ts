import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLibrary, sample } from '../library/openLibrary.ts';
import { slipway, type Outcome } from './runSlipway.ts';

let folder = '';
const home = (): string => join(folder, 'home');
const run = (...args: readonly string[]): Promise<Outcome> => slipway(home(), args, { env: { DOCKER_HOST: 'tcp://127.0.0.1:1' } });
const json = async (...args: readonly string[]): Promise<unknown> => JSON.parse((await run(...args, '--json')).out);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-cli-library-'));
  cpSync(sample, join(folder, 'digits'), { recursive: true });
  await using library = openLibrary(home());
  await library.imports.addPath(join(folder, 'digits'), 'digits', { signal: new AbortController().signal });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the library on the command line', () => {
  test('models lists them, and those that a query finds', async () => {
    const path = join(folder, 'digits');
    const row = { name: 'digits', path, source: 'linked', present: true, arriving: [], tags: {}, note: '' };
    expect([await json('models'), await json('models', 'acc>0.95'), await json('models', 'nothing')]).toMatchObject([
      [{ ...row, versions: ['3', '2', '1'] }],
      [{ ...row, versions: ['3', '2'] }],
      [],
    ]);
    expect((await run('models')).out).toBe(`digits\t3,2,1\t${path}\n`);
    const wrong = await run('models', 'acc>much', '--json');
    expect([wrong.code, (JSON.parse(wrong.out) as { error: { code: string } }).error.code]).toEqual([1, 'BAD_INPUT']);
  });

  test('tag says, shows and takes back', async () => {
    const first = await json('tag', 'digits@2', 'team=vision', 'prod', '--metric', 'f1=0.5', '--note', 'for Ada');
    expect(first).toMatchObject({
      name: 'digits',
      version: '2',
      tags: { team: 'vision', prod: '' },
      metrics: { f1: 0.5, accuracy: 0.9667 },
      note: 'for Ada',
    });
    expect(await json('models', 'tag:prod')).toMatchObject([{ versions: ['2'] }]);
    expect(await json('tag', 'digits@v2', '--remove', 'prod', '--remove-metric', 'f1')).toMatchObject({
      tags: { team: 'vision' },
      note: 'for Ada',
    });
    expect(await json('tag', 'digits', 'owner=Ada')).toEqual({
      name: 'digits',
      version: null,
      tags: { owner: 'Ada' },
      metrics: {},
      note: '',
    });
    expect((await run('tag', 'digits@2')).out).toBe('team=vision\naccuracy\t0.9667\nepochs\t12\nloss\t0.172\nfor Ada\n');
    const refused = await Promise.all(
      [
        ['tag', 'digits@9', 'x'],
        ['tag', 'nobody', 'x'],
        ['tag', 'digits@2', '--metric', 'acc=high'],
        ['tag', 'digits', '--metric', 'acc=1'],
        ['tag', 'digits@2', 'a b=c'],
      ].map((args) => run(...args, '--json')),
    );
    expect(refused.map(({ code, out }) => [code, (JSON.parse(out) as { error: { code: string } }).error.code])).toEqual([
      [1, 'VERSION_NOT_FOUND'],
      [1, 'MODEL_NOT_FOUND'],
      [1, 'BAD_INPUT'],
      [1, 'BAD_INPUT'],
      [1, 'BAD_INPUT'],
    ]);
  });

  test('versions lists them newest first, and their history', async () => {
    const rows = (await json('versions', 'digits')) as { version: string; metrics: Record<string, number>; fingerprint: string }[];
    expect(rows.map(({ version, metrics, fingerprint }) => [version, metrics['accuracy'], fingerprint.length])).toEqual([
      ['3', 0.9806, 64],
      ['2', 0.9667, 64],
      ['1', 0.8944, 64],
    ]);
    expect((await json('versions', 'digits', '--history')) as unknown[]).toContainEqual(
      expect.objectContaining({ version: '3', kind: 'added' }),
    );
    expect((await run('versions')).code).toBe(2);
  });

  test('compare tells the verdict, and writes each format', async () => {
    expect(await json('compare', 'digits@1', 'digits@latest')).toMatchObject({
      verdict: 'drop-in',
      versions: [{ version: '1' }, { version: '3' }],
    });
    const shown = await run('compare', 'digits@1', 'digits');
    expect([shown.code, shown.out.split('\n')[0]]).toEqual([0, 'digits@3 is drop-in for a client of digits@1']);
    expect((await run('compare', 'digits@1', 'digits@2', '--format', 'csv')).out).toMatch(/^section,name,digits@1,digits@2\r\n/);
    expect((await run('compare', 'digits@1', 'digits@2', '--format', 'markdown')).out).toMatch(/^# digits@1 and digits@2\n/);
    expect([(await run('compare', 'digits@1')).code, (await run('compare', 'digits@1', 'digits@2', '--format', 'xml')).code]).toEqual([
      2, 2,
    ]);
  });

  test('what is said leaves as a file, and comes back where it was lost', async () => {
    const file = join(folder, 'said.jsonl');
    await run('tag', 'digits@1', 'stage=old');
    expect((await run('models', '--export', file)).code).toBe(0);
    await run('tag', 'digits@1', '--remove', 'stage');
    writeFileSync(file, `${readFileSync(file, 'utf8')}no line of ours\n`);
    expect(await json('models', '--import', file)).toMatchObject({ added: 1, changed: 0, badLines: 1, waiting: [], different: [] });
    expect(await json('tag', 'digits@1')).toMatchObject({ tags: { stage: 'old' } });
    expect((await run('models', '--import', join(folder, 'none'))).code).toBe(1);
  });
});
