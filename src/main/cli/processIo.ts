import { constants } from 'node:os';
import type { CommandIo } from './commandIo.ts';

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a terminal sends to all its processes arrives once more from each launcher before us: within this time it is one signal. */
const sameSignalMs = 1_000;

/** Aborts at the first signal; another one ends the process as it stands. */
function endAtSignals(end: AbortController): void {
  let since = 0;
  for (const signal of endings)
    process.on(signal, () => {
      if (!end.signal.aborted) {
        since = performance.now();
        end.abort();
      } else if (performance.now() - since > sameSignalMs) process.exit(128 + constants.signals[signal]);
    });
}

/** This process's own streams, environment and signals, for the one command that it runs. */
export function processIo(): CommandIo {
  const end = new AbortController();
  endAtSignals(end);
  // A reader that went away, as in `| head`, is no failure: the command ends as by a signal, and cleans up.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    end.abort();
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
    env: process.env,
    cwd: process.cwd(),
    signal: end.signal,
  };
}
