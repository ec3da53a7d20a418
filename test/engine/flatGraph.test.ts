import { describe, expect, test } from 'vitest';
import { Checkpoint } from '../../src/main/engine/checkpoint.ts';
import { Flattener, topological } from '../../src/main/engine/flatGraph.ts';
import { ModelState } from '../../src/main/engine/modelState.ts';
import { findWrites } from '../../src/main/engine/writtenVariables.ts';
import { ProtoReader, ProtoWriter } from '../../src/main/protobuf/wire.ts';
import type { GraphFunction, GraphNode, MetaGraph } from '../../src/main/savedmodel/savedModelProto.ts';
import { graphOf } from './graphOf.ts';

const attrFunction = (name: string): Uint8Array => new ProtoWriter().message(10, (value) => value.string(1, name)).finish();
const attrType = (dtype: number): Uint8Array => new ProtoWriter().varint(6, dtype).finish();

function node(name: string, op: string, inputs: readonly string[] = [], attributes: Readonly<Record<string, Uint8Array>> = {}): GraphNode {
  return {
    name,
    op,
    inputs,
    attr: (wanted) => (attributes[wanted] === undefined ? undefined : new ProtoReader(attributes[wanted])),
  };
}

const fn = (name: string, nodes: readonly GraphNode[], result: string, args: readonly string[] = ['x']): GraphFunction => ({
  name,
  args,
  nodes,
  returns: new Map([['y', result]]),
  controlReturns: [],
});

const paths = (graph: MetaGraph, feed: string, fetch: string): readonly string[] =>
  topological(new Flattener(graph).flatten([feed], [fetch])).map(({ path }) => path);

describe('a graph without its calls', () => {
  test('a call becomes the nodes of its function, named by the way there', () => {
    const graph = graphOf(
      [node('x', 'Placeholder'), node('call', 'PartitionedCall', ['x'], { f: attrFunction('double') })],
      [fn('double', [node('sum', 'AddV2', ['x', 'x'])], 'sum:z:0')],
    );
    expect(paths(graph, 'x:0', 'call:0')).toEqual(['call/sum']);
  });

  test('a node that depends on a call runs after all effects of the call', () => {
    const effect: GraphFunction = { ...fn('effect', [node('write', 'AssignVariableOp', ['x', 'x'])], 'x'), controlReturns: ['write'] };
    const graph = graphOf(
      [
        node('x', 'Placeholder'),
        node('call', 'StatefulPartitionedCall', ['x'], { f: attrFunction('effect') }),
        node('after', 'Identity', ['x', '^call']),
      ],
      [effect],
    );
    expect(paths(graph, 'x:0', 'after:0')).toEqual(['call/write', 'after']);
  });

  test('a cycle, a function that calls itself and an input that is nowhere are refused', () => {
    const loop = graphOf([node('x', 'Placeholder'), node('a', 'AddV2', ['x', 'b']), node('b', 'Neg', ['a'])]);
    expect(() => paths(loop, 'x:0', 'a:0')).toThrow('contains a cycle with node');
    const recursion = graphOf(
      [node('x', 'Placeholder'), node('call', 'PartitionedCall', ['x'], { f: attrFunction('again') })],
      [fn('again', [node('call', 'PartitionedCall', ['x'], { f: attrFunction('again') })], 'call:output:0')],
    );
    expect(() => paths(recursion, 'x:0', 'call:0')).toThrow('Function again calls itself');
    expect(() => paths(graphOf([node('x', 'Placeholder'), node('a', 'Neg', ['gone'])]), 'x:0', 'a:0')).toThrow("Unknown input node 'gone'");
  });

  test('functions that double at each call are refused before they fill the memory', () => {
    const doubling = Array.from({ length: 30 }, (_, level) =>
      fn(
        `level${level}`,
        level === 29
          ? [node('end', 'Neg', ['x'])]
          : ['a', 'b'].map((name) =>
              node(name, 'PartitionedCall', [name === 'a' ? 'x' : 'a:output:0'], { f: attrFunction(`level${level + 1}`) }),
            ),
        level === 29 ? 'end:y:0' : 'b:output:0',
      ),
    );
    const graph = graphOf([node('x', 'Placeholder'), node('call', 'PartitionedCall', ['x'], { f: attrFunction('level0') })], doubling);
    expect(() => paths(graph, 'x:0', 'call:0')).toThrow('nodes after its functions are inlined');
  });

  test('a variable that only one signature writes counts as written for all', () => {
    const handle = (name: string): GraphNode => node(name, 'VarHandleOp', [], { dtype: attrType(1) });
    const graph = graphOf([
      node('x', 'Placeholder'),
      handle('kept'),
      handle('counter'),
      node('read', 'ReadVariableOp', ['kept']),
      node('add', 'AssignAddVariableOp', ['counter', 'x']),
    ]);
    const flattener = new Flattener(graph);
    const graphs = [flattener.flatten(['x:0'], ['read:0']), flattener.flatten(['x:0'], [], ['add'])];
    const handles = graphs.flatMap((flat) => topological(flat)).filter(({ op }) => op === 'VarHandleOp');
    const { isWritten } = findWrites(graphs, new ModelState('.', Checkpoint.empty()));
    expect(handles.map((one) => [one.name, isWritten(one)])).toEqual([
      ['kept', false],
      ['counter', true],
    ]);
  });
});

test('an op within an older loop is seen though only the next iteration needs it', () => {
  const graph = graphOf([
    node('x', 'Placeholder'),
    node('enter', 'Enter', ['x']),
    node('merge', 'Merge', ['enter', 'next']),
    node('cond', 'LoopCond', ['merge']),
    node('switch', 'Switch', ['merge', 'cond']),
    node('body', 'MyOp', ['switch:1']),
    node('next', 'NextIteration', ['body']),
    node('exit', 'Exit', ['switch']),
  ]);
  expect(paths(graph, 'x:0', 'exit:0')).toContain('body');
});
