import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/main/database/database.ts';

test('any program reads the requests that were sent as a view, and writes nothing through it', () => {
  using closing = new DisposableStack();
  const folder = closing.adopt(mkdtempSync(join(tmpdir(), 'slipway-requests-')), (one) => rmSync(one, { recursive: true, force: true }));
  // It holds the model m1.
  copyFileSync(join(import.meta.dirname, 'files', 'slipway-1.db'), join(folder, 'slipway.db'));
  const database = closing.adopt(openDatabase(folder), (one) => one.close());
  const outputs = [{ name: 'digit', dtype: 'DT_FLOAT', shape: [1, 10], top: { index: 8, value: '0.9158' } }];
  const answer = {
    status: 200,
    grpcStatus: null,
    ok: true,
    error: null,
    version: '2',
    latencyMs: 3.9,
    requestBytes: 18,
    responseBytes: 30,
  };
  const options = {
    signature: 'serving_default',
    version: '2',
    backend: 'serving',
    mode: 'auto',
    insist: false,
    timeoutMs: 30_000,
  } as const;
  database.requests.add([
    {
      row: {
        modelId: 'm1',
        at: '2026-11-25T14:02:11.000Z',
        origin: 'window',
        servingId: 's1',
        serving: 'digits',
        options: { ...options, gzip: false, headers: {} },
        withheld: [],
        outcome: 'answered',
        answer: { ...answer, mode: 'row', outputs },
        problem: null,
        input: { kind: 'json', bytes: 18, preview: '{"instances": [1]}', document: '{"body":"{\\"instances\\": [1]}"}' },
      },
      files: [],
    },
  ]);
  const db = closing.adopt(new DatabaseSync(join(folder, 'slipway.db'), { readOnly: true }), (one) => one.close());
  expect({ ...db.prepare('SELECT * FROM requests').get() }).toEqual({
    id: 1,
    model_id: 'm1',
    model: 'digits',
    at: '2026-11-25T14:02:11.000Z',
    origin: 'window',
    serving: 'digits',
    signature: 'serving_default',
    version: '2',
    label: null,
    answered_by: '2',
    outcome: 'answered',
    status: 200,
    code: null,
    error: null,
    latency_ms: 3.9,
    backend: 'serving',
    mode: 'row',
    pinned: 0,
    bytes: 18,
    body: '{"instances": [1]}',
    outputs: JSON.stringify(outputs),
  });
  expect(() => db.exec('DELETE FROM requests')).toThrow(/readonly|cannot modify/);
});
