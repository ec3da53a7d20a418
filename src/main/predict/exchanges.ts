import { randomUUID } from 'node:crypto';
import { AppError } from '../../shared/contract/errors.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Exchange } from './exchange.ts';
import type { InputTensors } from './inputTensors.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';

/** So many are kept, and together no more than so many bytes; the last one always. */
const most = 64;
const mostBytes = 512 * 2 ** 20;

/** An exchange with what it was about. */
export interface KeptExchange extends Exchange {
  readonly id: string;
  readonly servingId: string;
  readonly signatureName: string;
  readonly signature: SignatureInfo | null;
  /** As sent; null where text was sent as it was typed. */
  readonly inputs: InputTensors | null;
}

/** The last exchanges, so that a window fetches of an answer what it shows. */
export interface Exchanges {
  keep(exchange: Omit<KeptExchange, 'id'>): KeptExchange;
  /** EXCHANGE_GONE where it is not kept any more. */
  get(id: string): KeptExchange;
  /** EXCHANGE_GONE, or BAD_INPUT where it has no such output. */
  output(id: string, name: string): Tensor;
}

const bytesOf = ({ request, response }: Exchange): number => request.body.length + 2 * response.body.length;

export function createExchanges(): Exchanges {
  const kept = new Map<string, KeptExchange>();
  let bytes = 0;
  const get = (id: string): KeptExchange => {
    const exchange = kept.get(id);
    if (exchange === undefined) throw new AppError('EXCHANGE_GONE');
    return exchange;
  };
  return {
    keep(exchange) {
      const one = { ...exchange, id: randomUUID() };
      kept.set(one.id, one);
      bytes += bytesOf(one);
      for (const [id, old] of kept) {
        if (id === one.id || (kept.size <= most && bytes <= mostBytes)) break;
        kept.delete(id);
        bytes -= bytesOf(old);
      }
      return one;
    },
    get,
    output(id, name) {
      const { outputs } = get(id);
      const tensor = outputs[name];
      if (tensor === undefined) throw new AppError('BAD_INPUT', { detail: `The outputs are ${Object.keys(outputs).join(', ')}.` });
      return tensor;
    },
  };
}
