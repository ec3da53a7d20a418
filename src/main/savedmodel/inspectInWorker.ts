import type { InspectionSummary } from '../../shared/contract/savedModel.ts';
import type { InspectOptions } from './inspectFolder.ts';
import { runInThread } from './readerThread.ts';

/**
 * inspectFolder in a thread of its own; the variables, which can be millions, stay there. MODEL_LIMIT as runInThread says, but
 * checksums of large weights may take as long as they need.
 */
export async function inspectInWorker(path: string, { verify = false, signal }: InspectOptions): Promise<InspectionSummary> {
  return (await runInThread({ kind: 'inspect', path, verify }, { signal, unhurried: verify })) as InspectionSummary;
}
