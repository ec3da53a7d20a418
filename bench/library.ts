import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookingStatus } from '../src/main/docker/engineWatch.ts';
import { openDatabase, type Database } from '../src/main/database/database.ts';
import { createLibrary } from '../src/main/library/library.ts';
import { createLibraryRecord } from '../src/main/library/libraryRecord.ts';
import { inspectFolder } from '../src/main/savedmodel/inspectFolder.ts';
import { createStateHub } from '../src/main/stateHub.ts';
import { createTasks } from '../src/main/tasks.ts';
import { defaultSettings } from '../src/shared/contract/defaultSettings.ts';
import { libraryQuery } from '../src/shared/contract/library.ts';
import { summarize } from '../src/shared/contract/savedModel.ts';
import { median, say } from './processMs.ts';

const models = 100;
const versionsEach = 100;
const sample = join(import.meta.dirname, '..', 'resources', 'sample', 'digits');

/** Versions of the sample under other numbers and names, with five metrics, three tags and a note each. */
async function fill(database: Database): Promise<void> {
  const { versions } = summarize(await inspectFolder(sample, { signal: new AbortController().signal }));
  const at = new Date('2026-01-01').toISOString();
  for (let model = 0; model < models; model += 1) {
    const [id, name, path] = [`m${model}`, `model_${model}`, `/nowhere/model_${model}`];
    const numbers = Array.from({ length: versionsEach }, (_, index) => versionsEach - index);
    const all = numbers.flatMap((number) => {
      const summary = versions[number % versions.length];
      return summary === undefined ? [] : [{ ...summary, version: String(number), path: `${path}/${number}` }];
    });
    database.models.put(
      {
        id,
        name,
        path,
        source: 'linked',
        addedAt: at,
        versions: all,
        problems: [],
        mountAs: null,
        present: false,
        record: { tags: [], note: '', versions: [], arriving: [] },
      },
      { at, by: 'person', kind: 'added', importedFrom: path, how: 'linked' },
    );
    database.models.readEvidence(
      { id, name },
      numbers.map((number) => ({
        version: String(number),
        print: '',
        fingerprint: String(number),
        details: [],
        unread: [],
        metrics: ['accuracy', 'loss', 'val_accuracy', 'val_loss', 'auc'].map((metric, index) => ({
          name: metric,
          value: ((model * 7 + number * 13 + index * 17) % 1000) / 1000,
          source: { kind: 'metrics.json', file: `${number}/metrics.json`, scope: 'version' } as const,
          course: Array.from({ length: 20 }, (_one, step) => [step, step / 20] as const),
        })),
      })),
      at,
    );
    for (const number of numbers) {
      const tags = { team: `team${model % 10}`, stage: number % 10 === 0 ? 'prod' : 'test', run: `r${number}` };
      database.models.edit(
        { modelId: id, version: String(number), tags, note: `run ${number} of ${name}` },
        { model: name, at, by: 'person' },
      );
    }
  }
}

function timed<T>(work: () => T, runs = 21): { readonly ms: number; readonly firstMs: number } {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const started = performance.now();
    work();
    times.push(performance.now() - started);
  }
  return { ms: median(times), firstMs: times[0] ?? Number.NaN };
}

/** A query by node:sqlite in a process of its own, as another program asks; the median of three in ms. */
function sqlMs(file: string, query: string): number {
  const script = `import { DatabaseSync } from 'node:sqlite';
    const query = new DatabaseSync(${JSON.stringify(file)}, { readOnly: true }).prepare(${JSON.stringify(query)});
    const times = [];
    for (let run = 0; run < 3; run += 1) { const started = performance.now(); query.all(); times.push(performance.now() - started); }
    process.stdout.write(String(times.toSorted((a, b) => a - b)[1]));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

/** 10 000 versions: list, filter and compare, each against the same question asked of the views by SQL. */
export async function benchLibrary(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rmSync(folder, { recursive: true, force: true }));
  const database = undo.adopt(openDatabase(folder), (one) => one.close());
  await fill(database);

  const facts = {
    version: '0',
    platform: 'linux',
    home: folder,
    capabilities: { dropIsLink: false, pickFolderDialog: false, folderTree: false, revealFolder: false },
  };
  const hub = createStateHub({ models: [], servings: [], tasks: [], engine: lookingStatus, settings: defaultSettings }, facts);
  const now = (): Date => new Date();
  const tasks = undo.use(createTasks(hub, now));
  const opened = performance.now();
  const library = undo.use(createLibrary({ hub, tasks, records: database.models, folder, userHome: folder, now }));
  const openMs = performance.now() - opened;
  const record = createLibraryRecord({ hub, library, records: database.models, metadata: database.metadata, now });
  const count = hub.state.models.reduce((sum, { versions }) => sum + versions.length, 0);
  say(`library: ${count} versions of ${models} models read from the record in ${openMs.toFixed(0)} ms`);

  const search = (query: string, sort = 'name') => record.search(libraryQuery.parse({ query, sort, limit: 100 }));
  const versions = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => ({ modelId: `m${number}`, version: String(number) }));
  const cases: readonly (readonly [name: string, ours: () => unknown, theirs: string])[] = [
    ['list, by name', () => search(''), 'SELECT * FROM versions ORDER BY model LIMIT 100'],
    [
      'list, by a metric',
      () => search('', 'metric:accuracy'),
      `SELECT v.*, r.value FROM versions v JOIN metrics r ON r.model_id = v.model_id AND r.version = v.version AND r.name = 'accuracy' ORDER BY r.value LIMIT 100`,
    ],
    [
      'filter: acc>0.9 tag:stage=prod shape:[?,8,8,1] after:2020-01-01 run',
      () => search('acc>0.9 tag:stage=prod shape:[?,8,8,1] after:2020-01-01 run'),
      `SELECT v.* FROM versions v WHERE v.added_at > '2020' AND v.note LIKE '%run%' AND v.signatures LIKE '%8,8,1]%'
        AND EXISTS (SELECT 1 FROM metrics r WHERE r.model_id = v.model_id AND r.version = v.version AND r.name LIKE '%acc%' AND r.value > 0.9)
        AND EXISTS (SELECT 1 FROM tags t WHERE t.model_id = v.model_id AND t.version = v.version AND t.key = 'stage' AND t.value = 'prod') LIMIT 100`,
    ],
    [
      'compare two',
      () => record.compare({ versions: versions.slice(0, 2) }),
      `SELECT * FROM versions v JOIN metrics r ON r.model_id = v.model_id AND r.version = v.version WHERE v.model_id IN ('m1', 'm2')`,
    ],
    [
      'compare eight',
      () => record.compare({ versions }),
      `SELECT * FROM versions v JOIN metrics r ON r.model_id = v.model_id AND r.version = v.version WHERE v.model_id IN ('m1','m2','m3','m4','m5','m6','m7','m8')`,
    ],
  ];
  for (const [name, ours, theirs] of cases) {
    // A change makes what was prepared for searches out of date: each first search is one after a change.
    library.rename('m0', hub.state.models[0]?.name === 'first' ? 'again' : 'first');
    const { ms, firstMs } = timed(ours);
    const other = sqlMs(join(folder, 'slipway.db'), theirs);
    say(
      `library: ${name}: ${ms.toFixed(1)} ms (first after a change ${firstMs.toFixed(1)} ms); as SQL over the views ${other.toFixed(1)} ms (${(other / ms).toFixed(1)}×); ${(100 / Math.max(ms, firstMs)).toFixed(1)}× within 100 ms`,
    );
  }
  const asked = performance.now();
  const bytes = JSON.stringify(hub.state).length;
  say(
    `library: the whole state for a window ${(bytes / 1e6).toFixed(1)} MB, ${(performance.now() - asked).toFixed(0)} ms to write as JSON`,
  );
}
