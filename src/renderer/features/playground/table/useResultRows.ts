import { useCallback, useEffect, useRef, useState } from 'react';
import type { TableRow } from '../../../../shared/contract/tables.ts';
import { useClient } from '../../../app/store.ts';
import type { RunFacts } from './useRun.ts';

const pageRows = 100;

export interface ResultRows {
  readonly answers: readonly string[];
  readonly rowAt: (index: number) => TableRow | undefined;
  /** Fetches what comes into sight. */
  readonly onRange: (first: number, last: number) => void;
}

/** A result's rows by pages, as they are looked at: those that failed first, so that one more of them moves the others. */
export function useResultRows(taskId: string, { rows, failed }: Pick<RunFacts, 'rows' | 'failed'>): ResultRows {
  const client = useClient();
  const [answers, setAnswers] = useState<readonly string[]>([]);
  const [pages, setPages] = useState<ReadonlyMap<number, readonly TableRow[]>>(new Map());
  const [range, setRange] = useState<readonly [number, number]>([0, 0]);
  // What each page was fetched as of: the run may have gone on since.
  const fetched = useRef(new Map<number, string>());
  const [first, last] = [Math.floor(range[0] / pageRows), Math.floor(range[1] / pageRows)];

  useEffect(() => {
    for (let page = first; page <= last; page += 1) {
      const filled = Math.min(rows, (page + 1) * pageRows);
      const as = `${failed} ${filled}`;
      if (page * pageRows >= rows || fetched.current.get(page) === as) continue;
      fetched.current.set(page, as);
      void client.playground.tableRows({ taskId, offset: page * pageRows, count: pageRows }).then(
        (result) => {
          if (fetched.current.get(page) !== as) return;
          setAnswers(result.answers);
          setPages((before) => new Map(before).set(page, result.rows));
        },
        // Asked again when it comes into sight the next time.
        () => fetched.current.delete(page),
      );
    }
  }, [client, taskId, first, last, rows, failed]);

  return {
    answers,
    rowAt: (index) => pages.get(Math.floor(index / pageRows))?.[index % pageRows],
    onRange: useCallback(
      (from: number, to: number) => setRange((before) => (before[0] === from && before[1] === to ? before : [from, to])),
      [],
    ),
  };
}
