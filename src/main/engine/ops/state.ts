import { StatusError } from '../../tfserving/status.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { floatsOf } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { handleOf, int32, indices, integers, invalid, isHandle, shapeText, strings, tensorOf, Variable, type Value } from '../value.ts';
import { variableOf } from '../writtenVariables.ts';
import { elementwise } from './elementwise.ts';
import { gather } from './gather.ts';
import { scatterInto } from './scatter.ts';

/** Variables, the saver's ops, and what only orders or passes on. */

function variable(value: Value | undefined): Variable {
  const item = value !== undefined && isHandle(value) ? value.items[0] : undefined;
  if (!(item instanceof Variable)) throw invalid('Trying to access a resource that is no variable');
  return item;
}

function initialised(one: Variable): Tensor {
  if (one.value === undefined)
    throw new StatusError(
      'FAILED_PRECONDITION',
      `Could not find variable ${one.name}. This could mean that the variable has been deleted. In TF1, it can also mean the variable is uninitialized. Debug info: container=localhost, status error message=Resource localhost/${one.name}/N10tensorflow3VarE does not exist.`,
    );
  return one.value;
}

function assign(target: Variable, value: Tensor): void {
  if (value.dtype !== target.dtype)
    throw invalid(`Trying to assign variable with wrong dtype. Expected ${target.dtype} got ${value.dtype}`);
  target.value = value;
}

const makeHandle: MakeKernel = ({ node, state }) => {
  const handle = handleOf(variableOf(node, state));
  return () => handle;
};

/** Assign, and AssignAdd and AssignSub by their arithmetic; references come back, so that the next op sees the new value. */
const assigning =
  (arithmetic: string | null): MakeKernel =>
  (op) => {
    const change = arithmetic === null ? null : elementwise[arithmetic]!(op);
    return (inputs, run) => {
      const target = variable(inputs[0]);
      const value = tensorOf(inputs[1]);
      assign(target, change === null ? value : (change([initialised(target), value], run) as Tensor));
      return inputs[0]!;
    };
  };

const scattering =
  (mode: 'update' | 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max', nd = false): MakeKernel =>
  () =>
  (inputs) => {
    const target = variable(inputs[0]);
    const value = initialised(target);
    target.value = scatterInto(value, tensorOf(inputs[1]), tensorOf(inputs[2]), mode, nd);
    return inputs[0]!;
  };

const restore: MakeKernel =
  ({ state }) =>
  async (inputs) => {
    const keys = strings(tensorOf(inputs[1]));
    const slices = strings(tensorOf(inputs[2]));
    if (keys.length !== slices.length) throw invalid(`Expected ${keys.length} shapes and slices, got ${slices.length}`);
    const restored: Tensor[] = [];
    for (const [index, key] of keys.entries())
      restored.push(await state.checkpoint.restore(Buffer.from(key).toString(), Buffer.from(slices[index]!).toString()));
    return restored;
  };

const pass: MakeKernel = () => (inputs) => inputs[0]!;
const nothing: MakeKernel = () => () => [];

export const stateOps: OpFamily = {
  VarHandleOp: makeHandle,
  VariableV2: makeHandle,
  Variable: makeHandle,
  ReadVariableOp: () => (inputs) => initialised(variable(inputs[0])),
  ResourceGather: ({ attributes }) => {
    const batchDims = attributes.int('batch_dims');
    return (inputs) => gather(initialised(variable(inputs[0])), tensorOf(inputs[1]), batchDims, batchDims);
  },
  VariableShape: ({ attributes }) => {
    const dtype = attributes.type('out_type');
    return (inputs) => indices(dtype, initialised(variable(inputs[0])).shape);
  },
  VarIsInitializedOp: () => (inputs) => ({
    dtype: 'DT_BOOL',
    shape: [],
    data: Uint8Array.of(variable(inputs[0]).value === undefined ? 0 : 1),
  }),
  IsVariableInitialized: () => (inputs) => ({
    dtype: 'DT_BOOL',
    shape: [],
    data: Uint8Array.of(variable(inputs[0]).value === undefined ? 0 : 1),
  }),
  DisableCopyOnRead: nothing,
  DestroyResourceOp: nothing,
  Assign: assigning(null),
  AssignAdd: assigning('AddV2'),
  AssignSub: assigning('Sub'),
  AssignVariableOp: assigning(null),
  AssignAddVariableOp: assigning('AddV2'),
  AssignSubVariableOp: assigning('Sub'),
  ScatterUpdate: scattering('update'),
  ScatterAdd: scattering('add'),
  ScatterSub: scattering('sub'),
  ResourceScatterUpdate: scattering('update'),
  ResourceScatterAdd: scattering('add'),
  ResourceScatterSub: scattering('sub'),
  ResourceScatterMul: scattering('mul'),
  ResourceScatterMin: scattering('min'),
  ResourceScatterMax: scattering('max'),
  ResourceScatterNdUpdate: scattering('update', true),
  ResourceScatterNdAdd: scattering('add', true),
  RestoreV2: restore,
  Const: ({ attributes }) => {
    const value = attributes.tensor('value');
    return () => value;
  },
  Placeholder:
    ({ node }) =>
    () => {
      throw invalid(
        `You must feed a value for placeholder tensor '${node.path}' with dtype ${node.attributes.type('dtype').slice(3).toLowerCase()}`,
      );
    },
  PlaceholderWithDefault: pass,
  Identity: pass,
  RefIdentity: pass,
  StopGradient: pass,
  PreventGradient: pass,
  Snapshot: pass,
  CheckNumerics: ({ attributes }) => {
    const message = attributes.text('message');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const values = Array.from(floatsOf(x));
      const wrong = [values.some((value) => Math.abs(value) === Infinity) ? 'Inf' : '', values.some(Number.isNaN) ? 'NaN' : ''].filter(
        Boolean,
      );
      if (wrong.length > 0) throw invalid(`${message} : Tensor had ${wrong.join(' and ')} values`);
      return x;
    };
  },
  IdentityN: () => (inputs) => [...inputs],
  NoOp: nothing,
  ControlTrigger: nothing,
  EnsureShape: ({ node, attributes }) => {
    const wanted = attributes.shape('shape');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const fits = wanted === null || (wanted.length === x.shape.length && wanted.every((dim, axis) => dim < 0 || dim === x.shape[axis]));
      if (!fits)
        throw invalid(
          `Shape of tensor ${node.inputs[0]?.node.name ?? ''} ${shapeText(x.shape)} is not compatible with expected shape ${shapeText((wanted ?? []).map((dim) => (dim < 0 ? -1 : dim))).replaceAll('-1', '?')}.`,
        );
      return x;
    };
  },
  ShardedFilename: () => (inputs) => {
    const [name, shard, count] = [strings(tensorOf(inputs[0]))[0]!, integers(tensorOf(inputs[1]))[0]!, integers(tensorOf(inputs[2]))[0]!];
    const five = (number: number): string => String(number).padStart(5, '0');
    return { dtype: 'DT_STRING', shape: [], data: [Buffer.from(`${Buffer.from(name).toString()}-${five(shard)}-of-${five(count)}`)] };
  },
  Rank: () => (inputs) => int32([inputs[0]!.shape.length], []),
};
