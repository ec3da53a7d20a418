import { spawnSync } from 'node:child_process';

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Wall time of a whole process in ms, the median of some runs after one that is not counted; NaN where it fails. */
export function processMs(command: string, args: readonly string[], runs: number): number {
  const times: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const started = performance.now();
    if (spawnSync(command, args, { stdio: 'ignore' }).status !== 0) return Number.NaN;
    if (run > 0) times.push(performance.now() - started);
  }
  return median(times);
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
