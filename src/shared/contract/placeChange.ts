import { z } from 'zod';
import type { ErrorReport } from './errors.ts';
import type { MemoryForecast } from './switching.ts';
import { serveChanges, type PullProgress, type ServingPlan, type ServingStep, type StepId } from './serving.ts';

/** What a serving's next place is to be otherwise; what is left out stays, and the address always does. */
export const placeChanges = serveChanges.omit({ name: true, restPort: true, grpcPort: true, life: true, through: true });
export type PlaceChanges = z.infer<typeof placeChanges>;

/** The new place starts as any does; then the address is handed over, what is under way at the old one ends, and that is kept or ended. */
export type ChangeStepId = StepId | 'room' | 'handover' | 'drain' | 'keep';

export interface ChangeStep extends Omit<ServingStep, 'id'> {
  readonly id: ChangeStepId;
}

/** A serving's way from one place to another. Until the step `handover` is done the old place answers alone; after `drain` the new one does. */
export interface PlaceChange {
  readonly kind: 'change' | 'rollback';
  readonly from: PlaceName;
  readonly to: PlaceName;
  readonly state: 'running' | 'done' | 'failed';
  readonly steps: readonly ChangeStep[];
  /** The new image on its way; null where nothing is or was pulled. */
  readonly pull: PullProgress | null;
  /** Why it was taken back. */
  readonly problem: ErrorReport | null;
  /** Requests at the old place that were still under way after the time that they are given, and were cut off. */
  readonly cutOff: number;
  /** How long the address was refused: null behind the gateway, where it is not. */
  readonly refusedMs: number | null;
  /** The new place, from before it runs; what must survive a crash in the middle. */
  readonly plan: ServingPlan;
  readonly containerId: string | null;
  readonly taskId: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** A place in words: its engine, and the image where it is Docker. */
export interface PlaceName {
  readonly engine: 'docker' | 'embedded';
  readonly image: string | null;
}

/** The place before the present one. */
export interface FormerPlace {
  readonly plan: ServingPlan;
  /** It still runs, and a rollback takes a moment; null: it is started anew. */
  readonly containerId: string | null;
  readonly imageDigest: string | null;
}

/** What it would mean that a model joins the server of another serving, told before it is done. */
export interface JoinForecast {
  /** The server's container does not see the folder: another one starts beside it and takes over first. */
  readonly needsContainer: boolean;
  /** The address is refused for a moment meanwhile, since no gateway holds it. */
  readonly hasGap: boolean;
  readonly memory: MemoryForecast;
}

/** An image on this engine that a serving can be moved to. */
export interface LocalImage {
  /** `NAME:TAG`. */
  readonly reference: string;
  /** `sha256:…` of the image itself. */
  readonly id: string;
  /** `sha256:…` of its repository; null where it came from no registry. */
  readonly digest: string | null;
  readonly sizeBytes: number;
}

/** What no running server can be told: another of these needs a new container, or a new process of the embedded engine. */
export type PlacePart = 'engine' | 'image' | 'folder' | 'versions' | 'tags' | 'flags' | 'env' | 'memory' | 'user';

/** What a change of place would do, told before it is done. */
export interface PlaceForecast {
  readonly to: PlaceName;
  /** What is otherwise; empty: nothing. */
  readonly differs: readonly PlacePart[];
  /** The image on this engine; null where it is pulled first, or none is needed. */
  readonly image: LocalImage | null;
  /** Beside the old place; `usedBytes` is what that uses, and what the new one is taken to need. */
  readonly room: { readonly usedBytes: number; readonly freeBytes: number; readonly isEnough: boolean };
}
