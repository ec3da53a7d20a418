import { useCallback, useEffect, useState } from 'react';
import type { OutputStep, Recipe } from '../../../../shared/contract/processing.ts';
import { useClient } from '../../../app/store.ts';

/** The postprocessing of a signature's outputs, as it is saved with the model. */
export interface OutputRecipe {
  /** By the names of outputs; null until it was read. */
  readonly outputs: Recipe['outputs'] | null;
  /** Saves the steps of one output; what others are, and the inputs', stays. Fails as the call does. */
  readonly save: (name: string, steps: readonly OutputStep[]) => Promise<void>;
}

export function useRecipe(modelId: string, signature: string): OutputRecipe {
  const client = useClient();
  const of = `${modelId} ${signature}`;
  const [read, setRead] = useState<{ readonly of: string; readonly outputs: Recipe['outputs'] } | null>(null);
  useEffect(() => {
    const end = new AbortController();
    client.playground.recipe({ modelId, signature }, { signal: end.signal }).then(
      (recipe) => (end.signal.aborted ? undefined : setRead({ of, outputs: recipe?.outputs ?? {} })),
      // Without its steps an answer can still be looked at.
      () => (end.signal.aborted ? undefined : setRead({ of, outputs: {} })),
    );
    return () => end.abort();
  }, [client, modelId, signature, of]);
  const save = useCallback(
    async (name: string, steps: readonly OutputStep[]): Promise<void> => {
      const before = await client.playground.recipe({ modelId, signature });
      const others = Object.entries(before?.outputs ?? {}).filter(([output]) => output !== name);
      const outputs = Object.fromEntries(steps.length === 0 ? others : [...others, [name, steps] as const]);
      const inputs = before?.inputs ?? {};
      const isEmpty = Object.keys(outputs).length === 0 && Object.keys(inputs).length === 0;
      await client.playground.saveRecipe({ modelId, signature, recipe: isEmpty ? null : { version: 1, inputs, outputs } });
      setRead({ of, outputs });
    },
    [client, modelId, signature, of],
  );
  return { outputs: read?.of === of ? read.outputs : null, save };
}
