import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../shared/contract/errors.ts';
import type { Model } from '../../shared/contract/state.ts';
import { migrations } from './migrations.ts';
import type { EventRecords, ModelRecords, ServingRecord, ServingRecords } from './records.ts';

/** The record of one data folder. What a call has returned from survives a crash of this process. */
export interface Database {
  readonly models: ModelRecords;
  readonly servings: ServingRecords;
  readonly events: EventRecords;
  /** Names this data folder on labels; made once. */
  readonly ownerId: string;
  close(): void;
}

function migrate(db: DatabaseSync, path: string): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > migrations.length) {
    throw new AppError('DATA_FOLDER_UNUSABLE', {
      path,
      detail: 'Its database was written by a newer Slipway. Update Slipway, or set SLIPWAY_HOME to another folder.',
    });
  }
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

  const models: ModelRecords = {
    all: () =>
      db
        .prepare('SELECT document FROM models ORDER BY added_at, id')
        .all()
        .map((row) => JSON.parse(String(row['document'])) as Model),
    put(model) {
      transaction(() => {
        db.prepare(
          `INSERT INTO models (id, name, path, source, added_at, document) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, path = excluded.path, source = excluded.source, document = excluded.document`,
        ).run(model.id, model.name, model.path, model.source, model.addedAt, JSON.stringify(model));
        db.prepare('DELETE FROM versions WHERE model_id = ?').run(model.id);
        const insert = db.prepare(
          'INSERT INTO versions (model_id, version, path, size_bytes, total_params, tensorflow_version, verified) VALUES (?, ?, ?, ?, ?, ?, ?)',
        );
        for (const { version, path: versionPath, size_bytes, total_params, tensorflow_version, verified } of model.versions) {
          insert.run(model.id, version, versionPath, size_bytes, total_params, tensorflow_version, verified ? 1 : 0);
        }
      });
    },
    remove: (id) => void db.prepare('DELETE FROM models WHERE id = ?').run(id),
  };
  const servings: ServingRecords = {
    all: () =>
      db
        .prepare('SELECT document FROM servings ORDER BY created_at, id')
        .all()
        .map((row) => JSON.parse(String(row['document'])) as ServingRecord),
    put: (record) =>
      void db
        .prepare(
          `INSERT INTO servings (id, name, model_id, wanted, container_id, created_at, document) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, model_id = excluded.model_id, wanted = excluded.wanted, container_id = excluded.container_id, document = excluded.document`,
        )
        .run(record.id, record.plan.name, record.plan.modelId, record.wanted, record.containerId, record.createdAt, JSON.stringify(record)),
    remove: (id) => void db.prepare('DELETE FROM servings WHERE id = ?').run(id),
  };
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
  return { models, servings, events, ownerId, close: () => db.close() };
}
