import { describe, expect, test } from 'vitest';
import { lowerings } from '../../src/main/engine/onnx/foreseenTypes.ts';
import type { OnnxSession } from '../../src/main/engine/onnx/session.ts';
import { opKernels } from '../../src/main/engine/ops/registry.ts';
import { knownDifferences } from './knownDifferences.ts';
import { differs, readOpGoldens, runGraph, runOp, type OpCase } from './opGoldens.ts';

const { ops, graphs } = readOpGoldens();

/**
 * How far a float may be from TensorFlow's: units in the last place of its type, and as many of them at 1 where terms cancel. TensorFlow's
 * own functions are polynomials of a few units' error; sums differ by their order.
 */
const tolerances: Readonly<Record<string, readonly [ulp: number, absolute: number]>> = {
  AdjustContrastv2: [4, 4],
  CropAndResize: [4, 32],
  Digamma: [16, 16],
  FFT: [4, 32],
  FusedBatchNorm: [8, 8],
  FusedBatchNormV2: [8, 8],
  FusedBatchNormV3: [8, 8],
  HSVToRGB: [4, 4],
  IFFT: [4, 32],
  IRFFT: [4, 32],
  Lgamma: [16, 32],
  LogSoftmax: [4, 2],
  RFFT: [4, 32],
  RGBToHSV: [4, 4],
  ResizeBicubic: [4, 16],
  ResizeBilinear: [4, 16],
  ScaleAndTranslate: [4, 32],
};
const few: readonly [number, number] = [4, 0];
/** ONNX Runtime's own functions and orders of sums. */
const lowered: readonly [number, number] = [64, 128];

/** Ops without a golden of their own, and why. */
const file = 'reads a file of the model: the corpus has it';
const alone: Readonly<Record<string, string>> = {
  DestroyResourceOp: 'runs when a model ends: no client sees it',
  RestoreV2: file,
  SegmentSumV2: 'TensorFlow has no kernel of it on a CPU; it shares the one of SegmentSum',
  InitializeTableFromTextFile: file,
  InitializeTableFromTextFileV2: file,
};

/** Ops that are lowered only where another op's shape is known. */
const onlyAmongOthers = new Set(['StridedSlice', 'Fill']);

/** What is told, unless it is as much as is known. */
const unexpected = (told: readonly string[], known: number): readonly string[] =>
  told.length === known ? [] : [`${told.length} differ, ${known} are known to`, ...told];

const inputsOf = ({ attr, in: inputs }: OpCase): string => `${JSON.stringify(attr ?? {})} ${JSON.stringify(inputs)}`;

describe('ops answer as TensorFlow does', () => {
  test.each([...ops])('%s', async (op, cases) => {
    const told: string[] = [];
    for (const one of cases) {
      const wrong = differs(await runOp(one), one, tolerances[op] ?? few);
      if (wrong !== '') told.push(`${inputsOf(one)}\n    ${wrong}`);
    }
    const [count] = knownDifferences[op] ?? [0];
    expect(unexpected(told, count)).toEqual([]);
  });
});

describe('ops lowered to a session answer as TensorFlow does', () => {
  test.each([...ops].filter(([op]) => lowerings.has(op)))('%s', async (op, cases) => {
    const told: string[] = [];
    const opened: OnnxSession[] = [];
    for (const one of cases.filter(({ out }) => out !== undefined)) {
      // What the host answers otherwise is judged there.
      if (differs(await runOp(one), one, lowered) !== '') continue;
      // The first float input is the data (of a transposed convolution the last); what stands beside it is known before, as in a model.
      const labels = one.in.some(([label]) => label === 'float32') ? ['float32'] : ['int32', 'int64', 'bool', 'complex64'];
      const isData = ([label, shape]: OpCase['in'][number]): boolean => labels.includes(label) && shape.length > 0;
      const data = op === 'Conv2DBackpropInput' ? one.in.findLastIndex(isData) : one.in.findIndex(isData);
      if (data < 0) continue;
      const sessions = {
        threads: { intraOp: 1, interOp: 1 },
        leastWork: 0,
        onSession: (session: OnnxSession) => void opened.push(session),
        onRefusal: (error: unknown) => told.push(`refused: ${String(error)} · ${inputsOf(one)}`),
      };
      for (const isConstant of [(index: number) => index !== data, (index: number) => !labels.includes(one.in[index]?.[0] ?? '')]) {
        const wrong = differs(await runOp(one, { isConstant, sessions }), one, lowered);
        if (wrong !== '') told.push(`${inputsOf(one)}\n    ${wrong}`);
      }
    }
    for (const session of opened) await session.release();
    const [count] = knownDifferences[`${op} in a session`] ?? [0];
    expect({ told: unexpected(told, count), isLowered: opened.length > 0 }).toEqual({
      told: [],
      isLowered: !onlyAmongOthers.has(op),
    });
  });
});

describe('small graphs answer as TensorFlow does, run after run', () => {
  test.each(graphs.map((one) => [one.graph, one] as const))('%s', async (name, graph) => {
    const { outcomes } = await runGraph(graph);
    const told = graph.runs.flatMap((run, index) => {
      const wrong = differs(outcomes[index] ?? [], run, few);
      return wrong === '' ? [] : [`run ${index} ${JSON.stringify({ ...run.feeds, fetch: run.fetch, targets: run.targets })}\n    ${wrong}`];
    });
    const [count] = knownDifferences[`graph: ${name}`] ?? [0];
    expect(unexpected(told, count)).toEqual([]);
  });
});

test('every op of the engine has goldens, or a reason', async () => {
  const seen = new Set([...ops.keys(), ...Object.keys(alone)]);
  for (const graph of graphs) for (const op of (await runGraph(graph)).ops) seen.add(op);
  expect([...opKernels.keys()].filter((op) => !seen.has(op))).toEqual([]);
});
