import type { Serving, ServingPlan } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';

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

export interface ModelRecords {
  all(): readonly Model[];
  put(model: Model): void;
  remove(id: string): void;
}

/** The history: what happened when, by whom. */
export interface EventRecords {
  add(event: { readonly about: string; readonly kind: string; readonly detail: string }): void;
  recent(limit: number): readonly { readonly at: string; readonly about: string; readonly kind: string; readonly detail: string }[];
}
