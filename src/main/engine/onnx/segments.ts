import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { FlatNode } from '../flatGraph.ts';
import { failureAt } from '../failure.ts';
import type { Kernel, RunContext } from '../kernel.ts';
import { opDefinition } from '../opDefinition.ts';
import { isHandle, numbers, type Value } from '../value.ts';
import { ForeseenTypes, type PlannedNode } from './foreseenTypes.ts';
import type { Lowered, ValueType } from './lowering.ts';
import { SegmentBuilder } from './segmentBuilder.ts';
import { OnnxSession, type SessionThreads } from './session.ts';

/** One step of a plan after its runs of lowered nodes are joined. */
export interface JoinedStep {
  readonly node: FlatNode;
  readonly kernel: Kernel;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface SegmentOptions {
  readonly threads: SessionThreads;
  /** Called with each session that is made, so that its owner can release it. */
  readonly onSession: (session: OnnxSession) => void;
  /** Called where the library refuses a model or a run that was foreseen to work; the host stands in. */
  readonly onRefusal?: (error: unknown) => void;
  /** From how many multiplications on a session is worth its call. */
  readonly leastWork?: number;
}

/** Below this many multiplications a session's call costs more than the host's own loops. */
const worthASession = 20_000;
/** A batch that a session is made for, if not for less. */
const largeBatch = 256;
const maxRounds = 8;
/** Weights of one model beyond this are left to the host: a protobuf message ends at 2 GiB. */
const maxModelBytes = 1.9e9;

/** What joining looks at: the plan's nodes in order, its constants, the types of its arguments and the slots that it answers. */
export interface PlanFacts {
  readonly nodes: readonly PlannedNode[];
  readonly known: (slot: number) => Value | undefined;
  readonly argTypes: ReadonlyMap<number, ValueType>;
  readonly results: readonly number[];
}

/**
 * Joins runs of nodes that ONNX can do into sessions. Nodes keep an order that respects data and control: each gets a stage, host
 * and session stages alternate, and all lowered nodes of one stage become one session. Shape arithmetic whose result was foreseen is
 * no step of its own: a session does not need it, and the host reckons it when it stands in for the session.
 */
export function joinSegments(facts: PlanFacts, options: SegmentOptions): readonly JoinedStep[] {
  const { analysis, stages } = worthyStages(facts, options.leastWork ?? worthASession);
  // From the end to the start, so that what only foreseen shapes would read is found to be unread.
  const wanted = new Set(facts.results);
  const steps: JoinedStep[] = [];
  for (const [stage, members] of stages.toReversed()) {
    if (stage % 2 === 1) {
      const segment = new Segment(members, analysis, wanted, analysis.work(members), options);
      for (const slot of segment.step.inputs) wanted.add(slot);
      steps.push(segment.step);
      continue;
    }
    for (const member of members.toReversed()) {
      if (analysis.isForeseen(member) && !member.outputs.some((slot) => wanted.has(slot))) continue;
      for (const slot of member.inputs) wanted.add(slot);
      steps.push(member);
    }
  }
  return steps.toReversed();
}

/** Stages in order, the ones for sessions with enough to do for one; nodes of the others stay on the host, which may join what was between. */
function worthyStages(
  facts: PlanFacts,
  leastWork: number,
): {
  readonly analysis: Analysis;
  readonly stages: readonly (readonly [number, readonly PlannedNode[]])[];
} {
  const onHost = new Set<PlannedNode>();
  for (let round = 0; ; round += 1) {
    const analysis = new Analysis(facts, onHost);
    const stages = new Map<number, PlannedNode[]>();
    for (const planned of facts.nodes) {
      const stage = analysis.stageOf(planned);
      const members = stages.get(stage) ?? [];
      stages.set(stage, members);
      members.push(planned);
    }
    const before = onHost.size;
    for (const [stage, members] of stages)
      if (stage % 2 === 1 && (analysis.work(members) * largeBatch < leastWork || round >= maxRounds))
        for (const member of members) onHost.add(member);
    if (onHost.size === before) return { analysis, stages: [...stages].toSorted(([a], [b]) => a - b) };
  }
}

/** Which nodes are lowered, what is known of each value, and in which stage each node runs. */
class Analysis {
  readonly lowered = new Map<PlannedNode, Lowered>();
  readonly producers = new Map<number, PlannedNode>();
  readonly known: PlanFacts['known'];
  readonly #types: ForeseenTypes;
  readonly #stages = new Map<PlannedNode, number>();

  constructor({ nodes, known, argTypes }: PlanFacts, onHost: ReadonlySet<PlannedNode>) {
    this.known = known;
    this.#types = new ForeseenTypes(argTypes, known);
    const byNode = new Map<FlatNode, PlannedNode>();
    let lastStateful: PlannedNode | undefined;
    for (const planned of nodes) {
      const { node, controls, inputs, outputs } = planned;
      const made = this.#types.add(planned);
      const isLowered = made !== null && !onHost.has(planned);
      if (isLowered) this.lowered.set(planned, made);
      for (const slot of outputs) this.producers.set(slot, planned);
      const isStateful = isEffect(node);
      const needed = new Set<PlannedNode>();
      for (const slot of inputs) this.#collect(slot, isLowered, needed);
      for (const control of controls) {
        const one = byNode.get(control);
        if (one !== undefined) needed.add(one);
      }
      if (isStateful && lastStateful !== undefined) needed.add(lastStateful);
      let stage = isLowered ? 1 : 0;
      for (const one of needed) {
        const from = this.stageOf(one);
        stage = Math.max(stage, this.lowered.has(one) === isLowered ? from : from + 1);
      }
      this.#stages.set(planned, stage);
      byNode.set(node, planned);
      if (isStateful) lastStateful = planned;
    }
  }

  type(slot: number): ValueType {
    return this.#types.type(slot);
  }

  /** Multiplications and additions of a row of the batch. */
  work(members: readonly PlannedNode[]): number {
    return members.reduce((sum, member) => sum + (this.lowered.get(member)?.work ?? 0), 0);
  }

  stageOf(planned: PlannedNode): number {
    return this.#stages.get(planned)!;
  }

  /** A shape op whose result, but for unknown dimensions, is known. */
  isForeseen(planned: PlannedNode): boolean {
    return (
      !this.lowered.has(planned) &&
      !isEffect(planned.node) &&
      planned.controls.length === 0 &&
      this.type(planned.outputs[0]!).partial !== undefined
    );
  }

  /** The node that makes a slot; through foreseen ones, those behind them, if the reader is lowered. */
  #collect(slot: number, through: boolean, into: Set<PlannedNode>): void {
    const producer = this.producers.get(slot);
    if (producer === undefined) return;
    if (through && this.isForeseen(producer)) for (const input of producer.inputs) this.#collect(input, true, into);
    else into.add(producer);
  }

  /** Slots from outside that members need, those for standing in by the host included. */
  externalInputs(members: readonly PlannedNode[]): readonly number[] {
    const own = new Set(members.flatMap(({ outputs }) => outputs));
    const external = new Set<number>();
    const visit = (slot: number): void => {
      if (own.has(slot) || external.has(slot) || this.known(slot) !== undefined) return;
      const producer = this.producers.get(slot);
      if (producer !== undefined && this.isForeseen(producer)) producer.inputs.forEach(visit);
      else external.add(slot);
    };
    for (const member of members) member.inputs.forEach(visit);
    return [...external];
  }
}

const isEffect = (node: FlatNode): boolean => opDefinition(node.op)?.isStateful === true || node.bodies.length > 0;

interface Opened {
  readonly session: OnnxSession;
  readonly slots: readonly number[];
  readonly names: readonly string[];
  readonly outputNames: readonly string[];
  /** Whether the last output tells by a NaN that the answer does not count. */
  readonly isGuarded: boolean;
}

/** Lowered nodes as one session, with their host kernels behind it. */
class Segment {
  readonly step: JoinedStep;
  readonly #members: readonly PlannedNode[];
  readonly #analysis: Analysis;
  readonly #work: number;
  readonly #options: SegmentOptions;
  #session: Promise<Opened | null> | undefined;

  constructor(members: readonly PlannedNode[], analysis: Analysis, wanted: ReadonlySet<number>, work: number, options: SegmentOptions) {
    this.#members = members;
    this.#analysis = analysis;
    this.#work = work;
    this.#options = options;
    this.step = {
      node: members[0]!.node,
      kernel: (inputs, run) => this.#run(inputs, run),
      inputs: analysis.externalInputs(members),
      outputs: members.flatMap(({ outputs }) => outputs).filter((slot) => wanted.has(slot)),
    };
  }

  /** Made once, when there is enough to do; null where the library refuses the model. */
  async #open(): Promise<Opened | null> {
    const build = new SegmentBuilder((slot) => this.#analysis.type(slot));
    for (const member of this.#members) this.#analysis.lowered.get(member)!.emit(build, member.inputs, member.outputs);
    if (build.initializerBytes > maxModelBytes) return null;
    const { bytes, outputNames, isGuarded } = build.finish(this.step.outputs);
    try {
      const session = await OnnxSession.create(bytes, this.#options.threads);
      this.#options.onSession(session);
      return { session, slots: build.inputs, names: build.inputs.map((slot) => build.inputName(slot)), outputNames, isGuarded };
    } catch (error) {
      // The host's kernels answer the same, only slower.
      this.#options.onRefusal?.(error);
      return null;
    }
  }

  async #run(inputs: readonly Value[], run: RunContext): Promise<readonly Value[]> {
    const values = new Map(this.step.inputs.map((slot, index) => [slot, inputs[index]!]));
    const rows = this.#rows(values);
    if (rows !== null && rows * this.#work >= (this.#options.leastWork ?? worthASession)) {
      const opened = await (this.#session ??= this.#open());
      if (opened !== null) {
        try {
          const given = opened.slots.map((slot) => values.get(slot) as Tensor);
          const dtypes: Dtype[] = this.step.outputs.map((slot) => this.#analysis.type(slot).dtype ?? 'DT_FLOAT');
          if (opened.isGuarded) dtypes.push('DT_FLOAT');
          const results = await opened.session.run(opened.names, given, opened.outputNames, dtypes);
          if (!opened.isGuarded) return results;
          if (!Number.isNaN(numbers(results.at(-1)!)[0])) return results.slice(0, -1);
        } catch (error) {
          // Inputs that an op refuses: the host says which, in TensorFlow's words.
          this.#options.onRefusal?.(error);
        }
      }
    }
    for (const member of this.#members) await this.#runOnHost(member, values, run);
    return this.step.outputs.map((slot) => values.get(slot)!);
  }

  /** Rows of the batch; null where an input is not what the session was made for. */
  #rows(values: ReadonlyMap<number, Value>): number | null {
    let rows = 1;
    for (const [slot, value] of values) {
      const { dtype, dims } = this.#analysis.type(slot);
      // Of nothing the library and TensorFlow make different things.
      if (isHandle(value) || value.dtype !== dtype || value.shape.includes(0)) return null;
      if (dims === null) continue;
      if (dims.length !== value.shape.length || dims.some((dim, axis) => dim >= 0 && dim !== value.shape[axis])) return null;
      if (dims[0] === -1) rows = Math.max(rows, value.shape[0]!);
    }
    return rows;
  }

  async #runOnHost({ node, kernel, inputs, outputs }: PlannedNode, values: Map<number, Value>, run: RunContext): Promise<void> {
    const given: Value[] = [];
    for (const slot of inputs) {
      const value = values.get(slot) ?? this.#analysis.known(slot);
      const producer = this.#analysis.producers.get(slot);
      if (value === undefined && producer !== undefined) await this.#runOnHost(producer, values, run);
      given.push(value ?? values.get(slot)!);
    }
    try {
      const result = await kernel(given, run);
      const list = Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
      for (const [index, slot] of outputs.entries()) values.set(slot, list[index]!);
    } catch (error) {
      throw failureAt(error, node);
    }
  }
}
