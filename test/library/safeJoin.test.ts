import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { assert, asyncProperty, constantFrom, oneof, string } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { safeJoin } from '../../src/main/library/safeJoin.ts';
import { AppError } from '../../src/shared/contract/errors.ts';

let folder: string;
let root: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-test-join-'));
  root = join(folder, 'root');
  await mkdir(join(root, '1', 'variables'), { recursive: true });
  await mkdir(join(folder, 'root-beside'));
  await writeFile(join(root, 'file'), '');
  await writeFile(join(folder, 'secret'), '');
  await symlink(join(root, '1'), join(root, 'inside'));
  await symlink('..', join(root, 'up'));
  await symlink(join(folder, 'secret'), join(root, 'out'));
  await symlink(join(folder, 'root-beside'), join(root, 'beside'));
  await symlink(join(folder, 'nothing'), join(root, 'dangling'));
  await symlink('loop', join(root, 'loop'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a path that somebody else names', () => {
  test.each([
    ['1/saved_model.pb', '1/saved_model.pb'],
    ['new/deep/file', 'new/deep/file'],
    ['1\\variables', '1/variables'],
    ['inside/variables', '1/variables'],
    ['100% & more.index', '100% & more.index'],
    ['数字/…', '数字/…'],
    ['..x/x..', '..x/x..'],
    ['console.txt', 'console.txt'],
    ['./1//./x', '1/x'],
    ['.', ''],
  ])('%j stays below the root', async (untrusted, expected) => {
    expect(relative(root, await safeJoin(root, untrusted))).toBe(expected);
  });

  test.each([
    '..',
    '../secret',
    '1/../../secret',
    '..\\secret',
    '.. /secret',
    '1/...',
    '%2e%2e/secret',
    '%2e%2e%2fsecret',
    '1%00',
    '/etc/passwd',
    '%2fetc/passwd',
    '\\\\host\\share',
    '\\\\?\\C:\\x',
    '\\\\.\\pipe\\x',
    '//host/share',
    'C:\\x',
    'c:x',
    'a\0b',
    'NUL',
    'nul.txt',
    '1/CON',
    'com1',
    'LPT9.log',
    'aux .h',
    'out',
    'up/secret',
    'up',
    'beside/x',
    'dangling',
    'dangling/x',
    'loop/x',
    'file/x',
    'n'.repeat(256),
    'x/'.repeat(2_100),
  ])('%j is refused', async (untrusted) => {
    const outcome = await safeJoin(root, untrusted).then(
      (path) => path,
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );
    expect(outcome).toBe('PATH_REFUSED');
  });

  test('nothing that can be said leads out of the root, and only AppErrors refuse it', async () => {
    const piece = oneof(
      string({ maxLength: 6 }),
      constantFrom('..', '/', '\\', '%2e', '%2f', '%5c', 'up', 'inside', 'out', '1', ':', '\0'),
    );
    await assert(
      asyncProperty(piece, piece, piece, piece, async (...pieces) => {
        const outcome = await safeJoin(root, pieces.join('')).catch((error: unknown) => error);
        if (outcome instanceof AppError) return true;
        return typeof outcome === 'string' && !relative(root, outcome).startsWith('../') && relative(root, outcome) !== '..';
      }),
      { numRuns: 3_000 },
    );
  });
});
