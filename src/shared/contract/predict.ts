import { z } from 'zod';
import type { Dtype } from '../tensor/dtype.ts';
import type { TensorFix } from '../tensor/tensorFix.ts';
import type { TensorStats } from '../tensor/tensorStats.ts';
import { fill, inputStep } from './processing.ts';
import { bytesBlob, tensorShape, wireTensor } from './tensors.ts';

const inputName = z.string().max(1024);

/** Where one input's values come from, before its steps. */
export const inputSource = z.discriminatedUnion('kind', [
  /** Nested lists of one tensor in TensorFlow Serving's JSON, as text. */
  z.object({ kind: z.literal('json'), text: z.string().max(200_000_000) }),
  z.object({ kind: z.literal('fill'), fill, shape: tensorShape }),
  z.object({ kind: z.literal('tensor'), tensor: wireTensor }),
  /** Known by how they begin: pictures, WAV, .npy, .npz (the member of the input's name, or the only one), else text. Several make a batch. */
  z.object({
    kind: z.literal('files'),
    files: z
      .array(z.object({ name: z.string().max(1024), data: bytesBlob }))
      .min(1)
      .max(4096)
      .readonly(),
  }),
  z.object({ kind: z.literal('text'), texts: z.array(z.string().max(10_000_000)).min(1).max(100_000).readonly() }),
  /** tf.Examples by the names of their features; values as text, bytes as base64. Serialized, a string each. */
  z.object({
    kind: z.literal('examples'),
    examples: z
      .array(
        z.record(
          inputName,
          z.object({
            type: z.enum(['int64', 'float', 'text', 'base64']),
            values: z.array(z.string().max(100_000_000)).max(1_000_000).readonly(),
          }),
        ),
      )
      .min(1)
      .max(100_000)
      .readonly(),
  }),
]);
export type InputSource = z.infer<typeof inputSource>;

export const preparedInput = z.object({ source: inputSource, steps: z.array(inputStep).max(32).readonly().default([]) });
/** By the names of the signature's inputs; an optional one that is left out takes its default. */
export const preparedInputs = z.record(inputName, preparedInput);
export type PreparedInputs = Readonly<Record<string, z.input<typeof preparedInput>>>;

/** How tensors go over the wire. */
export const requestMode = z.enum(['auto', 'row', 'columnar', 'grpc']);
export type RequestMode = z.infer<typeof requestMode>;

const versionChoice = {
  signature: z.string().max(1024),
  version: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
  /** Excludes a version. */
  label: z
    .string()
    .regex(/^[^/:\s]{1,256}$/)
    .optional(),
};

/** How a request is sent, whatever is in it. */
const requestOptions = {
  servingId: z.string().max(256),
  ...versionChoice,
  /** `embedded` asks the engine of this program about the same version, whatever the serving runs in. */
  backend: z.enum(['serving', 'embedded']).default('serving'),
  mode: requestMode.default('auto'),
  /** Sends also what does not fit the signature. */
  insist: z.boolean().default(false),
  timeoutMs: z.number().int().min(1).max(3_600_000).default(30_000),
  /** Packs a body of REST; TensorFlow Serving unpacks at most 100 MB. */
  gzip: z.boolean().default(false),
  /** Sent along, as HTTP headers or gRPC metadata. */
  headers: z.record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/), z.string().regex(/^[\x20-\x7e\t]{0,8192}$/)).default({}),
};

/** One request: either `body`, TensorFlow Serving's JSON as text that is sent as it was typed (int64, NaN and -0 stay), or `inputs`. */
export const predictRequest = z
  .object({ ...requestOptions, body: z.string().max(200_000_000).optional(), inputs: preparedInputs.optional() })
  .refine(({ body, inputs }) => (body === undefined) !== (inputs === undefined), 'either body or inputs')
  .refine(({ version, label }) => version === undefined || label === undefined, 'either version or label');
export type PredictRequest = z.infer<typeof predictRequest>;

/** Why a request goes as it does; a screen makes a sentence of it. */
export type ModeReason =
  /** The person's own choice. */
  | { readonly kind: 'chosen' }
  /** The text was typed so. */
  | { readonly kind: 'as-typed' }
  /** All tensors, also of the answer, have a first dimension in common. */
  | { readonly kind: 'rows' }
  /** No first dimension in common: `tensor` has none (scalar), a fixed one, or another one. */
  | { readonly kind: 'scalar' | 'fixed-rows' | 'unequal-rows'; readonly tensor: string; readonly side: 'input' | 'output' }
  /** JSON cannot carry the type of `tensor`. */
  | { readonly kind: 'type'; readonly tensor: string; readonly side: 'input' | 'output'; readonly dtype: string }
  /** TensorFlow Serving's REST API refuses a request without inputs. */
  | { readonly kind: 'no-inputs' }
  /** `tensor` is left out, so that its default is taken. */
  | { readonly kind: 'left-out'; readonly tensor: string }
  /** Large: JSON would be some times slower. */
  | { readonly kind: 'large'; readonly bytes: number };

/** One tensor of an answer, summed up. Numbers are text where a double could not hold them. */
export interface TensorSummary extends TensorStats {
  readonly name: string;
  readonly dtype: Dtype | null;
  readonly shape: readonly number[];
  readonly size: number;
}

/** What a button does about a refused request. */
export type Remedy =
  | { readonly kind: 'mode'; readonly mode: 'row' | 'columnar' | 'grpc' }
  | { readonly kind: 'signature'; readonly signature: string }
  /** null: the latest. */
  | { readonly kind: 'version'; readonly version: string | null }
  | { readonly kind: 'fix'; readonly input: string; readonly fix: TensorFix }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  /** Rows a request at most. */
  | { readonly kind: 'split'; readonly rows: number }
  | { readonly kind: 'again' }
  /** Starts the serving again with this flag. */
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'log' };

/** A refusal, understood: what it is, which field it belongs to, and what can be done. `requestProblems` has the texts it is known by. */
export interface RequestProblem {
  /** F42 … F53 of the list of failures, and which of them. */
  readonly id: string;
  readonly input: string | null;
  readonly output: string | null;
  /** Counted from 1; null where it is about none. */
  readonly dimension: number | null;
  /** A row of the batch, counted from 1. */
  readonly row: number | null;
  readonly expected: string | null;
  readonly got: string | null;
  /** What there is to choose from: versions, labels, signatures, input names. */
  readonly known: readonly string[];
  readonly remedies: readonly Remedy[];
}

export interface PredictAnswer {
  /** Names this exchange for `playground.output`, `raw` and `save`; the last ones of a data folder are kept in memory. */
  readonly exchange: string;
  readonly backend: 'serving' | 'embedded';
  readonly mode: 'row' | 'columnar' | 'examples' | 'grpc';
  readonly reason: ModeReason;
  readonly method: 'predict' | 'classify' | 'regress';
  /** HTTP's status, or over gRPC the status of HTTP that TensorFlow Serving gives for its code. */
  readonly status: number;
  /** `OK`, `INVALID_ARGUMENT` … over gRPC; null over REST. */
  readonly grpcStatus: string | null;
  readonly ok: boolean;
  readonly url: string;
  /** Over gRPC the version that answered; null where the server does not say. */
  readonly version: string | null;
  readonly outputs: readonly TensorSummary[];
  /** The server's own error text where it is not ok. */
  readonly error: string | null;
  readonly problem: RequestProblem | null;
  /** The answer as it came over the wire; cut after `limit` bytes for display. Over gRPC the same tensors as JSON. */
  readonly rawText: string;
  readonly rawCut: boolean;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly encodeMs: number;
  /** From the first byte sent to the last byte received, the server's own time included. */
  readonly networkMs: number;
  /** Where the server tells it; part of `networkMs`. */
  readonly serverMs: number | null;
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
