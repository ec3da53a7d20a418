import { opKernels } from '../ops/registry.ts';
import type { PlannedNode } from './foreseenTypes.ts';
import { constantIntegers, fromFront, type ValueType } from './lowering.ts';

interface Facts {
  readonly nodes: readonly PlannedNode[];
  readonly type: (slot: number) => ValueType;
  readonly results: readonly number[];
}

/**
 * A dilated convolution of sizes that TensorFlow does not know when it makes the graph is written as SpaceToBatchND, a convolution
 * without padding and BatchToSpaceND, with an axis of 1 put in and taken out between where it has one dimension. Once sizes and
 * paddings are known it is one convolution with dilations and explicit padding.
 */
export function foldDilations(facts: Facts): readonly PlannedNode[] {
  const producers = new Map(facts.nodes.flatMap((planned) => planned.outputs.map((slot) => [slot, planned] as const)));
  const reads = new Map<number, number>();
  for (const slot of [...facts.nodes.flatMap(({ inputs }) => inputs), ...facts.results]) reads.set(slot, (reads.get(slot) ?? 0) + 1);
  const replaced = new Map<PlannedNode, PlannedNode | null>();
  for (const last of facts.nodes) {
    if (last.node.op !== 'BatchToSpaceND') continue;
    // The nodes from the first to this one, each read by the next alone.
    const chain = [last];
    for (const op of ['Squeeze', 'Conv2D', 'ExpandDims', 'SpaceToBatchND']) {
      const [slot = -1] = chain[0]!.inputs;
      const before = producers.get(slot);
      if (before?.node.op === op && reads.get(slot) === 1) chain.unshift(before);
    }
    for (const [planned, by] of folded(chain, facts.type) ?? []) replaced.set(planned, by);
  }
  return replaced.size === 0
    ? facts.nodes
    : facts.nodes.flatMap((planned) => replaced.get(planned) ?? (replaced.has(planned) ? [] : planned));
}

/** What stands in the places of a chain's nodes; undefined where it is no dilated convolution, or too little is known. */
function folded(chain: readonly PlannedNode[], type: Facts['type']): readonly (readonly [PlannedNode, PlannedNode | null])[] | undefined {
  const [first, ...rest] = chain;
  const last = rest.pop();
  const [convolution] = rest.filter(({ node }) => node.op === 'Conv2D');
  const [expansion, removal] = ['ExpandDims', 'Squeeze'].map((op) => rest.find(({ node }) => node.op === op));
  if (first?.node.op !== 'SpaceToBatchND' || last === undefined || convolution === undefined) return undefined;
  if (chain.some(({ controls }) => controls.length > 0) || (expansion === undefined) !== (removal === undefined)) return undefined;
  const { attributes } = convolution.node;
  const isOne = (one: number): boolean => one === 1;
  if (attributes.text('padding') !== 'VALID' || attributes.text('data_format') !== 'NHWC' || !attributes.ints('strides').every(isOne))
    return undefined;
  if (!attributes.ints('dilations').every(isOne)) return undefined;

  const dims = type(first.inputs[0]!).dims;
  const [block, paddings] = first.inputs.slice(1).map((slot) => constantIntegers(type(slot)));
  const [after, crops] = last.inputs.slice(1).map((slot) => constantIntegers(type(slot)));
  const at = expansion === undefined ? undefined : constantIntegers(type(expansion.inputs[1]!))?.[0];
  if (dims == null || block === undefined || paddings === undefined || crops === undefined || block.join() !== after?.join())
    return undefined;
  const rank = expansion === undefined ? dims.length : dims.length + 1;
  if (rank !== 4 || paddings.length !== block.length * 2 || crops.length !== paddings.length) return undefined;
  const put = at === undefined ? undefined : fromFront([at], rank)[0];
  if (put !== undefined && (put !== 1 || fromFront(removal!.node.attributes.ints('squeeze_dims'), rank).join() !== '1')) return undefined;
  const dilations = [1, 1, 1, 1];
  const explicit = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const [index, size] of block.entries()) {
    const [head, tail] = [paddings[index * 2]!, paddings[index * 2 + 1]!];
    const dim = dims[index + 1] ?? -1;
    const axis = index + (put === undefined ? 1 : 2);
    if (dim < 0 || size < 1 || axis > 2 || (dim + head + tail) % size !== 0) return undefined;
    dilations[axis] = size;
    explicit[axis * 2] = head - crops[index * 2]!;
    explicit[axis * 2 + 1] = tail - crops[index * 2 + 1]!;
  }
  if (explicit.some((pad) => pad < 0) || [...paddings, ...crops].some((one) => one < 0)) return undefined;

  const changed = attributes.with({ padding: 'EXPLICIT', explicit_paddings: explicit, dilations });
  const node = { ...convolution.node, attributes: changed };
  const context = { ...convolution.context, node, attributes: changed };
  const kernel = opKernels.get(node.op)!(context);
  const made = rest.map((planned, index): PlannedNode => {
    const [input, ...others] = planned.inputs;
    return {
      ...(planned === convolution ? { ...planned, node, context, kernel } : planned),
      inputs: [index === 0 ? first.inputs[0]! : input!, ...others],
      outputs: index === rest.length - 1 ? last.outputs : planned.outputs,
    };
  });
  return [[first, null], ...rest.map((planned, index) => [planned, made[index]!] as const), [last, null]];
}
