import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { valueDtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import type { MetaGraph } from '../savedmodel/savedModelProto.ts';
import { Flattener, type FlatGraph } from './flatGraph.ts';
import type { RunGraph } from './kernel.ts';
import { lazily, type PlanContext } from './plan.ts';
import { invalid, tensorOf, typeText } from './value.ts';

const nameSet = (names: Iterable<string>): string => `{${[...names].join(',')}}`;

/** Refuses other inputs than the signature's, in TensorFlow Serving's words for names and the session's for types. */
function checkedInputs(wanted: SignatureInfo['inputs'], given: Readonly<Record<string, Tensor>>): readonly Tensor[] {
  const names = Object.keys(wanted);
  const sent = Object.keys(given);
  const extra = sent.filter((name) => !Object.hasOwn(wanted, name));
  const missing = names.filter((name) => !Object.hasOwn(given, name));
  if (extra.length > 0 || missing.length > 0) {
    throw invalid(
      `input size does not match signature: ${sent.length}!=${names.length} len(${nameSet(sent)}) != len(${nameSet(names)}). ` +
        `Sent extra: ${nameSet(extra)}. Missing but required: ${nameSet(missing)}.`,
    );
  }
  return names.map((name, index) => {
    const tensor = given[name]!;
    const dtype = valueDtype(wanted[name]!.dtype);
    if (tensor.dtype !== dtype) throw invalid(`Expects arg[${index}] to be ${typeText(dtype)} but ${typeText(tensor.dtype)} is provided`);
    return tensor;
  });
}

/** Sets of outputs, and shapes, that are planned each on their own; what comes after takes the general plan. */
const maxOutputSets = 16;
const maxShapes = 4;
/** Runs with one shape before it gets a plan of its own. */
const runsBeforeOwnPlan = 3;
const maxCounted = 1_000;

/** What a signature runs between its inputs and some of its outputs. */
export function flattenSignature(
  flattener: Flattener,
  { inputs, outputs }: SignatureInfo,
  names: readonly string[] = Object.keys(outputs),
  dims: readonly (readonly number[] | null)[] = Object.values(inputs).map(({ shape }) => shape),
): FlatGraph {
  return flattener.flatten(
    Object.values(inputs).map(({ name }) => name),
    names.map((name) => outputs[name]!.name),
    [],
    Object.values(inputs).map(({ dtype }, index) => ({ dtype: valueDtype(dtype), dims: dims[index] ?? null })),
  );
}

interface Runs {
  readonly general: RunGraph;
  /** By the sizes beyond the batch: how often they came, and the plan for them once they came often. */
  readonly byShape: Map<string, { count: number; run?: RunGraph }>;
  planned: number;
}

/**
 * One signature. Each set of outputs is planned once. Where sizes beyond the batch are unknown, sizes that come again and again get a
 * plan of their own: with them known, far more of the graph can be a session.
 */
export class Signature {
  readonly #info: SignatureInfo;
  readonly #flatten: (names: readonly string[], dims?: readonly (readonly number[] | null)[]) => FlatGraph;
  readonly #context: PlanContext;
  readonly #runs = new Map<string, Runs>();
  readonly #isOpen: boolean;

  constructor(graph: MetaGraph, info: SignatureInfo, context: PlanContext) {
    this.#info = info;
    this.#flatten = (names, dims) => flattenSignature(new Flattener(graph), info, names, dims);
    this.#context = context;
    this.#isOpen = Object.values(info.inputs).some(({ shape }) => shape === null || shape.slice(1).includes(-1));
  }

  async run(
    given: Readonly<Record<string, Tensor>>,
    outputs: readonly string[] | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Tensor>> {
    const inputs = checkedInputs(this.#info.inputs, given);
    const all = Object.keys(this.#info.outputs);
    const wanted = outputs === undefined || outputs.length === 0 ? all : [...new Set(outputs)];
    for (const name of wanted)
      if (!all.includes(name))
        throw invalid(`output tensor alias not found in signature: ${name} Outputs expected to be in the set ${nameSet(all)}.`);
    const names = this.#runs.size < maxOutputSets || this.#runs.has(JSON.stringify(wanted)) ? wanted : all;
    const values = await this.#runFor(names, inputs)(inputs, { signal });
    return Object.fromEntries(wanted.map((name) => [name, tensorOf(values[names.indexOf(name)])]));
  }

  #runFor(names: readonly string[], inputs: readonly Tensor[]): RunGraph {
    const key = JSON.stringify(names);
    const runs = this.#runs.get(key) ?? { general: lazily(this.#flatten(names), this.#context), byShape: new Map(), planned: 0 };
    this.#runs.set(key, runs);
    if (!this.#isOpen || runs.planned >= maxShapes) return this.#known(runs, inputs)?.run ?? runs.general;
    const known = this.#known(runs, inputs) ?? { count: 0 };
    if (runs.byShape.size > maxCounted) for (const [shape, { run }] of runs.byShape) if (run === undefined) runs.byShape.delete(shape);
    runs.byShape.set(shapeKey(inputs), known);
    known.count += 1;
    if (known.run === undefined && known.count >= runsBeforeOwnPlan) {
      // A batch that the signature leaves open stays open.
      const dims = Object.values(this.#info.inputs).map(({ shape }, index) =>
        inputs[index]!.shape.map((dim, axis) => (axis === 0 && (shape === null || shape[0] === -1) ? -1 : dim)),
      );
      known.run = lazily(this.#flatten(names, dims), this.#context);
      runs.planned += 1;
    }
    return known.run ?? runs.general;
  }

  #known(runs: Runs, inputs: readonly Tensor[]): { count: number; run?: RunGraph } | undefined {
    return this.#isOpen ? runs.byShape.get(shapeKey(inputs)) : undefined;
  }
}

const shapeKey = (inputs: readonly Tensor[]): string => inputs.map(({ shape }) => `${shape.length}:${shape.slice(1).join()}`).join(';');
