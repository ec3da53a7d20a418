import type { Problem, VariableInfo } from '../../shared/contract/savedModel.ts';
import { dtypeEnum, dtypeLabel, dtypeOfEnum, valueDtype } from '../../shared/tensor/dtype.ts';
import { problem } from './problem.ts';
import { nodeOfTensor } from './graphProblems.ts';
import type { GraphNode, MetaGraph } from './savedModelProto.ts';
import { attrFunctions, attrShape, attrTensor, attrTypes, readStringValues } from './tensorProto.ts';

/**
 * Whether the variables on disk are those that the graph restores, by walking the saver's restore op:
 * RestoreV2 names checkpoint keys, dtypes and slices; its outputs go (through Identity) into Assign or AssignVariableOp,
 * whose first input leads to the variable and its shape.
 */

/** One key that the graph restores. `shape` is the whole variable's where the graph tells it. */
interface Wanted {
  readonly key: string;
  readonly dtype: number;
  readonly shape: readonly number[] | null;
}

interface Scope {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** A function's argument -> the node of the main graph that is given for it. */
  readonly given: ReadonlyMap<string, GraphNode>;
}

const byName = (nodes: readonly GraphNode[]): ReadonlyMap<string, GraphNode> => new Map(nodes.map((node) => [node.name, node]));

/** `node:output:3` and `node:3` -> 3; `node` -> 0. */
const outputIndex = (input: string): number => Number(/:(\d+)$/.exec(input)?.[1] ?? 0);
const nodeOf = (input: string): string => input.replace(/^\^/, '').split(':')[0] ?? '';

function constStrings(scope: Scope, input: string | undefined): readonly string[] {
  let node = scope.nodes.get(nodeOf(input ?? ''));
  for (let hops = 0; node !== undefined && node.op === 'Identity' && hops < 8; hops += 1)
    node = scope.nodes.get(nodeOf(node.inputs[0] ?? ''));
  const tensor = node?.op === 'Const' ? attrTensor(node.attr('value')) : undefined;
  return tensor === undefined ? [] : readStringValues(tensor);
}

function variableShape(scope: Scope, input: string): readonly number[] | null {
  let name = nodeOf(input);
  for (let hops = 0; hops < 8; hops += 1) {
    const node = scope.nodes.get(name) ?? scope.given.get(name);
    if (node === undefined) return null;
    if (node.op === 'VarHandleOp' || node.op === 'VariableV2' || node.op === 'Variable') return attrShape(node.attr('shape')) ?? null;
    name = nodeOf(node.inputs[0] ?? '');
  }
  return null;
}

/** `"6 10 0,2:-"` -> [6, 10]: the whole shape that a slice is of. */
function wholeShape(slice: string): readonly number[] | null {
  const parts = slice.trim().split(' ');
  return parts.length < 2 ? null : parts.slice(0, -1).map(Number);
}

function wantedIn(scope: Scope): readonly Wanted[] {
  const shapes = new Map<string, readonly number[] | null>();
  for (const node of scope.nodes.values()) {
    if (node.op !== 'Assign' && node.op !== 'AssignVariableOp') continue;
    let source = node.inputs[1] ?? '';
    for (let hops = 0; hops < 8 && scope.nodes.get(nodeOf(source))?.op === 'Identity'; hops += 1)
      source = scope.nodes.get(nodeOf(source))?.inputs[0] ?? '';
    shapes.set(`${nodeOf(source)} ${outputIndex(source)}`, variableShape(scope, node.inputs[0] ?? ''));
  }
  const wanted: Wanted[] = [];
  for (const node of scope.nodes.values()) {
    if (node.op !== 'RestoreV2') continue;
    const keys = constStrings(scope, node.inputs[1]);
    const slices = constStrings(scope, node.inputs[2]);
    const dtypes = attrTypes(node.attr('dtypes'));
    for (const [index, key] of keys.entries()) {
      const slice = slices[index] ?? '';
      const shape = slice === '' ? (shapes.get(`${node.name} ${index}`) ?? null) : wholeShape(slice);
      wanted.push({ key, dtype: dtypes[index] ?? 0, shape });
    }
  }
  return wanted;
}

/** Everything that the graph's saver restores, in the main graph or in the function that the restore op calls. */
function wantedVariables(graph: MetaGraph): readonly Wanted[] {
  const main = byName(graph.nodes);
  const wanted = [...wantedIn({ nodes: main, given: new Map() })];
  const restore = main.get(nodeOfTensor(graph.saver?.restoreOp ?? ''));
  for (const name of restore === undefined ? [] : attrFunctions(restore.attr('f'))) {
    const called = graph.functions.get(name);
    if (restore === undefined || called === undefined) continue;
    const given = new Map<string, GraphNode>();
    for (const [index, argument] of called.args.entries()) {
      const node = main.get(nodeOf(restore.inputs[index] ?? ''));
      if (node !== undefined) given.set(argument, node);
    }
    wanted.push(...wantedIn({ nodes: byName(called.nodes), given }));
  }
  return wanted;
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Problems of the first key that is missing, of another type or of another shape; empty where all fit. */
export function variableFitProblems(graph: MetaGraph, variables: readonly VariableInfo[]): readonly Problem[] {
  const found = new Map(variables.map((variable) => [variable.key, variable]));
  for (const { key, dtype, shape } of wantedVariables(graph)) {
    const variable = found.get(key);
    const name = dtypeOfEnum(dtype);
    let detail = '';
    if (variable === undefined) detail = `the graph restores ${key}, which is not in variables.index`;
    else if (name !== undefined && dtypeEnum(valueDtype(variable.dtype)) !== dtypeEnum(valueDtype(name))) {
      detail = `${key} is ${dtypeLabel(variable.dtype)}, the graph wants ${dtypeLabel(name)}`;
    } else if (shape !== null && !shape.includes(-1) && shapeText(shape) !== shapeText(variable.shape)) {
      detail = `${key} has the shape ${shapeText(variable.shape)}, the graph wants ${shapeText(shape)}`;
    }
    if (detail !== '') return [problem('VARIABLE_MISMATCH', { key, detail })];
  }
  return [];
}
