import { useEffect, useState } from 'react';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import type { LocalImage } from '../../../../shared/contract/placeChange.ts';
import { reportOf, useClient } from '../../../app/store.ts';

/** The images here that a serving could be moved to; null until they are known. */
export function useImages(
  id: string,
  asked: boolean,
): { readonly images: readonly LocalImage[] | null; readonly problem: ErrorReport | null } {
  const client = useClient();
  const [images, setImages] = useState<readonly LocalImage[] | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  useEffect(() => {
    if (!asked) return undefined;
    const end = new AbortController();
    client.servings.images({ id }, { signal: end.signal }).then(
      (found) => {
        if (end.signal.aborted) return;
        setImages(found);
        setProblem(null);
      },
      (error: unknown) => {
        if (!end.signal.aborted) setProblem(reportOf(error));
      },
    );
    return () => end.abort();
  }, [client, id, asked]);
  return { images, problem };
}
