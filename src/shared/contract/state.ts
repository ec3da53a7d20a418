import type { ErrorReport } from './errors.ts';
import type { ModelRecord } from './library.ts';
import type { VersionSummary, Problem } from './savedModel.ts';
import type { Serving } from './serving.ts';
import type { Settings } from './settings.ts';

/** A model of the library. */
export interface Model {
  readonly id: string;
  readonly name: string;
  /** The base folder on this machine, or the single version's folder where there is no base. */
  readonly path: string;
  readonly source: 'linked' | 'managed' | 'sample';
  readonly addedAt: string;
  /** Newest first. */
  readonly versions: readonly VersionSummary[];
  readonly problems: readonly Problem[];
  /** Where the folder is not laid out as TensorFlow Serving wants it: mount this folder as that version. */
  readonly mountAs: { readonly version: string; readonly path: string } | null;
  /** False once the folder has gone. */
  readonly present: boolean;
  /** Tags, notes, metrics and whatever else is known beside the folder. */
  readonly record: ModelRecord;
}

/** The number that a version is served and known under: the one its folder is mounted as, else its own. */
export function numberOf({ mountAs }: Pick<Model, 'mountAs'>, { version }: Pick<VersionSummary, 'version'>): string {
  return mountAs?.version ?? version ?? '1';
}

export interface Task {
  readonly id: string;
  readonly label: string;
  /** The object it is about, to open by a click. */
  readonly about: { readonly kind: 'serving' | 'model' | 'image' | 'import'; readonly id: string } | null;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  /** 0..1, null where the end is not known. */
  readonly progress: number | null;
  readonly detail: string | null;
  readonly startedAt: string;
  readonly error: ErrorReport | null;
}

/** One place where an engine may be, and what was found there. */
export interface EngineCandidate {
  /** `unix:///var/run/docker.sock`, `npipe:////./pipe/docker_engine`, `ssh://…`. */
  readonly endpoint: string;
  /** Where the idea came from: `DOCKER_HOST`, `context colima`, `Docker Desktop` … */
  readonly origin: string;
  readonly state: 'answers' | 'absent' | 'forbidden' | 'not-answering' | 'remote';
  readonly detail: string | null;
  readonly version: string | null;
}

export interface EngineStatus {
  readonly state: 'looking' | 'connected' | 'away';
  /** The one in use. */
  readonly endpoint: string | null;
  readonly origin: string | null;
  readonly product: string | null;
  readonly version: string | null;
  /** `linux/amd64`. */
  readonly platform: string | null;
  readonly memoryBytes: number | null;
  readonly cpus: number | null;
  readonly candidates: readonly EngineCandidate[];
  readonly problem: ErrorReport | null;
}

/** All that the window mirrors. */
export interface AppState {
  readonly models: readonly Model[];
  readonly servings: readonly Serving[];
  readonly tasks: readonly Task[];
  readonly engine: EngineStatus;
  readonly settings: Settings;
}

/** A watch stream: first the whole, then changes. */
export type StateEvent =
  | { readonly kind: 'snapshot'; readonly state: AppState; readonly app: AppFacts }
  | { readonly kind: 'model'; readonly model: Model }
  | { readonly kind: 'model-gone'; readonly id: string }
  | { readonly kind: 'serving'; readonly serving: Serving }
  | { readonly kind: 'serving-gone'; readonly id: string }
  | { readonly kind: 'task'; readonly task: Task }
  | { readonly kind: 'task-gone'; readonly id: string }
  | { readonly kind: 'engine'; readonly engine: EngineStatus }
  | { readonly kind: 'settings'; readonly settings: Settings }
  /** Asks every window to open the import sheet: a folder given on the command line or to the running app. */
  | { readonly kind: 'open-import'; readonly ticket: string };

/** What a screen may ask of its shell; never the shell's name. */
export interface AppFacts {
  readonly version: string;
  readonly platform: string;
  readonly home: string;
  readonly capabilities: {
    /** A dropped folder becomes a path, linked instead of copied. */
    readonly dropIsLink: boolean;
    readonly pickFolderDialog: boolean;
    readonly folderTree: boolean;
    readonly revealFolder: boolean;
  };
}
