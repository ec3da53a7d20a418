import { Worker } from 'node:worker_threads';
import type { InspectionSummary } from '../../shared/contract/savedModel.ts';
import { AppError } from '../../shared/contract/errors.ts';
import type { InspectOptions } from './inspectFolder.ts';

/** A file that takes longer or needs more than this is hostile or not for this machine. */
const maxMs = 120_000;
const maxHeapMb = 6_144;

/**
 * inspectFolder in a thread of its own, so that a large or hostile file never holds up anything else; the variables, which can be
 * millions, stay there. The thread is ended when
 * aborted; at two minutes or 6 GB of heap it is MODEL_LIMIT. Checksums of large weights may take as long as they need.
 */
export async function inspectInWorker(path: string, { verify = false, signal }: InspectOptions): Promise<InspectionSummary> {
  signal.throwIfAborted();
  const script = new URL(import.meta.url.endsWith('.ts') ? './inspectWorker.ts' : './inspectWorker.js', import.meta.url);
  const worker = new Worker(script, { workerData: { path, verify }, resourceLimits: { maxOldGenerationSizeMb: maxHeapMb }, stderr: true });
  const { promise, resolve, reject } = Promise.withResolvers<InspectionSummary>();
  const timer = verify
    ? undefined
    : setTimeout(() => reject(new AppError('MODEL_LIMIT', { detail: 'Reading it took more than two minutes.' })), maxMs);
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  worker.once('message', resolve);
  worker.once('error', (error: NodeJS.ErrnoException) =>
    reject(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? new AppError('MODEL_LIMIT', { detail: 'Reading it needs more than 6 GB.' }, { cause: error })
        : error,
    ),
  );
  worker.once('exit', () => reject(new AppError('MODEL_LIMIT', { detail: 'Reading it ended early.' })));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
