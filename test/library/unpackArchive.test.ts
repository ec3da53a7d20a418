import { execFileSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unpackArchive } from '../../src/main/library/unpackArchive.ts';
import { AppError } from '../../src/shared/contract/errors.ts';

const signal = new AbortController().signal;
const sample = join(import.meta.dirname, '..', '..', 'resources', 'sample', 'digits');
const limits = { totalBytes: 2_000_000, entries: 20, depth: 6, ratio: 200, ratioFloorBytes: 100_000 };
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-archive-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function writeTar(
  entries: readonly (Partial<Header> & { readonly name: string; readonly text?: string | Buffer })[],
): Promise<string> {
  const file = join(folder, 'model.tar.gz');
  const tar = pack();
  for (const { text = '', ...header } of entries) tar.entry(header, text);
  tar.finalize();
  await pipeline(tar, createGzip(), createWriteStream(file));
  return file;
}

/** What came of it, and that nothing lies outside and nothing half-unpacked is left. */
async function outcome(file: string): Promise<string> {
  const error = await unpackArchive(file, join(folder, 'out', 'model'), { signal, limits }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect([existsSync(join(folder, 'evil')), readdirSync(join(folder, 'out')).filter((name) => name.endsWith('.part'))]).toEqual([
    false,
    [],
  ]);
  if (error === null) return 'unpacked';
  if (!(error instanceof AppError)) throw error;
  return error.code;
}

describe('archives that are no models', () => {
  test.each<readonly [string, Partial<Header> & { readonly name: string; readonly text?: string | Buffer }]>([
    ['a step out of the folder', { name: '../evil', text: 'x' }],
    ['a step within', { name: 'a/../../evil', text: 'x' }],
    ['an absolute name', { name: '/evil', text: 'x' }],
    ['a link', { name: 'link', type: 'symlink', linkname: '/etc/passwd' }],
    ['a hard link', { name: 'link', type: 'link', linkname: 'other' }],
    ['a device', { name: 'device', type: 'character-device' }],
    ['far too much out of a little', { name: 'zeros', text: Buffer.alloc(1_500_000) }],
    ['more than the limit', { name: 'noise', text: Buffer.alloc(3_000_000, 'abcdefghij') }],
    ['a deep name', { name: 'a/b/c/d/e/f/g/h', text: 'x' }],
  ])('%s is refused, and nothing is left', async (_, entry) => {
    expect(await outcome(await writeTar([entry]))).toBe('ARCHIVE_REFUSED');
  });

  test('too many files are refused', async () => {
    expect(await outcome(await writeTar(Array.from({ length: 30 }, (_, index) => ({ name: `f${index}`, text: 'x' }))))).toBe(
      'ARCHIVE_REFUSED',
    );
  });

  test('bytes that are no archive are refused', async () => {
    for (const name of ['a.tar.gz', 'a.zip', 'a.tgz']) {
      writeFileSync(join(folder, name), 'not an archive at all');
      expect(await outcome(join(folder, name))).toBe('ARCHIVE_REFUSED');
    }
  });
});

test('a model in a .tar.gz comes out as it went in', async () => {
  execFileSync('tar', ['-czf', join(folder, 'digits.tar.gz'), '-C', sample, '.']);
  await unpackArchive(join(folder, 'digits.tar.gz'), join(folder, 'digits'), { signal });
  expect(readFileSync(join(folder, 'digits', '3', 'saved_model.pb'))).toEqual(readFileSync(join(sample, '3', 'saved_model.pb')));
});

test('a model in a .zip comes out as it went in', async () => {
  const script = `import shutil,sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])`;
  execFileSync('python3', ['-c', script, join(folder, 'digits'), sample]);
  await unpackArchive(join(folder, 'digits.zip'), join(folder, 'digits'), { signal });
  expect(readdirSync(join(folder, 'digits')).toSorted()).toEqual(['1', '2', '3']);
});
