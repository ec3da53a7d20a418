import { dtypeOfEnum, valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import type { Attributes } from './attributes.ts';
import opTable from '../savedmodel/opTable.json' with { type: 'json' };

/** One input or output argument of an op. `count`: an integer attribute, or `[types]`, a list attribute, says how many tensors it is. */
export interface OpArgument {
  readonly name: string;
  readonly count: string | null;
  readonly isRef: boolean;
  /** The attribute that says the type, or the enum's number; empty for a list of types. */
  readonly type: string;
}

/** An op as TensorFlow's registry defines it. */
export interface OpDefinition {
  readonly inputs: readonly OpArgument[];
  readonly outputs: readonly OpArgument[];
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly isStateful: boolean;
}

type Row = readonly [inputs?: readonly string[], outputs?: readonly string[], defaults?: Record<string, unknown> | 0, stateful?: number];
const rows = opTable.ops as unknown as Readonly<Record<string, Row>>;
const parsed = new Map<string, OpDefinition>();

function argument(text: string): OpArgument {
  const isRef = text.startsWith('&');
  const [spec = '', type = ''] = text.slice(isRef ? 1 : 0).split(':');
  const [name = '', count] = spec.split('*');
  return { name, count: count ?? null, isRef, type };
}

/** The definition of an op type of the committed TensorFlow release; undefined for a type that it does not have. */
export function opDefinition(type: string): OpDefinition | undefined {
  const known = parsed.get(type);
  if (known !== undefined || !Object.hasOwn(rows, type)) return known;
  const [inputs = [], outputs = [], defaults = {}, stateful = 0] = rows[type]!;
  const made = {
    inputs: inputs.map(argument),
    outputs: outputs.map(argument),
    defaults: defaults === 0 ? {} : defaults,
    isStateful: stateful === 1,
  };
  parsed.set(type, made);
  return made;
}

/** How many tensors an argument is, by a node's attributes. */
export function argumentCount(
  { count }: OpArgument,
  attributes: { int(name: string): number; types(name: string): readonly unknown[] },
): number {
  if (count === null) return 1;
  return count.startsWith('[') ? attributes.types(count.slice(1, -1)).length : attributes.int(count);
}

/** The type of one output of a node; undefined where the definition does not tell. */
export function outputType(op: string, attributes: Attributes, index: number): Dtype | undefined {
  let at = 0;
  for (const output of opDefinition(op)?.outputs ?? []) {
    const count = argumentCount(output, attributes);
    if (index < at + count) {
      if (output.count?.startsWith('[') === true) return attributes.types(output.count.slice(1, -1))[index - at];
      if (/^\d+$/.test(output.type)) return valueDtype(dtypeOfEnum(Number(output.type)) ?? 'DT_INVALID');
      return attributes.has(output.type) || output.type in (opDefinition(op)?.defaults ?? {}) ? attributes.type(output.type) : undefined;
    }
    at += count;
  }
  return undefined;
}
