import type { Attributes } from './attributes.ts';
import type { FlatNode } from './flatGraph.ts';
import type { ModelState } from './modelState.ts';
import type { Value } from './value.ts';

/** What one run of a signature shares. */
export interface RunContext {
  readonly signal: AbortSignal | undefined;
}

/** A graph that an op runs by itself: a branch, a loop's condition or body. */
export type RunGraph = (inputs: readonly Value[], run: RunContext) => Promise<readonly Value[]>;

export interface OpContext {
  readonly node: FlatNode;
  readonly attributes: Attributes;
  readonly state: ModelState;
  readonly bodies: readonly RunGraph[];
}

export type KernelResult = Value | readonly Value[];
/** One op on the host. Inputs are never changed. Throws StatusError in TensorFlow's words; the node's name is added by the caller. */
export type Kernel = (inputs: readonly Value[], run: RunContext) => KernelResult | Promise<KernelResult>;

/** Reads the attributes once and answers the kernel. A family is a record of these by op type. */
export type MakeKernel = (op: OpContext) => Kernel;
export type OpFamily = Readonly<Record<string, MakeKernel>>;
