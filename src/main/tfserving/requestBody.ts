import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const inflate = promisify(gunzip);

/** Why a body was not read. */
export type BodyRefusal = 'tooLarge' | 'noRoom' | 'gone';

/** Bytes that all requests together may hold at a time. */
export class ByteBudget {
  #left: number;

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
}

const empty = Buffer.alloc(0);

/** A body in memory, and what it holds of the budget. */
export interface RequestBody extends Disposable {
  readonly bytes: Buffer;
}

/**
 * Reads a whole body of at most `limit` bytes, inflated where it says gzip. Room is taken for what the request announces, else as it
 * comes. What claims to be gzip and is not is an empty body, as TensorFlow Serving has it.
 */
export async function readRequestBody(
  request: IncomingMessage,
  { limit, budget }: { readonly limit: number; readonly budget: ByteBudget },
): Promise<RequestBody | BodyRefusal> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) return 'tooLarge';
  if (!budget.take(announced)) return 'noRoom';
  let held = announced;
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
    const bytes = await inflate(raw, { maxOutputLength: limit });
    return { bytes, [Symbol.dispose]: release };
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
  request.on('data', (chunk: Buffer) => {
    const end = length + chunk.length;
    if (end > limit) {
      resolve('tooLarge');
      return;
    }
    if (end > announced && !takeMore(chunk.length)) {
      resolve('noRoom');
      return;
    }
    if (first === undefined) first = chunk;
    else {
      if (all === undefined || end > all.length) {
        const grown = Buffer.allocUnsafe(Math.max(announced, end, (all?.length ?? 0) * 2));
        (all ?? first).copy(grown, 0, 0, length);
        all = grown;
      }
      chunk.copy(all, length);
    }
    length = end;
  });
  request.once('end', () => resolve(all?.subarray(0, length) ?? first ?? empty));
  request.once('close', () => resolve('gone'));
  return promise;
}
