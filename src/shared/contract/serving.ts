import { z } from 'zod';
import type { ErrorReport } from './errors.ts';
import type { Switching } from './switching.ts';
import type { FormerPlace, PlaceChange } from './placeChange.ts';

/** Which versions a server loads; version numbers are decimal text, since they are int64. */
export const versionPolicy = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('latest') }),
  z.object({ kind: z.literal('all') }),
  z.object({
    kind: z.literal('specific'),
    versions: z
      .array(z.string().regex(/^\d{1,19}$/))
      .min(1)
      .max(100),
  }),
]);
export type VersionPolicy = z.infer<typeof versionPolicy>;

/**
 * How the versions of a base folder are served and changed while the server runs (`switching.ts`). `admitted`: guarded, what the
 * server is told to load, newest first; Slipway fills it in.
 */
const served = z
  .object({
    mode: z.enum(['guarded', 'follow']),
    labels: z.record(z.string().max(64), z.string().regex(/^\d{1,19}$/)).default({}),
    admitted: z.array(z.string().regex(/^\d{1,19}$/)).default([]),
  })
  .readonly();

export const servingName = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/);
const port = z.number().int().min(0).max(65535);

const serveChoices = {
  /** Also MODEL_NAME and the name in addresses; the model's own name by default. */
  name: servingName.optional(),
  engine: z.enum(['auto', 'docker', 'embedded']),
  image: z.string().min(1).max(512).optional(),
  /** 0 or absent: 8501 and 8500 where they are free, else the next free ones. */
  restPort: port.optional(),
  grpcPort: port.optional(),
  versions: versionPolicy,
  /** Guarded by default; absent in a plan whose versions cannot be changed: one version alone, a baked image. */
  served: served.optional(),
  /** Tags of the meta graph to load, `serve` by default. */
  tags: z.array(z.string().max(64)).max(8).optional(),
  extraFlags: z.array(z.string().max(1024)).max(64),
  env: z.record(z.string().max(128), z.string().max(4096)),
  memoryBytes: z.number().int().positive().optional(),
  /** uid:gid in the container; by default the folder's owner, as SECURITY.md says. */
  user: z
    .string()
    .regex(/^\d+(:\d+)?$/)
    .optional(),
  /** Where the model lies in the image itself: a baked one. Nothing is mounted then. */
  inImage: z
    .string()
    .regex(/^\/models\/[A-Za-z0-9_.-]{1,128}$/)
    .optional(),
  /** foreground: ends with the command that started it. kept: stays until stopped. */
  life: z.enum(['foreground', 'kept']),
  /** Another serving, by id or name, whose server serves this model too: its engine, image, flags, memory and ports are this one's. */
  inServerOf: z.string().min(1).max(256).optional(),
  /** What holds the address: the place itself, or the gateway, behind which places can change without a gap; by default the place itself. */
  through: z.enum(['direct', 'gateway']).optional(),
};

/** What the person asks for. Everything left out is chosen sensibly. */
export const serveRequest = z.object({
  ...serveChoices,
  modelId: z.string(),
  engine: serveChoices.engine.default('auto'),
  versions: serveChoices.versions.default({ kind: 'latest' }),
  extraFlags: serveChoices.extraFlags.default([]),
  env: serveChoices.env.default({}),
  life: serveChoices.life.default('kept'),
});
/** What is to be otherwise when a serving is started again; what is left out stays. */
export const serveChanges = z.object(serveChoices).partial();
export type ServeRequest = z.infer<typeof serveRequest>;

/** A request with every choice made: enough to start the same serving again, also after a restart. It is kept on the container's label. */
export const servingPlan = z.object({
  ...serveChoices,
  servingId: z.string(),
  modelId: z.string(),
  name: servingName,
  engine: z.enum(['docker', 'embedded']),
  image: serveChoices.image.unwrap(),
  /** Folder on this machine -> folder in the container, always read-only. */
  mount: z.object({ source: z.string(), target: z.string() }).readonly(),
  /** Further folders that the container sees, read-only: models that joined its server lie in them. */
  mounts: z
    .array(z.object({ source: z.string(), target: z.string() }).readonly())
    .readonly()
    .optional(),
  tags: serveChoices.tags.unwrap(),
  restPort: port,
  grpcPort: port,
  memoryBytes: z.number().int().positive(),
  user: serveChoices.user.unwrap(),
  /** Where the place listens behind the gateway; absent where it holds the address itself, or does not run. */
  placePorts: z.object({ restPort: port, grpcPort: port }).readonly().optional(),
});
export type ServingPlan = Readonly<z.infer<typeof servingPlan>>;

export type StepId = 'check' | 'pull' | 'create' | 'load' | 'available' | 'canary';

/** One line of a start's history. */
export interface ServingStep {
  readonly id: StepId;
  readonly state: 'waiting' | 'running' | 'done' | 'skipped' | 'failed';
  readonly startedAt: string | null;
  readonly elapsedMs: number | null;
  /** A machine-made detail, such as the last milestone of the server's log or why a canary was not tried. */
  readonly detail: string | null;
}

export interface PullProgress {
  readonly image: string;
  readonly layers: readonly {
    readonly id: string;
    readonly state: 'waiting' | 'downloading' | 'extracting' | 'done' | 'exists';
    readonly currentBytes: number;
    readonly totalBytes: number;
  }[];
  readonly currentBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  readonly secondsLeft: number | null;
}

/** The state of one serving. Only `serving` answers requests. */
export type ServingState =
  | { readonly kind: 'starting'; readonly step: StepId }
  | { readonly kind: 'serving'; readonly versions: readonly string[] }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'stopped'; readonly reason: StopReason }
  | { readonly kind: 'failed'; readonly step: StepId | 'running'; readonly problem: ErrorReport };

export type StopReason = 'person' | 'outside' | 'removed' | 'never' | 'ended' | 'engine-away';

/** What changed behind our back; said until the next start. */
export type ServingNote =
  | 'adopted'
  | 'paused-outside'
  | 'restarted'
  | 'started-outside'
  | 'stopped-outside'
  | 'removed-outside'
  | 'engine-away'
  | 'engine-restarted'
  | 'not-running'
  | 'no-version';

/** `not-tried` carries why: TensorFlow Serving says AVAILABLE, but no prediction was made. */
export type Canary =
  | { readonly kind: 'answered'; readonly ms: number }
  | { readonly kind: 'not-tried'; readonly reason: string }
  | { readonly kind: 'refused'; readonly note: string };

/** A line of the server's log that explains a failure, and where it stands. */
export interface Cause {
  readonly id: string;
  readonly line: string;
  readonly times: number;
}

export interface Serving {
  readonly id: string;
  readonly modelId: string;
  readonly name: string;
  readonly engine: 'docker' | 'embedded';
  readonly state: ServingState;
  readonly plan: ServingPlan;
  readonly steps: readonly ServingStep[];
  readonly pull: PullProgress | null;
  readonly canary: Canary | null;
  readonly cause: Cause | null;
  readonly containerId: string | null;
  readonly imageDigest: string | null;
  readonly note: ServingNote | null;
  /** When the present state began, ISO 8601. */
  readonly since: string;
  /** The task that is under way for it. */
  readonly taskId: string | null;
  readonly switching: Switching;
  /** The last change of place, under way or ended. */
  readonly change: PlaceChange | null;
  /** What it can be rolled back to. */
  readonly previous: FormerPlace | null;
}

export interface LogLine {
  /** ISO 8601 with milliseconds or better. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** Without the server's own time, file and line prefix. */
  readonly message: string;
  readonly raw: string;
  readonly level: 'info' | 'warning' | 'error';
}

/** One sample of a running container; CPU in % of one core. */
export interface Figures {
  readonly time: string;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly networkInBytes: number;
  readonly networkOutBytes: number;
}
