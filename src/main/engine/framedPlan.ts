import { setImmediate } from 'node:timers/promises';
import { StatusError } from '../tfserving/status.ts';
import { failureAt } from './failure.ts';
import type { FlatGraph, FlatNode } from './flatGraph.ts';
import type { Kernel, RunContext } from './kernel.ts';
import { truthOf } from './ops/control.ts';
import { indices, invalid, type Value } from './value.ts';

/**
 * Graphs with TensorFlow's older control flow: switches and merges, and loops made of Enter, Merge, Switch, NextIteration and Exit in
 * named frames. A frame is run as a loop of its own; within one, nodes run in order, and a node of which an input is dead is dead.
 */

/** Ops that this runner knows itself. */
export const frameOps: ReadonlySet<string> = new Set(
  ['Switch', 'Merge', 'Enter', 'Exit', 'NextIteration', 'LoopCond'].flatMap((op) => [op, `Ref${op}`]),
);

const kindOf = (node: FlatNode): string => (frameOps.has(node.op) ? node.op.replace(/^Ref/, '') : '');

/** What a node that did not run has in the place of a value. */
const dead = Symbol('dead');
type Outcome = Value | typeof dead;

interface Frame {
  readonly name: string;
  readonly parent: Frame | null;
  /** Nodes and inner frames, each after what it needs. */
  readonly items: (FlatNode | Frame)[];
  readonly nodes: FlatNode[];
}

/** All nodes that a graph runs, back edges of loops followed too. */
function reachable(graph: FlatGraph): readonly FlatNode[] {
  const seen = new Set<FlatNode>(graph.args);
  const waiting = [...graph.roots, ...graph.results.map(({ node }) => node)];
  const found: FlatNode[] = [];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    found.push(node);
    waiting.push(...node.controls, ...node.inputs.map((edge) => edge.node));
  }
  return found;
}

/** The frame of each node: an Enter opens one within the frame of its input, an Exit is back in the one around. */
function framesOf(graph: FlatGraph, nodes: readonly FlatNode[]): ReadonlyMap<FlatNode, Frame> {
  const root: Frame = { name: '', parent: null, items: [], nodes: [] };
  const children = new Map<Frame, Map<string, Frame>>();
  const frames = new Map<FlatNode, Frame>(graph.args.map((arg) => [arg, root]));
  const readers = new Map<FlatNode, FlatNode[]>();
  for (const node of nodes)
    for (const from of [...node.controls, ...node.inputs.map((edge) => edge.node)]) {
      const list = readers.get(from) ?? [];
      readers.set(from, list);
      list.push(node);
    }
  /** Where what a node makes is seen. */
  const outside = (node: FlatNode): Frame => {
    const own = frames.get(node)!;
    return kindOf(node) === 'Exit' ? (own.parent ?? root) : own;
  };
  const waiting = nodes.filter((node) => node.inputs.length === 0 && node.controls.length === 0);
  for (const node of waiting) frames.set(node, root);
  waiting.push(...graph.args);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const reader of readers.get(node) ?? []) {
      const from = outside(node);
      let frame = from;
      if (kindOf(reader) === 'Enter') {
        const name = reader.attributes.text('frame_name');
        const inner = children.get(from) ?? new Map<string, Frame>();
        children.set(from, inner);
        frame = inner.get(name) ?? { name, parent: from, items: [], nodes: [] };
        inner.set(name, frame);
      }
      const known = frames.get(reader);
      // A node of the outer frame may feed only what an Enter brings in; the inner frame is the node's.
      if (known !== undefined && (known === frame || depthOf(known) >= depthOf(frame))) continue;
      frames.set(reader, frame);
      waiting.push(reader);
    }
  }
  for (const node of nodes) {
    const frame = frames.get(node);
    if (frame === undefined) throw invalid(`Node '${node.name}' is in a loop that nothing enters`);
    frame.nodes.push(node);
  }
  return frames;
}

const depthOf = (frame: Frame): number => (frame.parent === null ? 0 : depthOf(frame.parent) + 1);

/** The item of `frame` that holds a node: itself, or the inner frame that it is in. */
function itemIn(frame: Frame, node: FlatNode, frames: ReadonlyMap<FlatNode, Frame>): FlatNode | Frame | null {
  let own = frames.get(node)!;
  if (own === frame) return node;
  while (own.parent !== null && own.parent !== frame) own = own.parent;
  return own.parent === frame ? own : null;
}

function order(frame: Frame, all: readonly FlatNode[], frames: ReadonlyMap<FlatNode, Frame>): void {
  const needs = new Map<FlatNode | Frame, Set<FlatNode | Frame>>();
  for (const node of all) {
    const item = itemIn(frame, node, frames);
    if (item === null) continue;
    const needed = needs.get(item) ?? new Set();
    needs.set(item, needed);
    for (const from of [...node.controls, ...node.inputs.map((edge) => edge.node)]) {
      if (kindOf(node) === 'Merge' && kindOf(from) === 'NextIteration') continue;
      const other = itemIn(frame, from, frames);
      if (other !== null && other !== item && !('op' in other && other.op === '_Arg')) needed.add(other);
    }
  }
  const state = new Map<FlatNode | Frame, 'open' | 'done'>();
  for (const start of needs.keys()) {
    const stack = [{ item: start, rest: [...needs.get(start)!] }];
    if (state.has(start)) continue;
    state.set(start, 'open');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.rest.pop();
      if (next === undefined) {
        state.set(top.item, 'done');
        frame.items.push(top.item);
        stack.pop();
      } else if (state.get(next) === 'open')
        throw invalid(`Graph is invalid, contains a cycle with node ${'path' in next ? next.path : next.name}`);
      else if (!state.has(next)) {
        state.set(next, 'open');
        stack.push({ item: next, rest: [...(needs.get(next) ?? [])] });
      }
    }
  }
  for (const item of frame.items) if (!('op' in item)) order(item, all, frames);
}

/** Values of one iteration of one frame; outer ones are behind it. */
class Scope {
  readonly values = new Map<FlatNode, readonly Outcome[]>();
  readonly outer: Scope | null;
  constructor(outer: Scope | null) {
    this.outer = outer;
  }
  get(node: FlatNode, index: number): Outcome {
    const found = this.values.get(node);
    if (found !== undefined) return found[index] ?? dead;
    return this.outer?.get(node, index) ?? dead;
  }
}

/** Time that a loop may hold the thread before others get a turn, in ms. */
const turnMs = 25;

/** A plan of such a graph. */
export class FramedPlan {
  readonly #graph: FlatGraph;
  readonly #root: Frame;
  readonly #kernels = new Map<FlatNode, Kernel>();

  constructor(graph: FlatGraph, kernelOf: (node: FlatNode) => Kernel) {
    this.#graph = graph;
    const nodes = reachable(graph);
    const frames = framesOf(graph, nodes);
    let [root] = [...frames.values()];
    while (root?.parent != null) root = root.parent;
    this.#root = root ?? { name: '', parent: null, items: [], nodes: [] };
    order(this.#root, nodes, frames);
    for (const node of nodes) if (kindOf(node) === '') this.#kernels.set(node, kernelOf(node));
  }

  async run(inputs: readonly Value[], run: RunContext): Promise<readonly Value[]> {
    const scope = new Scope(null);
    for (const [index, arg] of this.#graph.args.entries()) scope.values.set(arg, [inputs[index]!]);
    await this.#runItems(this.#root, scope, run);
    return this.#graph.results.map(({ node, index }) => {
      const value = scope.get(node, index);
      if (value === dead) throw invalid(`Retval[0] does not have value`);
      return value;
    });
  }

  async #runItems(frame: Frame, scope: Scope, run: RunContext): Promise<void> {
    for (const item of frame.items) {
      if ('op' in item) {
        if (!scope.values.has(item)) scope.values.set(item, await this.#runNode(item, scope, run));
      } else await this.#runLoop(item, scope, run);
    }
  }

  async #runNode(node: FlatNode, scope: Scope, run: RunContext): Promise<readonly Outcome[]> {
    const given = node.inputs.map((edge) => scope.get(edge.node, edge.index));
    const kind = kindOf(node);
    if (kind === 'Merge') {
      const live = given.findIndex((value) => value !== dead);
      return live < 0 ? [dead, dead] : [given[live]!, indices('DT_INT32', [live], [])];
    }
    const isDead =
      given.includes(dead) || node.controls.some((control) => scope.get(control, 0) === dead && scope.values.get(control)?.length !== 0);
    if (isDead) return Array.from({ length: 64 }, () => dead);
    try {
      if (kind === 'Switch') return truthOf(given[1] as Value) ? [dead, given[0]!] : [given[0]!, dead];
      if (kind !== '') return [given[0]!];
      const result = await this.#kernels.get(node)!(given as readonly Value[], run);
      return Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
    } catch (error) {
      throw failureAt(error, node);
    }
  }

  /** Runs a frame until its condition is false; its Exits are then seen in the scope around. */
  async #runLoop(frame: Frame, around: Scope, run: RunContext): Promise<void> {
    const exits = frame.nodes.filter((node) => kindOf(node) === 'Exit');
    const enters = frame.nodes.filter((node) => kindOf(node) === 'Enter');
    const merges = frame.nodes.filter(
      (node) => kindOf(node) === 'Merge' && node.inputs.some((edge) => kindOf(edge.node) === 'NextIteration'),
    );
    const condition = frame.nodes.find((node) => kindOf(node) === 'LoopCond');
    // What enters is the same in each iteration.
    const entered = new Scope(around);
    for (const enter of enters) entered.values.set(enter, [around.get(enter.inputs[0]!.node, enter.inputs[0]!.index)]);
    const first = merges.map((merge) => entered.get(merge.inputs.find((edge) => kindOf(edge.node) === 'Enter')!.node, 0));
    if (condition === undefined || first.includes(dead)) {
      for (const exit of exits) around.values.set(exit, [dead]);
      return;
    }
    let state = first;
    let turnStart = performance.now();
    for (;;) {
      const scope = new Scope(entered);
      for (const [index, merge] of merges.entries()) scope.values.set(merge, [state[index]!, indices('DT_INT32', [0], [])]);
      await this.#runItems(frame, scope, run);
      const goesOn = scope.get(condition, 0);
      if (goesOn === dead || !truthOf(goesOn)) {
        for (const exit of exits) around.values.set(exit, [scope.get(exit.inputs[0]!.node, exit.inputs[0]!.index)]);
        return;
      }
      state = merges.map((merge) => scope.get(merge.inputs.find((edge) => kindOf(edge.node) === 'NextIteration')!.node, 0));
      if (performance.now() - turnStart > turnMs) {
        await setImmediate();
        if (run.signal?.aborted === true) throw new StatusError('CANCELLED', 'The run was cancelled');
        turnStart = performance.now();
      }
    }
  }
}
