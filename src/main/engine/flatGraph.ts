import type { GraphFunction, GraphNode, MetaGraph } from '../savedmodel/savedModelProto.ts';
import { StatusError } from '../tfserving/status.ts';
import { Attributes } from './attributes.ts';
import type { ValueType } from './onnx/lowering.ts';
import { argumentCount, opDefinition } from './opDefinition.ts';
import { invalid } from './value.ts';

/** One output of a node. */
export interface Edge {
  readonly node: FlatNode;
  readonly index: number;
}

/** A node after all calls are inlined. `_Arg` stands for what is fed. */
export interface FlatNode {
  /** Unique: the names of the calls that led here, then its own. */
  readonly path: string;
  readonly name: string;
  /** The function that it is written in; empty in the main graph. */
  readonly functionName: string;
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: Edge[];
  readonly controls: FlatNode[];
  /** Functions that the op calls by itself (branches; condition and body), in the order of its attributes. */
  readonly bodies: readonly FlatGraph[];
  /** What a signature says of an argument. */
  readonly type?: ValueType;
}

/** A graph without calls: arguments in, results out. `roots` run though no result needs them. */
export interface FlatGraph {
  readonly name: string;
  readonly args: readonly FlatNode[];
  readonly results: readonly Edge[];
  readonly roots: readonly FlatNode[];
}

interface Entry {
  readonly edge: (output: string | null, index: number) => Edge;
  /** All that must have run before a node that depends on this one by control. */
  readonly controls: readonly FlatNode[];
}

interface Scope {
  readonly functionName: string;
  readonly prefix: string;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly entries: Map<string, Entry>;
  readonly controls: readonly FlatNode[];
  readonly depth: number;
  readonly roots: FlatNode[];
}

const calls = new Set(['PartitionedCall', 'StatefulPartitionedCall']);
/** Attributes that name functions which an op runs by itself. */
const bodyAttributes: Readonly<Record<string, readonly string[]>> = {
  If: ['then_branch', 'else_branch'],
  StatelessIf: ['then_branch', 'else_branch'],
  While: ['cond', 'body'],
  StatelessWhile: ['cond', 'body'],
  Case: ['branches'],
  StatelessCase: ['branches'],
};
const maxDepth = 100;
const maxFlatNodes = 200_000;

/** `name`, `name:1`, `name:output:1`, `^name`. */
function parseInput(input: string): {
  readonly name: string;
  readonly output: string | null;
  readonly index: number;
  readonly control: boolean;
} {
  const control = input.startsWith('^');
  const [name = '', second, third] = (control ? input.slice(1) : input).split(':');
  return third === undefined
    ? { name, output: null, index: Number(second ?? 0), control }
    : { name, output: second ?? null, index: Number(third), control };
}

const noAttributes = (name: string, op: string): Attributes => new Attributes({ name, op, inputs: [], attr: () => undefined });

const missingTensor = (name: string): StatusError =>
  invalid(`Tensor ${name}:0, specified in either feed_devices or fetch_devices was not found in the Graph`);

export function argNode(name: string, functionName = '', type: ValueType = { dtype: undefined, dims: null }): FlatNode {
  return { path: name, name, functionName, op: '_Arg', attributes: noAttributes(name, '_Arg'), inputs: [], controls: [], bodies: [], type };
}

const isNextIteration = (node: GraphNode | undefined): boolean => node !== undefined && /^(Ref)?NextIteration$/.test(node.op);

/** Nodes that `wanted` needs, each after its inputs; an edge back into a loop's Merge does not count. Throws on any other cycle. */
function ordered(scope: Scope, wanted: readonly string[]): readonly GraphNode[] {
  const order: GraphNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const stack: { readonly name: string; next: number }[] = [];
  const loops: string[] = [];
  const push = (name: string, from: GraphNode | undefined): void => {
    if (scope.entries.has(name)) return;
    const node = scope.nodes.get(name);
    if (node === undefined) throw invalid(`Node '${from?.name ?? scope.functionName}': Unknown input node '${name}'`);
    if (from !== undefined && /^(Ref)?Merge$/.test(from.op) && isNextIteration(node)) {
      loops.push(name);
      return;
    }
    const seen = state.get(name);
    if (seen === 'open') throw invalid(`Graph is invalid, contains a cycle with node ${name}`);
    if (seen === 'done') return;
    state.set(name, 'open');
    stack.push({ name, next: 0 });
  };
  const drain = (): void => {
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const node = scope.nodes.get(top.name)!;
      const input = node.inputs[top.next];
      top.next += 1;
      if (input !== undefined) push(parseInput(input).name, node);
      else {
        state.set(top.name, 'done');
        order.push(node);
        stack.pop();
      }
    }
  };
  for (const name of wanted) {
    push(name, undefined);
    drain();
  }
  for (let name = loops.pop(); name !== undefined; name = loops.pop()) {
    push(name, undefined);
    drain();
  }
  return order;
}

/** Inlines the functions of one meta graph, node by node within one budget for all of its signatures. */
export class Flattener {
  readonly #graph: MetaGraph;
  readonly #main: ReadonlyMap<string, GraphNode>;
  #left = maxFlatNodes;

  constructor(graph: MetaGraph) {
    this.#graph = graph;
    this.#main = new Map(graph.nodes.map((node) => [node.name, node]));
  }

  /** What lies between the tensors that are fed and those that are fetched; `targets` are nodes that run without a result. */
  flatten(
    feeds: readonly string[],
    fetches: readonly string[],
    targets: readonly string[] = [],
    types: readonly ValueType[] = [],
  ): FlatGraph {
    const entries = new Map<string, Entry>();
    const args = feeds.map((feed, at) => argNode(parseInput(feed).name, '', types[at]));
    const fed = new Map<string, Map<number, FlatNode>>();
    for (const [place, feed] of feeds.entries()) {
      const { name, index } = parseInput(feed);
      if (!this.#main.has(name)) throw missingTensor(name);
      fed.set(name, (fed.get(name) ?? new Map<number, FlatNode>()).set(index, args[place]!));
    }
    for (const [name, outputs] of fed) {
      entries.set(name, {
        edge(_output, index) {
          const node = outputs.get(index);
          if (node === undefined) throw new StatusError('UNIMPLEMENTED', `Feeding only some outputs of ${name} is not supported`);
          return { node, index: 0 };
        },
        controls: [],
      });
    }
    const scope: Scope = { functionName: '', prefix: '', nodes: this.#main, entries, controls: [], depth: 0, roots: [] };
    const wanted = fetches.map(parseInput);
    for (const { name } of wanted) if (!this.#main.has(name)) throw missingTensor(name);
    this.#enter(scope, [...wanted.map(({ name }) => name), ...targets.map((target) => parseInput(target).name)]);
    return {
      name: '',
      args,
      results: wanted.map(({ name, output, index }) => this.#entry(scope, name).edge(output, index)),
      roots: [...scope.roots, ...targets.flatMap((target) => this.#entry(scope, parseInput(target).name).controls)],
    };
  }

  #entry(scope: Scope, name: string): Entry {
    const entry = scope.entries.get(name);
    if (entry === undefined) throw invalid(`Node '${name}' is not in the graph`);
    return entry;
  }

  #enter(scope: Scope, wanted: readonly string[]): void {
    const merges: { readonly merge: FlatNode; readonly node: GraphNode }[] = [];
    for (const node of ordered(scope, wanted)) {
      const controls = new Set(scope.controls);
      const inputs: Edge[] = [];
      const isMerge = /^(Ref)?Merge$/.test(node.op);
      for (const input of node.inputs) {
        const { name, output, index, control } = parseInput(input);
        if (isMerge && isNextIteration(scope.nodes.get(name))) continue;
        const entry = this.#entry(scope, name);
        if (control) for (const one of entry.controls) controls.add(one);
        else inputs.push(entry.edge(output, index));
      }
      const called = this.#called(node);
      if (called !== undefined) {
        scope.entries.set(node.name, this.#inline(scope, node, called, inputs, [...controls]));
        continue;
      }
      const made = this.#node(scope, node, inputs, [...controls]);
      scope.entries.set(node.name, { edge: outputEdges(made), controls: [made] });
      if (isMerge) merges.push({ merge: made, node });
    }
    for (const { merge, node } of merges) {
      for (const input of node.inputs) {
        const { name, output, index } = parseInput(input);
        if (isNextIteration(scope.nodes.get(name))) merge.inputs.push(this.#entry(scope, name).edge(output, index));
      }
    }
  }

  #called(node: GraphNode): GraphFunction | undefined {
    if (!calls.has(node.op)) return this.#graph.functions.get(node.op);
    const [name = ''] = new Attributes(node).functions('f');
    return this.#function(name, node);
  }

  #function(name: string, node: GraphNode): GraphFunction {
    const called = this.#graph.functions.get(name);
    if (called === undefined) throw new StatusError('NOT_FOUND', `Function ${name} is not defined, needed by node ${node.name}`);
    return called;
  }

  #node(scope: Scope, node: GraphNode, inputs: Edge[], controls: FlatNode[]): FlatNode {
    this.#spend();
    const attributes = new Attributes(node);
    const bodies: FlatGraph[] = [];
    for (const attribute of bodyAttributes[node.op] ?? []) {
      for (const name of attributes.functions(attribute)) {
        // The first input of a branch is its predicate, which the functions do not get.
        const given = node.op.endsWith('While') ? inputs : inputs.slice(1);
        bodies.push(this.#body(scope, this.#function(name, node), given, `${scope.prefix}${node.name}/`));
      }
    }
    return {
      path: scope.prefix + node.name,
      name: node.name,
      functionName: scope.functionName,
      op: node.op,
      attributes,
      inputs,
      controls,
      bodies,
    };
  }

  #spend(): void {
    this.#left -= 1;
    if (this.#left < 0)
      throw new StatusError('RESOURCE_EXHAUSTED', `The graph has more than ${maxFlatNodes} nodes after its functions are inlined`);
  }

  #scope(parent: Scope, called: GraphFunction, prefix: string, given: readonly Edge[], controls: readonly FlatNode[]): Scope {
    if (parent.depth >= maxDepth)
      throw new StatusError('UNIMPLEMENTED', `Function ${called.name} calls itself, or calls nest more than ${maxDepth} deep`);
    if (given.length < called.args.length)
      throw invalid(`Expected ${called.args.length} arguments, but ${given.length} is provided (${called.name})`);
    const entries = new Map<string, Entry>();
    for (const [index, name] of called.args.entries()) {
      const edge = given[index]!;
      entries.set(name, { edge: () => edge, controls: [edge.node] });
    }
    return {
      functionName: called.name,
      prefix,
      nodes: new Map(called.nodes.map((node) => [node.name, node])),
      entries,
      controls,
      depth: parent.depth + 1,
      roots: parent.roots,
    };
  }

  #inline(parent: Scope, node: GraphNode, called: GraphFunction, inputs: readonly Edge[], controls: readonly FlatNode[]): Entry {
    this.#spend();
    const scope = this.#scope(parent, called, `${parent.prefix}${node.name}/`, inputs, controls);
    const returned = [...called.returns.values()].map(parseInput);
    this.#enter(scope, [...returned.map(({ name }) => name), ...called.controlReturns]);
    const results = returned.map(({ name, output, index }) => this.#entry(scope, name).edge(output, index));
    const effects = called.controlReturns.flatMap((name) => this.#entry(scope, name).controls);
    scope.roots.push(...effects);
    const names = [...called.returns.keys()];
    return {
      edge(output, index) {
        const place = calls.has(node.op) || output === null ? index : names.indexOf(output);
        const edge = results[place];
        if (edge === undefined) throw invalid(`Node '${node.name}' has no output ${index}`);
        return edge;
      },
      controls: [...new Set([...effects, ...results.map((edge) => edge.node), ...controls])],
    };
  }

  /** A function as a graph of its own. An argument that is a variable's handle is the same handle inside. */
  #body(parent: Scope, called: GraphFunction, given: readonly Edge[], prefix: string): FlatGraph {
    const args = called.args.map((name) => argNode(name, called.name));
    const bound = args.map((arg, index): Edge => {
      const node = given[index]?.node;
      return node?.op === 'VarHandleOp' ? { node, index: 0 } : { node: arg, index: 0 };
    });
    const scope: Scope = { ...this.#scope(parent, called, prefix, bound, []), roots: [] };
    const returned = [...called.returns.values()].map(parseInput);
    this.#enter(scope, [...returned.map(({ name }) => name), ...called.controlReturns]);
    return {
      name: called.name,
      args,
      results: returned.map(({ name, output, index }) => this.#entry(scope, name).edge(output, index)),
      roots: [...scope.roots, ...called.controlReturns.flatMap((name) => this.#entry(scope, name).controls)],
    };
  }
}

/** Finds outputs by the names of the op's definition: `node:output:1` is counted from that argument's first tensor. */
function outputEdges(node: FlatNode): Entry['edge'] {
  let starts: Map<string, number> | undefined;
  return (output, index) => {
    if (output === null) return { node, index };
    if (starts === undefined) {
      starts = new Map();
      let at = 0;
      for (const argument of opDefinition(node.op)?.outputs ?? []) {
        starts.set(argument.name, at);
        at += argumentCount(argument, node.attributes);
      }
    }
    return { node, index: (starts.get(output) ?? 0) + index };
  };
}

const isBackEdge = (node: FlatNode, from: FlatNode): boolean => /^(Ref)?Merge$/.test(node.op) && /^(Ref)?NextIteration$/.test(from.op);

/** All nodes that a graph runs, each after what it needs but for loops' back edges. */
export function topological(graph: FlatGraph): readonly FlatNode[] {
  const order: FlatNode[] = [];
  const seen = new Set<FlatNode>(graph.args);
  const loops: FlatNode[] = [];
  const visit = (start: FlatNode): void => {
    if (seen.has(start)) return;
    seen.add(start);
    const stack: { readonly node: FlatNode; next: number }[] = [{ node: start, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { node } = top;
      const count = node.controls.length;
      const needed = top.next < count ? node.controls[top.next] : node.inputs[top.next - count]?.node;
      top.next += 1;
      if (needed === undefined) {
        order.push(node);
        stack.pop();
      } else if (isBackEdge(node, needed)) loops.push(needed);
      else if (!seen.has(needed)) {
        seen.add(needed);
        stack.push({ node: needed, next: 0 });
      }
    }
  };
  for (const root of graph.roots) visit(root);
  for (const { node } of graph.results) visit(node);
  for (let node = loops.pop(); node !== undefined; node = loops.pop()) visit(node);
  return order;
}
