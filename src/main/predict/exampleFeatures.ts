import type { ExampleFeature } from '../../shared/contract/playground.ts';
import { dtypeOfEnum, valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import { utf8Text, base64Text } from '../../shared/tensor/bytesText.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { isStrings } from '../../shared/tensor/tensorData.ts';
import { elementText } from '../../shared/tensor/tensorJson.ts';
import { attrShapes, attrTensor, attrTexts, attrTypes } from '../savedmodel/tensorProto.ts';
import { readMetaGraph, signatureNodes, type Scope } from '../savedmodel/signatureGraph.ts';
import type { GraphNode } from '../savedmodel/savedModelProto.ts';
import { readTensor } from '../tfserving/tensorMessage.ts';

/** What parses tf.Examples in a graph. Source: parsing_ops.cc. */
const parsers = new Set(['ParseExample', 'ParseExampleV2', 'ParseSingleExample']);

/** A constant that an input is, through identities and out of the function to its caller; null where it is computed. */
function constantOf(input: string, scope: Scope, depth = 0): Tensor | null {
  const name = input.split(':')[0] ?? '';
  const node = scope.nodes.get(name);
  if (node === undefined) {
    const outer = scope.call?.node.inputs[scope.args.indexOf(name)];
    return outer === undefined || scope.call === null || depth > 64 ? null : constantOf(outer, scope.call.scope, depth + 1);
  }
  if (node.op === 'Identity' && node.inputs[0] !== undefined && depth <= 64) return constantOf(node.inputs[0], scope, depth + 1);
  const value = node.op === 'Const' ? attrTensor(node.attr('value')) : undefined;
  return value === undefined ? null : readTensor(value);
}

const textsOf = (tensor: Tensor | null): readonly string[] =>
  tensor !== null && isStrings(tensor.data) ? tensor.data.map((bytes) => utf8Text(bytes) ?? base64Text(bytes)) : [];

/** A default as text; an empty one means that the feature must be there. */
function defaultsOf(tensor: Tensor | null): readonly string[] | null {
  if (tensor === null || tensor.data.length === 0) return null;
  if (isStrings(tensor.data)) return textsOf(tensor);
  const text = elementText('', tensor);
  return Array.from({ length: tensor.data.length }, (_, index) => text(index));
}

const typesOf = (node: GraphNode, name: string): readonly Dtype[] =>
  attrTypes(node.attr(name)).map((number) => valueDtype(dtypeOfEnum(number) ?? 'DT_INVALID'));

function featuresOf(node: GraphNode, scope: Scope): readonly ExampleFeature[] {
  const [dense, sparse, ragged] = [typesOf(node, 'Tdense'), typesOf(node, 'sparse_types'), typesOf(node, 'ragged_value_types')];
  const shapes = attrShapes(node.attr('dense_shapes'));
  const constant = (at: number): Tensor | null => {
    const input = node.inputs[at];
    return input === undefined || input.startsWith('^') ? null : constantOf(input, scope);
  };
  const keysAt = (from: number, count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => textsOf(constant(from + index))[0] ?? '');
  const isV2 = node.op === 'ParseExampleV2';
  const isSingle = node.op === 'ParseSingleExample';
  const sparseKeys = isV2 ? textsOf(constant(2)) : isSingle ? attrTexts(node.attr('sparse_keys')) : keysAt(2, sparse.length);
  const denseKeys = isV2 ? textsOf(constant(3)) : isSingle ? attrTexts(node.attr('dense_keys')) : keysAt(2 + sparse.length, dense.length);
  const firstDefault = isV2 ? 5 : isSingle ? 1 : 2 + sparse.length + dense.length;
  return [
    ...dense.map((dtype, index): ExampleFeature => {
      const shape = shapes[index] ?? null;
      const kind = shape?.[0] === -1 ? 'variable' : 'fixed';
      // One value pads a feature of any length; it need not be there then.
      const defaults = defaultsOf(constant(firstDefault + index));
      return { name: denseKeys[index] ?? '', dtype, kind, shape, defaults: kind === 'variable' ? (defaults ?? []) : defaults };
    }),
    ...sparse.map((dtype, index): ExampleFeature => ({
      name: sparseKeys[index] ?? '',
      dtype,
      kind: 'variable',
      shape: [-1],
      defaults: [],
    })),
    ...ragged.map((dtype, index): ExampleFeature => ({
      name: textsOf(constant(4))[index] ?? '',
      dtype,
      kind: 'ragged',
      shape: [-1],
      defaults: [],
    })),
  ];
}

/**
 * The features that a signature reads from serialized tf.Examples: names, types, shapes and defaults of its parsing ops, by name; a
 * feature that several read is told once. SIGNATURE_NOT_FOUND.
 */
export async function readExampleFeatures(
  versionPath: string,
  tags: readonly string[],
  signature: string,
  options: { readonly signal: AbortSignal },
): Promise<readonly ExampleFeature[]> {
  const found = new Map<string, ExampleFeature>();
  for (const { node, scope } of signatureNodes(await readMetaGraph(versionPath, tags, options), signature)) {
    if (!parsers.has(node.op)) continue;
    for (const feature of featuresOf(node, scope)) if (feature.name !== '' && !found.has(feature.name)) found.set(feature.name, feature);
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
