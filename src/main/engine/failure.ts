import { StatusError } from '../tfserving/status.ts';
import type { FlatNode } from './flatGraph.ts';

/** Contractions are rewritten by TensorFlow's optimiser after inlining, so its messages have their path and not their function. */
const namedByPath = new Set(['MatMul', 'Conv2D', 'DepthwiseConv2dNative', 'BatchMatMulV2']);

function nodeText({ functionName, name, path, op }: FlatNode): string {
  if (functionName === '' || namedByPath.has(op)) return `{{node ${path}}}`;
  return `{{function_node ${functionName}}}{{node ${name}}}`;
}

/** Any failure of a kernel as TensorFlow tells it: its own words, then the node. */
export function failureAt(error: unknown, node: FlatNode): StatusError {
  const place = `\n\t [[${nodeText(node)}]]`;
  if (error instanceof StatusError)
    return error.message.includes('\n\t [[{{') ? error : new StatusError(error.status, error.message + place, { cause: error.cause });
  if (error instanceof RangeError)
    return new StatusError('RESOURCE_EXHAUSTED', `${node.op} asks for more than this machine gives${place}`, { cause: error });
  return new StatusError('INTERNAL', `${node.op} could not be computed${place}`, { cause: error });
}
