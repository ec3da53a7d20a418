import { expect, test } from 'vitest';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { Checkpoint } from '../../src/main/engine/checkpoint.ts';
import { Flattener } from '../../src/main/engine/flatGraph.ts';
import { ModelState } from '../../src/main/engine/modelState.ts';
import type { SegmentOptions } from '../../src/main/engine/onnx/segments.ts';
import type { OnnxSession } from '../../src/main/engine/onnx/session.ts';
import { lazily } from '../../src/main/engine/plan.ts';
import { tensorOf } from '../../src/main/engine/value.ts';
import { graphOf } from './graphOf.ts';
import { runOp, type OpCase } from './opGoldens.ts';

/** Collects what is made and refused. */
function noted(): {
  readonly opened: OnnxSession[];
  readonly refused: unknown[];
  readonly sessions: SegmentOptions;
} {
  const [opened, refused]: [OnnxSession[], unknown[]] = [[], []];
  const sessions = {
    threads: { intraOp: 1, interOp: 1 },
    leastWork: 0,
    onSession: (session: OnnxSession) => void opened.push(session),
    onRefusal: (error: unknown) => void refused.push(error),
  };
  return { opened, refused, sessions };
}

test('sizes that follow from a signature’s are those of what is sent, also where that is of another shape', async () => {
  const { sessions } = noted();
  const node = (name: string, op: string, inputs: readonly string[]) => ({ name, op, inputs, attr: () => undefined });
  const flattener = new Flattener(graphOf([node('x', 'Placeholder', []), node('sizes', 'Shape', ['x'])]));
  const graph = flattener.flatten(['x:0'], ['sizes:0'], [], [{ dtype: 'DT_FLOAT', dims: [2, 3] }]);
  const state = new ModelState('.', Checkpoint.empty());
  const run = lazily(graph, { state, isConstant: () => false, sessions });
  const shapeOf = async (shape: readonly number[]): Promise<readonly number[]> => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const [sizes] = await run([{ dtype: 'DT_FLOAT', shape, data: new Float32Array(size) }], { signal: undefined });
    return Array.from(tensorOf(sizes).data as Int32Array);
  };
  expect([await shapeOf([2, 3]), await shapeOf([4, 5]), await shapeOf([7]), await shapeOf([2, 3])]).toEqual([[2, 3], [4, 5], [7], [2, 3]]);
});

test('an index that is negative or too large is refused in TensorFlow’s words by what runs in a session too', async () => {
  const { opened, refused, sessions } = noted();
  const gather = (index: number): ReturnType<typeof runOp> =>
    runOp(
      {
        op: 'GatherV2',
        attr: { Tparams: ['type', 'float32'], Tindices: ['type', 'int32'], Taxis: ['type', 'int32'] },
        in: [
          ['float32', [3, 2], [0, 1, 2, 3, 4, 5]],
          ['int32', [2], [2, index]],
          ['int32', [], [0]],
        ],
      },
      { sessions, isConstant: (at) => at !== 1 },
    );
  expect([await gather(1), await gather(-1), await gather(3), refused.length, opened.length > 0]).toMatchObject([
    [{ shape: [2, 2] }],
    ['INVALID_ARGUMENT', 'indices[1] = -1 is not in [0, 3)'],
    ['INVALID_ARGUMENT', 'indices[1] = 3 is not in [0, 3)'],
    2,
    true,
  ]);
  for (const session of opened) await session.release();
});

test.each([12, 60, 225, 256, 1000])('a Fourier transform of %i values in a session is the host’s', async (length) => {
  const { opened, refused, sessions } = noted();
  const values = Array.from({ length: 3 * length }, (_, at) => Math.sin(at * at) + (at % 7));
  const one: OpCase = {
    op: 'RFFT',
    attr: { Treal: ['type', 'float32'], Tcomplex: ['type', 'complex64'] },
    in: [
      ['float32', [3, length], values],
      ['int32', [1], [length]],
    ],
  };
  const floats = async (answer: ReturnType<typeof runOp>): Promise<Float32Array> =>
    tensorOf((await answer)[0] as Tensor).data as Float32Array;
  const [host, session] = [await floats(runOp(one)), await floats(runOp(one, { sessions, isConstant: (at) => at === 1 }))];
  const largest = Math.max(...host.map(Math.abs));
  const apart = Math.max(...host.map((value, at) => Math.abs(value - (session[at] ?? NaN)))) / largest;
  expect([session.length, opened.length, refused, apart < 1e-6]).toEqual([3 * (Math.floor(length / 2) + 1) * 2, 1, [], true]);
  for (const session of opened) await session.release();
});
