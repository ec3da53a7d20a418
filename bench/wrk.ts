import { spawnSync } from 'node:child_process';

/** What wrk counted. */
export interface Load {
  readonly perSecond: number;
  readonly requests: number;
  /** Median time to the answer, in µs. */
  readonly p50Us: number;
  readonly failed: number;
}

/** wrk by one thread, with so many connections for so many seconds; `script` holds the request. */
export function wrk(
  url: string,
  script: string,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Load {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, url];
  const { stdout } = spawnSync('wrk', args, { encoding: 'utf8' });
  const [, amount = '', unit = ''] = /50%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? Number.NaN),
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0),
    p50Us: Number(amount) * (unit === 's' ? 1e6 : unit === 'ms' ? 1_000 : 1),
    failed: Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0),
  };
}
