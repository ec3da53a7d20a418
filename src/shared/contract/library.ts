import { z } from 'zod';
import type { Problem, TensorInfo } from './savedModel.ts';

/**
 * The record of models and versions: what is known beyond their folders' contents, how it is searched, compared and shared.
 * A version is named by its number as decimal text, as TensorFlow Serving would report it; a folder without a number by the
 * number it is mounted as (`Model.mountAs`).
 */

const modelId = z.string().max(256);
const versionNumber = z.string().regex(/^\d{1,19}$/);
export const versionRef = z.object({ modelId, version: versionNumber });
export type VersionRef = Readonly<z.infer<typeof versionRef>>;

/** Where a metric or a detail was read, or who gave it. */
export type Source =
  | { readonly kind: 'typed'; readonly by: 'person' | 'import' }
  | {
      readonly kind: 'metrics.json' | 'history.json' | 'tensorboard' | 'mlflow';
      /** The file, relative to the base folder, with forward slashes. */
      readonly file: string;
      /** `model`: the file says nothing of versions, so it is told for all of them and makes no trend. */
      readonly scope: 'version' | 'model';
    };

/** A training metric: its last value, always finite. What a file says that is no number is a `Detail`. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly source: Source;
  /** How many points of its course are known (`VersionDetails.courses`); 0 where only the value is. */
  readonly points: number;
}

/** The course of a metric through training: (step, value), rising steps, at most 1 000 of them. */
export interface MetricCourse {
  readonly name: string;
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** What a file beside the model says in words: `class_names`, MLflow's parameters, a NaN. */
export interface Detail {
  readonly name: string;
  /** At most 4 000 characters. */
  readonly text: string;
  readonly source: Source;
}

/** A business tag. `value` is empty for a tag that is only a word. */
export interface Tag {
  readonly key: string;
  readonly value: string;
  readonly at: string;
}

/**
 * What a version's content is recognised by. SHA-256 over saved_model.pb, variables.index (which holds the checksum of every
 * tensor as it was saved), the assets' bytes up to 16 MB, and the path and size of every file of the model. It does not read
 * the weights: bytes changed in a shard without its index are found by `models.verify` alone.
 */
export interface ContentFingerprint {
  readonly value: string;
  readonly seenAt: string;
}

/** What is known of one version beside its `VersionSummary`. */
export interface VersionRecord {
  readonly version: string;
  /** When the library first saw it, ISO 8601. */
  readonly addedAt: string;
  /** As people write it: `~/models/digits/3`; of a managed copy, where it was copied from. */
  readonly importedFrom: string;
  readonly how: 'linked' | 'copied' | 'uploaded';
  /** null until it was read. */
  readonly fingerprint: ContentFingerprint | null;
  /** The content changed under the same number and nobody has accepted it: what it was before, and when that was noticed. */
  readonly changed: { readonly before: string; readonly at: string } | null;
  /** By name; typed ones stand before those that were read. */
  readonly metrics: readonly Metric[];
  readonly tags: readonly Tag[];
  readonly note: string;
  /** What could not be read beside the model: `events.out…: damaged`. */
  readonly unread: readonly string[];
}

/** A version that is not complete yet: its folder is there, what it needs is not. It joins `Model.versions` by itself. */
export interface ArrivingVersion {
  readonly version: string;
  readonly missing: readonly Problem[];
  readonly bytes: number;
  /** When something last came, ISO 8601. */
  readonly changedAt: string;
}

/** Kept in `Model.record` and mirrored with it. */
export interface ModelRecord {
  readonly tags: readonly Tag[];
  readonly note: string;
  /** One for each of `Model.versions`, in their order. */
  readonly versions: readonly VersionRecord[];
  readonly arriving: readonly ArrivingVersion[];
}

/** What a page about one version shows beyond the mirror. */
export interface VersionDetails extends VersionRef {
  readonly record: VersionRecord;
  readonly courses: readonly MetricCourse[];
  readonly details: readonly Detail[];
}

const key = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\s=<>:@]+$/);
const metricName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\s=<>]+$/);

/** Changes to what a person may say; absent is unchanged. Without a version it is the model that is meant, which has no metrics. */
export const recordChanges = z.object({
  modelId,
  version: versionNumber.optional(),
  tags: z.record(key, z.string().max(1_000)).optional(),
  removeTags: z.array(key).max(100).optional(),
  metrics: z.record(metricName, z.number()).optional(),
  /** Forgets what was typed; what a file says shows again. */
  removeMetrics: z.array(metricName).max(100).optional(),
  note: z.string().max(100_000).optional(),
});
export type RecordChanges = Readonly<z.infer<typeof recordChanges>>;

/**
 * A search as it is typed. Words are looked for in names, tags and notes; the rest are filters, all of which must hold:
 * `tag:prod`, `tag:team=vision`, `acc>0.9` (any metric, also `metric:acc>0.9`; `>=` `<` `<=` `=` `!=`), `shape:[?,8,8,1]`,
 * `after:2026-01-31`, `before:…` (added), `params>1e6`, `size<10MB`, `tf:2.20`, `op:Conv2D`, `model:digits`, `version:3`.
 * A word or value with spaces stands in double quotes.
 */
export const libraryQuery = z.object({
  query: z.string().max(2_000).default(''),
  /** `name`, `version`, `added`, `size`, `params` or `metric:NAME`; versions that lack it come last. */
  sort: z.string().max(300).default('name'),
  descending: z.boolean().default(false),
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1_000).default(100),
});
export type LibraryQuery = Readonly<z.infer<typeof libraryQuery>>;

/** One part of a query as it was understood, to show as a chip; `text` is its place in the query. */
export type QueryFilter = { readonly text: string } & (
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'tag'; readonly key: string; readonly value: string | null }
  | {
      readonly kind: 'number';
      readonly of: 'metric' | 'params' | 'size';
      readonly name: string;
      readonly is: Comparator;
      readonly value: number;
    }
  | { readonly kind: 'shape'; readonly shape: readonly (number | null)[] }
  | { readonly kind: 'date'; readonly is: 'after' | 'before'; readonly at: string }
  | { readonly kind: 'is'; readonly of: 'tf' | 'op' | 'model' | 'version'; readonly value: string }
);
export type Comparator = '>' | '>=' | '<' | '<=' | '=' | '!=';

export interface FoundVersion extends VersionRef {
  readonly model: string;
  readonly record: VersionRecord;
  readonly sizeBytes: number;
  readonly totalParams: number;
  readonly tensorflowVersion: string;
  /** Of serving_default, else the first callable signature. */
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly modelTags: readonly Tag[];
}

export interface LibraryAnswer {
  readonly versions: readonly FoundVersion[];
  /** Matches in all, beyond the page. */
  readonly total: number;
  /** Distinct models among them. */
  readonly models: number;
  readonly understood: readonly QueryFilter[];
  /** Parts that are no filter and are looked for as words nowhere, such as `acc>high`. */
  readonly notUnderstood: readonly string[];
  /** What could be asked for: of the whole library, the commonest first, at most 200 each. */
  readonly known: {
    readonly metrics: readonly { readonly name: string; readonly versions: number; readonly min: number; readonly max: number }[];
    readonly tags: readonly { readonly key: string; readonly values: readonly string[]; readonly versions: number }[];
  };
}

/** The first is what the others are compared with; they may be of different models. */
export const compareRequest = z.object({ versions: z.array(versionRef).min(2).max(8) });
export type CompareRequest = Readonly<z.infer<typeof compareRequest>>;

/**
 * What it means for a client of the first version to talk to another one. drop-in: nothing that a client sees differs.
 * compatible: what it sends and reads still holds, something was added. breaking: some client fails or reads something else.
 */
export type Verdict = 'drop-in' | 'compatible' | 'breaking';

/** Why; places for a sentence: `{signature}`, `{tensor}`, `{before}`, `{after}`. */
export interface VerdictReason {
  readonly code: VerdictCode;
  readonly verdict: Exclude<Verdict, 'drop-in'>;
  /** In English, filled. */
  readonly message: string;
  readonly data: Readonly<Record<string, string>>;
}

export type VerdictCode =
  | 'NO_SERVE_GRAPH'
  | 'SIGNATURE_GONE'
  | 'SIGNATURE_NEW'
  | 'METHOD_CHANGED'
  | 'INPUT_GONE'
  | 'INPUT_NEW'
  | 'INPUT_DTYPE'
  | 'INPUT_NARROWER'
  | 'INPUT_WIDER'
  | 'INPUT_SHAPE'
  | 'OUTPUT_GONE'
  | 'OUTPUT_NEW'
  | 'OUTPUT_NOW_NAMED'
  | 'OUTPUT_NOW_BARE'
  | 'OUTPUT_DTYPE'
  | 'OUTPUT_NARROWER'
  | 'OUTPUT_WIDER'
  | 'OUTPUT_SHAPE';

export interface ComparedVersion extends VersionRef {
  readonly model: string;
  readonly sizeBytes: number;
  readonly totalParams: number;
  readonly variableCount: number;
  readonly tensorflowVersion: string;
  readonly fingerprint: string | null;
  readonly addedAt: string;
  readonly note: string;
  /** Against the first; null for the first itself. */
  readonly verdict: Verdict | null;
  readonly reasons: readonly VerdictReason[];
}

/** One row of the comparison; `values` are in the order of the versions, null where one has none. */
export interface ComparedRow<T> {
  readonly name: string;
  readonly values: readonly (T | null)[];
  readonly same: boolean;
}

export interface ComparedMetric extends ComparedRow<number> {
  /** By the name's convention: `loss` lower, `accuracy` higher, else null. */
  readonly better: 'higher' | 'lower' | null;
  /** Against the first; null where either has none. */
  readonly changes: readonly ({ readonly difference: number; readonly is: 'better' | 'worse' | 'same' | 'different' } | null)[];
  readonly sources: readonly (Source | null)[];
  /** Through training, by version; empty where only the last value is known. */
  readonly courses: readonly MetricCourse['points'][];
  /** Over all versions of each model that is compared, rising. */
  readonly trends: readonly {
    readonly modelId: string;
    readonly model: string;
    readonly points: readonly { readonly version: string; readonly value: number }[];
  }[];
}

export interface ComparedTensor extends ComparedRow<TensorInfo> {
  readonly signature: string;
  readonly side: 'input' | 'output';
}

export interface Comparison {
  readonly versions: readonly ComparedVersion[];
  /** The worst of the verdicts. */
  readonly verdict: Verdict;
  readonly tensors: readonly ComparedTensor[];
  readonly metrics: readonly ComparedMetric[];
  readonly tags: readonly ComparedRow<string>[];
  readonly details: readonly ComparedRow<string>[];
  /** Op type -> nodes. */
  readonly ops: readonly ComparedRow<number>[];
  readonly assets: readonly ComparedRow<true>[];
  /** Path -> bytes. */
  readonly files: readonly ComparedRow<number>[];
}

export const exportFormat = z.enum(['csv', 'json', 'markdown']);
export type ExportFormat = z.infer<typeof exportFormat>;

/** A file to save: the shell writes it, or a browser downloads it. */
export interface TextFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/** What happened to a version, newest first in lists. `data` fills the sentence of `kind`. */
export interface HistoryEntry {
  readonly at: string;
  readonly modelId: string;
  readonly model: string;
  /** null: the model as a whole. */
  readonly version: string | null;
  readonly kind: HistoryKind;
  readonly by: 'person' | 'automatic' | 'import';
  readonly data: Readonly<Record<string, string | number>>;
}
export type HistoryKind =
  | 'added'
  | 'appeared'
  | 'changed'
  | 'accepted'
  | 'gone'
  | 'returned'
  | 'tagged'
  | 'untagged'
  | 'measured'
  | 'unmeasured'
  | 'noted'
  | 'renamed'
  | 'forgotten'
  | 'deleted';

/** What an import of metadata did: numbers of tags, notes and metrics, and the lines that could not be used. */
export interface MetadataImport {
  readonly added: number;
  readonly changed: number;
  readonly same: number;
  /** What is newer here than in the file, and was kept. */
  readonly kept: number;
  /** Versions not in this library: kept aside, and theirs as soon as they come. */
  readonly waiting: readonly string[];
  /** Versions whose content differs from the one the file speaks of: theirs was kept aside, not mixed in. */
  readonly different: readonly string[];
  readonly bad: readonly { readonly line: number; readonly reason: string }[];
  /** How many bad lines there are; the first 100 are told. */
  readonly badLines: number;
}

/** What a removal would touch, to be shown before it is asked for. */
export interface Removal {
  readonly modelId: string;
  readonly model: string;
  /** null: the whole model. */
  readonly version: string | null;
  /** forget: files stay where they are. delete: the managed copy goes to the bin, or to the trash folder of the data folder. */
  readonly kind: 'forget' | 'delete';
  /** The folder, as people write it. */
  readonly folder: string;
  readonly versions: readonly string[];
  readonly files: number;
  readonly bytes: number;
  readonly lost: { readonly tags: number; readonly typedMetrics: number; readonly notes: number };
  /** Stopped servings that could not be started again. */
  readonly servings: readonly string[];
  /** Names of servings that run: it is refused while there are any. */
  readonly servedBy: readonly string[];
  /** What was shown; the removal is refused where something has changed since. */
  readonly confirm: string;
}
