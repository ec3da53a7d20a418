import { eventIterator, oc, type } from '@orpc/contract';
import { z } from 'zod';
import { predictRequest, type OutputDifference, type TensorSummary } from './predict.ts';

/** How far an answer may lie from what a case expects: |answer − expected| ≤ absolute + relative · |expected| for every element. */
export const tolerance = z.object({ absolute: z.number().min(0).default(1e-6), relative: z.number().min(0).default(1e-5) });
export type Tolerance = z.infer<typeof tolerance>;

/** A case's name is its file's: `NAME.case.json`. */
export const caseName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}$/);

const { servingId, version, label, backend, mode, timeoutMs } = predictRequest.shape;
/** Who is asked. */
export const caseTarget = z.object({ servingId, version, label, backend, mode, timeoutMs });
export type CaseTarget = z.infer<typeof caseTarget>;

const ofModel = z.object({ modelId: z.string().max(256) });

/** An input with what is to be answered: saved with a model, or files that the person keeps. */
export const casesContract = {
  list: oc.input(ofModel).output(type<readonly SavedCase[]>()),
  /** Keeps an exchange's input and answer; `expected` is text in TensorFlow Serving's JSON by the outputs' names, where the person typed it. */
  save: oc
    .input(
      ofModel.extend({
        name: caseName,
        exchange: z.string().max(64),
        note: z.string().max(10_000).default(''),
        tolerance: tolerance.prefault({}),
        expected: z.record(z.string().max(1024), z.string().max(100_000_000)).optional(),
        /** Replaces a case of this name. */
        replace: z.boolean().default(false),
      }),
    )
    .output(type<SavedCase>()),
  remove: oc.input(ofModel.extend({ name: caseName })).output(type<void>()),
  /** Runs saved cases, one after another: all of them without `names`. */
  run: oc
    .input(ofModel.extend({ names: z.array(caseName).max(10_000).optional(), target: caseTarget }))
    .output(eventIterator(type<CaseResult>())),
};

export interface SavedCase {
  readonly name: string;
  readonly note: string;
  readonly signature: string;
  readonly savedAt: string;
  readonly inputs: readonly Pick<TensorSummary, 'name' | 'dtype' | 'shape'>[];
  /** What is compared: outputs by name, or a text that the refusal must hold. */
  readonly expects: { readonly kind: 'outputs'; readonly names: readonly string[] } | { readonly kind: 'error'; readonly text: string };
  readonly tolerance: Tolerance;
  /** Why its file cannot be read; then the rest says nothing. */
  readonly problem: string | null;
}

export interface CaseOutput extends OutputDifference {
  /** Elements that lie beyond the tolerance. */
  readonly beyond: number;
}

export interface CaseResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'not-run';
  /** One sentence where it did not pass. */
  readonly detail: string | null;
  readonly outputs: readonly CaseOutput[];
  /** The largest difference of all outputs; null where none could be compared. */
  readonly largest: number | null;
  /** The version that answered, where the server says. */
  readonly version: string | null;
  readonly latencyMs: number | null;
  /** To look at the answer; null where nothing was answered. */
  readonly exchange: string | null;
}
