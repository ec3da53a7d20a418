import { topological, type FlatGraph, type FlatNode } from './flatGraph.ts';
import type { ModelState } from './modelState.ts';
import { opDefinition } from './opDefinition.ts';
import type { Variable } from './value.ts';

/** Ops that stand for a variable: a handle of TF2, a reference of TF1. */
export const isVariable = ({ op }: FlatNode): boolean => op === 'VarHandleOp' || op === 'VariableV2' || op === 'Variable';

/** The variable that one of those ops names. */
export function variableOf(handle: FlatNode, state: ModelState): Variable {
  const { attributes, name } = handle;
  return state.variable(attributes.text('container'), attributes.text('shared_name') || name, attributes.type('dtype'));
}

/** Ops that take a variable's handle and leave the variable as it is; functional control flow is judged by its bodies. */
const reads =
  /^(ReadVariableOp|_ReadVariablesOp|ResourceGather|ResourceGatherNd|VariableShape|VarIsInitializedOp|DisableCopyOnRead|Identity|(Stateless)?(While|If|Case))$/;
const writes = /^(Assign.*VariableOp|Resource.*|ResourceScatter.*|DestroyResourceOp)$/;

/** Walks the graphs of all signatures; the answer tells whether one of them may write what a handle names. */
export function findWrites(
  graphs: Iterable<FlatGraph>,
  state: ModelState,
): { readonly any: boolean; readonly isWritten: (handle: FlatNode) => boolean } {
  const written = new Set<Variable>();
  let all = false;
  let any = false;
  const walk = (graph: FlatGraph): void => {
    for (const node of topological(graph)) {
      for (const body of node.bodies) walk(body);
      if (/^(Assign|LookupTable(Insert|Remove|Import)|Scatter(Update|Add|Sub)$)/.test(node.op)) any = true;
      if (reads.test(node.op)) continue;
      const wanted = opDefinition(node.op)?.inputs ?? [];
      for (const [index, { node: from }] of node.inputs.entries()) {
        // An op that takes a reference's value only reads it.
        if (isVariable(from) && (from.op === 'VarHandleOp' || wanted[index]?.isRef === true)) written.add(variableOf(from, state));
        else if (index === 0 && writes.test(node.op)) all = true;
      }
    }
  };
  for (const graph of graphs) walk(graph);
  return { any: any || written.size > 0, isWritten: (handle) => all || written.has(variableOf(handle, state)) };
}
