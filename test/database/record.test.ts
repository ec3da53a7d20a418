import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/main/database/database.ts';
import type { Model } from '../../src/shared/contract/state.ts';

/** Written by the Slipway of database version 1: a linked base folder of three versions, a managed copy mounted as version 7, a serving. */
const before = join(import.meta.dirname, 'files', 'slipway-1.db');
const root = join(import.meta.dirname, '..', '..');
const at = '2026-11-25T10:00:00.000Z';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-record-db-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function old(): string {
  const path = join(folder, 'slipway.db');
  copyFileSync(before, path);
  chmodSync(path, 0o600);
  return path;
}
/** All rows of a view, as another program reads them. */
function rowsOf(view: string): readonly Record<string, unknown>[] {
  using closing = new DisposableStack();
  const db = closing.adopt(new DatabaseSync(join(folder, 'slipway.db'), { readOnly: true }), (one) => one.close());
  return db
    .prepare(`SELECT * FROM ${view}`)
    .all()
    .map((row) => ({ ...row }));
}

describe('a database of the version before', () => {
  test('is brought up to date with all that was in it, after a whole copy of it was laid beside', () => {
    old();
    const db = openDatabase(folder);
    const models = db.models.all();
    expect(
      models.map(({ id, name, mountAs, record }) => [
        id,
        name,
        mountAs?.version ?? null,
        record.versions.map(({ version, addedAt, importedFrom, how }) => [version, addedAt, importedFrom, how]),
      ]),
    ).toEqual([
      ['m1', 'digits', null, ['3', '2', '1'].map((version) => [version, '2026-11-20T08:00:00.000Z', '/home/ada/models/digits', 'linked'])],
      ['m2', 'digits_v2', '7', [['7', '2026-11-21T08:00:00.000Z', '/home/ada/.local/share/slipway/models/m2/digits_v2', 'copied']]],
    ]);
    expect([db.servings.all().map(({ id, plan }) => [id, plan.name]), db.events.recent(5).map(({ about }) => about)]).toEqual([
      [['s1', 'digits']],
      ['digits'],
    ]);
    db.models.edit({ modelId: 'm2', version: '7', tags: { prod: '' } }, { model: 'digits_v2', at, by: 'person' });
    db.close();
    const again = openDatabase(folder);
    expect(again.models.get('m2')?.record.versions[0]?.tags).toEqual([{ key: 'prod', value: '', at }]);
    again.close();

    const kept = readdirSync(folder).filter((name) => name.includes('before'));
    expect(kept).toHaveLength(1);
    const copy = new DatabaseSync(join(folder, kept[0] ?? ''), { readOnly: true });
    expect([
      copy.prepare('PRAGMA user_version').get()?.['user_version'],
      copy
        .prepare('SELECT name FROM models ORDER BY name')
        .all()
        .map(({ name }) => name),
      copy.prepare('PRAGMA integrity_check').get()?.['integrity_check'],
      statSync(join(folder, kept[0] ?? '')).mode & 0o777,
    ]).toEqual([1, ['digits', 'digits_v2'], 'ok', 0o600]);
    copy.close();
  });

  test('stays as it was where the migration fails half way, and is migrated once that is mended', () => {
    const path = old();
    const db = new DatabaseSync(path);
    // A table in the way of the last that the migration makes, so that much of it was done by then.
    db.exec('CREATE TABLE waiting_metadata (x)');
    db.close();
    expect(() => openDatabase(folder)).toThrow(/cannot be used/);
    const left = new DatabaseSync(path);
    expect([
      left.prepare('PRAGMA user_version').get()?.['user_version'],
      left.prepare('SELECT count(*) AS n FROM models').get()?.['n'],
    ]).toEqual([1, 2]);
    left.exec('DROP TABLE waiting_metadata');
    left.close();
    const mended = openDatabase(folder);
    expect(mended.models.all().map(({ name }) => name)).toEqual(['digits', 'digits_v2']);
    mended.close();
  });

  test('of nothing yet is made without a copy', () => {
    openDatabase(folder).close();
    expect(readdirSync(folder).filter((name) => name.includes('before'))).toEqual([]);
  });
});

describe('the views', () => {
  test('tell models, versions, metrics, tags and servings to any program that reads SQLite', () => {
    old();
    const db = openDatabase(folder);
    const about = { model: 'digits', at, by: 'person' } as const;
    db.models.edit({ modelId: 'm1', version: '3', tags: { team: 'vision' }, metrics: { acc: 0.99 }, note: 'n' }, about);
    db.models.edit({ modelId: 'm1', tags: { owner: 'Ada' } }, about);
    const source = { kind: 'metrics.json', file: '3/metrics.json', scope: 'version' } as const;
    const evidence = { version: '3', print: 'p', fingerprint: 'f', details: [], unread: [] };
    const metrics = ['acc', 'loss'].map((name) => ({ name, value: 0.5, source, course: [] }));
    db.models.readEvidence({ id: 'm1', name: 'digits' }, [{ ...evidence, metrics }], at);
    db.close();
    expect(rowsOf('models ORDER BY name').map(({ name, source: from, versions, present }) => [name, from, versions, present])).toEqual([
      ['digits', 'linked', 3, 1],
      ['digits_v2', 'managed', 1, 1],
    ]);
    expect(
      rowsOf('versions ORDER BY model, CAST(version AS INTEGER) DESC').map(
        ({ model, version, tensorflow_version, fingerprint, note, signatures }) => [
          model,
          version,
          typeof tensorflow_version,
          fingerprint,
          note,
          typeof JSON.parse(String(signatures)),
        ],
      ),
    ).toEqual([
      ['digits', '3', 'string', 'f', 'n', 'object'],
      ['digits', '2', 'string', null, '', 'object'],
      ['digits', '1', 'string', null, '', 'object'],
      ['digits_v2', '7', 'string', null, '', 'object'],
    ]);
    expect(
      rowsOf('metrics ORDER BY name').map(({ model, version, name, value, source: from, file }) => [
        model,
        version,
        name,
        value,
        from,
        file,
      ]),
    ).toEqual([
      ['digits', '3', 'acc', 0.99, 'typed', null],
      ['digits', '3', 'loss', 0.5, 'metrics.json', '3/metrics.json'],
    ]);
    expect(rowsOf('tags ORDER BY key').map(({ model, version, key, value }) => [model, version, key, value])).toEqual([
      ['digits', null, 'owner', 'Ada'],
      ['digits', '3', 'team', 'vision'],
    ]);
    expect(
      rowsOf('servings').map(({ name, model, engine, state, rest_port, grpc_port }) => [name, model, engine, state, rest_port, grpc_port]),
    ).toEqual([['digits', 'digits', 'docker', 'serving', 8501, 8500]]);
  });

  const hasPython = spawnSync('python3', ['-c', 'import sqlite3']).status === 0;
  test.skipIf(!hasPython)(`are read by another program, and written by none${hasPython ? '' : ' [skipped: no python3]'}`, () => {
    old();
    openDatabase(folder).close();
    const script = `import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); print([r[0] for r in db.execute('select model from versions order by model')]); db.execute("update models set name = 'x'")`;
    const { stdout, stderr, status, error } = spawnSync('python3', ['-c', script, join(folder, 'slipway.db')], { encoding: 'utf8' });
    if (error !== undefined) throw error;
    expect([stdout.trim(), status, /cannot modify models because it is a view/.test(stderr)]).toEqual([
      "['digits', 'digits', 'digits', 'digits_v2']",
      1,
      true,
    ]);
  });
});

describe('kill -9 in the middle of writing', () => {
  test('loses nothing that was acknowledged, and leaves no word half said', async () => {
    old();
    openDatabase(folder).close();
    const script = join(folder, 'write.ts');
    writeFileSync(
      script,
      `import { openDatabase } from ${JSON.stringify(join(root, 'src/main/database/database.ts'))};
       const db = openDatabase(process.argv[2]);
       const model = db.models.get('m1');
       const change = { at: ${JSON.stringify(at)}, by: 'automatic', kind: 'appeared', importedFrom: '', how: 'linked' };
       for (let count = Number(process.argv[3]); ; count += 1) {
         const tags = { a: String(count), b: String(count), c: String(count) };
         db.models.edit({ modelId: 'm1', version: '3', tags, metrics: { count }, note: String(count) }, { model: 'digits', at: ${JSON.stringify(at)}, by: 'person' });
         const summary = { ...model.versions[0], version: String(count), path: '/p/' + count };
         db.models.put({ ...model, versions: [...model.versions, summary] }, change);
         process.stdout.write(count + '\\n');
       }`,
    );
    let acknowledged = 0;
    for (let round = 0; round < 5; round += 1) {
      const child = spawn(process.execPath, [script, folder, String(acknowledged + 100)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const closed = once(child, 'close');
      let told = '';
      for await (const chunk of child.stdout) {
        told += String(chunk);
        if (told.split('\n').length > 10 + round * 3) child.kill('SIGKILL');
      }
      await closed;
      acknowledged = Number(told.trimEnd().split('\n').at(-1));
      const db = openDatabase(folder);
      const model = db.models.get('m1') as Model;
      const third = model.record.versions.find(({ version }) => version === '3');
      const words = [...(third?.tags.map(({ value }) => value) ?? []), String(third?.metrics[0]?.value), third?.note];
      expect([new Set(words).size, Number(words[0]) >= acknowledged]).toEqual([1, true]);
      const newest = Number(model.versions.at(-1)?.version);
      expect(newest).toBeGreaterThanOrEqual(acknowledged);
      // A version, what is known of it and its history are one commit.
      expect(db.models.history({ modelId: 'm1', version: String(newest), limit: 5 }).map(({ kind }) => kind)).toEqual(['appeared']);
      db.close();
    }
    const db = new DatabaseSync(join(folder, 'slipway.db'));
    expect(db.prepare('PRAGMA integrity_check').get()?.['integrity_check']).toBe('ok');
    db.close();
  });
});
