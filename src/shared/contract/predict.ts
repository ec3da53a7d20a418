import { z } from 'zod';
import type { Dtype } from '../tensor/dtype.ts';

/** One request over REST. `body` is TensorFlow Serving's JSON as text, so that int64, NaN and -0 stay as typed. */
export const predictRequest = z.object({
  servingId: z.string(),
  signature: z.string().max(1024),
  version: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
  label: z.string().max(256).optional(),
  body: z.string().max(200_000_000),
  /** `embedded` asks the engine of this program about the same version, whatever the serving runs in. */
  backend: z.enum(['serving', 'embedded']).default('serving'),
  /** Sends also what does not fit the signature. */
  insist: z.boolean().default(false),
  timeoutMs: z.number().int().min(1).max(3_600_000).default(30_000),
});
export type PredictRequest = z.infer<typeof predictRequest>;

/** One tensor of an answer, summed up. Numbers are text where a double could not hold them. */
export interface TensorSummary {
  readonly name: string;
  readonly dtype: Dtype | null;
  readonly shape: readonly number[];
  readonly size: number;
  /** The first values in row-major order, as the server wrote them. */
  readonly first: readonly string[];
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: string | null;
  readonly nans: number;
  readonly infinities: number;
}

export interface PredictAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly url: string;
  readonly outputs: readonly TensorSummary[];
  /** The server's own error text where it is not ok. */
  readonly error: string | null;
  /** The answer as it came over the wire; cut after `limit` bytes for display. */
  readonly rawText: string;
  readonly rawCut: boolean;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly encodeMs: number;
  readonly networkMs: number;
  readonly decodeMs: number;
  readonly at: string;
}

/** How far one output of two answers to the same request lies apart. */
export interface OutputDifference {
  readonly name: string;
  /** Largest over all elements, |a − b|; null where the answers cannot be compared element by element. */
  readonly largest: number | null;
  /** |a − b| / |b| of the element where that is largest; null as above, or where only zeros are compared. */
  readonly largestRelative: number | null;
  /** Elements that differ at all. */
  readonly different: number;
  readonly size: number;
  /** Why they cannot be compared, such as two shapes. */
  readonly problem: string | null;
}

/** The same request to a serving and to the embedded engine. */
export interface EngineComparison {
  readonly serving: PredictAnswer;
  readonly embedded: PredictAnswer;
  readonly outputs: readonly OutputDifference[];
}
