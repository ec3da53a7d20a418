import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { HistoryQuery, PastRequest, RememberedAnswer } from '../../shared/contract/history.ts';

/** A sent request as its row holds it. `input` is JSON text of body or inputs; what is large in it lies in files and is named by hash. */
export interface RequestRow extends Omit<PastRequest, 'id' | 'pinned' | 'input'> {
  readonly modelId: string;
  readonly input: PastRequest['input'] & { readonly document: string };
}

/** A file that a row refers to; `hash` is of its bytes. */
export interface RequestFile {
  readonly hash: string;
  readonly bytes: number;
}

export interface KeptRow extends RequestRow {
  readonly id: number;
  readonly pinned: boolean;
}

/** Requests that were sent. Each call is one commit. Files are named here and deleted by whoever asks for those that nobody uses. */
export interface RequestRecords {
  add(rows: readonly { readonly row: RequestRow; readonly files: readonly RequestFile[] }[]): void;
  /** Newest first, one more than the limit where there are more. */
  list(query: HistoryQuery): readonly KeptRow[];
  get(id: number): KeptRow | undefined;
  pin(id: number, pinned: boolean): void;
  remove(id: number): void;
  /** All of a model but pinned ones; answers how many. */
  clear(modelId: string): number;
  facts(modelId: string): { readonly count: number; readonly signatures: readonly string[]; readonly versions: readonly string[] };
  /** Of all rows and files. */
  storedBytes(): number;
  /** Drops the oldest that are not pinned until all fit. */
  prune(limits: { readonly bytes: number; readonly count: number }): void;
  /** Forgets the files that no row uses, and answers their hashes. */
  takeUnused(): readonly string[];
  hashes(): ReadonlySet<string>;
}

type Row = Readonly<Record<string, SQLOutputValue>>;

/** What a row costs beside its texts. */
const rowBytes = 300;

const kept = 'id, model_id, at, origin, serving_id, serving, outcome, pinned, kind, bytes, preview, input, document';

function rowOf(row: Row): KeptRow {
  const document = JSON.parse(String(row['document'])) as Pick<RequestRow, 'options' | 'withheld' | 'answer' | 'problem'>;
  return {
    id: Number(row['id']),
    modelId: String(row['model_id']),
    at: String(row['at']),
    origin: row['origin'] as RequestRow['origin'],
    servingId: String(row['serving_id']),
    serving: String(row['serving']),
    outcome: row['outcome'] as RequestRow['outcome'],
    pinned: row['pinned'] === 1,
    input: {
      kind: row['kind'] as RequestRow['input']['kind'],
      bytes: Number(row['bytes']),
      preview: String(row['preview']),
      document: String(row['input']),
    },
    ...document,
  };
}

const statusOf = (answer: RememberedAnswer | null): number | null => answer?.status ?? null;

export function openRequestRecords(db: DatabaseSync, transaction: (work: () => void) => void): RequestRecords {
  const insert = db.prepare(
    `INSERT INTO request_records (model_id, at, origin, serving_id, serving, signature, version, label, answered_by, outcome, status, code, error,
       latency_ms, stored_bytes, kind, bytes, preview, input, document)
     SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM model_records WHERE id = ?)`,
  );
  const putFile = db.prepare('INSERT INTO request_files (hash, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const putUse = db.prepare('INSERT INTO request_uses (request_id, hash) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const drop = db.prepare('DELETE FROM request_records WHERE id = ?');
  const unused = db.prepare(
    'DELETE FROM request_files WHERE NOT EXISTS (SELECT 1 FROM request_uses u WHERE u.hash = request_files.hash) RETURNING hash, bytes',
  );
  const total = db.prepare(
    'SELECT (SELECT coalesce(sum(stored_bytes), 0) FROM request_records) + (SELECT coalesce(sum(bytes), 0) FROM request_files) AS bytes, (SELECT count(*) FROM request_records) AS count',
  );

  function addOne({ row, files }: Parameters<RequestRecords['add']>[0][number]): void {
    const { options, withheld, answer, problem, input } = row;
    const document = JSON.stringify({ options, withheld, answer, problem });
    const stored = rowBytes + document.length + Buffer.byteLength(input.document) + Buffer.byteLength(input.preview);
    const { lastInsertRowid, changes } = insert.run(
      row.modelId,
      row.at,
      row.origin,
      row.servingId,
      row.serving,
      options.signature,
      options.version ?? null,
      options.label ?? null,
      answer?.version ?? null,
      row.outcome,
      statusOf(answer),
      answer?.grpcStatus ?? problem?.code ?? null,
      answer?.error ?? problem?.advice ?? '',
      answer?.latencyMs ?? null,
      stored,
      input.kind,
      input.bytes,
      input.preview,
      input.document,
      document,
      row.modelId,
    );
    // The model was forgotten while it was asked.
    if (changes === 0) return;
    for (const { hash, bytes } of files) {
      putFile.run(hash, bytes);
      putUse.run(lastInsertRowid, hash);
    }
  }

  const texts = (sql: string, modelId: string): readonly string[] =>
    db
      .prepare(sql)
      .all(modelId)
      .map((row) => String(row['one']));

  return {
    add: (rows) => transaction(() => rows.forEach(addOne)),
    list({ modelId, text, signature, version, outcome, pinned, before, limit }) {
      const like = `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
      const searched = ['preview', 'signature', 'version', 'answered_by', 'label', 'serving', 'error', 'code', 'CAST(status AS TEXT)'];
      const conditions: readonly (readonly [sql: string, ...values: (string | number)[]])[] = [
        ['model_id = ?', modelId],
        ...(before === undefined ? [] : [['id < ?', before] as const]),
        ...(signature === undefined ? [] : [['signature = ?', signature] as const]),
        ...(version === undefined ? [] : [['coalesce(version, answered_by) = ?', version] as const]),
        ...(outcome === undefined ? [] : [['outcome = ?', outcome] as const]),
        ...(pinned === undefined ? [] : [['pinned = ?', pinned ? 1 : 0] as const]),
        ...(text === ''
          ? []
          : [[`(${searched.map((name) => `${name} LIKE ? ESCAPE '\\'`).join(' OR ')})`, ...searched.map(() => like)] as const]),
      ];
      return db
        .prepare(`SELECT ${kept} FROM request_records WHERE ${conditions.map(([sql]) => sql).join(' AND ')} ORDER BY id DESC LIMIT ?`)
        .all(...conditions.flatMap(([, ...values]) => values), limit + 1)
        .map(rowOf);
    },
    get(id) {
      const row = db.prepare(`SELECT ${kept} FROM request_records WHERE id = ?`).get(id);
      return row === undefined ? undefined : rowOf(row);
    },
    pin: (id, pinned) => void db.prepare('UPDATE request_records SET pinned = ? WHERE id = ?').run(pinned ? 1 : 0, id),
    remove: (id) => void drop.run(id),
    clear: (modelId) => Number(db.prepare('DELETE FROM request_records WHERE model_id = ? AND pinned = 0').run(modelId).changes),
    facts: (modelId) => ({
      count: Number(db.prepare('SELECT count(*) AS count FROM request_records WHERE model_id = ?').get(modelId)?.['count']),
      signatures: texts('SELECT DISTINCT signature AS one FROM request_records WHERE model_id = ? ORDER BY 1', modelId),
      versions: texts(
        `SELECT DISTINCT coalesce(version, answered_by) AS one FROM request_records WHERE model_id = ? AND coalesce(version, answered_by) IS NOT NULL
         ORDER BY CAST(coalesce(version, answered_by) AS INTEGER) DESC`,
        modelId,
      ),
    }),
    storedBytes: () => Number(total.get()?.['bytes']),
    prune({ bytes: limitBytes, count: limitCount }) {
      const now = total.get();
      let [bytes, count] = [Number(now?.['bytes']), Number(now?.['count'])];
      if (bytes <= limitBytes && count <= limitCount) return;
      transaction(() => {
        const oldest = db.prepare('SELECT id, stored_bytes FROM request_records WHERE pinned = 0 ORDER BY id LIMIT 1');
        const lone = db.prepare(
          'SELECT coalesce(sum(f.bytes), 0) AS bytes FROM request_uses u JOIN request_files f ON f.hash = u.hash WHERE u.request_id = ? AND NOT EXISTS (SELECT 1 FROM request_uses o WHERE o.hash = u.hash AND o.request_id <> u.request_id)',
        );
        while (bytes > limitBytes || count > limitCount) {
          const row = oldest.get();
          if (row === undefined) return;
          const id = Number(row['id']);
          bytes -= Number(row['stored_bytes']) + Number(lone.get(id)?.['bytes']);
          count -= 1;
          drop.run(id);
        }
      });
    },
    takeUnused: () => unused.all().map((row) => String(row['hash'])),
    hashes: () =>
      new Set(
        db
          .prepare('SELECT hash FROM request_files')
          .all()
          .map((row) => String(row['hash'])),
      ),
  };
}
