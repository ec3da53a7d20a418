import { oc, type } from '@orpc/contract';
import { z } from 'zod';
import { errorTable, type ErrorCode, type ErrorReport } from './errors.ts';
import { predictRequest, type PredictRequest } from './predict.ts';

/** What came back, summed up: status, shapes and top values, never the values themselves. */
export const rememberedAnswer = z.object({
  mode: z.enum(['row', 'columnar', 'examples', 'grpc']),
  status: z.number().int(),
  grpcStatus: z.string().max(64).nullable(),
  ok: z.boolean(),
  /** The server's own words, at most 2 000 characters of them. */
  error: z.string().max(2_000).nullable(),
  /** The version that answered, where the server tells. */
  version: z.string().max(19).nullable(),
  outputs: z
    .array(
      z.object({
        name: z.string().max(1024),
        dtype: z.string().max(32).nullable(),
        shape: z.array(z.number().int()).readonly(),
        /** The largest of one row of scores with its place, or the sole or first value; as text, so that nothing is rounded. */
        top: z.object({ index: z.number().int().nullable(), value: z.string().max(200) }).nullable(),
      }),
    )
    .max(1_000)
    .readonly(),
  latencyMs: z.number().min(0),
  requestBytes: z.number().int().min(0),
  responseBytes: z.number().int().min(0),
});
export type RememberedAnswer = z.infer<typeof rememberedAnswer>;

const requestOutcome = z.enum(['answered', 'refused', 'failed']);
export type RequestOutcome = z.infer<typeof requestOutcome>;

const byId = z.object({ id: z.number().int() });
const ofModel = z.object({ modelId: z.string().max(256) });

export const historyQuery = ofModel.extend({
  /** Found anywhere in the input's text, the signature, version, label, serving, status or error; letters of either case. */
  text: z.string().max(1_000).default(''),
  signature: z.string().max(1024).optional(),
  /** As it was asked for, or as it answered. */
  version: z.string().max(19).optional(),
  outcome: requestOutcome.optional(),
  pinned: z.boolean().optional(),
  /** Older than this one. */
  before: z.number().int().optional(),
  limit: z.number().int().min(1).max(200).default(30),
});
export type HistoryQuery = z.infer<typeof historyQuery>;

/** The requests of a model that were sent, by a window or by `slipway predict`. */
export const historyContract = {
  /** Newest first. What was asked before this call is in it. */
  list: oc.input(historyQuery).output(type<HistoryPage>()),
  /** A request as it was sent, to be filled in or sent again. REQUEST_FORGOTTEN, FILE_UNREADABLE. */
  get: oc.input(byId).output(type<RememberedRequest>()),
  /** A pinned one stays when others make room, and when all are cleared. */
  pin: oc.input(byId.extend({ pinned: z.boolean() })).output(type<void>()),
  remove: oc.input(byId).output(type<void>()),
  clear: oc.input(ofModel).output(type<{ readonly removed: number }>()),
};

export interface HistoryPage {
  readonly requests: readonly PastRequest[];
  /** Older ones fit the query, too. */
  readonly more: boolean;
  /** Of this model, whatever the query. */
  readonly count: number;
  readonly signatures: readonly string[];
  readonly versions: readonly string[];
  /** Of all models. */
  readonly storedBytes: number;
  readonly limitBytes: number;
}

/** One request that was sent. */
export interface PastRequest {
  readonly id: number;
  readonly at: string;
  readonly origin: 'window' | 'command';
  readonly servingId: string;
  /** The serving's name at that time. */
  readonly serving: string;
  readonly options: Omit<PredictRequest, 'servingId' | 'body' | 'inputs'>;
  /** Headers that were sent and are not kept, since they look like secrets. */
  readonly withheld: readonly string[];
  readonly input: {
    readonly kind: 'json' | 'inputs';
    readonly bytes: number;
    /** The beginning of the body, or what each input was made from. */
    readonly preview: string;
  };
  readonly outcome: RequestOutcome;
  /** null where no answer came. */
  readonly answer: RememberedAnswer | null;
  /** Why none came. */
  readonly problem: ErrorReport | null;
  readonly pinned: boolean;
}

export interface RememberedRequest {
  readonly past: PastRequest;
  /** Without the headers that were withheld. */
  readonly request: PredictRequest;
}

/** What `slipway predict` tells of the request that it sent. */
export const toRemember = z.object({
  request: predictRequest,
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('answer'), answer: rememberedAnswer }),
    z.object({
      kind: z.literal('problem'),
      code: z.enum(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]),
      data: z.record(z.string().max(64), z.union([z.string().max(2_000), z.number()])),
    }),
  ]),
});
export type ToRemember = z.input<typeof toRemember>;
