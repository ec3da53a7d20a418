import { setImmediate } from 'node:timers/promises';
import { StatusError } from '../../tfserving/status.ts';
import { failureAt } from '../failure.ts';
import type { MakeKernel, OpContext, OpFamily, RunContext } from '../kernel.ts';
import { integer, invalid, numbers, shapeText, sizeOf, strings, tensorOf, typeText, type Value } from '../value.ts';
import { floatsOf } from '../float16.ts';
import { summarized } from './printValue.ts';

/** Functional control flow and assertions. */

/** A predicate: a scalar that is not zero, or a string that is not empty; of another shape, whether it has elements. */
export function truthOf(value: Value | undefined): boolean {
  const tensor = tensorOf(value);
  if (tensor.shape.length > 0) return sizeOf(tensor.shape) > 0;
  if (tensor.dtype === 'DT_STRING') return strings(tensor)[0]!.length > 0;
  return Number(floatsOf(tensor)[0]) !== 0;
}

function refuseCancelled({ signal }: RunContext): void {
  if (signal?.aborted === true) throw new StatusError('CANCELLED', 'The run was cancelled');
}

/** A branch's predicate. TensorFlow runs an If as switches, whose message it gives under the name of what made the predicate. */
function predicate(op: OpContext, value: Value | undefined): boolean {
  const { shape } = tensorOf(value);
  if (shape.length > 0)
    throw failureAt(invalid(`The second input must be a scalar, but it has shape ${shapeText(shape)}`), op.node.inputs[0]!.node);
  return truthOf(value);
}

const branch: MakeKernel = (op) => (inputs, run) => op.bodies[predicate(op, inputs[0]) ? 0 : 1]!(inputs.slice(1), run);

const choose: MakeKernel =
  ({ bodies }) =>
  (inputs, run) => {
    const index = integer(tensorOf(inputs[0]));
    return bodies[index < 0 || index >= bodies.length ? bodies.length - 1 : index]!(inputs.slice(1), run);
  };

/** Time that a loop may hold the thread before others get a turn, in ms. */
const turnMs = 25;

const loop: MakeKernel =
  ({ bodies }) =>
  async (inputs, run) => {
    let values: readonly Value[] = inputs;
    let turnStart = performance.now();
    while (truthOf((await bodies[0]!(values, run))[0])) {
      values = await bodies[1]!(values, run);
      if (performance.now() - turnStart > turnMs) {
        await setImmediate();
        refuseCancelled(run);
        turnStart = performance.now();
      }
    }
    return values;
  };

export const controlOps: OpFamily = {
  If: branch,
  StatelessIf: branch,
  Case: choose,
  StatelessCase: choose,
  While: loop,
  StatelessWhile: loop,
  Assert: ({ attributes }) => {
    const limit = attributes.int('summarize');
    return (inputs) => {
      const condition = tensorOf(inputs[0]);
      if (condition.shape.length > 0) throw invalid(`In[0] should be a scalar: ${shapeText(condition.shape)}`);
      if (condition.dtype !== 'DT_BOOL') throw invalid(`Expected a bool, got ${typeText(condition.dtype)}`);
      if (numbers(condition)[0] !== 0) return [];
      const data = inputs.slice(1).map((input) => `[${summarized(tensorOf(input), limit)}]`);
      throw invalid(`assertion failed: ${data.join(' ')}`);
    };
  },
  Print: () => (inputs) => inputs[0]!,
  PrintV2: () => () => [],
};
