import { AppError } from '../../shared/contract/errors.ts';
import type { VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { MemoryForecast } from '../../shared/contract/switching.ts';
import { inMib } from './memoryRoom.ts';
import type { Place } from './place.ts';

/** A container's first figure comes with the engine's second sample, a second later. */
const measureMs = 5_000;

const mib = 1024 * 1024;

/**
 * What one more version takes: its graph and session, and its variables by TensorFlow Serving's own estimate of 1.2 (the embedded
 * engine holds them as read and as its sessions have them). Not measured; on the careful side for small models.
 */
const growth = {
  docker: { base: 24 * mib, perByte: 1.2 },
  embedded: { base: 48 * mib, perByte: 2.2 },
} as const;

const variableBytes = ({ files }: VersionSummary): number =>
  files.reduce((sum, { path, bytes }) => sum + (path.startsWith('variables/') ? bytes : 0), 0);

/** What a server needs for further versions beside what it uses now. */
export async function forecastMemory(
  place: Place,
  { containerId, engine, plan }: Pick<Serving, 'containerId' | 'engine' | 'plan'>,
  load: readonly VersionSummary[],
  { signal }: { readonly signal: AbortSignal },
): Promise<MemoryForecast> {
  const { base, perByte } = growth[engine];
  const addedBytes = Math.round(load.reduce((sum, version) => sum + base + perByte * variableBytes(version), 0));
  let usedBytes: number | null = null;
  if (containerId !== null) {
    const enough = new AbortController();
    const until = AbortSignal.any([signal, enough.signal, AbortSignal.timeout(measureMs)]);
    try {
      for await (const { memoryBytes } of place.figures(containerId, { signal: until })) {
        usedBytes = memoryBytes;
        enough.abort();
      }
    } catch (error) {
      if (!until.aborted) throw error;
    }
  }
  signal.throwIfAborted();
  const limitBytes = plan.memoryBytes;
  return { usedBytes, addedBytes, limitBytes, fits: (usedBytes ?? 0) + addedBytes <= limitBytes };
}

/** Why it does not fit; null where it does. */
export function memoryProblem({ usedBytes, addedBytes, limitBytes, fits }: MemoryForecast): AppError | null {
  if (fits || addedBytes === 0) return null;
  return new AppError('MEMORY_TOO_SMALL', { used: inMib(usedBytes ?? 0), added: inMib(addedBytes), limit: inMib(limitBytes) });
}
