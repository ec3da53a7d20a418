import type { RememberedAnswer } from '../../shared/contract/history.ts';
import type { PredictAnswer, TensorSummary } from '../../shared/contract/predict.ts';

const errorChars = 2_000;
const topChars = 200;
const mostOutputs = 1_000;
const floats = new Set<TensorSummary['dtype']>(['DT_FLOAT', 'DT_DOUBLE', 'DT_HALF', 'DT_BFLOAT16']);

type Answered = Pick<
  PredictAnswer,
  | 'mode'
  | 'status'
  | 'grpcStatus'
  | 'ok'
  | 'error'
  | 'version'
  | 'outputs'
  | 'encodeMs'
  | 'networkMs'
  | 'decodeMs'
  | 'requestBytes'
  | 'responseBytes'
>;

/** What stays of an answer in the history. */
export function rememberedAnswer({ outputs, error, encodeMs, networkMs, decodeMs, ...answer }: Answered): RememberedAnswer {
  const { mode, status, grpcStatus, ok, version, requestBytes, responseBytes } = answer;
  return {
    mode,
    status,
    grpcStatus,
    ok,
    error: error?.slice(0, errorChars) ?? null,
    version,
    outputs: outputs
      .slice(0, mostOutputs)
      .map((output) => ({ name: output.name, dtype: output.dtype, shape: output.shape, top: topOf(output) })),
    latencyMs: encodeMs + networkMs + decodeMs,
    requestBytes,
    responseBytes,
  };
}

/** The largest of the first row of scores, with its place; else the first value. */
function topOf({ dtype, shape, first }: TensorSummary): RememberedAnswer['outputs'][number]['top'] {
  const [value] = first;
  if (value === undefined) return null;
  const width = shape.at(-1) ?? 1;
  const isRow = floats.has(dtype) && shape.length <= 2 && width >= 2 && first.length >= width;
  if (!isRow) return { index: null, value: value.slice(0, topChars) };
  let best = 0;
  for (let at = 1; at < width; at += 1) {
    const [one, highest] = [Number(first[at]), Number(first[best])];
    if (one > highest || highest !== highest) best = at;
  }
  return { index: best, value: first[best] ?? '' };
}
