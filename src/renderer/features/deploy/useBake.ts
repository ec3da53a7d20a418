import { useEffect, useState } from 'react';
import type { Bake } from '../../../shared/contract/deploy.ts';
import { useClient } from '../../app/store.ts';
import { followStream } from '../servings/followStream.ts';

/** A bake as it goes on; null until the first word of it, and where there is none. */
export function useBake(id: string | null): Bake | null {
  const client = useClient();
  const [bake, setBake] = useState<Bake | null>(null);
  useEffect(() => {
    setBake(null);
    if (id === null) return undefined;
    const end = new AbortController();
    void followStream({
      open: (signal) => client.deploy.follow({ id }, { signal }),
      onItem: setBake,
      signal: end.signal,
    });
    return () => end.abort();
  }, [client, id]);
  return bake;
}
