import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../shared/contract/savedModel.ts';
import { dtypeOfEnum, dtypeSizeBytes } from '../../shared/tensor/dtype.ts';
import opTable from './opTable.json' with { type: 'json' };
import { problem } from './problem.ts';
import type { GraphNode, MetaGraph } from './savedModelProto.ts';
import { attrTensor, readTensorClaim } from './tensorProto.ts';

/** A constant that claims more than this and holds less than a thousandth of it would be blown up at load. */
const hugeConstBytes = 1 << 30;
/** A signature tensor of more elements than this, batch taken as 1, fits no machine. */
const hugeElements = 2 ** 40;

/** The ops of a TensorFlow release; scripts/makeOpTable.py writes the file. */
const knownOps = { release: opTable.release, ops: new Set(Object.keys(opTable.ops)) };

/** Every node of a graph: the main one's, then each function's. */
export function* allNodes(graph: MetaGraph): Generator<GraphNode> {
  yield* graph.nodes;
  for (const { nodes } of graph.functions.values()) yield* nodes;
}

/** The node that a tensor name belongs to. */
export const nodeOfTensor = (tensor: string): string => tensor.replace(/:\d+$/, '').replace(/^\^/, '');

function signatureProblems(graph: MetaGraph): readonly Problem[] {
  const names = new Set(graph.nodes.map(({ name }) => name));
  const found: Problem[] = [];
  for (const [signature, { inputs, outputs }] of Object.entries(graph.signatures)) {
    for (const [key, info] of [...Object.entries(inputs), ...Object.entries(outputs)]) {
      if (info.name !== '' && !names.has(nodeOfTensor(info.name)))
        found.push(problem('SIGNATURE_TENSOR_MISSING', { signature, tensor: info.name }));
      const elements = (info.shape ?? []).reduce((product, dim) => product * Math.max(1, dim), 1);
      if (elements > hugeElements)
        found.push(problem('SIGNATURE_SHAPE_HUGE', { signature, tensor: key, shape: `[${(info.shape ?? []).join(', ')}]` }));
    }
  }
  return found;
}

/** A constant that claims far more than it holds would be blown up at load. */
export function constProblems(graph: MetaGraph): readonly Problem[] {
  for (const node of allNodes(graph)) {
    if (node.op !== 'Const') continue;
    const tensor = attrTensor(node.attr('value'));
    if (tensor === undefined) continue;
    const { dtype, shape, heldBytes } = readTensorClaim(tensor);
    const name = dtypeOfEnum(dtype);
    const claimedBytes =
      (shape ?? []).reduce((product, dim) => product * dim, 1) * (name === undefined ? 1 : Math.max(1, dtypeSizeBytes(name)));
    if (claimedBytes > hugeConstBytes && heldBytes < claimedBytes / 1000)
      return [problem('CONST_HUGE', { node: node.name, bytes: claimedBytes })];
  }
  return [];
}

function opProblems(graph: MetaGraph): readonly Problem[] {
  const { release, ops } = knownOps;
  // A node may also call a function of the library by its name.
  const unknown = Object.keys(graph.ops).filter((op) => !ops.has(op) && !graph.functions.has(op));
  return unknown.map((op) => problem('UNKNOWN_OP', { op, release }));
}

function assetProblems(graph: MetaGraph, versionPath: string): readonly Problem[] {
  return graph.assets.filter((name) => !existsSync(join(versionPath, 'assets', name))).map((file) => problem('ASSET_MISSING', { file }));
}

/** What is wrong within the graphs of one version, told once each. */
export function graphProblems(graphs: readonly MetaGraph[], versionPath: string): readonly Problem[] {
  const found: Problem[] = [];
  const serve = graphs.find(({ tags }) => tags.length === 1 && tags[0] === 'serve');
  if (serve === undefined) {
    const tags = graphs.map((graph) => `[${graph.tags.join(', ')}]`).join(' ');
    found.push(problem('NO_SERVE_TAG', { tags }, { mends: graphs.map((graph) => ({ kind: 'useTags', tags: graph.tags })) }));
  } else if (Object.keys(serve.signatures).every((name) => name === '__saved_model_init_op')) found.push(problem('NO_SIGNATURE'));
  for (const graph of graphs) {
    for (const problems of [signatureProblems(graph), constProblems(graph), opProblems(graph), assetProblems(graph, versionPath)])
      for (const one of problems) found.push(one);
  }
  const told = new Set<string>();
  return found.filter(({ message }) => !told.has(message) && told.add(message));
}
