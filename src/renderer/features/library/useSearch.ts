import { useCallback, useEffect, useRef, useState } from 'react';
import { create } from 'zustand';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { FoundVersion, LibraryAnswer } from '../../../shared/contract/library.ts';
import { reportOf, useClient, useMirror } from '../../app/store.ts';

/** What is looked for; it stays while another page is open. */
export const useQuery = create<{ readonly query: string; readonly sort: string; readonly descending: boolean }>()(() => ({
  query: '',
  sort: 'name',
  descending: false,
}));

/** Adds a part to the query, or takes one away. */
export function addFilter(part: string): void {
  useQuery.setState(({ query }) => ({ query: `${query.trim()} ${part}`.trim() }));
}
export function dropFilter(part: string): void {
  useQuery.setState(({ query }) => ({ query: query.replace(part, '').replace(/\s+/g, ' ').trim() }));
}

const pageSize = 200;

export interface Search {
  /** null before the first answer; an older one stays until the next is there. */
  readonly answer: LibraryAnswer | null;
  readonly problem: ErrorReport | null;
  readonly rowAt: (index: number) => FoundVersion | undefined;
  /** Fetches what is missing between these rows. */
  readonly want: (first: number, last: number) => void;
  readonly again: () => void;
}

/** Searches as it is typed, and again when models change; further pages come as they are scrolled to. */
export function useSearch(): Search {
  const client = useClient();
  const asked = useQuery();
  const models = useMirror((state) => state.models);
  const [answer, setAnswer] = useState<LibraryAnswer | null>(null);
  const [pages, setPages] = useState<ReadonlyMap<number, readonly FoundVersion[]>>(new Map());
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [round, setRound] = useState(0);
  const run = useRef(new AbortController());
  const wanted = useRef(new Set<number>());

  useEffect(() => {
    run.current.abort();
    const mine = new AbortController();
    run.current = mine;
    wanted.current = new Set([0]);
    const search = async (): Promise<void> => {
      try {
        const next = await client.library.search({ ...asked, offset: 0, limit: pageSize }, { signal: mine.signal });
        if (mine.signal.aborted) return;
        setAnswer(next);
        setPages(new Map([[0, next.versions]]));
        setProblem(null);
      } catch (error) {
        if (!mine.signal.aborted) setProblem(reportOf(error));
      }
    };
    void search();
    return () => mine.abort();
  }, [client, asked, models, round]);

  const want = useCallback(
    (first: number, last: number): void => {
      const { signal } = run.current;
      for (let page = Math.floor(first / pageSize); page <= Math.floor(last / pageSize); page += 1) {
        if (wanted.current.has(page)) continue;
        wanted.current.add(page);
        client.library.search({ ...asked, offset: page * pageSize, limit: pageSize }, { signal }).then(
          ({ versions }) => (signal.aborted ? undefined : setPages((before) => new Map([...before, [page, versions]]))),
          (error: unknown) => (signal.aborted ? undefined : setProblem(reportOf(error))),
        );
      }
    },
    [client, asked],
  );
  const rowAt = (index: number): FoundVersion | undefined => pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  return { answer, problem, rowAt, want, again: () => setRound((last) => last + 1) };
}
