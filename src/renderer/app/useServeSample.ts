import { useLocation } from 'wouter';
import { useClient } from './store.ts';
import { useCall, type Call } from './useCall.ts';

/** Adds the sample model, serves it, and opens the playground. */
export function useServeSample(): { readonly serveSample: () => Promise<boolean>; readonly call: Call } {
  const client = useClient();
  const call = useCall();
  const [, go] = useLocation();
  const serveSample = (): Promise<boolean> =>
    call.run(async () => {
      const model = await client.imports.sample();
      const { servingId } = await client.servings.start({ modelId: model.id });
      go(`/playground/${servingId}`);
    });
  return { serveSample, call };
}
