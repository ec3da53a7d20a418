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

/** Nodes that see each other by name, and where a function was called first. */
export interface Scope {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** A function's arguments, in the order of the call's inputs. */
  readonly args: readonly string[];
  readonly call: { readonly node: GraphNode; readonly scope: Scope } | null;
}

/** The nodes between a signature's inputs, which are fed, and its outputs, those of functions included, each function once. */
function* reachableNodes(
  graph: MetaGraph,
  starts: readonly string[],
  fed: readonly string[],
): Generator<{ readonly node: GraphNode; readonly scope: Scope }> {
  const functionsSeen = new Set<string>();
  const byName = (nodes: readonly GraphNode[]): ReadonlyMap<string, GraphNode> => new Map(nodes.map((node) => [node.name, node]));
  const main: Scope = { nodes: byName(graph.nodes), args: [], call: null };
  const scopes: { readonly scope: Scope; readonly starts: readonly string[]; readonly fed: readonly string[] }[] = [
    { scope: main, starts, fed: fed.map(nodeOf) },
  ];
  const enter = ({ name, nodes, args, returns, controlReturns }: GraphFunction, call: Scope['call']): void => {
    if (functionsSeen.has(name)) return;
    functionsSeen.add(name);
    scopes.push({ scope: { nodes: byName(nodes), args, call }, starts: [...returns.values(), ...controlReturns], fed: [] });
  };
  for (let one = scopes.pop(); one !== undefined; one = scopes.pop()) {
    const { scope } = one;
    const seen = new Set<string>(one.fed);
    const waiting = one.starts.map(nodeOf);
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const node = scope.nodes.get(name);
      if (node === undefined || seen.has(name)) continue;
      seen.add(name);
      yield { node, scope };
      const called = graph.functions.get(node.op);
      if (called !== undefined) enter(called, { node, scope });
      for (const attribute of functionAttributes) {
        for (const target of attrFunctions(node.attr(attribute))) {
          const body = graph.functions.get(target);
          if (body !== undefined) enter(body, { node, scope });
        }
      }
      waiting.push(...node.inputs.map(nodeOf));
    }
  }
}

/** The signature's nodes. SIGNATURE_NOT_FOUND where there is none of that name. */
export function signatureNodes(graph: MetaGraph | undefined, signatureName: string): ReturnType<typeof reachableNodes> {
  const signature = graph?.signatures[signatureName];
  if (graph === undefined || signature === undefined) {
    throw new AppError('SIGNATURE_NOT_FOUND', { signature: signatureName, known: Object.keys(graph?.signatures ?? {}).join(', ') });
  }
  const names = (side: 'inputs' | 'outputs'): readonly string[] => Object.values(signature[side]).map(({ name }) => name);
  return reachableNodes(graph, names('outputs'), names('inputs'));
}

/** Walks from a signature's outputs through nodes and functions; SIGNATURE_NOT_FOUND where there is none of that name. */
export function describeGraph(graph: MetaGraph | undefined, signatureName: string): SignatureGraph {
  const ops = new Set<string>();
  for (const { node } of signatureNodes(graph, signatureName)) ops.add(node.op);
  const has = (pattern: RegExp): boolean => [...ops].some((op) => pattern.test(op));
  return { writesState: has(writes), needsMeaningfulBytes: has(decodes), ops: [...ops].toSorted() };
}

/** The meta graph with these tags; the version's saved_model.pb is read anew. */
export async function readMetaGraph(
  versionPath: string,
  tags: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<MetaGraph | undefined> {
  const graphs = await readGraphs(versionPath, (path) => readFile(path, { signal }));
  return graphs.find((one) => one.tags.length === tags.length && tags.every((tag) => one.tags.includes(tag)));
}

/** describeGraph of the meta graph with these tags, in this thread. */
export async function readSignatureGraph(
  versionPath: string,
  tags: readonly string[],
  signatureName: string,
  options: { readonly signal: AbortSignal },
): Promise<SignatureGraph> {
  return describeGraph(await readMetaGraph(versionPath, tags, options), signatureName);
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
