import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const inflate = promisify(gunzip);

/** Why a body was not read. */
export type BodyRefusal = 'tooLarge' | 'noRoom' | 'gone';

/** Bytes that all requests together may hold at a time. */
export class ByteBudget {
  #left: number;
  #turn: Promise<void> = Promise.resolve();

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Whether that many bytes were free; they are taken then. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }

  /** Work whose bytes are known only when it is done: one at a time. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

const empty = Buffer.alloc(0);

/** A body in memory, and what it holds of the budget. */
export interface RequestBody extends Disposable {
  readonly bytes: Buffer;
}

/** Beginnings of bodies are not counted, so that small requests are read while large ones hold all the room. */
const uncountedBytes = 65_536;

/**
 * Reads a whole body of at most `limit` bytes, inflated where it says gzip. Room is taken as bytes come: a client that announces much
 * and sends little holds little. What claims to be gzip and is not is an empty body, as TensorFlow Serving has it.
 */
export async function readRequestBody(
  request: IncomingMessage,
  { limit, budget }: { readonly limit: number; readonly budget: ByteBudget },
): Promise<RequestBody | BodyRefusal> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) return 'tooLarge';
  let held = 0;
  const release = (): void => {
    budget.give(held);
    held = 0;
  };
  const raw = await collect(request, announced, limit, (more) => {
    if (!budget.take(more)) return false;
    held += more;
    return true;
  });
  if (typeof raw === 'string') {
    release();
    return raw;
  }
  if (request.headers['content-encoding'] !== 'gzip') return { bytes: raw, [Symbol.dispose]: release };
  try {
    const bytes = await budget.inTurn(() => inflate(raw, { maxOutputLength: limit }));
    if (budget.take(bytes.length)) {
      held += bytes.length;
      return { bytes, [Symbol.dispose]: release };
    }
    release();
    return 'noRoom';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      release();
      return 'tooLarge';
    }
    return { bytes: empty, [Symbol.dispose]: release };
  }
}

function collect(
  request: IncomingMessage,
  announced: number,
  limit: number,
  takeMore: (bytes: number) => boolean,
): Promise<Buffer | BodyRefusal> {
  const { promise, resolve } = Promise.withResolvers<Buffer | BodyRefusal>();
  let first: Buffer | undefined;
  let all: Buffer | undefined;
  let length = 0;
  let isOver = false;
  const settle = (outcome: Buffer | BodyRefusal): void => {
    isOver = true;
    resolve(outcome);
  };
  request.on('data', (chunk: Buffer) => {
    // What still comes of a refused body is let go.
    if (isOver) return;
    const end = length + chunk.length;
    if (end > limit) {
      settle('tooLarge');
      return;
    }
    if (end > uncountedBytes && !takeMore(chunk.length)) {
      settle('noRoom');
      return;
    }
    if (first === undefined) first = chunk;
    else {
      if (all === undefined || end > all.length) {
        // What is announced is believed in steps.
        const likely = Math.min(announced, 8 * end);
        const grown = Buffer.allocUnsafe(Math.max(end, likely, announced === 0 ? 2 * end : 0));
        (all ?? first).copy(grown, 0, 0, length);
        all = grown;
      }
      chunk.copy(all, length);
    }
    length = end;
  });
  request.once('end', () => settle(all?.subarray(0, length) ?? first ?? empty));
  request.once('close', () => settle('gone'));
  return promise;
}
