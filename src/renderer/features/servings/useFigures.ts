import { useEffect, useState } from 'react';
import { useClient } from '../../app/store.ts';
import { addFigures, noFigures, type FigureHistory } from './figureHistory.ts';
import { followStream } from './followStream.ts';

/** Follows the figures of a serving while `live`; what was seen stays for the present container. */
export function useFigures(servingId: string, live: boolean, containerId: string | null): FigureHistory {
  const client = useClient();
  const [history, setHistory] = useState(noFigures);

  useEffect(() => {
    setHistory(noFigures);
  }, [servingId, containerId]);

  useEffect(() => {
    if (!live) return;
    const end = new AbortController();
    void followStream({
      open: (signal) => client.servings.figures({ id: servingId }, { signal }),
      onItem: (figures) => setHistory((before) => addFigures(before, figures)),
      reopenAtEnd: true,
      signal: end.signal,
    });
    return () => end.abort();
  }, [client, servingId, live]);

  return history;
}
