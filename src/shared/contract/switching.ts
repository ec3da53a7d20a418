import { z } from 'zod';
import type { ErrorReport } from './errors.ts';
import type { Problem } from './savedModel.ts';
import type { ServingStep, VersionPolicy } from './serving.ts';

/** Which of the versions below its base folder a server serves, changed while it runs. Version numbers are decimal text. */

const versionNumber = z.string().regex(/^\d{1,19}$/);
const label = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/);

/**
 * `guarded`: the server is told exactly which versions to load; Slipway admits one after looking at its files and, where it can,
 * trying it. `follow`: the server looks at the folder by itself.
 */
export const switchMode = z.enum(['guarded', 'follow']);
export type SwitchMode = z.infer<typeof switchMode>;

export const switchTarget = z.discriminatedUnion('kind', [
  /** The newest version that is complete, and each newer one that comes. */
  z.object({ kind: z.literal('latest') }),
  z.object({ kind: z.literal('all') }),
  z.object({ kind: z.literal('pin'), versions: z.array(versionNumber).min(1).max(100) }),
  /** Gives a label to a version, or takes it away (`version` null). */
  z.object({ kind: z.literal('label'), label, version: versionNumber.nullable() }),
  z.object({ kind: z.literal('mode'), mode: switchMode }),
  /** What was served at an earlier entry of the history. */
  z.object({ kind: z.literal('entry'), entryId: z.number().int() }),
  /** What was served before the present state. */
  z.object({ kind: z.literal('back') }),
  /** Unloads what is only kept for going back. */
  z.object({ kind: z.literal('unload-kept') }),
]);
export type SwitchTarget = z.infer<typeof switchTarget>;

export const switchRequest = z.object({
  /** The serving's id or name. */
  id: z.string().max(256),
  target: switchTarget,
  /** Kept in the history. */
  reason: z.string().max(500).default(''),
  /** Goes on where the memory that it needs is above the limit. */
  anyway: z.boolean().default(false),
  /** Goes on where saved cases fail. */
  despiteCases: z.boolean().default(false),
});
export type SwitchRequest = z.infer<typeof switchRequest>;

/** What is served at one time. */
export interface ServedState {
  readonly mode: SwitchMode;
  readonly policy: VersionPolicy;
  /** Newest first; what is only kept for going back is not among them. */
  readonly versions: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What memory a switch needs, in bytes. */
export interface MemoryForecast {
  /** What the server uses now, measured; null where it could not be measured. */
  readonly usedBytes: number | null;
  /** What the new versions will need beside it. */
  readonly addedBytes: number;
  readonly limitBytes: number;
  readonly fits: boolean;
}

/** What a switch would do, told before it is done. */
export interface SwitchForecast {
  readonly from: ServedState;
  readonly to: ServedState;
  readonly load: readonly string[];
  /** Stay loaded for going back. */
  readonly keep: readonly string[];
  readonly unload: readonly string[];
  readonly memory: MemoryForecast;
  /** Why it would be refused; null where it would not. */
  readonly problem: ErrorReport | null;
}

export type SwitchStepId = 'check' | 'memory' | 'load' | 'canary' | 'cases' | 'move' | 'keep';
export type SwitchStep = Omit<ServingStep, 'id'> & { readonly id: SwitchStepId };

/** The model's saved cases, run on the versions that a switch loads, before any client is answered by them. */
export interface SwitchCases {
  readonly count: number;
  readonly passed: number;
  readonly failed: number;
  /** The first of those that failed or could not be run, each with a sentence that says why. */
  readonly failures: readonly { readonly version: string; readonly name: string; readonly detail: string }[];
}

/** Why something else is served: asked for, a version that appeared, a return, a restart. */
export type SwitchCause = 'started' | 'asked' | 'appeared' | 'returned' | 'unloaded' | 'recovered' | 'outside';

/** One switch, from its first step to its end. */
export interface VersionSwitch {
  readonly id: string;
  /** Its task; null once it ended. */
  readonly taskId: string | null;
  /** What was asked for; absent in a record of an earlier release. */
  readonly target?: SwitchTarget;
  readonly by: 'person' | 'automatic';
  readonly cause: SwitchCause;
  readonly reason: string;
  readonly from: ServedState;
  readonly to: ServedState;
  /** `interrupted`: its process ended in the middle of it; what the record says was brought about again. */
  readonly state: 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted';
  readonly steps: readonly SwitchStep[];
  /** Absent where none were run. */
  readonly cases?: SwitchCases;
  readonly problem: ErrorReport | null;
  readonly startedAt: string;
}

/** A version that is there and is not served, with the reason. The others go on serving. */
export interface HeldVersion {
  readonly version: string;
  /** When that was noticed, ISO 8601. */
  readonly at: string;
  /** `incomplete`: a copy may be under way. `broken`: its files would not serve. `refused`: it was tried and failed. */
  readonly why:
    | { readonly kind: 'incomplete' | 'broken'; readonly problem: Problem }
    | { readonly kind: 'refused'; readonly problem: ErrorReport };
  /** Changes with the version's files: what was refused is tried again when they have changed. */
  readonly stamp: string;
}

/** Kept in `Serving.switching`. */
export interface Switching {
  /** The switch under way, else the last one. */
  readonly current: VersionSwitch | null;
  readonly held: readonly HeldVersion[];
  /** The newest entry of its history; absent where there is none yet, and in a record of an earlier release. */
  readonly latestEntry?: number;
}

/** One line of what was served when; `refused` and `cancelled` ones changed nothing, their `state` is what went on. */
export interface ServedEntry {
  readonly id: number;
  readonly at: string;
  readonly by: 'person' | 'automatic';
  readonly cause: SwitchCause;
  readonly outcome: 'served' | 'refused' | 'cancelled';
  /** The person's words, or why it was refused. */
  readonly reason: string;
  readonly state: ServedState;
  /** What was refused and why, of those that were. */
  readonly refusal: { readonly versions: readonly string[]; readonly why: HeldVersion['why'] } | null;
}
