import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Checkpoint } from '../../src/main/engine/checkpoint.ts';
import { Flattener } from '../../src/main/engine/flatGraph.ts';
import { ModelState } from '../../src/main/engine/modelState.ts';
import { lowerings, type SegmentOptions } from '../../src/main/engine/onnx/segments.ts';
import type { OnnxSession } from '../../src/main/engine/onnx/session.ts';
import { lazily } from '../../src/main/engine/plan.ts';
import { tensorOf } from '../../src/main/engine/value.ts';
import { ProtoReader, ProtoWriter } from '../../src/main/protobuf/wire.ts';
import type { GraphNode } from '../../src/main/savedmodel/savedModelProto.ts';
import { dtypeEnum, type Dtype } from '../../src/shared/tensor/dtype.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { difference, tensorOfGolden, type GoldenTensor } from './goldens.ts';
import { graphOf } from './graphOf.ts';

/** One line of ops.jsonl: what TensorFlow answered, or the first line of its refusal. */
interface OpCase {
  readonly op: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly inputs: readonly GoldenTensor[];
  readonly outputs?: readonly GoldenTensor[];
  readonly error?: string;
}

const cases = readFileSync(join(import.meta.dirname, 'ops.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as OpCase);
const byOp = Map.groupBy(cases, ({ op }) => op);

/** Relative tolerance by type: single operations, not chains of them. */
const tolerances: Readonly<Partial<Record<Dtype, number>>> = { DT_HALF: 2e-3, DT_BFLOAT16: 1e-2, DT_FLOAT: 1e-5, DT_DOUBLE: 1e-9 };

/** A Const node's value attribute. */
function constant({ dtype, shape, data }: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  return new ProtoWriter()
    .message(8, (tensor) =>
      tensor
        .varint(1, dtypeEnum(dtype))
        .message(2, (dims) => {
          for (const dim of shape) dims.message(2, (one) => one.varint(1, dim));
        })
        .bytes(4, new Uint8Array(buffer, byteOffset, byteLength)),
    )
    .finish();
}

const attributes =
  (attrs: Readonly<Record<string, Uint8Array>>): GraphNode['attr'] =>
  (name) =>
    attrs[name] === undefined ? undefined : new ProtoReader(attrs[name]);

/** Runs a case, with those of its inputs as constants; answers its results, or the first line of the refusal. */
async function run(
  { op, attrs, inputs, outputs }: OpCase,
  isConstant: (index: number) => boolean = () => false,
  sessions?: SegmentOptions,
): Promise<readonly Tensor[] | string> {
  const tensors = inputs.map((input) => tensorOfGolden(input, ''));
  const fed = tensors.flatMap((tensor, index) => (isConstant(index) ? [] : [{ tensor, name: `in${index}:0` }]));
  const node = (name: string, type: string, from: readonly string[], values: Readonly<Record<string, Uint8Array>>): GraphNode => ({
    name,
    op: type,
    inputs: from,
    attr: attributes(values),
  });
  const graph = graphOf([
    ...tensors.map((tensor, index) =>
      isConstant(index) ? node(`in${index}`, 'Const', [], { value: constant(tensor) }) : node(`in${index}`, 'Placeholder', [], {}),
    ),
    node(
      op,
      op,
      tensors.map((_, index) => `in${index}`),
      Object.fromEntries(Object.entries(attrs).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    ),
  ]);
  const flat = new Flattener(graph).flatten(
    fed.map(({ name }) => name),
    Array.from({ length: outputs?.length ?? 1 }, (_, index) => `${op}:${index}`),
    [],
    fed.map(({ tensor }) => ({ dtype: tensor.dtype, dims: tensor.shape.map((dim, axis) => (axis === 0 ? -1 : dim)) })),
  );
  const state = new ModelState('.', Checkpoint.empty());
  try {
    const results = await lazily(flat, { state, isConstant: () => false, ...(sessions === undefined ? {} : { sessions }) })(
      fed.map(({ tensor }) => tensor),
      { signal: undefined },
    );
    return results.map(tensorOf);
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? '';
  }
}

/** What is wrong with an answer; empty where nothing is. */
function wrong(got: readonly Tensor[] | string, { outputs, error }: OpCase): string {
  if (outputs === undefined) return got === error ? '' : `got ${typeof got === 'string' ? got : 'an answer'}, wanted ${error ?? ''}`;
  if (typeof got === 'string') return got;
  return outputs
    .map((output, index) => {
      const want = tensorOfGolden(output, '');
      const rtol = tolerances[want.dtype] ?? 1e-5;
      const told = got[index] === undefined ? 'missing' : difference(got[index], want, { rtol, atol: rtol / 10 });
      return told === '' ? '' : `output ${index}: ${told}`;
    })
    .join('');
}

const describeInputs = ({ inputs }: OpCase): string => inputs.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join(' ');

describe('ops by themselves, as TensorFlow computes and refuses', () => {
  test.each([...byOp])('%s', async (_, list) => {
    const told: string[] = [];
    for (const one of list) {
      const difference = wrong(await run(one), one);
      if (difference !== '') told.push(`${difference} · inputs ${describeInputs(one)}`);
    }
    expect(told).toEqual([]);
  });
});

describe('ops lowered to a session', () => {
  const lowered = [...byOp].filter(([op]) => lowerings.has(op));

  test.each(lowered)('%s', async (op, list) => {
    const told: string[] = [];
    const opened: OnnxSession[] = [];
    for (const one of list.filter(({ outputs }) => outputs !== undefined)) {
      const options: SegmentOptions = {
        threads: { intraOp: 1, interOp: 1 },
        leastWork: 0,
        onSession: (session) => void opened.push(session),
        onRefusal: (error) => told.push(`refused: ${String(error)} · inputs ${describeInputs(one)}`),
      };
      if (one.inputs.some(({ dtype }) => dtype === 'DT_STRING')) continue;
      // The first float input is the data (of a transposed convolution the last); what stands beside it is known before, as in a model.
      const isData = ({ dtype, shape }: GoldenTensor): boolean => dtype === 'DT_FLOAT' && shape.length > 0;
      const data = op === 'Conv2DBackpropInput' ? one.inputs.findLastIndex(isData) : one.inputs.findIndex(isData);
      for (const constants of [(index: number) => index !== data, (index: number) => one.inputs[index]?.dtype !== 'DT_FLOAT']) {
        const difference = wrong(await run(one, constants, options), one);
        if (difference !== '') told.push(`${difference} · inputs ${describeInputs(one)}`);
      }
    }
    for (const session of opened) await session.release();
    expect({ op, told, isLowered: opened.length > 0 }).toEqual({ op, told: [], isLowered: true });
  });
});
