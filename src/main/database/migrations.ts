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
];
