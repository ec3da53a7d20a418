import { z } from 'zod';
import type { ErrorReport } from './errors.ts';
import type { SignatureInfo } from './savedModel.ts';
import { versionPolicy, type Canary, type PullProgress } from './serving.ts';

/** `[REGISTRY/]NAME[:TAG][@DIGEST]`: nothing that could end a line or an argument. */
export const imageReference = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._\-/:@]*$/);

const bakeChoices = {
  modelId: z.string().max(256),
  /** What is copied into the image; it serves all of it. */
  versions: versionPolicy.default({ kind: 'latest' }),
  /** The TensorFlow Serving image; that of the settings by default. */
  base: imageReference.optional(),
  /** Names the base by its digest, so that a later build cannot get another one under the same tag. */
  pinBase: z.boolean().default(false),
  /** hardened: as Slipway runs servers. simplest: three lines, as root, with the base's own entrypoint. */
  form: z.enum(['hardened', 'simplest']).default('hardened'),
  /** Prometheus metrics at `/monitoring/prometheus/metrics`. */
  monitoring: z.boolean().default(false),
  /** BatchingParameters as text; batching is off without. */
  batching: z.string().max(16_384).optional(),
};
export const bakeDraft = z.object(bakeChoices);
export type BakeDraft = z.infer<typeof bakeDraft>;

export const bakeRequest = z.object({
  ...bakeChoices,
  /** The name that the image gets once it has answered. */
  reference: imageReference,
  /** The Dockerfile as the person edited it; what the choices make by default. */
  dockerfile: z.string().min(1).max(65_536).optional(),
  noCache: z.boolean().default(false),
});
export type BakeRequest = z.infer<typeof bakeRequest>;

/** What would be built. */
export interface BakePreview {
  readonly dockerfile: string;
  readonly base: string;
  /** Null where the base is named by its tag: not asked for, or not pulled yet. */
  readonly baseDigest: string | null;
  readonly versions: readonly string[];
  /** Of all files that are sent to the builder. */
  readonly contextBytes: number;
  readonly suggestedReference: string;
  /** The newest bake of this model that this process knows. */
  readonly latestBake: string | null;
  /** What was baked of it and is on the engine, newest first; also before this process began, and by others. Empty without an engine. */
  readonly baked: readonly BakedBefore[];
}

/** An image that holds a model, as its labels tell; the simplest form has none. `id` is a bake's. */
export interface BakedBefore {
  readonly id: string;
  readonly reference: string;
  readonly versions: readonly string[];
  readonly sizeBytes: number;
  readonly createdAt: string;
}

/** What lies in a baked image: also in it, as `/slipway/manifest.json`, but for the simplest form. */
export interface BakeManifest {
  readonly model: string;
  readonly base: { readonly reference: string; readonly digest: string | null; readonly id: string };
  readonly versions: readonly {
    readonly version: string;
    readonly tensorflow_version: string;
    /** As the library knows the version by: ContentFingerprint. */
    readonly fingerprint: string;
    readonly signatures: Readonly<Record<string, SignatureInfo>>;
    readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  }[];
}

export type BakeStepId = 'read' | 'base' | 'send' | 'build' | 'try';

export interface BakeStep {
  readonly id: BakeStepId;
  readonly state: 'waiting' | 'running' | 'done' | 'skipped' | 'failed';
  /** 0..1, null where the end is not known. */
  readonly progress: number | null;
  /** The instruction that is built, or a milestone of the server that is tried. */
  readonly detail: string | null;
  readonly elapsedMs: number | null;
}

export interface BakedImage {
  readonly id: string;
  readonly reference: string;
  readonly sizeBytes: number;
  /** Digests of the layers' content, the base's first. */
  readonly layers: readonly string[];
  /** Who the server runs as in it; empty: root. */
  readonly user: string;
  readonly modelPath: string;
  readonly versions: readonly string[];
  /** What it answered when it was tried. */
  readonly canary: Canary;
}

/** One thing done with a baked image after it was built; `target` is the name it is pushed by, or the file it is saved to. */
export type BakeDelivery =
  | {
      readonly kind: 'running';
      readonly target: string;
      readonly taskId: string;
      readonly currentBytes: number;
      readonly totalBytes: number;
    }
  /** `digest` of a push; a saved file has none. */
  | { readonly kind: 'done'; readonly target: string; readonly digest: string | null; readonly sizeBytes: number | null }
  | { readonly kind: 'failed'; readonly target: string; readonly problem: ErrorReport };

/** One bake from its first step to its image, and what became of that. */
export interface Bake {
  readonly id: string;
  readonly modelId: string;
  readonly modelName: string;
  readonly reference: string;
  readonly taskId: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly steps: readonly BakeStep[];
  readonly pull: PullProgress | null;
  /** The builder's last lines. */
  readonly output: readonly string[];
  readonly problem: ErrorReport | null;
  readonly image: BakedImage | null;
  readonly push: BakeDelivery | null;
  readonly save: BakeDelivery | null;
}
