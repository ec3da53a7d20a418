import { useEffect, useState } from 'react';
import { useClient } from '../../app/store.ts';
import { addFigures, noFigures, type FigureHistory } from './figureHistory.ts';
import { followStream } from './followStream.ts';

/** What was seen of each serving's container since the window was opened: a page that is opened again goes on with it. */
const seen = new Map<string, { readonly containerId: string | null; readonly history: FigureHistory }>();

function seenOf(servingId: string, containerId: string | null): FigureHistory {
  const before = seen.get(servingId);
  return before?.containerId === containerId ? before.history : noFigures;
}

/** Follows the figures of a serving while `live`; what was seen stays for the present container. */
export function useFigures(servingId: string, live: boolean, containerId: string | null): FigureHistory {
  const client = useClient();
  const [history, setHistory] = useState(() => seenOf(servingId, containerId));

  useEffect(() => {
    setHistory(seenOf(servingId, containerId));
    if (!live) return;
    const end = new AbortController();
    void followStream({
      open: (signal) => client.servings.figures({ id: servingId }, { signal }),
      onItem: (figures) => {
        const next = addFigures(seenOf(servingId, containerId), figures);
        seen.set(servingId, { containerId, history: next });
        setHistory(next);
      },
      reopenAtEnd: true,
      signal: end.signal,
    });
    return () => end.abort();
  }, [client, servingId, live, containerId]);

  return history;
}
