import { useEffect, useState } from 'react';
import type { BakeDraft, BakePreview } from '../../../shared/contract/deploy.ts';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import { reportOf, useClient } from '../../app/store.ts';

/** A choice is followed when nothing more was typed for this long. */
const settleMs = 150;

export interface Preview {
  /** The newest that could be made. */
  readonly preview: BakePreview | null;
  /** Why the present choices make none. */
  readonly problem: ErrorReport | null;
}

/** What the choices would build, made anew as they change; null asks for nothing. */
export function usePreview(draft: BakeDraft | null): Preview {
  const client = useClient();
  const [made, setMade] = useState<Preview>({ preview: null, problem: null });
  const text = draft === null ? null : JSON.stringify(draft);
  useEffect(() => {
    if (text === null) return undefined;
    const end = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const preview = await client.deploy.preview(JSON.parse(text) as BakeDraft, { signal: end.signal });
        if (!end.signal.aborted) setMade({ preview, problem: null });
      } catch (error) {
        if (!end.signal.aborted) setMade(({ preview }) => ({ preview, problem: reportOf(error) }));
      }
    };
    const timer = setTimeout(() => void ask(), settleMs);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [client, text]);
  return made;
}
