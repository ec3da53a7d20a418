import { AppError } from '../../shared/contract/errors.ts';
import { requestTensors } from '../../shared/tensor/requestTensors.ts';
import type { KeptExchange } from './exchanges.ts';
import type { InputTensors } from './inputTensors.ts';

const read = new WeakMap<KeptExchange, InputTensors>();

/**
 * The tensors of a request, by the names of its inputs: as they were sent, or read from the text that was. Empty where they cannot be
 * known: text that is no request of the signature, tf.Examples, a body over gRPC that held examples.
 */
export function sentTensors(exchange: KeptExchange): InputTensors {
  const { inputs, signature, grpcStatus, request } = exchange;
  if (inputs !== null) return inputs;
  if (signature === null || grpcStatus !== null) return {};
  let tensors = read.get(exchange);
  if (tensors === undefined) {
    tensors = {};
    try {
      tensors = requestTensors(signature, Buffer.from(request.body).toString('utf8'), { insist: true });
    } catch (error) {
      // The person insisted on what is no tensor.
      if (!(error instanceof AppError)) throw error;
    }
    read.set(exchange, tensors);
  }
  return tensors;
}
