import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../src/main/database/database.ts';
import { acquireLock } from '../../src/main/database/lock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-database-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const root = join(import.meta.dirname, '..', '..');

test('what was acknowledged is there after kill -9 in the middle of writing', async () => {
  const script = `import { openDatabase } from ${JSON.stringify(join(root, 'src/main/database/database.ts'))};
    const db = openDatabase(${JSON.stringify(folder)});
    for (let count = 0; ; count += 1) { db.events.add({ about: 'x', kind: 'n', detail: String(count) }); process.stdout.write(count + '\\n'); }`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  for await (const chunk of child.stdout) {
    told += String(chunk);
    if (told.split('\n').length > 50 && !child.killed) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const last = Number(told.trimEnd().split('\n').at(-1));
  const db = openDatabase(folder);
  expect(Number(db.events.recent(1)[0]?.detail)).toBeGreaterThanOrEqual(last);
  db.close();
});

test('the owner id is made once', () => {
  const first = openDatabase(folder);
  const { ownerId } = first;
  first.close();
  const second = openDatabase(folder);
  expect(second.ownerId).toBe(ownerId);
  second.close();
});

test('an empty file is brought up to date', () => {
  writeFileSync(join(folder, 'slipway.db'), '');
  const db = openDatabase(folder);
  db.events.add({ about: 'm', kind: 'serving', detail: '' });
  expect([db.models.all(), db.servings.all(), db.events.recent(5).map(({ about, kind }) => [about, kind])]).toEqual([
    [],
    [],
    [['m', 'serving']],
  ]);
  db.close();
});

test('a damaged file and one of a newer Slipway are said, and left as they are', async () => {
  writeFileSync(join(folder, 'slipway.db'), 'this is no database, and was somebody’s file');
  expect(() => openDatabase(folder)).toThrow(/cannot be used/);
  rmSync(join(folder, 'slipway.db'));
  openDatabase(folder).close();
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(join(folder, 'slipway.db'));
  db.exec('PRAGMA user_version = 99');
  db.close();
  const before = readFileSync(join(folder, 'slipway.db'));
  expect(() => openDatabase(folder)).toThrow(/cannot be used/);
  expect(readFileSync(join(folder, 'slipway.db')).equals(before)).toBe(true);
});

test('the lock is held by one at a time', () => {
  const first = acquireLock(folder);
  const second = acquireLock(folder);
  first?.[Symbol.dispose]();
  const third = acquireLock(folder);
  third?.[Symbol.dispose]();
  expect([first !== null, second, third !== null]).toEqual([true, null, true]);
});
