/** Each entry takes the database one version further, in one transaction. Entries are only ever added. */
export const migrations: readonly string[] = [
  `CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE models (
     id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, source TEXT NOT NULL, added_at TEXT NOT NULL, document TEXT NOT NULL
   ) STRICT;
   CREATE TABLE versions (
     model_id TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE, version TEXT, path TEXT NOT NULL, size_bytes INTEGER NOT NULL,
     total_params INTEGER NOT NULL, tensorflow_version TEXT NOT NULL, verified INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX versions_of_model ON versions (model_id);
   CREATE TABLE servings (
     id TEXT PRIMARY KEY, name TEXT NOT NULL, model_id TEXT NOT NULL, wanted TEXT NOT NULL, container_id TEXT, created_at TEXT NOT NULL, document TEXT NOT NULL
   ) STRICT;
   CREATE TABLE events (id INTEGER PRIMARY KEY, at TEXT NOT NULL, about TEXT NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL) STRICT;`,
  // The names models, versions and servings become views that other programs may read (docs/database.md); what we write has names of its own.
  `ALTER TABLE models RENAME TO model_records;
   ALTER TABLE versions RENAME TO version_records;
   ALTER TABLE servings RENAME TO serving_records;
   ALTER TABLE model_records ADD COLUMN note TEXT NOT NULL DEFAULT '';
   ALTER TABLE model_records ADD COLUMN note_at TEXT NOT NULL DEFAULT '';
   ALTER TABLE version_records ADD COLUMN signatures TEXT NOT NULL DEFAULT '{}';
   ALTER TABLE version_records ADD COLUMN ops TEXT NOT NULL DEFAULT '{}';
   CREATE TABLE known_versions (
     model_id TEXT NOT NULL REFERENCES model_records (id) ON DELETE CASCADE, version TEXT NOT NULL, added_at TEXT NOT NULL,
     imported_from TEXT NOT NULL, how TEXT NOT NULL, present INTEGER NOT NULL DEFAULT 1, print TEXT NOT NULL DEFAULT '',
     fingerprint TEXT, fingerprint_at TEXT, changed_before TEXT, changed_at TEXT,
     note TEXT NOT NULL DEFAULT '', note_at TEXT NOT NULL DEFAULT '', unread TEXT NOT NULL DEFAULT '[]',
     PRIMARY KEY (model_id, version)
   ) STRICT;
   CREATE TABLE tag_records (
     model_id TEXT NOT NULL REFERENCES model_records (id) ON DELETE CASCADE, version TEXT NOT NULL, key TEXT NOT NULL,
     value TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (model_id, version, key)
   ) STRICT;
   CREATE TABLE metric_records (
     model_id TEXT NOT NULL REFERENCES model_records (id) ON DELETE CASCADE, version TEXT NOT NULL, name TEXT NOT NULL,
     origin TEXT NOT NULL CHECK (origin IN ('typed', 'read')), value REAL NOT NULL, source TEXT NOT NULL, points INTEGER NOT NULL DEFAULT 0,
     course TEXT NOT NULL DEFAULT '[]', at TEXT NOT NULL, PRIMARY KEY (model_id, version, name, origin)
   ) STRICT;
   CREATE TABLE detail_records (
     model_id TEXT NOT NULL REFERENCES model_records (id) ON DELETE CASCADE, version TEXT NOT NULL, name TEXT NOT NULL,
     text TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (model_id, version, name)
   ) STRICT;
   CREATE TABLE library_history (
     id INTEGER PRIMARY KEY, at TEXT NOT NULL, model_id TEXT NOT NULL, model TEXT NOT NULL, version TEXT, kind TEXT NOT NULL,
     by TEXT NOT NULL, data TEXT NOT NULL
   ) STRICT;
   CREATE INDEX history_of_model ON library_history (model_id, version);
   CREATE TABLE waiting_metadata (
     model TEXT NOT NULL, version TEXT NOT NULL, at TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (model, version)
   ) STRICT;
   INSERT INTO known_versions (model_id, version, added_at, imported_from, how)
     SELECT v.model_id, coalesce(json_extract(m.document, '$.mountAs.version'), v.version, '1'), m.added_at, m.path,
       CASE m.source WHEN 'managed' THEN 'copied' ELSE 'linked' END
     FROM version_records v JOIN model_records m ON m.id = v.model_id WHERE true ON CONFLICT DO NOTHING;
   CREATE VIEW models AS
     SELECT id, name, path, source, added_at, json_extract(document, '$.present') AS present, note,
       (SELECT count(*) FROM version_records v WHERE v.model_id = m.id) AS versions
     FROM model_records m;
   CREATE VIEW versions AS
     SELECT v.model_id, m.name AS model, coalesce(json_extract(m.document, '$.mountAs.version'), v.version, '1') AS version, v.path,
       v.size_bytes, v.total_params, v.tensorflow_version, v.verified, k.fingerprint, k.changed_at, k.added_at, k.imported_from, k.how,
       k.note, v.signatures, v.ops
     FROM version_records v JOIN model_records m ON m.id = v.model_id
     LEFT JOIN known_versions k ON k.model_id = v.model_id AND k.version = coalesce(json_extract(m.document, '$.mountAs.version'), v.version, '1');
   CREATE VIEW metrics AS
     SELECT r.model_id, m.name AS model, r.version, r.name, r.value, json_extract(r.source, '$.kind') AS source,
       json_extract(r.source, '$.file') AS file, r.at
     FROM metric_records r JOIN model_records m ON m.id = r.model_id
     WHERE r.origin = 'typed' OR NOT EXISTS (
       SELECT 1 FROM metric_records t WHERE t.model_id = r.model_id AND t.version = r.version AND t.name = r.name AND t.origin = 'typed'
     );
   CREATE VIEW tags AS
     SELECT t.model_id, m.name AS model, nullif(t.version, '') AS version, t.key, t.value, t.at
     FROM tag_records t JOIN model_records m ON m.id = t.model_id;
   CREATE VIEW servings AS
     SELECT s.id, s.name, s.model_id, m.name AS model, json_extract(s.document, '$.plan.engine') AS engine, s.wanted,
       json_extract(s.document, '$.last.state.kind') AS state, json_extract(s.document, '$.plan.restPort') AS rest_port,
       json_extract(s.document, '$.plan.grpcPort') AS grpc_port, json_extract(s.document, '$.plan.image') AS image, s.created_at
     FROM serving_records s LEFT JOIN model_records m ON m.id = s.model_id;`,
  `CREATE TABLE recipes (
     model_id TEXT NOT NULL REFERENCES model_records (id) ON DELETE CASCADE, signature TEXT NOT NULL, document TEXT NOT NULL,
     PRIMARY KEY (model_id, signature)
   ) STRICT;`,
  `CREATE TABLE served_records (
     id INTEGER PRIMARY KEY, at TEXT NOT NULL, serving_id TEXT NOT NULL, serving TEXT NOT NULL, by TEXT NOT NULL, cause TEXT NOT NULL,
     outcome TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL
   ) STRICT;
   CREATE INDEX served_of_serving ON served_records (serving_id, id);`,
  // A version's number in its row, so that no view reads whole documents for it.
  `ALTER TABLE version_records ADD COLUMN number TEXT NOT NULL DEFAULT '1';
   UPDATE version_records SET number = coalesce(
     (SELECT json_extract(m.document, '$.mountAs.version') FROM model_records m WHERE m.id = version_records.model_id), version, '1');
   DROP INDEX versions_of_model;
   CREATE INDEX versions_of_model ON version_records (model_id, number);
   DROP VIEW versions;
   CREATE VIEW versions AS
     SELECT v.model_id, m.name AS model, v.number AS version, v.path, v.size_bytes, v.total_params, v.tensorflow_version, v.verified,
       k.fingerprint, k.changed_at, k.added_at, k.imported_from, k.how, k.note, v.signatures, v.ops
     FROM version_records v JOIN model_records m ON m.id = v.model_id
     LEFT JOIN known_versions k ON k.model_id = v.model_id AND k.version = v.number;`,
  `CREATE TABLE request_records (
     id INTEGER PRIMARY KEY AUTOINCREMENT, model_id TEXT NOT NULL REFERENCES model_records (id) ON DELETE CASCADE, at TEXT NOT NULL,
     origin TEXT NOT NULL, serving_id TEXT NOT NULL, serving TEXT NOT NULL, signature TEXT NOT NULL, version TEXT, label TEXT, answered_by TEXT,
     outcome TEXT NOT NULL, status INTEGER, code TEXT, error TEXT NOT NULL, latency_ms REAL, pinned INTEGER NOT NULL DEFAULT 0,
     stored_bytes INTEGER NOT NULL, kind TEXT NOT NULL, bytes INTEGER NOT NULL, preview TEXT NOT NULL, input TEXT NOT NULL, document TEXT NOT NULL
   ) STRICT;
   CREATE INDEX requests_of_model ON request_records (model_id, id);
   CREATE INDEX unpinned_requests ON request_records (pinned, id, stored_bytes);
   CREATE TABLE request_files (hash TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;
   CREATE TABLE request_uses (
     request_id INTEGER NOT NULL REFERENCES request_records (id) ON DELETE CASCADE, hash TEXT NOT NULL, PRIMARY KEY (request_id, hash)
   ) STRICT;
   CREATE INDEX uses_of_file ON request_uses (hash);
   CREATE VIEW requests AS
     SELECT r.id, r.model_id, m.name AS model, r.at, r.origin, r.serving, r.signature, r.version, r.label, r.answered_by, r.outcome, r.status,
       r.code, nullif(r.error, '') AS error, r.latency_ms, json_extract(r.document, '$.options.backend') AS backend,
       json_extract(r.document, '$.answer.mode') AS mode, r.pinned, r.bytes,
       CASE json_type(r.input, '$.body') WHEN 'text' THEN json_extract(r.input, '$.body') END AS body,
       json_extract(r.document, '$.answer.outputs') AS outputs
     FROM request_records r JOIN model_records m ON m.id = r.model_id;`,
  "ALTER TABLE served_records ADD COLUMN refusal TEXT NOT NULL DEFAULT 'null';",
];
