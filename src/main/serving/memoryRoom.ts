import type { ServingPlan } from '../../shared/contract/serving.ts';
import type { Place } from './place.ts';

/** A place tells its figures within this time, or not at all. */
const lookMs = 5_000;
const mib = 1024 * 1024;

/** Memory in words. */
export const inMib = (bytes: number): string => `${Math.round(bytes / mib)} MiB`;

/** Whether a second place fits beside the first: the new one is taken to need what the old one uses. */
export interface MemoryRoom {
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** The new place fits. */
  readonly isEnough: boolean;
  /** A further one would, too. */
  readonly isAmple: boolean;
}

async function usedBy(place: Place, handle: string, signal: AbortSignal): Promise<number> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(lookMs)]);
  try {
    for await (const { memoryBytes } of place.figures(handle, { signal: until })) return memoryBytes;
  } catch (error) {
    // Without figures there is no forecast.
    if (signal.aborted) throw error;
  }
  return 0;
}

/** Compares what the old place uses with what is free: of this machine, and of the engine where that has less. */
export async function lookForRoom(
  place: Place,
  handle: string,
  { plan, engineBytes, signal }: { readonly plan: ServingPlan; readonly engineBytes: number | null; readonly signal: AbortSignal },
): Promise<MemoryRoom> {
  const used = Math.min(await usedBy(place, handle, signal), plan.memoryBytes);
  const available = process.availableMemory();
  const free = plan.engine === 'docker' && engineBytes !== null ? Math.min(available, engineBytes - used) : available;
  return { usedBytes: used, freeBytes: free, isEnough: used <= free, isAmple: 2 * used + 256 * mib <= free };
}
