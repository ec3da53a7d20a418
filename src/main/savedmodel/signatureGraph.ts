import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import { runInThread } from './readerThread.ts';
import { readGraphs } from './readGraphs.ts';
import type { GraphFunction, GraphNode, MetaGraph } from './savedModelProto.ts';
import { attrFunctions } from './tensorProto.ts';

/** Ops that change something which the next request sees. */
const writes =
  /^(Assign|ResourceApply|Apply|Scatter(Nd)?(Add|Sub|Mul|Div|Min|Max|Update)|ResourceScatter|StatelessRestore|LookupTableInsert|LookupTableRemove|LookupTableImport|Queue(Enqueue|Dequeue)|Stack(Push|Pop)|CountUpTo|Barrier|Stage|Unstage|WriteFile|SaveV2|.*(Insert|Erase)(Many)?(V2)?$)/;
/** Ops that refuse bytes which mean nothing to them. */
const decodes = /^(Decode|Parse(Single)?(Sequence)?Example|ParseTensor|StringToNumber|UnicodeDecode)/;

const smallBytes = 4_000_000;

/** What running a signature involves, functions included. */
export interface SignatureGraph {
  readonly writesState: boolean;
  readonly needsMeaningfulBytes: boolean;
  /** Reachable op types, sorted. */
  readonly ops: readonly string[];
}

const nodeOf = (input: string): string => input.replace(/^\^/, '').split(':')[0] ?? '';
const functionAttributes = ['f', 'then_branch', 'else_branch', 'cond', 'body', 'branches', 'key_func', 'reduce_func'] as const;

/** Op types between a signature's inputs, which are fed, and its outputs. */
function reachableOps(graph: MetaGraph, starts: readonly string[], fed: readonly string[]): ReadonlySet<string> {
  const ops = new Set<string>();
  const functionsSeen = new Set<string>();
  const scopes: { nodes: ReadonlyMap<string, GraphNode>; starts: readonly string[]; fed: readonly string[] }[] = [
    { nodes: new Map(graph.nodes.map((node) => [node.name, node])), starts, fed: fed.map(nodeOf) },
  ];
  const enter = ({ name, nodes, returns, controlReturns }: GraphFunction): void => {
    if (functionsSeen.has(name)) return;
    functionsSeen.add(name);
    scopes.push({ nodes: new Map(nodes.map((node) => [node.name, node])), starts: [...returns.values(), ...controlReturns], fed: [] });
  };
  for (let scope = scopes.pop(); scope !== undefined; scope = scopes.pop()) {
    const seen = new Set<string>(scope.fed);
    const waiting = scope.starts.map(nodeOf);
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const node = scope.nodes.get(name);
      if (node === undefined || seen.has(name)) continue;
      seen.add(name);
      ops.add(node.op);
      const called = graph.functions.get(node.op);
      if (called !== undefined) enter(called);
      for (const attribute of functionAttributes) {
        for (const target of attrFunctions(node.attr(attribute))) {
          const one = graph.functions.get(target);
          if (one !== undefined) enter(one);
        }
      }
      waiting.push(...node.inputs.map(nodeOf));
    }
  }
  return ops;
}

/** Walks from a signature's outputs through nodes and functions; SIGNATURE_NOT_FOUND where there is none of that name. */
export function describeGraph(graph: MetaGraph | undefined, signatureName: string): SignatureGraph {
  const signature = graph?.signatures[signatureName];
  if (graph === undefined || signature === undefined) {
    throw new AppError('SIGNATURE_NOT_FOUND', { signature: signatureName, known: Object.keys(graph?.signatures ?? {}).join(', ') });
  }
  const ops = reachableOps(
    graph,
    Object.values(signature.outputs).map(({ name }) => name),
    Object.values(signature.inputs).map(({ name }) => name),
  );
  const has = (pattern: RegExp): boolean => [...ops].some((op) => pattern.test(op));
  return { writesState: has(writes), needsMeaningfulBytes: has(decodes), ops: [...ops].toSorted() };
}

/** describeGraph of the meta graph with these tags, in this thread. The version's saved_model.pb is read anew. */
export async function readSignatureGraph(
  versionPath: string,
  tags: readonly string[],
  signatureName: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<SignatureGraph> {
  const graphs = await readGraphs(versionPath, (path) => readFile(path, { signal }));
  return describeGraph(
    graphs.find((one) => one.tags.length === tags.length && tags.every((tag) => one.tags.includes(tag))),
    signatureName,
  );
}

/** readSignatureGraph, in a thread of its own where the file is large: a small one is read sooner than a thread starts. */
export async function describeSignatureGraph(
  versionPath: string,
  tags: readonly string[],
  signatureName: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<SignatureGraph> {
  const facts = await stat(join(versionPath, 'saved_model.pb')).catch(() => null);
  if (facts !== null && facts.size <= smallBytes) return readSignatureGraph(versionPath, tags, signatureName, { signal });
  return (await runInThread({ kind: 'signature', path: versionPath, tags, signature: signatureName }, { signal })) as SignatureGraph;
}
