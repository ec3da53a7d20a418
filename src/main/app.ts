import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AppFacts } from '../shared/contract/state.ts';
import type { Settings } from '../shared/contract/settings.ts';
import { openDatabase } from './database/database.ts';
import type { RecipeRecords } from './database/recipeRecords.ts';
import { credentialsFor } from './docker/credentials.ts';
import type { Credentials } from './docker/dockerEngine.ts';
import { openTypedCredentials, type SecretBox, type TypedCredentials } from './docker/typedCredentials.ts';
import { createBakes, type Bakes } from './deploy/bakes.ts';
import { createEngineWatch, lookingStatus, type EngineWatch } from './docker/engineWatch.ts';
import { clearStaging } from './library/clearStaging.ts';
import { createFolderTree, type FolderTree } from './library/folderTree.ts';
import { createImports, type Imports } from './library/imports.ts';
import { createLibrary, type Library } from './library/library.ts';
import { createLibraryRecord, type LibraryRecord } from './library/libraryRecord.ts';
import { createRequestHistory, type RequestHistory } from './history/requestHistory.ts';
import { asAppError } from './incident.ts';
import { createEngineBackend } from './predict/engineBackend.ts';
import { createExchanges } from './predict/exchanges.ts';
import { createCases, type Cases } from './cases/cases.ts';
import { createPlayground, type Playground } from './predict/playground.ts';
import { createPredictions, type Predictions } from './predict/predictions.ts';
import { createGrpcConnections } from './predict/predictGrpc.ts';
import { createTables, type Tables } from './predict/tables.ts';
import { createTakeAway, type TakeAway } from './predict/takeAway.ts';
import { createEnginePlace } from './serving/enginePlace.ts';
import type { Later } from './serving/followVersions.ts';
import { createServings, type Servings } from './serving/servings.ts';
import type { SettingsStore } from './settings/settingsStore.ts';
import { createStateHub, type StateHub } from './stateHub.ts';
import type { GatewayProgram } from './gateway/startGateway.ts';
import type { ForkEngine } from './tfserving/engineProcess.ts';
import { createTasks, type Tasks } from './tasks.ts';

/** What the services need of the world around them; each entry (desktop, web, command) gives its own. */
export interface Outside {
  /** The data folder; made where it is not there. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly role: 'desktop' | 'web' | 'background' | 'command';
  readonly capabilities: AppFacts['capabilities'];
  readonly settings: SettingsStore;
  /** Roots of the folder tree. */
  readonly roots: readonly string[];
  /** The sample model's folder. */
  readonly samplePath: string;
  /** Starts a process of the embedded engine. */
  readonly forkEngine: ForkEngine;
  /** How a gateway's process is started; it may outlive this one. */
  readonly gatewayProgram: GatewayProgram;
  /** The shell's own dialog; null when the person cancelled. */
  readonly pickFolder?: () => Promise<string | null>;
  readonly reveal?: (path: string) => void;
  /** Moves a folder of ours to the system's bin. */
  readonly toBin?: (path: string) => Promise<void>;
  /** The system's safe place for what the person types; in memory only where the shell has none. */
  readonly secretBox?: SecretBox;
  /** A clock of tests. */
  readonly later?: Later;
}

/** The services of one data folder. Disposing stops what is under way; kept servings go on. */
export interface App {
  readonly outside: Outside;
  readonly hub: StateHub;
  readonly tasks: Tasks;
  readonly engines: EngineWatch;
  readonly library: Library;
  readonly libraryRecord: LibraryRecord;
  readonly imports: Imports;
  readonly tree: FolderTree;
  readonly servings: Servings;
  readonly bakes: Bakes;
  readonly predictions: Predictions;
  readonly playground: Playground;
  readonly cases: Cases;
  readonly tables: Tables;
  readonly recipes: RecipeRecords;
  readonly history: RequestHistory;
  readonly takeAway: TakeAway;
  readonly typedCredentials: TypedCredentials;
  readonly credentials: (reference: string) => Promise<Credentials | undefined>;
  setSettings(changes: Partial<Settings>): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The person's own folder. */
export function userHomeOf(env: Outside['env']): string {
  return env['HOME'] ?? env['USERPROFILE'] ?? homedir();
}

/** Makes the services. DATA_FOLDER_UNUSABLE where the folder or its database cannot be used. */
export async function createApp(outside: Outside): Promise<App> {
  await using boot = new AsyncDisposableStack();
  const { home, env } = outside;
  const now = (): Date => new Date();

  // 1. The data folder and its record.
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const database = boot.adopt(openDatabase(home), (one) => one.close());

  // 2. The state that windows mirror.
  const facts: AppFacts = { version: outside.version, platform: process.platform, home, capabilities: outside.capabilities };
  const hub = createStateHub({ models: [], servings: [], tasks: [], engine: lookingStatus, settings: outside.settings.read() }, facts);
  const tasks = boot.use(createTasks(hub, now));

  // 3. The library.
  const userHome = userHomeOf(env);
  // What cannot be cleared is in nobody's way.
  await clearStaging(home, new Set(database.models.all().map(({ id }) => id))).catch((error: unknown) => void asAppError(error));
  const library = boot.use(createLibrary({ hub, tasks, records: database.models, folder: home, userHome, now, toBin: outside.toBin }));
  const libraryRecord = createLibraryRecord({ hub, library, records: database.models, metadata: database.metadata, now });
  const imports = boot.use(createImports({ hub, tasks, library, folder: home, userHome, samplePath: outside.samplePath }));
  const tree = createFolderTree(outside.roots, userHome);

  // 4. Questions to what is served.
  const getVersions = (modelId: string) => hub.state.models.find(({ id }) => id === modelId)?.versions ?? [];
  const beside = boot.use(createEnginePlace({ fork: outside.forkEngine, getVersions, dataFolder: home, onChange: () => undefined }));
  const exchanges = createExchanges();
  const connections = boot.use(createGrpcConnections());
  const getLimitBytes = (): number => hub.state.settings.historyMaxMb * 1_000_000;
  const history = boot.use(createRequestHistory({ home, records: database.requests, getLimitBytes }));
  const predictions = createPredictions({ hub, engines: boot.use(createEngineBackend(beside)), exchanges, connections, history, now });
  const cases = createCases({ home, exchanges, predictions });

  // 5. The engine, and what is served in it.
  const typedCredentials = openTypedCredentials(join(home, 'credentials'), outside.secretBox);
  const dockerFolder = env['DOCKER_CONFIG'] ?? join(userHome, '.docker');
  const credentials = (reference: string): Promise<Credentials | undefined> =>
    credentialsFor(reference, { dockerFolder, typed: typedCredentials });
  const life = new AbortController();
  boot.defer(() => life.abort());
  const engines = boot.use(createEngineWatch({ hub, env, getChosen: () => hub.state.settings.engineEndpoint, signal: life.signal }));
  const servings = boot.use(
    createServings({
      hub,
      tasks,
      engines,
      records: database.servings,
      events: database.events,
      served: database.served,
      ownerId: database.ownerId,
      dataFolder: home,
      credentials,
      forkEngine: outside.forkEngine,
      gatewayProgram: outside.gatewayProgram,
      runCases: (about, options) => cases.runBeside(about, options),
      later: outside.later,
      now,
    }),
  );

  const bakes = boot.use(
    createBakes({
      hub,
      tasks,
      engines,
      library,
      servings,
      credentials,
      ownerId: database.ownerId,
      dataFolder: home,
      userHome,
      nowMs: () => performance.now(),
    }),
  );

  const running = boot.move();
  return {
    outside,
    hub,
    tasks,
    engines,
    library,
    libraryRecord,
    imports,
    tree,
    servings,
    bakes,
    predictions,
    playground: createPlayground({ hub, exchanges }),
    cases,
    tables: createTables({ tasks, predictions, home }),
    recipes: database.recipes,
    history,
    takeAway: createTakeAway({ hub }),
    typedCredentials,
    credentials,
    setSettings: (changes) => hub.putSettings(outside.settings.write(changes)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
