import { ProtoWriter } from '../../src/main/protobuf/wire.ts';
import { readSavedModelProto, type GraphFunction, type GraphNode, type MetaGraph } from '../../src/main/savedmodel/savedModelProto.ts';

/** A meta graph of these nodes and functions. */
export function graphOf(nodes: readonly GraphNode[], functions: readonly GraphFunction[] = []): MetaGraph {
  const [empty] = readSavedModelProto(new ProtoWriter().message(2, (meta) => meta.message(1, (info) => info.string(4, 'serve'))).finish());
  if (empty === undefined) throw new Error('one meta graph');
  return { ...empty, nodes, functions: new Map(functions.map((one) => [one.name, one])) };
}
