import type { PredictAnswer } from '../../shared/contract/predict.ts';
import { tensorsJson } from '../../shared/tensor/tensorJson.ts';
import { tensorStats } from '../../shared/tensor/tensorStats.ts';
import { elementCount } from '../../shared/tensor/tensorData.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import type { TensorSummary } from '../../shared/contract/predict.ts';
import type { KeptExchange } from './exchanges.ts';

export function summaryOf(name: string, tensor: Tensor): TensorSummary {
  const { dtype, shape } = tensor;
  return { name, dtype, shape, size: elementCount(shape), ...tensorStats(name, tensor) };
}

/** More of gRPC's outputs is not written as JSON. */
const madeChars = 100_000;

/** An answer's text: as it came over REST, over gRPC its outputs as JSON. Never more than so many characters are made. */
function textOf({ grpcStatus, response, outputs }: KeptExchange, maxChars: number): { readonly text: string; readonly cut: boolean } {
  if (grpcStatus === null) {
    // A character is at most four bytes, and at least one.
    const text = Buffer.from(response.body.buffer, response.body.byteOffset, Math.min(response.body.length, maxChars * 4)).toString('utf8');
    return { text: text.slice(0, maxChars), cut: text.length > maxChars || response.body.length > maxChars * 4 };
  }
  // Made for reading only: as JSON a tensor takes longer than its way over the wire.
  const most = Math.min(maxChars, madeChars);
  let text = '';
  if (Object.keys(outputs).length === 0) return { text, cut: false };
  for (const piece of tensorsJson(outputs)) {
    text += piece;
    if (text.length > most) return { text: text.slice(0, most), cut: true };
  }
  return { text, cut: false };
}

/** What a window gets of an exchange: all but the values, which it fetches by its id. */
export function answerOf(
  exchange: KeptExchange,
  told: Pick<PredictAnswer, 'backend' | 'mode' | 'reason' | 'problem'>,
  { now, maxChars }: { readonly now: () => Date; readonly maxChars: number },
): PredictAnswer {
  const started = performance.now();
  const { text, cut } = textOf(exchange, maxChars);
  const outputs = Object.entries(exchange.outputs).map(([name, tensor]) => summaryOf(name, tensor));
  const { id, method, status, grpcStatus, ok, url, version, error, requestBytes, responseBytes, encodeMs, networkMs, serverMs } = exchange;
  return {
    exchange: id,
    ...told,
    method,
    status,
    grpcStatus,
    ok,
    url,
    version,
    outputs,
    error,
    rawText: text,
    rawCut: cut,
    requestBytes,
    responseBytes,
    encodeMs,
    networkMs,
    serverMs,
    decodeMs: exchange.decodeMs + performance.now() - started,
    at: now().toISOString(),
  };
}
