import { useEffect, useState } from 'react';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import type { PlaceChanges, PlaceForecast } from '../../../../shared/contract/placeChange.ts';
import { reportOf, useClient } from '../../../app/store.ts';

/** A choice is followed when nothing more was typed for this long. */
const settleMs = 250;

export interface Foreseen {
  /** Of the choices as they are; null while it is asked for, and where they are refused. */
  readonly forecast: PlaceForecast | null;
  readonly problem: ErrorReport | null;
}

const nothing: Foreseen = { forecast: null, problem: null };

/** What a change would do, asked anew as the choices change; null changes ask for nothing. */
export function useForecast(id: string, changes: PlaceChanges | null): Foreseen {
  const client = useClient();
  const [told, setTold] = useState<Foreseen & { readonly of: string | null }>({ ...nothing, of: null });
  const text = changes === null ? null : JSON.stringify(changes);
  useEffect(() => {
    if (text === null) return undefined;
    const end = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const forecast = await client.servings.foreseePlace({ id, changes: JSON.parse(text) as PlaceChanges }, { signal: end.signal });
        if (!end.signal.aborted) setTold({ forecast, problem: null, of: text });
      } catch (error) {
        if (!end.signal.aborted) setTold({ forecast: null, problem: reportOf(error), of: text });
      }
    };
    const timer = setTimeout(() => void ask(), settleMs);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [client, id, text]);
  return told.of === text ? told : nothing;
}
