import { useEffect, useState } from 'react';
import type { LogLine } from '../../../shared/contract/serving.ts';
import { useClient } from '../../app/store.ts';
import { followStream } from './followStream.ts';

export interface ServingLog {
  readonly lines: readonly LogLine[];
  /** Lines that were held once and are not any more. */
  readonly dropped: number;
  readonly ended: boolean;
}

/** More than a person reads; what is older is left to `docker logs`. */
const mostLines = 50_000;
/** Lines come in bursts; the page takes them together. */
const gatherMs = 120;

const noLog: ServingLog = { lines: [], dropped: 0, ended: false };

/** The log of a serving's present container, followed while the page is open. */
export function useServingLog(servingId: string, containerId: string | null): ServingLog {
  const client = useClient();
  const [log, setLog] = useState(noLog);

  useEffect(() => {
    setLog(noLog);
    if (containerId === null) return;
    const end = new AbortController();
    let waiting: LogLine[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const flush = (): void => {
      timer = null;
      const arrived = waiting;
      waiting = [];
      setLog((before) => addLines(before, arrived));
    };
    void followStream({
      open: (signal) => client.servings.logs({ id: servingId, follow: true }, { signal }),
      onOpen: () => {
        waiting = [];
        setLog(noLog);
      },
      onItem: (line: LogLine) => {
        waiting.push(line);
        timer ??= setTimeout(flush, gatherMs);
      },
      onEnd: () => {
        if (timer !== null) clearTimeout(timer);
        flush();
        setLog((before) => ({ ...before, ended: true }));
      },
      signal: end.signal,
    });
    return () => {
      end.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client, servingId, containerId]);

  return log;
}

function addLines(log: ServingLog, arrived: readonly LogLine[]): ServingLog {
  if (arrived.length === 0) return log;
  const all = [...log.lines, ...arrived];
  const extra = Math.max(0, all.length - mostLines);
  return { ...log, lines: extra === 0 ? all : all.slice(extra), dropped: log.dropped + extra };
}
