import type { Figures } from '../../shared/contract/serving.ts';

/** One sample of the engine's stats stream, as far as it is used (Docker Engine API, "Get container stats"). */
export interface EngineStats {
  readonly read: string;
  readonly cpu_stats: {
    readonly cpu_usage: { readonly total_usage: number };
    readonly system_cpu_usage?: number;
    readonly online_cpus?: number;
  };
  readonly precpu_stats: { readonly cpu_usage: { readonly total_usage: number }; readonly system_cpu_usage?: number };
  readonly memory_stats: { readonly usage?: number; readonly limit?: number; readonly stats?: Readonly<Record<string, number>> };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>;
}

/** A sample as figures; null for the first of a stream, which has nothing before it to compare with. */
export function figuresOf({
  read,
  cpu_stats: cpu,
  precpu_stats: before,
  memory_stats: memory,
  networks = {},
}: EngineStats): Figures | null {
  if (before.system_cpu_usage === undefined || cpu.system_cpu_usage === undefined || memory.usage === undefined) return null;
  const used = cpu.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = cpu.system_cpu_usage - before.system_cpu_usage;
  const sum = (key: 'rx_bytes' | 'tx_bytes'): number => Object.values(networks).reduce((total, one) => total + one[key], 0);
  // What Docker's own client shows: the page cache that could be given back does not count.
  const cacheBytes = memory.stats?.['inactive_file'] ?? memory.stats?.['total_inactive_file'] ?? 0;
  return {
    time: read,
    cpuPercent: passed > 0 ? Math.max(0, (used / passed) * (cpu.online_cpus ?? 1) * 100) : 0,
    memoryBytes: Math.max(0, memory.usage - cacheBytes),
    memoryLimitBytes: memory.limit ?? 0,
    networkInBytes: sum('rx_bytes'),
    networkOutBytes: sum('tx_bytes'),
  };
}
