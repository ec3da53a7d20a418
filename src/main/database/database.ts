import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../shared/contract/errors.ts';
import { openMetadataRecords, type MetadataRecords } from './metadataRecords.ts';
import type { ServedEntry } from '../../shared/contract/switching.ts';
import { migrations } from './migrations.ts';
import { openRecipeRecords, type RecipeRecords } from './recipeRecords.ts';
import { openRequestRecords, type RequestRecords } from './requestRecords.ts';
import { openModelRecords } from './modelRecords.ts';
import type { EventRecords, ModelRecords, ServedRecords, ServingRecord, ServingRecords } from './records.ts';

/** The record of one data folder. What a call has returned from survives a crash of this process. */
export interface Database {
  readonly models: ModelRecords;
  readonly metadata: MetadataRecords;
  readonly servings: ServingRecords;
  readonly recipes: RecipeRecords;
  readonly requests: RequestRecords;
  readonly events: EventRecords;
  readonly served: ServedRecords;
  /** Names this data folder on labels; made once. */
  readonly ownerId: string;
  close(): void;
}

/** A whole copy of the database beside it, for the older Slipway to open should the migration have been unwanted. */
function backUp(db: DatabaseSync, target: string): void {
  rmSync(`${target}.part`, { force: true });
  db.prepare('VACUUM INTO ?').run(`${target}.part`);
  chmodSync(`${target}.part`, 0o600);
  const file = openSync(`${target}.part`, 'r+');
  fsyncSync(file);
  closeSync(file);
  renameSync(`${target}.part`, target);
}

function migrate(db: DatabaseSync, path: string): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > migrations.length) {
    throw new AppError('DATA_FOLDER_UNUSABLE', {
      path,
      detail: 'Its database was written by a newer Slipway. Update Slipway, or set SLIPWAY_HOME to another folder.',
    });
  }
  if (version > 0 && version < migrations.length) backUp(db, `${path.replace(/\.db$/, '')}-before-${migrations.length}.db`);
  for (const [index, statements] of migrations.entries()) {
    if (index < version) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(statements);
      db.exec(`PRAGMA user_version = ${index + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** Opens or makes `slipway.db` in the folder. DATA_FOLDER_UNUSABLE where it is damaged or of a newer Slipway; nothing is changed then. */
export function openDatabase(folder: string): Database {
  const path = join(folder, 'slipway.db');
  const isNew = !existsSync(path);
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path, { timeout: 5_000 });
    if (isNew) chmodSync(path, 0o600);
    // FULL: a commit that was answered is on the disk, not only with the system.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    migrate(db, path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const detail = `Its database does not open (${error instanceof Error ? error.message : String(error)}). Move ${path} away to begin anew, or restore a copy.`;
    throw new AppError('DATA_FOLDER_UNUSABLE', { path: folder, detail }, { cause: error });
  }

  /** Everything within one commit, or nothing. */
  const transaction = (work: () => void): void => {
    db.exec('BEGIN IMMEDIATE');
    try {
      work();
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  };

  db.prepare('INSERT OR IGNORE INTO facts (name, value) VALUES (?, ?)').run('owner_id', randomUUID());
  const ownerId = String(db.prepare('SELECT value FROM facts WHERE name = ?').get('owner_id')?.['value']);

  const metadata = openMetadataRecords(db, transaction);
  const models = openModelRecords(db, transaction, metadata);
  const servings: ServingRecords = {
    all: () =>
      db
        .prepare('SELECT document FROM serving_records ORDER BY created_at, id')
        .all()
        .map((row) => JSON.parse(String(row['document'])) as ServingRecord),
    put: (record) =>
      void db
        .prepare(
          `INSERT INTO serving_records (id, name, model_id, wanted, container_id, created_at, document) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, model_id = excluded.model_id, wanted = excluded.wanted, container_id = excluded.container_id, document = excluded.document`,
        )
        .run(record.id, record.plan.name, record.plan.modelId, record.wanted, record.containerId, record.createdAt, JSON.stringify(record)),
    remove: (id) => void db.prepare('DELETE FROM serving_records WHERE id = ?').run(id),
  };
  const recipes = openRecipeRecords(db);
  const requests = openRequestRecords(db, transaction);
  const events: EventRecords = {
    add: ({ about, kind, detail }) =>
      void db
        .prepare('INSERT INTO events (at, about, kind, detail) VALUES (?, ?, ?, ?)')
        .run(new Date().toISOString(), about, kind, detail),
    recent: (limit) =>
      db
        .prepare('SELECT at, about, kind, detail FROM events ORDER BY id DESC LIMIT ?')
        .all(limit)
        .map((row) => ({ at: String(row['at']), about: String(row['about']), kind: String(row['kind']), detail: String(row['detail']) })),
  };
  const served: ServedRecords = {
    add: ({ servingId, serving }, { at, by, cause, outcome, reason, state, refusal }) => {
      const columns = 'at, serving_id, serving, by, cause, outcome, reason, state, refusal';
      const { lastInsertRowid } = db
        .prepare(`INSERT INTO served_records (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
        .run(at, servingId, serving, by, cause, outcome, reason, JSON.stringify(state), JSON.stringify(refusal));
      return { id: Number(lastInsertRowid) };
    },
    of: (servingId, limit) =>
      db
        .prepare(
          'SELECT id, at, by, cause, outcome, reason, state, refusal FROM served_records WHERE serving_id = ? ORDER BY id DESC LIMIT ?',
        )
        .all(servingId, limit)
        .map((row) => {
          const [state, refusal] = [row['state'], row['refusal']].map((text): unknown => JSON.parse(String(text)));
          return { ...row, state, refusal } as unknown as ServedEntry;
        }),
  };
  return { models, metadata, servings, recipes, requests, events, served, ownerId, close: () => db.close() };
}
