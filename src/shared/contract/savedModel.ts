import type { DtypeName } from '../tensor/dtype.ts';

/**
 * What reading a folder tells: the document that `slipway inspect --json` prints and the import sheet shows.
 * Field names are TensorFlow's own, hence snake_case.
 */

/** One input or output of a signature. `shape` holds -1 for an unknown dimension and is null where the rank is unknown. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: DtypeName;
  readonly dtype_enum: number;
  readonly shape: readonly number[] | null;
  readonly unknown_rank: boolean;
}

export interface SignatureInfo {
  readonly method_name: string;
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
  /** Inputs for which the signature holds a default; absent where there are none. Over gRPC they may be left out. */
  readonly optional?: readonly string[];
}

export interface MetaGraphInfo {
  readonly tags: readonly string[];
  readonly signatures: Readonly<Record<string, SignatureInfo>>;
  /** The exporting TensorFlow, such as `2.21.0`; empty where the file does not say. */
  readonly tensorflow_version: string;
  /** The graph's producer version (VersionDef.producer). */
  readonly producer: number;
  readonly assets: readonly string[];
  /** Op type -> nodes of it, in the main graph and in all functions. */
  readonly ops: Readonly<Record<string, number>>;
}

/** One entry of variables.index. `offset` and `bytes` point into the shard's file. */
export interface VariableInfo {
  readonly key: string;
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  readonly shard: number;
  readonly offset: number;
  readonly bytes: number;
  /** The masked CRC32C as stored. */
  readonly crc32c: number;
  /** A partitioned variable has no bytes of its own; they lie in these. */
  readonly slices?: readonly VariableSlice[];
}

/** One part of a partitioned variable: where it begins and how long it is in each dimension (-1: all of it). */
export interface VariableSlice {
  readonly start: readonly number[];
  readonly length: readonly number[];
  readonly shard: number;
  readonly offset: number;
  readonly bytes: number;
  readonly crc32c: number;
}

export interface FileInfo {
  /** Relative to the version's folder, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
}

/** What a button can do about a problem. */
export type Mend =
  | { readonly kind: 'serveAsVersion'; readonly version: string }
  | { readonly kind: 'useFolder'; readonly path: string }
  | { readonly kind: 'useTags'; readonly tags: readonly string[] }
  | { readonly kind: 'runPython'; readonly line: string }
  | { readonly kind: 'unpack' }
  | { readonly kind: 'lookAgain' };

export interface Problem {
  readonly code: ProblemCode;
  /** error: would not serve. warning: serves, but look. note: for information. */
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
  readonly advice: string;
  /** Most sensible first. */
  readonly mends?: readonly Mend[];
  /** Values of the sentence, so that another language can build it: `{file}`, `{op}`, `{found}`, `{expected}` ... */
  readonly data?: Readonly<Record<string, string | number>>;
}

export type ProblemCode =
  // layout
  | 'NOT_FOUND'
  | 'NOT_READABLE'
  | 'NOT_A_FOLDER'
  | 'EMPTY_FOLDER'
  | 'NO_MODEL_FOUND'
  | 'NO_SAVED_MODEL'
  | 'IS_VERSION_FOLDER'
  | 'UNVERSIONED'
  | 'VERSION_NOT_NUMERIC'
  | 'VERSION_LEADING_ZEROS'
  | 'DUPLICATE_VERSION'
  | 'NESTED_MODEL'
  | 'SYMLINK_LOOP'
  | 'DANGLING_LINK'
  | 'KERAS_FILE'
  | 'H5_FILE'
  | 'CHECKPOINT'
  | 'FROZEN_GRAPH'
  | 'TFLITE_FILE'
  | 'ARCHIVE'
  // saved_model.pb
  | 'PB_IS_FOLDER'
  | 'PB_CORRUPT'
  | 'PB_EMPTY'
  | 'PB_TOO_LARGE'
  | 'PB_IS_FROZEN_GRAPH'
  | 'NO_SERVE_TAG'
  | 'NO_SIGNATURE'
  | 'SIGNATURE_TENSOR_MISSING'
  | 'SIGNATURE_SHAPE_HUGE'
  | 'CONST_HUGE'
  | 'UNKNOWN_OP'
  | 'ASSET_MISSING'
  // variables
  | 'INDEX_MISSING'
  | 'INDEX_CORRUPT'
  | 'SHARD_MISSING'
  | 'SHARD_SHORT'
  | 'CHECKSUM_MISMATCH'
  | 'VARIABLE_MISMATCH'
  | 'LIMIT_REACHED';

export interface VersionInfo {
  /** Decimal digits as TensorFlow Serving would report them; null where the folder is not a numbered version. */
  readonly version: string | null;
  readonly path: string;
  readonly meta_graphs: readonly MetaGraphInfo[];
  readonly total_params: number;
  readonly size_bytes: number;
  readonly files: readonly FileInfo[];
  readonly tensorflow_version: string;
  readonly ops: Readonly<Record<string, number>>;
  readonly assets: readonly string[];
  readonly variables: readonly VariableInfo[];
  /** fingerprint.pb, numbers as decimal text; null where there is none. */
  readonly fingerprint: Readonly<Record<string, string>> | null;
  /** Whether the checksums of all variables were compared and equal. */
  readonly verified: boolean;
  readonly problems: readonly Problem[];
}

/** A folder, described. `rejected` means: no usable SavedModel in it, and `problems` says why. */
export interface Inspection {
  readonly kind: 'ok' | 'rejected';
  readonly base: string;
  /** A name for the model, made from the folder's name: `[A-Za-z0-9_.-]{1,128}`. */
  readonly name: string;
  readonly versions: readonly VersionInfo[];
  readonly problems: readonly Problem[];
}

/** A version as screens get it: without the variables, which can be many thousands. */
export type VersionSummary = Omit<VersionInfo, 'variables'> & { readonly variable_count: number };
export type InspectionSummary = Omit<Inspection, 'versions'> & { readonly versions: readonly VersionSummary[] };

/** Leaves out what screens do not show. */
export function summarize(inspection: Inspection): InspectionSummary {
  return {
    ...inspection,
    versions: inspection.versions.map(({ variables, ...version }) => ({
      ...version,
      variable_count: variables.length,
    })),
  };
}

/** The meta graph that TensorFlow Serving loads for these tags: set equality, as its loader compares them. */
export function metaGraphFor<V extends Pick<VersionInfo, 'meta_graphs'>>(
  version: V,
  tags: readonly string[] = ['serve'],
): MetaGraphInfo | undefined {
  return version.meta_graphs.find((graph) => graph.tags.length === tags.length && tags.every((tag) => graph.tags.includes(tag)));
}

/** The signatures a person can call: TensorFlow's initialisation entry left out. */
export function callableSignatures(graph: Pick<MetaGraphInfo, 'signatures'>): readonly (readonly [string, SignatureInfo])[] {
  return Object.entries(graph.signatures).filter(([name]) => name !== '__saved_model_init_op');
}
