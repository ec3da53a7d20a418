import { AppError } from '../../shared/contract/errors.ts';
import type { ModeReason, PredictRequest } from '../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import { JsonSyntax, member, parseJson, type Json } from '../../shared/tensor/json.ts';
import { convertBody } from '../../shared/tensor/jsonInputs.ts';
import { checkBody, type Misfit } from '../../shared/tensor/requestCheck.ts';
import { chooseMode, leftOutOf, restBarrier, rowBarrier } from '../../shared/tensor/requestMode.ts';
import { requestTensors } from '../../shared/tensor/requestTensors.ts';
import { checkTensors } from '../../shared/tensor/tensorCheck.ts';
import { readExampleRequest } from '../tfserving/exampleRequest.ts';
import { readPredictRequest } from '../tfserving/predictRequest.ts';
import { StatusError } from '../tfserving/status.ts';
import type { AskOptions, Exchange } from './exchange.ts';
import { mismatch } from './fitTensor.ts';
import type { InputTensors } from './inputTensors.ts';
import { methodOf, predictOver, type Which } from './predict.ts';
import { askGrpc, type GrpcConnections } from './predictGrpc.ts';
import { requestBody } from './requestBody.ts';

/** What goes over the wire, decided. */
export type Plan = { readonly reason: ModeReason; readonly inputs: InputTensors | null } & (
  | { readonly mode: 'row' | 'columnar' | 'examples'; readonly body: string | (() => Buffer) }
  | { readonly mode: 'grpc'; readonly method: 'predict'; readonly inputs: InputTensors }
  | { readonly mode: 'grpc'; readonly method: 'classify' | 'regress'; readonly examples: readonly Uint8Array[] }
);

type Wanted = Pick<PredictRequest, 'mode' | 'insist' | 'signature'>;

const refused = (misfits: readonly Misfit[]): AppError => {
  const [first] = misfits;
  const error = mismatch(misfits.map(({ message }) => message).join(' '));
  return first?.input == null ? error : new AppError('REQUEST_MISMATCH', { ...error.data, input: first.input });
};

/** How tensors are sent. REQUEST_MISMATCH where they do not fit, unless the person insists, or where they have no rows in common. */
export function planTensors(signature: SignatureInfo, inputs: InputTensors, { mode, insist, signature: name }: Wanted): Plan {
  const misfits = insist ? [] : checkTensors(signature, inputs);
  if (misfits.length > 0) throw refused(misfits);
  const auto = chooseMode(signature, inputs);
  const chosen = mode === 'auto' ? auto.mode : mode;
  const reason: ModeReason = mode === 'auto' ? auto.reason : { kind: 'chosen' };
  if (chosen === 'grpc') return { mode: 'grpc', method: 'predict', reason, inputs };
  const leftOut = insist ? undefined : leftOutOf(signature, inputs);
  if (leftOut !== undefined) throw mismatch(`${leftOut} is left out for its default, which TensorFlow Serving takes only over gRPC.`);
  const barrier = insist
    ? null
    : (restBarrier({ ...signature, outputs: {} }) ?? (chosen === 'row' ? rowBarrier({ ...signature, outputs: {} }, inputs) : null));
  if (barrier !== null)
    throw new AppError('REQUEST_MISMATCH', {
      detail:
        barrier.kind === 'type'
          ? `${barrier.tensor} is ${barrier.dtype}, which JSON cannot carry; use gRPC.`
          : 'The inputs have no first dimension in common: they cannot go in rows.',
      ...('tensor' in barrier ? { input: barrier.tensor } : {}),
    });
  return { mode: chosen, reason, inputs, body: () => requestBody(name, inputs, chosen, Object.keys(signature.inputs).length !== 1) };
}

function parsed(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntax)) throw error;
    throw mismatch(`This is no JSON: ${error.message}.`);
  }
}

/** More text than this is read straight into tensors, which takes a tenth of the time that a tree of it takes. */
const largeChars = 500_000;
/** Types whose values the quick reader lets wrap around, as TensorFlow Serving does; or that it does not read. */
const notQuick = new Set<Dtype>(['DT_INT8', 'DT_UINT8', 'DT_INT16', 'DT_STRING']);

/** The tensors of a large body, where they are what the signature wants; null where the careful way has to say what is wrong. */
function quickTensors(signature: SignatureInfo, text: string): { readonly rows: boolean; readonly inputs: InputTensors } | null {
  if (text.length < largeChars || Object.values(signature.inputs).some(({ dtype }) => notQuick.has(valueDtype(dtype)))) return null;
  try {
    const { rows, inputs } = readPredictRequest(Buffer.from(text), () => signature);
    return checkTensors(signature, inputs).length === 0 ? { rows, inputs } : null;
  } catch (error) {
    if (error instanceof StatusError) return null;
    throw error;
  }
}

/** How a body that was typed is sent: as it is where it can, else in the form or over the protocol that the person chose or that it needs. */
export function planText(signature: SignatureInfo | null, text: string, wanted: Wanted): Plan {
  const { mode, insist } = wanted;
  if (signature === null) return { mode: 'columnar', reason: { kind: 'as-typed' }, inputs: null, body: text };
  const quick = insist ? null : quickTensors(signature, text);
  if (quick !== null) {
    const { rows, inputs } = quick;
    const own = rows ? 'row' : 'columnar';
    const reason: ModeReason = mode === 'auto' ? { kind: 'as-typed' } : { kind: 'chosen' };
    if (mode === 'grpc') return { mode, method: 'predict', reason, inputs };
    if (mode === 'auto' ? restBarrier(signature) === null : mode === own) return { mode: own, reason, inputs, body: text };
  }
  // What is insisted on over REST goes as it is, even if it is no JSON.
  const json = insist && mode !== 'grpc' ? null : parsed(text);
  const form =
    json === null
      ? typedForm(text)
      : member(json, 'examples') !== undefined
        ? 'examples'
        : member(json, 'instances') !== undefined
          ? 'row'
          : 'columnar';
  const barrier = restBarrier(signature);
  const reason: ModeReason = mode !== 'auto' ? { kind: 'chosen' } : (barrier ?? { kind: 'as-typed' });
  if (json !== null && (mode === 'grpc' || (mode === 'auto' && barrier !== null))) {
    if (form !== 'examples') return { mode: 'grpc', method: 'predict', reason, inputs: requestTensors(signature, text, { insist }) };
    const method = methodOf(signature, text);
    if (method !== 'predict') return { mode: 'grpc', method, reason, inputs: null, examples: examplesOf(text) };
  }
  if (!insist && json !== null) {
    const check = checkBody(signature, json);
    if (check.kind !== 'fits') throw refused(check.misfits);
  }
  if (json === null || form === 'examples' || mode === 'auto' || mode === 'grpc' || mode === form)
    return { mode: form, reason, inputs: null, body: text };
  const converted = convertBody(signature, json, mode);
  if (converted === null) throw mismatch('The inputs have no first dimension in common: they cannot go in rows.');
  return { mode, reason, inputs: null, body: converted };
}

/** The form of a body, by its key: of one that is no JSON, too. */
export function typedForm(text: string): 'row' | 'columnar' | 'examples' {
  return /"examples"\s*:/.test(text) ? 'examples' : /"instances"\s*:/.test(text) ? 'row' : 'columnar';
}

function examplesOf(text: string): readonly Uint8Array[] {
  try {
    return readExampleRequest(Buffer.from(text)).examples;
  } catch (error) {
    if (error instanceof StatusError) throw mismatch(error.message);
    throw error;
  }
}

/** Sends what was planned to one server. */
export function sendPlan(
  plan: Plan,
  { rest, grpc, model, which, signature, name, connections }: SendTo,
  options: AskOptions,
): Promise<Exchange> {
  if (plan.mode !== 'grpc') return predictOver(rest, signature, { ...which, signature: name, insist: true, body: plan.body }, options);
  const asked = { model, ...which, signature: name };
  return connections.use(grpc, (client) =>
    askGrpc(
      client,
      grpc,
      plan.method === 'predict'
        ? { ...asked, method: plan.method, inputs: plan.inputs }
        : { ...asked, method: plan.method, examples: plan.examples },
      options,
    ),
  );
}

export interface SendTo {
  readonly rest: string;
  readonly grpc: string;
  readonly model: string;
  readonly which: Which;
  readonly signature: SignatureInfo | null;
  readonly name: string;
  readonly connections: GrpcConnections;
}
