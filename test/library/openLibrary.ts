import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/main/database/database.ts';
import { createImports, type Imports } from '../../src/main/library/imports.ts';
import { createLibrary, type Library } from '../../src/main/library/library.ts';
import { createLibraryRecord, type LibraryRecord } from '../../src/main/library/libraryRecord.ts';
import { createStateHub, type StateHub } from '../../src/main/stateHub.ts';
import { createTasks, type Tasks } from '../../src/main/tasks.ts';
import { defaultSettings } from '../../src/shared/contract/defaultSettings.ts';

export const sample = join(import.meta.dirname, '..', '..', 'resources', 'sample', 'digits');

export interface OpenLibrary extends AsyncDisposable {
  readonly hub: StateHub;
  readonly tasks: Tasks;
  readonly library: Library;
  readonly libraryRecord: LibraryRecord;
  readonly imports: Imports;
}

/** The library and its imports over a data folder, without an engine, a shell or servings. */
export function openLibrary(home: string, toBin?: (path: string) => Promise<void>): OpenLibrary {
  mkdirSync(home, { recursive: true });
  const stack = new AsyncDisposableStack();
  const database = stack.adopt(openDatabase(home), (one) => one.close());
  const engine = { state: 'looking', endpoint: null, origin: null, product: null, version: null } as const;
  const hub = createStateHub(
    {
      models: [],
      servings: [],
      tasks: [],
      engine: { ...engine, platform: null, memoryBytes: null, cpus: null, candidates: [], problem: null },
      settings: defaultSettings,
    },
    {
      version: '0',
      platform: 'linux',
      home,
      capabilities: { dropIsLink: true, pickFolderDialog: false, folderTree: false, revealFolder: false },
    },
  );
  const now = (): Date => new Date();
  const tasks = stack.use(createTasks(hub, now));
  const library = stack.use(createLibrary({ hub, tasks, records: database.models, folder: home, userHome: home, now, toBin }));
  const libraryRecord = createLibraryRecord({ hub, library, records: database.models, metadata: database.metadata, now });
  const imports = stack.use(createImports({ hub, tasks, library, folder: home, userHome: home, samplePath: sample }));
  return { hub, tasks, library, libraryRecord, imports, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
