import type { ArrivingVersion, HistoryEntry, RecordChanges, VersionDetails, VersionRecord } from '../../shared/contract/library.ts';
import type { EvidenceRequest, ReadEvidence } from '../training/readEvidence.ts';
import type { Serving, ServingPlan } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { ServedEntry } from '../../shared/contract/switching.ts';

/** What must survive a crash about one serving. Written before the action that depends on it. */
export interface ServingRecord {
  readonly id: string;
  readonly plan: ServingPlan;
  /** What the person wants: reconcile compares it with what runs. */
  readonly wanted: 'running' | 'stopped';
  readonly containerId: string | null;
  /** The last state that was shown, to say what changed while nobody looked. */
  readonly last: Serving | null;
  readonly createdAt: string;
}

export interface ServingRecords {
  all(): readonly ServingRecord[];
  put(record: ServingRecord): void;
  remove(id: string): void;
}

/** A model as its row holds it: what is known beside the folder has tables of its own. */
export type StoredModel = Omit<Model, 'record'> & { readonly arriving?: readonly ArrivingVersion[] };

/** Why a model is written, and what is to be known of versions that were not there before. */
export interface ModelChange {
  readonly at: string;
  readonly by: HistoryEntry['by'];
  readonly kind: 'added' | 'appeared';
  readonly importedFrom: string;
  readonly how: VersionRecord['how'];
}

export interface ModelRecords {
  all(): readonly Model[];
  get(id: string): Model | undefined;
  /** Writes all but the record itself; versions that came, went or returned become history. */
  put(model: Model, change: ModelChange): void;
  remove(id: string, entry: HistoryEntry): void;
  /** Version -> what the last reading found. */
  lastRead(modelId: string): EvidenceRequest['known'];
  readEvidence(model: Pick<Model, 'id' | 'name'>, evidence: readonly ReadEvidence[], at: string): void;
  edit(changes: RecordChanges, about: { readonly model: string; readonly at: string; readonly by: HistoryEntry['by'] }): void;
  /** Forgets what is known of a version; what is in the folder is not. */
  removeVersion(modelId: string, version: string, entry: HistoryEntry): void;
  accept(modelId: string, version: string, entry: HistoryEntry): void;
  details(modelId: string, version: string): Pick<VersionDetails, 'courses' | 'details'>;
  history(about: {
    readonly modelId?: string | undefined;
    readonly version?: string | undefined;
    readonly limit: number;
  }): readonly HistoryEntry[];
}

/** The history: what happened when, by whom. */
export interface EventRecords {
  add(event: { readonly about: string; readonly kind: string; readonly detail: string }): void;
  recent(limit: number): readonly { readonly at: string; readonly about: string; readonly kind: string; readonly detail: string }[];
}

/** What was served when, by whom and why; the newest first. */
export interface ServedRecords {
  add(about: { readonly servingId: string; readonly serving: string }, entry: Omit<ServedEntry, 'id'>): { readonly id: number };
  of(servingId: string, limit: number): readonly ServedEntry[];
}
