import { Worker } from 'node:worker_threads';
import type { EvidenceRequest } from '../training/readEvidence.ts';
import { AppError, type ErrorCode, type ErrorData } from '../../shared/contract/errors.ts';

/** A file that takes longer or needs more than this is hostile or not for this machine. */
const maxMs = 120_000;
const maxHeapMb = 6_144;

/** What the thread may be asked. */
export type ReaderJob =
  | { readonly kind: 'inspect'; readonly path: string; readonly verify: boolean }
  | { readonly kind: 'evidence'; readonly request: EvidenceRequest }
  | { readonly kind: 'signature'; readonly path: string; readonly tags: readonly string[]; readonly signature: string };

/** What the thread posts: once, then it ends. An AppError would lose its class on the way. */
export type ReaderAnswer = { readonly value: unknown } | { readonly code: ErrorCode; readonly data: ErrorData };

/**
 * One job in a thread of its own, so that a large or hostile file never holds up anything else. The thread is ended when aborted; at
 * 6 GB of heap and, unless `unhurried`, at two minutes it is MODEL_LIMIT.
 */
export async function runInThread(
  job: ReaderJob,
  { signal, unhurried = false }: { readonly signal: AbortSignal; readonly unhurried?: boolean },
): Promise<unknown> {
  signal.throwIfAborted();
  const script = new URL(import.meta.url.endsWith('.ts') ? './inspectWorker.ts' : './inspectWorker.js', import.meta.url);
  const worker = new Worker(script, { workerData: job, resourceLimits: { maxOldGenerationSizeMb: maxHeapMb }, stderr: true });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const limit = (detail: string, cause?: unknown): void => reject(new AppError('MODEL_LIMIT', { detail }, { cause }));
  const timer = unhurried ? undefined : setTimeout(() => limit('Reading it took more than two minutes.'), maxMs);
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  worker.once('message', (answer: ReaderAnswer) =>
    'code' in answer ? reject(new AppError(answer.code, answer.data)) : resolve(answer.value),
  );
  worker.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? limit('Reading it needs more than 6 GB.', error) : reject(error),
  );
  worker.once('exit', () => limit('Reading it ended early.'));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
