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
 * What one more version takes: a little in any case, its graph in memory (many times its file: nodes, functions, what the optimiser
 * makes of them), and its variables. Measured by `bench/memory.ts`, which prints what was measured over what is forecast. In MiB a
 * further version took, embedded engine / image: half_plus_two 0.2 / 0.8, iris 0.9 / 2.5, digits_cnn (0.2 of graph, 0.1 of
 * variables) 3.2 / 7.4, transformer (0.3, 0.2) 5.2 / 16, seq_lstm (3.0, 0.0) 32 / 146, mobilenet (0.8, 6.5) 22 / 46, dense layers
 * (0.0, 32) 24 / 35 and (0.0, 128) 180 / 136. The image was the fixtures': TensorFlow
 * 2.19.1 behind a server of its own, which reads the graph once more than the genuine one. The factors are those of the costliest of each kind, with little to spare.
 */
const growth = {
  docker: { base: 4 * mib, perGraphByte: 56, perVariableByte: 1.15 },
  embedded: { base: 4 * mib, perGraphByte: 20, perVariableByte: 1.45 },
} as const;

/** What a further version takes, in bytes, by the sizes of its files. */
export function forecastGrowth(engine: Serving['engine'], { files }: Pick<VersionSummary, 'files'>): number {
  const { base, perGraphByte, perVariableByte } = growth[engine];
  const sum = (start: string): number => files.reduce((total, { path, bytes }) => total + (path.startsWith(start) ? bytes : 0), 0);
  return base + perGraphByte * sum('saved_model.pb') + perVariableByte * sum('variables/');
}

/** What a server needs for further versions beside what it uses now. */
export async function forecastMemory(
  place: Place,
  { containerId, engine, plan }: Pick<Serving, 'containerId' | 'engine' | 'plan'>,
  load: readonly VersionSummary[],
  { signal }: { readonly signal: AbortSignal },
): Promise<MemoryForecast> {
  const addedBytes = Math.round(load.reduce((sum, version) => sum + forecastGrowth(engine, version), 0));
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
