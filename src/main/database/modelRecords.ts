import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { metaGraphFor } from '../../shared/contract/savedModel.ts';
import { numberOf, type Model } from '../../shared/contract/state.ts';
import type { Detail, HistoryEntry, MetricCourse, Source, Tag, VersionDetails, VersionRecord } from '../../shared/contract/library.ts';
import type { ReadEvidence } from '../training/readEvidence.ts';
import type { MetadataRecords } from './metadataRecords.ts';
import type { ModelChange, ModelRecords, StoredModel } from './records.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;
type Changes = Parameters<ModelRecords['edit']>[0];

/** Rows of one model are kept under an empty version. */
const ofModel = '';

const text = (row: Row, name: string): string => String(row[name] ?? '');
const tagOf = (row: Row): Tag => ({ key: text(row, 'key'), value: text(row, 'value'), at: text(row, 'at') });

function groupBy(rows: readonly Row[], ...names: readonly string[]): (...values: readonly string[]) => readonly Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = names.map((one) => text(row, one)).join('\n');
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return (...values) => groups.get(values.join('\n')) ?? [];
}

/** Models, versions and what is said of them. Each call is one commit, and what it returned from is on the disk. */
export function openModelRecords(
  db: DatabaseSync,
  transaction: (work: () => void) => void,
  metadata: Pick<MetadataRecords, 'takeWaiting'>,
): ModelRecords {
  const putModel = db.prepare(
    `INSERT INTO model_records (id, name, path, source, added_at, document) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, path = excluded.path, source = excluded.source, document = excluded.document`,
  );
  const dropVersions = db.prepare('DELETE FROM version_records WHERE model_id = ?');
  const addVersion = db.prepare(
    `INSERT INTO version_records (model_id, version, path, size_bytes, total_params, tensorflow_version, verified, signatures, ops, number)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const addKnown = db.prepare(
    'INSERT INTO known_versions (model_id, version, added_at, imported_from, how) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const setPresent = db.prepare('UPDATE known_versions SET present = ? WHERE model_id = ? AND version = ?');
  const addHistory = db.prepare('INSERT INTO library_history (at, model_id, model, version, kind, by, data) VALUES (?, ?, ?, ?, ?, ?, ?)');
  const putTag = db.prepare(
    `INSERT INTO tag_records (model_id, version, key, value, at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at`,
  );
  const dropTag = db.prepare('DELETE FROM tag_records WHERE model_id = ? AND version = ? AND key = ?');
  const putMetric = db.prepare(
    `INSERT INTO metric_records (model_id, version, name, origin, value, source, points, course, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, source = excluded.source, points = excluded.points, course = excluded.course, at = excluded.at`,
  );
  const dropTyped = db.prepare(`DELETE FROM metric_records WHERE model_id = ? AND version = ? AND name = ? AND origin = 'typed'`);
  const putDetail = db.prepare('INSERT OR REPLACE INTO detail_records (model_id, version, name, text, source) VALUES (?, ?, ?, ?, ?)');

  const note = (entry: HistoryEntry): void =>
    void addHistory.run(entry.at, entry.modelId, entry.model, entry.version, entry.kind, entry.by, JSON.stringify(entry.data));

  /** Rows of all models, or of one. */
  function rows(table: string, order: string, modelId?: string): readonly Row[] {
    if (modelId === undefined) return db.prepare(`SELECT * FROM ${table} ORDER BY ${order}`).all();
    return db.prepare(`SELECT * FROM ${table} WHERE model_id = ? ORDER BY ${order}`).all(modelId);
  }

  function read(modelId?: string): readonly Model[] {
    const known = groupBy(rows('known_versions', 'version', modelId), 'model_id', 'version');
    const tags = groupBy(rows('tag_records', 'key', modelId), 'model_id', 'version');
    const columns = 'model_id, version, name, origin, value, source, points';
    const metrics = groupBy(
      modelId === undefined
        ? db.prepare(`SELECT ${columns} FROM metric_records ORDER BY name, origin DESC`).all()
        : db.prepare(`SELECT ${columns} FROM metric_records WHERE model_id = ? ORDER BY name, origin DESC`).all(modelId),
      'model_id',
      'version',
    );
    const models =
      modelId === undefined
        ? db.prepare('SELECT document, note FROM model_records ORDER BY added_at, id').all()
        : db.prepare('SELECT document, note FROM model_records WHERE id = ?').all(modelId);
    return models.map((row) => {
      const { arriving = [], ...model } = JSON.parse(text(row, 'document')) as StoredModel;
      const versions = model.versions.map((summary): VersionRecord => {
        const version = numberOf(model, summary);
        const facts = known(model.id, version)[0] ?? {};
        return {
          version,
          addedAt: text(facts, 'added_at') || model.addedAt,
          importedFrom: text(facts, 'imported_from'),
          how: (text(facts, 'how') || 'linked') as VersionRecord['how'],
          fingerprint: facts['fingerprint'] == null ? null : { value: text(facts, 'fingerprint'), seenAt: text(facts, 'fingerprint_at') },
          changed: facts['changed_before'] == null ? null : { before: text(facts, 'changed_before'), at: text(facts, 'changed_at') },
          // A typed one stands first, and the one that was read under the same name is passed over.
          metrics: metrics(model.id, version)
            .filter((metric, index, all) => metric['name'] !== all[index - 1]?.['name'])
            .map((metric) => ({
              name: text(metric, 'name'),
              value: Number(metric['value']),
              source: JSON.parse(text(metric, 'source')) as Source,
              points: Number(metric['points']),
            })),
          tags: tags(model.id, version).map(tagOf),
          note: text(facts, 'note'),
          unread: JSON.parse(text(facts, 'unread') || '[]') as readonly string[],
        };
      });
      const record = { tags: tags(model.id, ofModel).map(tagOf), note: text(row, 'note'), versions, arriving };
      return { ...model, record };
    });
  }

  function put({ record, ...stored }: Model, { at, by, importedFrom, how, kind }: ModelChange): void {
    const document: StoredModel = { ...stored, arriving: record.arriving };
    const model = stored;
    const entry = (version: string | null, what: HistoryEntry['kind'], data: HistoryEntry['data'] = {}): void =>
      note({ at, modelId: model.id, model: model.name, version, kind: what, by, data });
    const before = db.prepare('SELECT name FROM model_records WHERE id = ?').get(model.id);
    if (before !== undefined && before['name'] !== model.name) entry(null, 'renamed', { before: text(before, 'name') });
    putModel.run(model.id, model.name, model.path, model.source, model.addedAt, JSON.stringify(document));
    dropVersions.run(model.id);
    const known = new Map(rows('known_versions', 'version', model.id).map((row) => [text(row, 'version'), row['present'] === 1]));
    for (const summary of model.versions) {
      const { version, path, size_bytes, total_params, tensorflow_version, verified, ops } = summary;
      const signatures = JSON.stringify(metaGraphFor(summary)?.signatures ?? {});
      const number = numberOf(model, summary);
      const read = [size_bytes, total_params, tensorflow_version, verified ? 1 : 0, signatures, JSON.stringify(ops)] as const;
      addVersion.run(model.id, version, path, ...read, number);
      const was = known.get(number);
      known.delete(number);
      if (was === true) continue;
      if (was === undefined) addKnown.run(model.id, number, at, importedFrom, how);
      else setPresent.run(1, model.id, number);
      entry(number, was === undefined ? kind : 'returned', was === undefined ? { from: importedFrom } : {});
    }
    if (before === undefined) metadata.takeWaiting(model, ofModel, at);
    if (!model.present) return;
    for (const [number, wasPresent] of known) {
      if (!wasPresent) continue;
      setPresent.run(0, model.id, number);
      entry(number, 'gone');
    }
  }

  function readEvidence(model: Pick<Model, 'id' | 'name'>, evidence: ReadEvidence, at: string): void {
    const { version, print, fingerprint, metrics, details, unread } = evidence;
    const known = db
      .prepare('SELECT fingerprint, changed_before FROM known_versions WHERE model_id = ? AND version = ?')
      .get(model.id, version);
    if (known === undefined) return;
    db.prepare('UPDATE known_versions SET print = ?, unread = ? WHERE model_id = ? AND version = ?').run(
      print,
      JSON.stringify(unread),
      model.id,
      version,
    );
    const before = known['fingerprint'];
    if (fingerprint !== before) {
      db.prepare('UPDATE known_versions SET fingerprint = ?, fingerprint_at = ? WHERE model_id = ? AND version = ?').run(
        fingerprint,
        at,
        model.id,
        version,
      );
      if (before != null) {
        // Against what was last accepted; a change that was undone is none.
        const accepted = String(known['changed_before'] ?? before);
        const undone = accepted === fingerprint;
        db.prepare('UPDATE known_versions SET changed_before = ?, changed_at = ? WHERE model_id = ? AND version = ?').run(
          undone ? null : accepted,
          undone ? null : at,
          model.id,
          version,
        );
        const data = { before: String(before), after: fingerprint };
        note({ at, modelId: model.id, model: model.name, version, kind: 'changed', by: 'automatic', data });
      }
    }
    db.prepare(`DELETE FROM metric_records WHERE model_id = ? AND version = ? AND origin = 'read'`).run(model.id, version);
    for (const { name, value, source, course } of metrics)
      putMetric.run(model.id, version, name, 'read', value, JSON.stringify(source), course.length, JSON.stringify(course), at);
    db.prepare('DELETE FROM detail_records WHERE model_id = ? AND version = ?').run(model.id, version);
    for (const { name, text: words, source } of details) putDetail.run(model.id, version, name, words, JSON.stringify(source));
    metadata.takeWaiting(model, version, at);
  }

  function edit(changes: Changes, { model, at, by }: Parameters<ModelRecords['edit']>[1]): void {
    const { modelId, version = ofModel, tags = {}, removeTags = [], metrics = {}, removeMetrics = [] } = changes;
    const entry = (kind: HistoryEntry['kind'], data: HistoryEntry['data']): void =>
      note({ at, modelId, model, version: version === ofModel ? null : version, kind, by, data });
    for (const key of removeTags) if (dropTag.run(modelId, version, key).changes > 0) entry('untagged', { key });
    for (const [key, value] of Object.entries(tags)) {
      putTag.run(modelId, version, key, value, at);
      entry('tagged', { key, value });
    }
    for (const name of removeMetrics) if (dropTyped.run(modelId, version, name).changes > 0) entry('unmeasured', { name });
    const source: Source = { kind: 'typed', by: by === 'import' ? 'import' : 'person' };
    for (const [name, value] of Object.entries(metrics)) {
      putMetric.run(modelId, version, name, 'typed', value, JSON.stringify(source), 0, '[]', at);
      entry('measured', { name, value });
    }
    if (changes.note === undefined) return;
    const before =
      version === ofModel
        ? db.prepare('SELECT note FROM model_records WHERE id = ?').get(modelId)
        : db.prepare('SELECT note FROM known_versions WHERE model_id = ? AND version = ?').get(modelId, version);
    if (version === ofModel) db.prepare('UPDATE model_records SET note = ?, note_at = ? WHERE id = ?').run(changes.note, at, modelId);
    else
      db.prepare('UPDATE known_versions SET note = ?, note_at = ? WHERE model_id = ? AND version = ?').run(
        changes.note,
        at,
        modelId,
        version,
      );
    entry('noted', { before: text(before ?? {}, 'note') });
  }

  function details(modelId: string, version: string): Pick<VersionDetails, 'courses' | 'details'> {
    const courses = db
      .prepare(
        `SELECT name, course FROM metric_records r WHERE model_id = ? AND version = ? AND points > 0 AND origin = 'read' ORDER BY name`,
      )
      .all(modelId, version)
      .map((row): MetricCourse => ({ name: text(row, 'name'), points: JSON.parse(text(row, 'course')) as MetricCourse['points'] }));
    const found = db
      .prepare('SELECT name, text, source FROM detail_records WHERE model_id = ? AND version = ? ORDER BY name')
      .all(modelId, version);
    return {
      courses,
      details: found.map((row): Detail => ({
        name: text(row, 'name'),
        text: text(row, 'text'),
        source: JSON.parse(text(row, 'source')) as Source,
      })),
    };
  }

  return {
    all: () => read(),
    get: (id) => read(id)[0],
    put: (model, change) => transaction(() => put(model, change)),
    remove: (id, entry) =>
      transaction(() => {
        db.prepare('DELETE FROM model_records WHERE id = ?').run(id);
        note(entry);
      }),
    lastRead: (modelId) =>
      Object.fromEntries(
        rows('known_versions', 'version', modelId).map((row) => [
          text(row, 'version'),
          { print: text(row, 'print'), fingerprint: text(row, 'fingerprint') },
        ]),
      ),
    readEvidence: (model, evidence, at) => transaction(() => evidence.forEach((one) => readEvidence(model, one, at))),
    edit: (changes, about) => transaction(() => edit(changes, about)),
    removeVersion: (modelId, version, entry) =>
      transaction(() => {
        for (const table of ['known_versions', 'tag_records', 'metric_records', 'detail_records'])
          db.prepare(`DELETE FROM ${table} WHERE model_id = ? AND version = ?`).run(modelId, version);
        note(entry);
      }),
    accept: (modelId, version, entry) =>
      transaction(() => {
        db.prepare('UPDATE known_versions SET changed_before = NULL, changed_at = NULL WHERE model_id = ? AND version = ?').run(
          modelId,
          version,
        );
        note(entry);
      }),
    details,
    history({ modelId, version, limit }) {
      const conditions = [
        ...(modelId === undefined ? [] : ['model_id = $modelId']),
        ...(version === undefined ? [] : ['version = $version']),
      ];
      const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
      const values = {
        $limit: limit,
        ...(modelId === undefined ? {} : { $modelId: modelId }),
        ...(version === undefined ? {} : { $version: version }),
      };
      return db
        .prepare(`SELECT * FROM library_history ${where} ORDER BY id DESC LIMIT $limit`)
        .all(values)
        .map((row) => ({
          at: text(row, 'at'),
          modelId: text(row, 'model_id'),
          model: text(row, 'model'),
          version: row['version'] == null ? null : text(row, 'version'),
          kind: text(row, 'kind') as HistoryEntry['kind'],
          by: text(row, 'by') as HistoryEntry['by'],
          data: JSON.parse(text(row, 'data')) as HistoryEntry['data'],
        }));
    },
  };
}
