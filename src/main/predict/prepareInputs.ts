import type { z } from 'zod';
import { AppError } from '../../shared/contract/errors.ts';
import type { preparedInput, PreparedInputs } from '../../shared/contract/predict.ts';
import type { InputStep } from '../../shared/contract/processing.ts';
import type { SignatureInfo, TensorInfo } from '../../shared/contract/savedModel.ts';
import { utf8Bytes } from '../../shared/tensor/bytesText.ts';
import { valueDtype } from '../../shared/tensor/dtype.ts';
import { CannotFill, fillTensor } from '../../shared/tensor/fillTensor.ts';
import { JsonSyntax, parseJson } from '../../shared/tensor/json.ts';
import { jsonTensor } from '../../shared/tensor/requestTensors.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { applyStep, StepFailed } from '../../shared/tensor/tensorSteps.ts';
import { BadWireTensor, tensorFromWire } from '../../shared/tensor/tensorWire.ts';
import { serializeExample } from './serializeExample.ts';
import { filesTensor } from './filesTensor.ts';
import { fitTensor, mismatch } from './fitTensor.ts';
import type { InputTensors } from './inputTensors.ts';

type Prepared = z.infer<typeof preparedInput>;

/** An input that is ready to be sent, and what was done to its values on the way. */
export interface ReadyInput {
  readonly tensor: Tensor;
  readonly notes: readonly string[];
  /** What of it is a picture, and how its values are scaled, to draw what the model gets. */
  readonly picture: PictureFacts | null;
}

/** The tensor's last dimensions as pictures, and what its least and largest value stand for. */
export interface PictureFacts {
  readonly layout: 'hwc' | 'chw' | 'hw';
  readonly order: 'rgb' | 'bgr';
  /** Values of a channel that 0 and 255 became. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Steps that make a tensor of bytes; the rest take tensors. */
const makers = new Set<InputStep['kind']>(['image', 'audio', 'text', 'bytes']);
const isMaker = (step: InputStep): step is Extract<InputStep, { kind: 'image' | 'audio' | 'text' | 'bytes' }> => makers.has(step.kind);

async function fromSource(name: string, { source, steps }: Prepared, info: TensorInfo, signal: AbortSignal): Promise<ReadyInput> {
  const bare = (tensor: Tensor): ReadyInput => ({ tensor, notes: [], picture: null });
  const dtype = valueDtype(info.dtype);
  switch (source.kind) {
    case 'json':
      // Its shape is compared after the steps.
      return bare(jsonTensor(name, parseJson(source.text), { ...info, shape: null }));
    case 'fill':
      return bare(fillTensor(source.fill, dtype, source.shape));
    case 'tensor':
      return bare(await tensorFromWire(source.tensor));
    case 'text':
      return bare({ dtype: 'DT_STRING', shape: [source.texts.length], data: source.texts.map(utf8Bytes) });
    case 'examples':
      return bare({ dtype: 'DT_STRING', shape: [source.examples.length], data: source.examples.map(serializeExample) });
    case 'files': {
      const maker = steps.find(isMaker) ?? null;
      const files = await Promise.all(
        source.files.map(async ({ name: file, data }) => ({ name: file, bytes: Buffer.from(await data.arrayBuffer()) })),
      );
      return filesTensor(name, files, maker, info, { signal });
    }
  }
}

/** One input from its source through its steps. REQUEST_MISMATCH and FILE_UNREADABLE name the input and the reason. */
async function prepareInput(name: string, input: Prepared, info: TensorInfo, signal: AbortSignal): Promise<ReadyInput> {
  try {
    let { tensor, picture, notes } = await fromSource(name, input, info, signal);
    for (const step of input.steps) {
      if (isMaker(step)) continue;
      signal.throwIfAborted();
      tensor = applyStep(tensor, step);
      if (step.kind !== 'add-batch' && step.kind !== 'cast') picture = null;
    }
    if (input.source.kind !== 'files' || tensor.dtype === valueDtype(info.dtype)) return { tensor, picture, notes };
    // A file's numbers become the signature's where that loses no more than digits.
    const said: string[] = [];
    tensor = fitTensor(name, tensor, info, { say: (note) => said.push(note), insist: true });
    return { tensor, picture, notes: [...notes, ...said] };
  } catch (error) {
    if (error instanceof StepFailed || error instanceof CannotFill || error instanceof BadWireTensor)
      throw new AppError('REQUEST_MISMATCH', { detail: `${name}: ${error.message}.`, input: name }, { cause: error });
    if (error instanceof JsonSyntax)
      throw new AppError('REQUEST_MISMATCH', { detail: `${name} is no JSON: ${error.message}.`, input: name });
    throw error;
  }
}

/** All inputs of a request, those that were left out too if they cannot be: the check says so. */
export async function prepareInputs(
  signature: SignatureInfo,
  inputs: PreparedInputs,
  { signal }: { readonly signal: AbortSignal },
): Promise<Readonly<Record<string, ReadyInput>>> {
  const ready: Record<string, ReadyInput> = {};
  for (const [name, { source, steps = [] }] of Object.entries(inputs)) {
    const info = Object.hasOwn(signature.inputs, name) ? signature.inputs[name] : undefined;
    if (info === undefined) throw mismatch(`${name} is no input of the signature, which has ${Object.keys(signature.inputs).join(', ')}.`);
    ready[name] = await prepareInput(name, { source, steps } as Prepared, info, signal);
  }
  return ready;
}

/** The tensors alone. */
export const tensorsOf = (ready: Readonly<Record<string, ReadyInput>>): InputTensors =>
  Object.fromEntries(Object.entries(ready).map(([name, { tensor }]) => [name, tensor]));
