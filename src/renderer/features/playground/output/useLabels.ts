import { useEffect, useState } from 'react';
import type { LabelSource } from '../../../../shared/contract/processing.ts';
import { useClient } from '../../../app/store.ts';

/** Names of the places of a tensor's last dimension, and the file they are from; null where it was typed. */
export interface Labels {
  readonly names: readonly string[];
  readonly file: string | null;
}

/** The model whose assets are looked into. */
export interface LabelPlace {
  readonly modelId: string;
  readonly version: string | null;
  /** Names of files in `assets`. */
  readonly assets: readonly string[];
}

/** More files than this are not tried. */
const mostTried = 4;
const mayHoldNames = /(\.(txt|csv|names|labels|lst|vocab)|^[^.]*)$/i;

/**
 * The names of classes: from `source`, or where nobody chose one from the first asset that has exactly as many lines as there are
 * classes. null until they are read, and where there are none.
 */
export function useLabels({ modelId, version, assets }: LabelPlace, source: LabelSource | null, classes: number): Labels | null {
  const client = useClient();
  const tried =
    source?.kind === 'asset'
      ? [source.path]
      : source === null && classes > 1
        ? assets.filter((path) => mayHoldNames.test(path)).slice(0, mostTried)
        : [];
  const of = JSON.stringify([modelId, version, tried, source === null ? classes : 0]);
  const [read, setRead] = useState<{ readonly of: string; readonly labels: Labels | null } | null>(null);
  useEffect(() => {
    const end = new AbortController();
    const find = async (): Promise<Labels | null> => {
      const [, , paths, wanted] = JSON.parse(of) as [string, string | null, readonly string[], number];
      for (const file of paths) {
        // A file that cannot be read names nothing.
        const names = await client.playground.labels({ modelId, version, asset: file }, { signal: end.signal }).catch(() => []);
        if (names.length > 0 && (wanted === 0 || names.length === wanted)) return { names, file };
      }
      return null;
    };
    void find().then((labels) => (end.signal.aborted ? undefined : setRead({ of, labels })));
    return () => end.abort();
  }, [client, modelId, version, of]);
  if (source?.kind === 'list') return { names: source.labels, file: null };
  return read?.of === of ? read.labels : null;
}
