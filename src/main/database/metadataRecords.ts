import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { HistoryEntry, MetadataImport } from '../../shared/contract/library.ts';
import type { MetadataLine } from '../library/metadataFile.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;
type Counts = { -readonly [K in 'added' | 'changed' | 'same' | 'kept']: MetadataImport[K] };

/** What a merge did. */
export type Merged = Pick<MetadataImport, 'added' | 'changed' | 'same' | 'kept' | 'waiting' | 'different'>;

/** What was said of models and versions, to leave as a file and to be merged from one. */
export interface MetadataRecords {
  /** Of these models, or of all; then also what waits for versions that are not here. */
  lines(modelIds?: readonly string[]): readonly MetadataLine[];
  /** One commit. The newer of two words counts; what finds no version, or one of other content, waits. */
  merge(lines: readonly MetadataLine[], at: string): Merged;
  /** Merges what has waited for a version, or with an empty one for a model; within the caller's commit. */
  takeWaiting(model: { readonly id: string; readonly name: string }, version: string, at: string): void;
}

const text = (row: Row | undefined, name: string): string => String(row?.[name] ?? '');

export function openMetadataRecords(db: DatabaseSync, transaction: (work: () => void) => void): MetadataRecords {
  const findModel = db.prepare('SELECT id, note, note_at FROM model_records WHERE name = ?');
  const findKnown = db.prepare('SELECT fingerprint, note, note_at FROM known_versions WHERE model_id = ? AND version = ?');
  const findTag = db.prepare('SELECT value, at FROM tag_records WHERE model_id = ? AND version = ? AND key = ?');
  const putTag = db.prepare(
    `INSERT INTO tag_records (model_id, version, key, value, at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at`,
  );
  const findMetric = db.prepare(
    'SELECT value, at, origin FROM metric_records WHERE model_id = ? AND version = ? AND name = ? ORDER BY origin DESC',
  );
  const putMetric = db.prepare(
    `INSERT INTO metric_records (model_id, version, name, origin, value, source, at) VALUES (?, ?, ?, 'typed', ?, '{"kind":"typed","by":"import"}', ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, source = excluded.source, at = excluded.at`,
  );
  const noteModel = db.prepare('UPDATE model_records SET note = ?, note_at = ? WHERE id = ?');
  const noteVersion = db.prepare('UPDATE known_versions SET note = ?, note_at = ? WHERE model_id = ? AND version = ?');
  const wait = db.prepare(
    `INSERT INTO waiting_metadata (model, version, at, line) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET at = excluded.at, line = excluded.line`,
  );
  const findWaiting = db.prepare('SELECT line FROM waiting_metadata WHERE model = ? AND version = ?');
  const dropWaiting = db.prepare('DELETE FROM waiting_metadata WHERE model = ? AND version = ?');
  const addHistory = db.prepare(
    `INSERT INTO library_history (at, model_id, model, version, kind, by, data) VALUES (?, ?, ?, ?, ?, 'import', ?)`,
  );

  /** Counts what becomes of one word of the file, and writes it where it is new or newer. */
  function take(
    counts: Counts,
    here: { readonly value: string | number; readonly at: string } | null,
    word: { readonly value: string | number; readonly at: string },
    write: () => void,
  ): void {
    const what =
      here === null ? 'added' : here.value === word.value ? 'same' : Date.parse(here.at) >= Date.parse(word.at) ? 'kept' : 'changed';
    counts[what] += 1;
    if (what === 'added' || what === 'changed') write();
  }

  function mergeInto(modelId: string, line: MetadataLine, counts: Counts, at: string): void {
    const version = line.kind === 'model' ? '' : line.version;
    const tell = (kind: HistoryEntry['kind'], data: HistoryEntry['data']): void =>
      void addHistory.run(at, modelId, line.model, version === '' ? null : version, kind, JSON.stringify(data));
    for (const { key, value, at: saidAt } of line.tags) {
      const here = findTag.get(modelId, version, key);
      take(counts, here === undefined ? null : { value: text(here, 'value'), at: text(here, 'at') }, { value, at: saidAt }, () => {
        putTag.run(modelId, version, key, value, saidAt);
        tell('tagged', { key, value });
      });
    }
    for (const { name, value, typed, at: saidAt } of line.kind === 'version' ? line.metrics : []) {
      const here = findMetric.get(modelId, version, name);
      // What was read here from a file is not overruled by what was read elsewhere.
      const readAt = here?.['origin'] === 'read' ? (typed ? '1970-01-01T00:00:00Z' : '9999-01-01T00:00:00Z') : text(here, 'at');
      take(counts, here === undefined ? null : { value: Number(here['value']), at: readAt }, { value, at: saidAt }, () => {
        putMetric.run(modelId, version, name, value, saidAt);
        tell('measured', { name, value });
      });
    }
    if (line.note === null || line.note.text === '') return;
    const here = line.kind === 'model' ? findModel.get(line.model) : findKnown.get(modelId, version);
    const [before, words] = [text(here, 'note'), line.note];
    take(counts, before === '' ? null : { value: before, at: text(here, 'note_at') }, { value: words.text, at: words.at }, () => {
      if (line.kind === 'model') noteModel.run(words.text, words.at, modelId);
      else noteVersion.run(words.text, words.at, modelId, version);
      tell('noted', { before });
    });
  }

  function mergeLine(line: MetadataLine, counts: Counts, at: string): 'merged' | 'waiting' | 'different' {
    const model = findModel.get(line.model);
    const version = line.kind === 'model' ? '' : line.version;
    const known = model === undefined || line.kind === 'model' ? undefined : findKnown.get(text(model, 'id'), version);
    const isHere = model !== undefined && (line.kind === 'model' || known !== undefined);
    const differs =
      line.kind === 'version' && line.fingerprint !== null && known?.['fingerprint'] != null && known['fingerprint'] !== line.fingerprint;
    if (!isHere || differs) {
      wait.run(line.model, version, at, JSON.stringify(line));
      return differs ? 'different' : 'waiting';
    }
    mergeInto(text(model, 'id'), line, counts, at);
    return 'merged';
  }

  function linesOf(model: Row): readonly MetadataLine[] {
    const id = text(model, 'id');
    const name = text(model, 'name');
    const tagsOf = (version: string): MetadataLine['tags'] =>
      db
        .prepare('SELECT key, value, at FROM tag_records WHERE model_id = ? AND version = ? ORDER BY key')
        .all(id, version)
        .map((row) => ({ key: text(row, 'key'), value: text(row, 'value'), at: text(row, 'at') }));
    const noteOf = (row: Row): MetadataLine['note'] =>
      text(row, 'note') === '' ? null : { text: text(row, 'note'), at: text(row, 'note_at') };
    const versions = db
      .prepare('SELECT version, fingerprint, note, note_at FROM known_versions WHERE model_id = ? ORDER BY CAST(version AS INTEGER)')
      .all(id);
    const metrics = db.prepare(
      'SELECT name, value, origin, at FROM metric_records WHERE model_id = ? AND version = ? ORDER BY name, origin DESC',
    );
    return [
      { kind: 'model', model: name, tags: tagsOf(''), note: noteOf(model) },
      ...versions.map((row): MetadataLine => {
        const version = text(row, 'version');
        return {
          kind: 'version',
          model: name,
          version,
          fingerprint: row['fingerprint'] == null ? null : text(row, 'fingerprint'),
          tags: tagsOf(version),
          metrics: metrics
            .all(id, version)
            .filter((metric, index, all) => metric['name'] !== all[index - 1]?.['name'])
            .map((metric) => ({
              name: text(metric, 'name'),
              value: Number(metric['value']),
              typed: metric['origin'] === 'typed',
              at: text(metric, 'at'),
            })),
          note: noteOf(row),
        };
      }),
    ];
  }

  return {
    lines(modelIds) {
      const models = db.prepare('SELECT id, name, note, note_at FROM model_records ORDER BY name').all();
      const wanted = modelIds === undefined ? models : models.filter((row) => modelIds.includes(text(row, 'id')));
      const waiting = modelIds === undefined ? db.prepare('SELECT line FROM waiting_metadata ORDER BY model, version').all() : [];
      return [...wanted.flatMap(linesOf), ...waiting.map((row) => JSON.parse(text(row, 'line')) as MetadataLine)];
    },
    merge(lines, at) {
      const counts: Counts = { added: 0, changed: 0, same: 0, kept: 0 };
      const aside: Record<'waiting' | 'different', string[]> = { waiting: [], different: [] };
      transaction(() => {
        for (const line of lines) {
          const what = mergeLine(line, counts, at);
          if (what !== 'merged') aside[what].push(line.kind === 'model' ? line.model : `${line.model}@${line.version}`);
        }
      });
      return { ...counts, ...aside };
    },
    takeWaiting({ name }, version, at) {
      const row = findWaiting.get(name, version);
      if (row === undefined) return;
      dropWaiting.run(name, version);
      // Of other content still, it waits on.
      mergeLine(JSON.parse(text(row, 'line')) as MetadataLine, { added: 0, changed: 0, same: 0, kept: 0 }, at);
    },
  };
}
