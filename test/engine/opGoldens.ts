import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Checkpoint } from '../../src/main/engine/checkpoint.ts';
import { decodeFloat16, isFloat16 } from '../../src/main/engine/float16.ts';
import { Flattener, topological, type FlatGraph } from '../../src/main/engine/flatGraph.ts';
import { ModelState } from '../../src/main/engine/modelState.ts';
import { lazily, type PlanContext } from '../../src/main/engine/plan.ts';
import { tensorOf } from '../../src/main/engine/value.ts';
import { ProtoReader, ProtoWriter } from '../../src/main/protobuf/wire.ts';
import { readSavedModelProto, type GraphNode } from '../../src/main/savedmodel/savedModelProto.ts';
import { StatusError } from '../../src/main/tfserving/status.ts';
import { dtypeEnum, dtypeLabel, dtypeOfEnum, valueDtype, type Dtype } from '../../src/shared/tensor/dtype.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { tensorOfGolden } from './goldens.ts';
import { graphOf } from './graphOf.ts';

type TensorJson = readonly [label: string, shape: readonly number[], values: readonly unknown[]];
interface Answer {
  readonly out?: readonly TensorJson[];
  readonly error?: readonly [status: string, message: string];
}
/** One op on its own. */
export interface OpCase extends Answer {
  readonly op: string;
  readonly attr?: Readonly<Record<string, readonly [kind: string, value: unknown]>>;
  readonly in: readonly TensorJson[];
}
/** A graph of a few nodes that is run one or more times. */
export interface GraphCase {
  readonly graph: string;
  readonly model: string;
  readonly runs: readonly (Answer & {
    readonly feeds: Readonly<Record<string, TensorJson>>;
    readonly fetch: readonly string[];
    readonly targets: readonly string[];
  })[];
}

/** All lines of the goldens; the format is told in scripts/opGoldens/recorder.py. */
export function readOpGoldens(): { readonly ops: ReadonlyMap<string, readonly OpCase[]>; readonly graphs: readonly GraphCase[] } {
  const folder = join(import.meta.dirname, 'goldens');
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'));
  const cases = lines.map((line) => JSON.parse(line) as OpCase | GraphCase);
  const isGraph = (one: OpCase | GraphCase): one is GraphCase => 'graph' in one;
  return { ops: Map.groupBy(cases.filter((one) => !isGraph(one)) as OpCase[], ({ op }) => op), graphs: cases.filter(isGraph) };
}

const byLabel = new Map(
  Array.from({ length: 32 }, (_, number) => dtypeOfEnum(number))
    .filter((name) => name !== undefined)
    .map((name) => [dtypeLabel(name), valueDtype(name)]),
);
function dtypeOf(label: string): Dtype {
  const dtype = byLabel.get(label === 'half' ? 'float16' : label);
  if (dtype === undefined) throw new Error(`no type ${label}`);
  return dtype;
}

function tensorOfJson([label, shape, data]: TensorJson): Tensor {
  return tensorOfGolden({ dtype: dtypeOf(label), shape, data }, '');
}

/** An attribute as an AttrValue of the wire; field numbers of attr_value.proto. */
function attribute(kind: string, value: unknown): Uint8Array {
  const shape = (writer: ProtoWriter, field: number, dims: readonly number[] | null): ProtoWriter =>
    writer.message(field, (proto) => {
      if (dims === null) proto.bool(3, true);
      else for (const size of dims) proto.message(2, (dim) => dim.varint(1, size));
    });
  const one = (writer: ProtoWriter, of: string, item: unknown): ProtoWriter => {
    switch (of) {
      case 'string':
        return writer.string(2, item as string);
      case 'int':
        return writer.varint(3, item as number);
      case 'float':
        return writer.float(4, item as number);
      case 'bool':
        return writer.bool(5, item as boolean);
      case 'type':
        return writer.varint(6, dtypeEnum(dtypeOf(item as string)));
      case 'shape':
        return shape(writer, 7, item as readonly number[] | null);
      default:
        throw new Error(`attribute of kind ${of}`);
    }
  };
  const writer = new ProtoWriter();
  if (kind.endsWith('s')) writer.message(1, (list) => (value as unknown[]).forEach((item) => one(list, kind.slice(0, -1), item)));
  else one(writer, kind, value);
  return writer.finish();
}

/** What one run answered: tensors, or status and message up to the node that is named. */
export type Outcome = readonly Tensor[] | readonly [status: string, message: string];

async function outcomeOf(run: () => Promise<readonly Tensor[]>): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return [error.status, error.message.split('\n\t [[')[0] ?? ''];
  }
}

const freshState = (): ModelState => new ModelState('.', Checkpoint.empty());

/** A Const node's value attribute. */
function constant({ dtype, shape, data }: Tensor): Uint8Array {
  return new ProtoWriter()
    .message(8, (tensor) => {
      tensor.varint(1, dtypeEnum(dtype)).message(2, (dims) => shape.forEach((size) => dims.message(2, (dim) => dim.varint(1, size))));
      if (Array.isArray(data)) (data as Uint8Array[]).forEach((text) => tensor.bytes(8, text));
      else {
        const { buffer, byteOffset, byteLength } = data as Float32Array;
        tensor.bytes(4, new Uint8Array(buffer, byteOffset, byteLength));
      }
    })
    .finish();
}

function node(name: string, op: string, inputs: readonly string[], attributes: Readonly<Record<string, Uint8Array>>): GraphNode {
  return {
    name,
    op,
    inputs,
    attr: (wanted) => (attributes[wanted] === undefined ? undefined : new ProtoReader(attributes[wanted])),
  };
}

/** Runs one op as a graph of its own: what it is given are the graph's arguments, or constants. */
export async function runOp(
  { op, attr = {}, in: given, out }: OpCase,
  {
    isConstant = () => false,
    sessions,
  }: { readonly isConstant?: (index: number) => boolean; readonly sessions?: PlanContext['sessions'] } = {},
): Promise<Outcome> {
  const tensors = given.map(tensorOfJson);
  const names = given.map((_, index) => `in${index}`);
  const fed = tensors.flatMap((tensor, index) => (isConstant(index) ? [] : [{ tensor, name: `in${index}` }]));
  const attributes = Object.fromEntries(Object.entries(attr).map(([name, [kind, value]]) => [name, attribute(kind, value)]));
  const nodes = tensors.map((tensor, index) =>
    isConstant(index) ? node(`in${index}`, 'Const', [], { value: constant(tensor) }) : node(`in${index}`, 'Placeholder', [], {}),
  );
  const flattener = new Flattener(graphOf([...nodes, node('op', op, names, attributes)]));
  const graph = flattener.flatten(
    fed.map(({ name }) => `${name}:0`),
    (out ?? [null]).flatMap((_, index) => (isLeftOpen(op, index) ? [] : [`op:${index}`])),
    [],
    fed.map(({ tensor }) => ({ dtype: tensor.dtype, dims: tensor.shape.map((dim, axis) => (axis === 0 ? -1 : dim)) })),
  );
  const run = lazily(graph, { state: freshState(), isConstant: () => false, ...(sessions === undefined ? {} : { sessions }) });
  return outcomeOf(async () =>
    (
      await run(
        fed.map(({ tensor }) => tensor),
        { signal: undefined },
      )
    ).map((value) => tensorOf(value)),
  );
}

/** Runs a graph case; also answers the types of its ops. */
export async function runGraph({
  model,
  runs,
}: GraphCase): Promise<{ readonly outcomes: readonly Outcome[]; readonly ops: ReadonlySet<string> }> {
  const [graph] = readSavedModelProto(gunzipSync(Buffer.from(model, 'base64')));
  if (graph === undefined) throw new Error('one meta graph');
  const flattener = new Flattener(graph);
  const state = freshState();
  const ops = new Set<string>();
  const note = (graph: FlatGraph): void => {
    for (const one of topological(graph)) {
      ops.add(one.op);
      one.bodies.forEach(note);
    }
  };
  const outcomes: Outcome[] = [];
  for (const { feeds, fetch, targets } of runs) {
    outcomes.push(
      await outcomeOf(async () => {
        const graph = flattener.flatten(Object.keys(feeds), fetch, targets);
        note(graph);
        const values = await lazily(graph, { state, isConstant: () => false })(Object.values(feeds).map(tensorOfJson), {
          signal: undefined,
        });
        return values.map((value) => tensorOf(value));
      }),
    );
  }
  return { outcomes, ops };
}

/** A type's unit in the last place at 1, and its smallest normal number. */
const units: Readonly<Partial<Record<Dtype, readonly [epsilon: number, tiny: number]>>> = {
  DT_FLOAT: [2 ** -23, 2 ** -126],
  DT_COMPLEX64: [2 ** -23, 2 ** -126],
  DT_DOUBLE: [2 ** -52, 2 ** -1022],
  DT_COMPLEX128: [2 ** -52, 2 ** -1022],
  DT_HALF: [2 ** -10, 2 ** -24],
  DT_BFLOAT16: [2 ** -7, 2 ** -126],
};

/** The statistics that inference gives back are memory that TensorFlow does not write. */
const isLeftOpen = (op: string, index: number): boolean => op.startsWith('FusedBatchNorm') && index > 0;

/** How `got` differs from TensorFlow's answer; empty where it does not. Zeros have signs; `ulp` and `absolute` bound floats. */
export function differs(
  got: Outcome,
  { op = '', out, error }: Answer & { readonly op?: string },
  [ulp, absolute]: readonly [ulp: number, absolute: number],
): string {
  const refused = (outcome: Outcome): outcome is readonly [string, string] => typeof outcome[0] === 'string';
  if (error !== undefined || refused(got)) {
    const wanted = error === undefined ? JSON.stringify(out) : `${error[0]}: ${error[1]}`;
    const told = refused(got) ? `${got[0]}: ${got[1]}` : `[${got.map(({ data }) => shown(data)).join('; ')}]`;
    return told === wanted ? '' : `${told}\n      wanted ${wanted}`;
  }
  for (const [index, json] of (out ?? []).entries()) {
    if (isLeftOpen(op, index)) continue;
    const [a, b] = [got[index], tensorOfJson(json)];
    if (a === undefined) return `output ${index} is missing`;
    const place = index === 0 ? '' : `output ${index} `;
    if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join())
      return `${place}${a.dtype} [${a.shape.join()}], wanted ${b.dtype} [${b.shape.join()}]`;
    const [epsilon, tiny] = units[b.dtype] ?? [0, 0];
    const values = (x: Tensor): ArrayLike<unknown> =>
      isFloat16(x.dtype)
        ? decodeFloat16(x.dtype, x.data as Uint16Array)
        : x.dtype === 'DT_STRING'
          ? (x.data as Uint8Array[]).map((one) => Buffer.from(one).toString('latin1'))
          : x.data;
    const [x, y] = [values(a), values(b)];
    if (x.length !== y.length) return `${place}${x.length} values, wanted ${y.length}`;
    for (let at = 0; at < x.length; at += 1) {
      if (Object.is(x[at], y[at])) continue;
      const near = Math.abs(Number(x[at]) - Number(y[at])) <= absolute * epsilon + ulp * Math.max(epsilon * Math.abs(Number(y[at])), tiny);
      if (epsilon === 0 || !near || (x[at] === 0 && y[at] === 0)) return `${place}[${at}] of [${shown(x)}], wanted [${shown(y)}]`;
    }
  }
  return '';
}

const shown = (values: ArrayLike<unknown>): string =>
  Array.from(values, (value) => (Object.is(value, -0) ? '-0' : String(value)))
    .slice(0, 24)
    .join(' ');
