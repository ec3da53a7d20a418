import { join } from 'node:path';
import { AppError, type ErrorReport } from '../../shared/contract/errors.ts';
import type { HistoryPage, HistoryQuery, PastRequest, RememberedAnswer, RememberedRequest } from '../../shared/contract/history.ts';
import type { PredictAnswer, PredictRequest } from '../../shared/contract/predict.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { KeptRow, RequestRecords } from '../database/requestRecords.ts';
import { asAppError } from '../incident.ts';
import { versionOf } from '../predict/findServing.ts';
import { createTurns } from '../library/turns.ts';
import { openContentFolder } from './contentFolder.ts';
import { describeInput, packInput, unpackInput } from './packRequest.ts';
import { rememberedAnswer } from './rememberedAnswer.ts';
import { withoutSecrets } from './withoutSecrets.ts';

/** More are not kept, however small they are. */
const mostRequests = 20_000;
/** So long nobody asks before what was asked is written: no question waits for the disk of the one before. */
const quietMs = 150;
/** But no longer than this, and no more at once. */
const latestMs = 2_000;
const mostWaiting = 200;
const shownChars = 300;

/** A request that was sent, and what came of it. */
export interface SentRequest {
  readonly request: PredictRequest;
  readonly serving: Serving;
  readonly origin: PastRequest['origin'];
  readonly at: string;
  readonly outcome:
    | { readonly kind: 'answer'; readonly answer: PredictAnswer }
    | { readonly kind: 'remembered'; readonly answer: RememberedAnswer }
    | { readonly kind: 'problem'; readonly problem: ErrorReport };
}

/**
 * The requests that were sent, in the database, their large parts as files beside it. `add` only notes; what was noted is written
 * once nobody asks any more, and before anything is read.
 */
export interface RequestHistory extends AsyncDisposable {
  add(sent: SentRequest): void;
  /** All that was noted is on the disk. */
  settled(): Promise<void>;
  list(query: HistoryQuery): Promise<HistoryPage>;
  /** REQUEST_FORGOTTEN, FILE_UNREADABLE. */
  get(id: number): Promise<RememberedRequest>;
  pin(id: number, pinned: boolean): Promise<void>;
  remove(id: number): Promise<void>;
  /** All of a model but pinned ones. */
  clear(modelId: string): Promise<{ readonly removed: number }>;
}

export function createRequestHistory({
  home,
  records,
  getLimitBytes,
}: {
  readonly home: string;
  readonly records: RequestRecords;
  /** 0: nothing is kept. */
  readonly getLimitBytes: () => number;
}): RequestHistory {
  const files = openContentFolder(join(home, 'requests'));
  // One after another: a file that is being kept is not yet named by any row.
  const inTurn = createTurns(1);
  let waiting: SentRequest[] = [];
  let timer: NodeJS.Timeout | null = null;
  let firstAt = 0;

  const freeFiles = (): Promise<void> => files.remove(records.takeUnused());
  const makeRoom = (): Promise<void> => {
    records.prune({ bytes: getLimitBytes(), count: mostRequests });
    return freeFiles();
  };

  async function write(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    const rows: Parameters<RequestRecords['add']>[0][number][] = [];
    for (const sent of batch) {
      try {
        const packed = await packInput(sent.request, files);
        rows.push({ row: { ...rowOf(sent), input: { ...describeInput(sent.request), document: packed.document } }, files: packed.files });
      } catch (error) {
        // A full disk costs this one its place in the history, never an answer.
        asAppError(error);
      }
    }
    try {
      records.add(rows);
    } catch (error) {
      asAppError(error);
    }
    await makeRoom();
  }
  const settled = (): Promise<void> => inTurn(write);
  const flush = (): void => {
    // Nobody waits for it; what goes wrong is told as an incident.
    settled().catch((error: unknown) => void asAppError(error));
  };

  // What a crash left behind.
  void inTurn(async () => {
    await freeFiles();
    await files.keepOnly(records.hashes());
  }).catch((error: unknown) => void asAppError(error));

  return {
    add(sent) {
      if (getLimitBytes() === 0) return;
      const now = performance.now();
      if (waiting.push(sent) === 1) firstAt = now;
      if (timer !== null) {
        if (now - firstAt > latestMs || waiting.length >= mostWaiting) return;
        clearTimeout(timer);
      }
      timer = setTimeout(flush, quietMs);
      timer.unref();
    },
    settled,
    async list(query) {
      await settled();
      const rows = records.list(query);
      return {
        requests: rows.slice(0, query.limit).map(pastOf),
        more: rows.length > query.limit,
        ...records.facts(query.modelId),
        storedBytes: records.storedBytes(),
        limitBytes: getLimitBytes(),
      };
    },
    async get(id) {
      await settled();
      const row = records.get(id);
      if (row === undefined) throw new AppError('REQUEST_FORGOTTEN');
      const input = await unpackInput(row.input.document, files);
      return { past: pastOf(row), request: { ...row.options, servingId: row.servingId, ...input } };
    },
    pin: (id, pinned) =>
      inTurn(async () => {
        await write();
        records.pin(id, pinned);
      }),
    remove: (id) =>
      inTurn(async () => {
        await write();
        records.remove(id);
        await freeFiles();
      }),
    clear: (modelId) =>
      inTurn(async () => {
        await write();
        const removed = records.clear(modelId);
        await freeFiles();
        return { removed };
      }),
    [Symbol.asyncDispose]: settled,
  };
}

function pastOf({ id, at, origin, servingId, serving, options, withheld, input, outcome, answer, problem, pinned }: KeptRow): PastRequest {
  const { kind, bytes, preview } = input;
  return {
    id,
    at,
    origin,
    servingId,
    serving,
    options,
    withheld,
    input: { kind, bytes, preview: preview.slice(0, shownChars) },
    outcome,
    answer,
    problem,
    pinned,
  };
}

type SentRow = Omit<KeptRow, 'id' | 'pinned' | 'input'>;

function rowOf({ request, serving, origin, at, outcome }: SentRequest): SentRow {
  const { body: _body, inputs: _inputs, servingId: _servingId, headers, ...options } = request;
  const clean = withoutSecrets(headers);
  const told = outcome.kind === 'problem' ? null : outcome.kind === 'answer' ? rememberedAnswer(outcome.answer) : outcome.answer;
  const answer = told === null ? null : { ...told, version: told.version ?? versionOf(serving, request) };
  return {
    modelId: serving.modelId,
    at,
    origin,
    servingId: serving.id,
    serving: serving.name,
    options: { ...options, headers: clean.headers },
    withheld: clean.withheld,
    outcome: answer === null ? 'failed' : answer.ok ? 'answered' : 'refused',
    answer,
    problem: outcome.kind === 'problem' ? outcome.problem : null,
  };
}
