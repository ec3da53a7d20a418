import { execFileSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import fc from 'fast-check';
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

async function plainTar(): Promise<string> {
  const file = join(folder, 'plain.tar');
  const tar = pack();
  for (const name of ['1/saved_model.pb', '1/variables/variables.index']) tar.entry({ name }, readFileSync(join(sample, name)));
  tar.entry({ name: '1/assets/', type: 'directory' });
  tar.finalize();
  await pipeline(tar, createWriteStream(file));
  return file;
}

function zipOfSample(): string {
  const script = `import shutil,sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])`;
  execFileSync('python3', ['-c', script, join(folder, 'sample'), join(sample, '1', 'variables')]);
  return join(folder, 'sample.zip');
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

describe('zip archives that are no models', () => {
  /** Made by Python's zipfile, which writes any name; `attributes` are those of a Unix link where wanted. */
  function writeZip(name: string, sizeBytes: number, mode = 0o644): string {
    const file = join(folder, 'model.zip');
    const script = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as made:
  info = zipfile.ZipInfo(sys.argv[2])
  info.external_attr = int(sys.argv[4]) << 16
  info.compress_type = zipfile.ZIP_DEFLATED
  made.writestr(info, b'\\0' * int(sys.argv[3]))`;
    execFileSync('python3', ['-c', script, file, name, String(sizeBytes), String(mode)]);
    return file;
  }
  test.each<readonly [what: string, name: string, sizeBytes: number, mode: number]>([
    ['a step out of the folder', '../evil', 1, 0o644],
    ['a step out by backslashes', '..\\evil', 1, 0o644],
    ['an absolute name', '/evil', 1, 0o644],
    ['a drive', 'C:evil', 1, 0o644],
    ['a device of Windows', 'a/NUL.txt', 1, 0o644],
    ['a link', 'link', 9, 0o120777],
    ['far too much out of a little', 'zeros', 1_500_000, 0o644],
    ['more than the limit', 'zeros', 3_000_000, 0o644],
    ['a deep name', 'a/b/c/d/e/f/g/h', 1, 0o644],
  ])('%s is refused, and nothing is left', async (_, name, sizeBytes, mode) => {
    expect(await outcome(writeZip(name, sizeBytes, mode))).toBe('ARCHIVE_REFUSED');
  });
});

test('what lies between the files of an archive is counted too', async () => {
  // Folders with contents, which nothing unpacks: a bomb that writes no file.
  const file = join(folder, 'model.tar.gz');
  const header = Buffer.alloc(512);
  header.write('folder/');
  header.write('0000755\0', 100);
  header.write('00007777777\0', 124);
  header.write('        ', 148);
  header.write('5ustar', 156);
  header.write('00', 263);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  writeFileSync(file, gzipSync(Buffer.concat([header, Buffer.alloc(2_500_000)])));
  expect(await outcome(file)).toBe('ARCHIVE_REFUSED');
});

test('a changed archive is unpacked or refused, and leaves nothing that is half', async () => {
  for (const [name, original] of [
    ['model.tar', readFileSync(await plainTar())],
    ['model.zip', readFileSync(zipOfSample())],
  ] as const) {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.nat(original.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 8 }),
        fc.nat(original.length),
        fc.boolean(),
        async (changes, end, isCut) => {
          const bytes = Buffer.from(original);
          for (const { at, byte } of changes) bytes[at] = byte;
          writeFileSync(join(folder, name), isCut ? bytes.subarray(0, end) : bytes);
          expect(['unpacked', 'ARCHIVE_REFUSED']).toContain(await outcome(join(folder, name)));
          rmSync(join(folder, 'out'), { recursive: true, force: true });
        },
      ),
      { numRuns: 250 },
    );
  }
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
