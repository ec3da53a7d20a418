import { StatusError } from '../tfserving/status.ts';
import { topological, type Edge, type FlatGraph, type FlatNode } from './flatGraph.ts';
import { failureAt } from './failure.ts';
import { frameOps, FramedPlan } from './framedPlan.ts';
import type { Kernel, KernelResult, OpContext, RunContext, RunGraph } from './kernel.ts';
import type { ModelState } from './modelState.ts';
import { opDefinition } from './opDefinition.ts';
import { foldDilations } from './onnx/foldDilations.ts';
import { ForeseenTypes, type PlannedNode } from './onnx/foreseenTypes.ts';
import { joinSegments, type SegmentOptions } from './onnx/segments.ts';
import { opKernels } from './ops/registry.ts';
import { isHandle, sizeOf, Variable, type Value } from './value.ts';
import { variableOf } from './writtenVariables.ts';

/** One thing a plan does. `inputs` and `outputs` are slots; `frees` are the slots that nobody reads after it. */
interface Step {
  readonly node: FlatNode;
  readonly kernel: Kernel;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly frees: readonly number[];
}

/** What planning knows of a model. */
export interface PlanContext {
  readonly state: ModelState;
  /** Variables that no signature writes: once restored, their values are constants. */
  readonly isConstant: (handle: FlatNode) => boolean;
  /** How sessions are made; without it everything runs on the host. */
  readonly sessions?: SegmentOptions;
}

/** Constants made while planning are kept up to this size; larger ones are made anew at each run. */
const maxFoldedElements = 1 << 24;

/** Ops that must run each time though their op definition does not say stateful. */
const neverFolded = new Set(['_Arg', 'Placeholder', 'VariableV2', 'Variable', 'Print', 'Assert']);

/** Ops that change or check something, so that the order of what depends on them by control counts. */
const hasEffect = ({ op, bodies }: FlatNode): boolean =>
  op !== 'VarHandleOp' && (opDefinition(op)?.isStateful === true || bodies.length > 0 || neverFolded.has(op) || op === 'CheckNumerics');

const asList = (result: KernelResult): readonly Value[] => (Array.isArray(result) ? (result as readonly Value[]) : [result as Value]);

/** Reads what a reference points to, as an op that takes a value does. */
function dereferenced(value: Value): Value {
  const item = isHandle(value) ? value.items[0] : undefined;
  if (!(item instanceof Variable)) return value;
  if (item.value === undefined) throw new StatusError('FAILED_PRECONDITION', `Attempting to use uninitialized value ${item.name}`);
  return item.value;
}

/** Wraps a kernel so that references that its op does not ask for are read first. */
function takingValues(node: FlatNode, kernel: Kernel): Kernel {
  const isRef = node.inputs.map(({ node: from, index }) => {
    const outputs = opDefinition(from.op)?.outputs ?? [];
    return (outputs.length === 1 ? outputs[0] : outputs[index])?.isRef === true;
  });
  if (!isRef.includes(true)) return kernel;
  const wantsRef = opDefinition(node.op)?.inputs.map((input) => input.isRef) ?? [];
  return (inputs, run) =>
    kernel(
      inputs.map((value, index) => (isRef[index] === true && wantsRef[index] !== true ? dereferenced(value) : value)),
      run,
    );
}

function opContext(node: FlatNode, context: PlanContext): OpContext {
  return { node, attributes: node.attributes, state: context.state, bodies: node.bodies.map((body) => lazily(body, context)) };
}

function kernelOf(context: OpContext): Kernel {
  const { node } = context;
  const make = opKernels.get(node.op);
  if (make === undefined) throw new StatusError('UNIMPLEMENTED', `The embedded engine has no ${node.op} (node ${node.path})`);
  try {
    return make(context);
  } catch (error) {
    throw failureAt(error, node);
  }
}

/** A flat graph, ready to run: its nodes in an order that keeps data and control dependencies, constants computed once. */
export class Plan {
  readonly #graph: FlatGraph;
  readonly #context: PlanContext;
  readonly #slots = new Map<FlatNode, number[]>();
  readonly #initial: (Value | undefined)[] = [];
  readonly #steps: Step[] = [];
  readonly #args: readonly number[];
  readonly #results: readonly number[];
  /** Whether a result is a reference, which is read before it is answered. */
  readonly #isReference: readonly boolean[];
  /** Sizes of its arguments were taken for granted. */
  #isForeseen = false;
  #unforeseen: Promise<Plan> | undefined;

  private constructor(graph: FlatGraph, context: PlanContext) {
    this.#graph = graph;
    this.#context = context;
    this.#args = graph.args.map((arg) => this.#slot({ node: arg, index: 0 }));
    this.#results = graph.results.map((edge) => this.#slot(edge));
    this.#isReference = graph.results.map(({ node }) => opDefinition(node.op)?.outputs[0]?.isRef === true);
  }

  /** Plans a graph; constants are computed here, so its failures may be a kernel's. */
  static async make(graph: FlatGraph, context: PlanContext): Promise<Plan> {
    const plan = new Plan(graph, context);
    const order = topological(graph);
    const outputCounts = new Map<FlatNode, number>();
    const count = ({ node, index }: Edge): void => void outputCounts.set(node, Math.max(outputCounts.get(node) ?? 1, index + 1));
    for (const node of order) node.inputs.forEach(count);
    graph.results.forEach(count);
    const nodes: PlannedNode[] = [];
    const argTypes = new Map(plan.#args.map((slot, index) => [slot, graph.args[index]?.type ?? { dtype: undefined, dims: null }]));
    const known = (slot: number): Value | undefined => plan.#initial[slot];
    const types = new ForeseenTypes(argTypes, known);
    // Nodes that nothing need wait for by control: they have no effect, and what they wait for has none.
    const settled = new Set<FlatNode>(graph.args);
    for (const node of order) {
      const controls = node.controls.filter((control) => !settled.has(control));
      const inputs = node.inputs.map((edge) => plan.#slot(edge));
      const outputs = Array.from({ length: outputCounts.get(node) ?? 1 }, (_, index) => plan.#slot({ node, index }));
      if (controls.length === 0 && !hasEffect(node)) settled.add(node);
      if (node.op === 'NoOp' && controls.length === 0) continue;
      if (controls.length === 0 && (await plan.#fold(node, inputs, outputs))) {
        settled.add(node);
        continue;
      }
      const own = opContext(node, context);
      const planned = { node, kernel: takingValues(node, kernelOf(own)), context: own, controls, inputs, outputs };
      if (context.sessions !== undefined) types.add(planned);
      const hasOrder = controls.length > 0 || hasEffect(node);
      // Sizes that follow from those of the arguments.
      for (const slot of hasOrder ? [] : outputs) {
        plan.#initial[slot] = types.type(slot).constant;
        plan.#isForeseen ||= plan.#initial[slot] !== undefined;
      }
      if (hasOrder || outputs.some((slot) => plan.#initial[slot] === undefined)) nodes.push(planned);
      else settled.add(node);
    }
    const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...plan.#results]);
    // Handles of variables whose values are constants.
    const used = nodes.filter(({ node, outputs }) => node.op !== 'VarHandleOp' || outputs.some((slot) => read.has(slot)));
    const folded = foldDilations({ nodes: used, type: (slot) => types.type(slot), results: plan.#results });
    plan.#isForeseen ||= folded !== used;
    const facts = { nodes: folded, known, argTypes, results: plan.#results };
    plan.#free(context.sessions === undefined ? folded : joinSegments(facts, context.sessions));
    return plan;
  }

  #slot({ node, index }: Edge): number {
    const slots = this.#slots.get(node) ?? [];
    this.#slots.set(node, slots);
    return (slots[index] ??= this.#initial.push(undefined) - 1);
  }

  /** Computes a node whose inputs are all known. */
  async #fold(node: FlatNode, inputs: readonly number[], outputs: readonly number[]): Promise<boolean> {
    const variable = node.op === 'ReadVariableOp' ? node.inputs[0]?.node : node.op === 'VarHandleOp' ? undefined : node;
    if (variable !== undefined && this.#context.isConstant(variable)) {
      const { value } = variableOf(variable, this.#context.state);
      if (value !== undefined) {
        this.#initial[outputs[0]!] = value;
        return true;
      }
    }
    if (neverFolded.has(node.op) || opDefinition(node.op)?.isStateful === true || node.bodies.length > 0) return false;
    const known = inputs.map((slot) => this.#initial[slot]);
    if (
      node.op !== 'Const' &&
      (known.length === 0 || known.includes(undefined) || known.some((value) => value !== undefined && isHandle(value)))
    )
      return false;
    let values: readonly Value[];
    try {
      values = asList(await kernelOf(opContext(node, this.#context))(known as readonly Value[], { signal: undefined }));
    } catch (error) {
      // A branch that never runs may hold what cannot be computed; a constant itself must be sound.
      if (node.op === 'Const') throw failureAt(error, node);
      return false;
    }
    if (node.op !== 'Const' && values.some((value) => isHandle(value) || sizeOf(value.shape) > maxFoldedElements)) return false;
    for (const [index, slot] of outputs.entries()) this.#initial[slot] = values[index];
    return true;
  }

  #free(steps: readonly Omit<Step, 'frees'>[]): void {
    const lastUse = new Map<number, number>();
    for (const [at, { inputs, outputs }] of steps.entries()) for (const slot of [...inputs, ...outputs]) lastUse.set(slot, at);
    for (const slot of this.#results) lastUse.delete(slot);
    const frees = steps.map(() => [] as number[]);
    for (const [slot, at] of lastUse) if (this.#initial[slot] === undefined) frees[at]?.push(slot);
    for (const [at, step] of steps.entries()) this.#steps.push({ ...step, frees: frees[at] ?? [] });
  }

  #isAsForeseen(inputs: readonly Value[]): boolean {
    return this.#graph.args.every(({ type }, index) => {
      const value = inputs[index]!;
      const dims = type?.dims;
      if (dims == null) return true;
      return !isHandle(value) && dims.length === value.shape.length && dims.every((dim, axis) => dim < 0 || dim === value.shape[axis]);
    });
  }

  /** One run; inputs in the order of the graph's arguments. */
  async run(inputs: readonly Value[], context: RunContext): Promise<readonly Value[]> {
    if (this.#isForeseen && !this.#isAsForeseen(inputs)) {
      const { state, isConstant } = this.#context;
      return (await (this.#unforeseen ??= Plan.make(this.#graph, { state, isConstant }))).run(inputs, context);
    }
    const values = [...this.#initial];
    for (let index = 0; index < this.#args.length; index += 1) values[this.#args[index]!] = inputs[index];
    for (const { node, kernel, inputs: from, outputs, frees } of this.#steps) {
      try {
        const given: Value[] = [];
        for (const slot of from) given.push(values[slot]!);
        let result = kernel(given, context);
        if (result instanceof Promise) {
          result = await result;
          if (context.signal?.aborted === true) throw new StatusError('CANCELLED', 'The run was cancelled');
        }
        if (outputs.length === 1 && !Array.isArray(result)) values[outputs[0]!] = result as Value;
        else {
          const list = asList(result);
          for (let index = 0; index < outputs.length; index += 1) values[outputs[index]!] = list[index];
        }
      } catch (error) {
        throw failureAt(error, node);
      }
      for (const slot of frees) values[slot] = undefined;
    }
    return this.#results.map((slot, index) => {
      const value = values[slot];
      if (value === undefined) throw new StatusError('INTERNAL', `${this.#graph.name || 'The graph'} has no result ${index}`);
      return this.#isReference[index] === true ? dereferenced(value) : value;
    });
  }
}

/** Whether a graph has switches, merges or frames. */
const hasFrames = (graph: FlatGraph): boolean => topological(graph).some(({ op }) => frameOps.has(op));

/** Plans a graph when it first runs. */
export function lazily(graph: FlatGraph, context: PlanContext): RunGraph {
  let made: Promise<Plan | FramedPlan> | undefined;
  let plan: Plan | FramedPlan | undefined;
  const make = async (): Promise<Plan | FramedPlan> =>
    hasFrames(graph) ? new FramedPlan(graph, (node) => takingValues(node, kernelOf(opContext(node, context)))) : Plan.make(graph, context);
  return async (inputs, run) => {
    if (plan === undefined) plan = await (made ??= make());
    return plan.run(inputs, run);
  };
}

/** Every op that a graph runs and that has no kernel, with the nodes that want it; functions included. */
export function unsupportedOps(graph: FlatGraph, into: Map<string, Set<string>>): void {
  for (const node of topological(graph)) {
    if (!opKernels.has(node.op) && !frameOps.has(node.op)) into.set(node.op, (into.get(node.op) ?? new Set()).add(node.path));
    for (const body of node.bodies) unsupportedOps(body, into);
  }
}
