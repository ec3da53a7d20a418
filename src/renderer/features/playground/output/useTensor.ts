import { useEffect, useState } from 'react';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import type { OutputStep } from '../../../../shared/contract/processing.ts';
import type { Tensor } from '../../../../shared/tensor/tensor.ts';
import { isStrings, newNumbers, putText } from '../../../../shared/tensor/tensorData.ts';
import { reportOf, useClient } from '../../../app/store.ts';
import { readWhole } from './readWhole.ts';

/** One tensor of an exchange: an output, perhaps after steps, or an input. */
export interface Wanted {
  readonly exchange: string;
  readonly side: 'inputs' | 'outputs';
  readonly summary: TensorSummary;
  readonly steps: readonly OutputStep[];
}

export type Fetched =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly problem: ErrorReport }
  | { readonly kind: 'here'; readonly tensor: Tensor; readonly summary: TensorSummary };

type Here = Extract<Fetched, { kind: 'here' }>;
const waiting: Fetched = { kind: 'waiting' };

/** What was fetched of the last exchanges, so that another view shows at once. */
const kept = new Map<string, Here>();
const mostKept = 32;
const mostKeptBytes = 128 * 2 ** 20;

function keep(key: string, here: Here): void {
  kept.set(key, here);
  let bytes = 0;
  for (const [id, { tensor }] of [...kept].toReversed()) {
    bytes += isStrings(tensor.data) ? tensor.data.length * 64 : tensor.data.byteLength;
    if (id !== key && (bytes > mostKeptBytes || kept.size > mostKept)) kept.delete(id);
  }
}

/** A tensor of which the summary holds every value; null for strings, and where there are more. */
function smallTensor({ dtype, shape, first, size }: TensorSummary): Tensor | null {
  if (dtype === null || first.length < size || dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128') return null;
  const data = newNumbers(dtype, size);
  if (data === null) return null;
  for (let index = 0; index < size; index += 1) {
    const text = first[index] ?? '0';
    putText(data, index, dtype, text === 'true' ? '1' : text === 'false' ? '0' : text);
  }
  return { dtype, shape, data };
}

const keyOf = ({ exchange, side, summary, steps }: Wanted): string => `${exchange} ${side} ${summary.name} ${JSON.stringify(steps)}`;

function atHand(wanted: Wanted): Here | null {
  const found = kept.get(keyOf(wanted));
  if (found !== undefined) return found;
  const tensor = wanted.steps.length === 0 ? smallTensor(wanted.summary) : null;
  return tensor === null ? null : { kind: 'here', tensor, summary: wanted.summary };
}

/** The values of a tensor, fetched when they are wanted; null wants none. */
export function useTensor(wanted: Wanted | null): Fetched {
  const client = useClient();
  const key = wanted === null ? null : keyOf(wanted);
  const [fetched, setFetched] = useState<{ readonly key: string | null; readonly state: Fetched }>({ key: null, state: waiting });
  const own = wanted === null ? null : atHand(wanted);
  const isHere = own !== null;
  useEffect(() => {
    if (wanted === null || key === null || isHere) return undefined;
    const end = new AbortController();
    const read = async (): Promise<Here> => {
      const { exchange, side, summary, steps } = wanted;
      const asked = { exchange, name: summary.name };
      const options = { signal: end.signal };
      if (side === 'inputs' || steps.length === 0) {
        const fetchPart = side === 'inputs' ? client.playground.input : client.playground.output;
        return { kind: 'here', tensor: await readWhole((part) => fetchPart({ ...asked, part }, options)), summary };
      }
      let made = summary;
      const tensor = await readWhole(async (part) => {
        const processed = await client.playground.process({ ...asked, steps: [...steps], part }, options);
        made = processed.summary;
        return processed.tensor;
      });
      return { kind: 'here', tensor, summary: made };
    };
    read().then(
      (here) => {
        keep(key, here);
        if (!end.signal.aborted) setFetched({ key, state: here });
      },
      (error: unknown) => {
        if (!end.signal.aborted) setFetched({ key, state: { kind: 'failed', problem: reportOf(error) } });
      },
    );
    return () => end.abort();
    // `key` says all of `wanted`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, key, isHere]);
  if (own !== null) return own;
  return fetched.key === key ? fetched.state : waiting;
}
