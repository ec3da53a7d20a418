import { z } from 'zod';
import type { ErrorReport } from './errors.ts';
import { predictRequest, type OutputDifference, type PredictAnswer } from './predict.ts';

const { servingId, version, label, backend, mode, signature, insist, timeoutMs, body, inputs } = predictRequest.shape;

/**
 * Who is asked, and how. A version that its serving does not serve is answered by the embedded engine in its stead, and so is one of
 * a model that is named in place of a serving.
 */
export const compareSide = z
  .object({ servingId: servingId.optional(), modelId: z.string().max(256).optional(), version, label, backend, mode })
  .refine((side) => (side.servingId === undefined) !== (side.modelId === undefined), 'either servingId or modelId')
  .refine((side) => side.version === undefined || side.label === undefined, 'either version or label');
export type CompareSide = z.input<typeof compareSide>;

/** One input to two targets; `sides[0]` is what the other is measured by. */
export const compareAnswersRequest = z
  .object({ signature, insist, timeoutMs, body, inputs, sides: z.tuple([compareSide, compareSide]) })
  .refine((request) => (request.body === undefined) !== (request.inputs === undefined), 'either body or inputs');
export type CompareAnswersRequest = z.infer<typeof compareAnswersRequest>;

/** One of the two, and what it answered; a refusal is an answer that is not ok. */
export interface ComparedSide {
  readonly model: string;
  /** null where the model was named. */
  readonly serving: string | null;
  /** The version that was asked for, or that its server answers with; null where nobody tells. */
  readonly version: string | null;
  readonly label: string | null;
  readonly backend: 'serving' | 'embedded';
  /** The embedded engine answered, since the serving does not serve this version. */
  readonly standsIn: boolean;
  readonly answer: PredictAnswer | null;
  /** Why there is no answer. */
  readonly problem: ErrorReport | null;
}

/** One element that differs: where it stands, both values as text, and the second less the first where they are numbers. */
export interface DifferingElement {
  readonly at: readonly number[];
  readonly values: readonly [first: string, second: string];
  readonly difference: string | null;
}

/** Rows of scores whose largest stands elsewhere. */
export interface ClassChanges {
  readonly rows: number;
  readonly changed: number;
  /** The first hundred of them. */
  readonly first: readonly { readonly row: number; readonly classes: readonly [first: number, second: number] }[];
}

export interface ComparedOutput extends OutputDifference {
  /** Mean of |second − first| over all elements; null where they are not compared as numbers, or one is not finite. */
  readonly mean: number | null;
  /** Those that lie furthest apart first. */
  readonly furthest: readonly DifferingElement[];
  /** null where the output is no scores of classes. */
  readonly classes: ClassChanges | null;
}

/** The same input, side by side. */
export interface ComparedAnswers {
  readonly sides: readonly [ComparedSide, ComparedSide];
  /** Empty unless both answered. */
  readonly outputs: readonly ComparedOutput[];
}
