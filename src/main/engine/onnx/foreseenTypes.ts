import type { FlatNode } from '../flatGraph.ts';
import type { Kernel, OpContext } from '../kernel.ts';
import { isHandle, type Value } from '../value.ts';
import type { Lower, LowerContext, Lowered, ValueType } from './lowering.ts';
import { lowerChoice } from './lowerChoice.ts';
import { lowerConvolution } from './lowerConvolution.ts';
import { lowerElementwise } from './lowerElementwise.ts';
import { lowerMatrix } from './lowerMatrix.ts';
import { lowerShape } from './lowerShape.ts';
import { lowerSignal } from './lowerSignal.ts';
import { hostType } from './valueTypes.ts';

/** Every op that has an ONNX lowering. */
export const lowerings = new Map<string, Lower>(
  Object.entries({ ...lowerChoice, ...lowerConvolution, ...lowerElementwise, ...lowerMatrix, ...lowerShape, ...lowerSignal }),
);

/** A node with its host kernel and its places among the plan's slots. */
export interface PlannedNode {
  readonly node: FlatNode;
  readonly kernel: Kernel;
  readonly context: OpContext;
  /** Nodes that must have run before, besides those that make its inputs. */
  readonly controls: readonly FlatNode[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** What is known of each value of a plan before it runs, from the types of its arguments on. */
export class ForeseenTypes {
  readonly #types: Map<number, ValueType>;
  readonly #known: (slot: number) => Value | undefined;

  constructor(argTypes: ReadonlyMap<number, ValueType>, known: (slot: number) => Value | undefined) {
    this.#types = new Map(argTypes);
    this.#known = known;
  }

  type(slot: number): ValueType {
    const made = this.#types.get(slot);
    if (made !== undefined) return made;
    const value = this.#known(slot);
    return value === undefined || isHandle(value)
      ? { dtype: undefined, dims: null }
      : { dtype: value.dtype, dims: value.shape, constant: value };
  }

  /** Takes up a node after those that make its inputs; answers its lowering, null where it has none. */
  add({ node, controls, inputs, outputs, context }: PlannedNode): Lowered | null {
    const inputTypes = inputs.map((slot) => this.type(slot));
    const lower = controls.length === 0 ? lowerings.get(node.op) : undefined;
    const made = lower === undefined ? null : tryLower(lower, { op: node.op, attributes: node.attributes, inputs: inputTypes });
    const lowered = made !== null && outputs.length <= made.outputs.length ? made : null;
    for (const [index, slot] of outputs.entries())
      this.#types.set(slot, lowered?.outputs[index] ?? hostType(node, inputTypes, index, context));
    if (node.op === 'Shape') this.#types.set(outputs[0]!, { ...this.type(outputs[0]!), shapeOf: inputs[0]! });
    return lowered;
  }
}

/** What cannot be foreseen (an attribute is missing, a size is impossible) is told by the host's kernel when it runs. */
function tryLower(lower: Lower, context: LowerContext): Lowered | null {
  try {
    return lower(context);
  } catch {
    return null;
  }
}
