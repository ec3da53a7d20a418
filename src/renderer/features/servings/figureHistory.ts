import type { Figures } from '../../../shared/contract/serving.ts';

/** The figures of one serving while a page is open, as columns that a plot takes as they are. Rates are in bytes a second. */
export interface FigureHistory {
  /** Seconds since 1970, rising. */
  readonly times: readonly number[];
  readonly cpuPercent: readonly number[];
  readonly memoryBytes: readonly number[];
  /** null where it is not known: a rate takes two samples. */
  readonly inPerSecond: readonly (number | null)[];
  readonly outPerSecond: readonly (number | null)[];
  readonly latest: Figures | null;
}

export const noFigures: FigureHistory = {
  times: [],
  cpuPercent: [],
  memoryBytes: [],
  inPerSecond: [],
  outPerSecond: [],
  latest: null,
};

/** How far back the plots reach. */
export const spanSeconds = 300;

/** Adds one sample. One that is not newer than the last is left out; those older than the span fall off. */
export function addFigures(history: FigureHistory, next: Figures): FigureHistory {
  const time = new Date(next.time).getTime() / 1_000;
  const last = history.times.at(-1);
  if (Number.isNaN(time) || (last !== undefined && time <= last)) return history;
  const seconds = last === undefined ? 0 : time - last;
  const from = history.times.findIndex((at) => at >= time - spanSeconds);
  const keep = <T>(values: readonly T[], value: T): readonly T[] => [...(from < 0 ? [] : values.slice(from)), value];
  return {
    times: keep(history.times, time),
    cpuPercent: keep(history.cpuPercent, next.cpuPercent),
    memoryBytes: keep(history.memoryBytes, next.memoryBytes),
    inPerSecond: keep(history.inPerSecond, rate(history.latest?.networkInBytes, next.networkInBytes, seconds)),
    outPerSecond: keep(history.outPerSecond, rate(history.latest?.networkOutBytes, next.networkOutBytes, seconds)),
    latest: next,
  };
}

/** 0 where a counter went back, since the container began anew. */
function rate(before: number | undefined, now: number, seconds: number): number | null {
  return before === undefined || seconds <= 0 ? null : Math.max(0, (now - before) / seconds);
}
