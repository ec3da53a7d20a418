import { AppError, type ErrorReport } from '../../shared/contract/errors.ts';
import type { CompareAnswersRequest, ComparedAnswers, ComparedSide } from '../../shared/contract/compareAnswers.ts';
import type { PredictAnswer, PredictRequest } from '../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { RequestHistory } from '../history/requestHistory.ts';
import { reportOf } from '../incident.ts';
import type { StateHub } from '../stateHub.ts';
import { answerOf } from './answerOf.ts';
import { planTensors, planText, sendPlan, type Plan } from './ask.ts';
import { compareClosely } from './compareAnswers.ts';
import type { EngineBackend } from './engineBackend.ts';
import type { Exchanges, KeptExchange } from './exchanges.ts';
import type { InputTensors } from './inputTensors.ts';
import { findServing, versionOf } from './findServing.ts';
import { servedAt, signatureAt } from './predict.ts';
import type { GrpcConnections } from './predictGrpc.ts';
import { prepareInputs, tensorsOf } from './prepareInputs.ts';
import { requestProblem } from './requestProblem.ts';
import { unserved } from './unserved.ts';

/** More of an answer is not shown as text. */
const shownChars = 1_000_000;

interface Waiting {
  readonly signal: AbortSignal;
}

/** What `ask` was asked and what came back, whole. */
export interface Asked {
  readonly exchange: KeptExchange;
  readonly plan: Plan;
  readonly serving: Serving;
}

/** What a window asks of a serving, or of the embedded engine in its stead. */
export interface Predictions {
  run(request: PredictRequest, options: Waiting): Promise<PredictAnswer>;
  /**
   * The same with all tensors: for cases, comparisons and tables. A refusal is an answer. `tensors` are sent in place of the request's
   * own input; the exchange can be fetched from later unless `keep` is false. `as` is another name that the server has the model under.
   */
  ask(
    request: PredictRequest,
    options: Waiting & { readonly tensors?: InputTensors; readonly keep?: boolean; readonly as?: string },
  ): Promise<Asked>;
  /** A side that refuses or fails says so; the other's answer is there all the same. */
  compare(request: CompareAnswersRequest, options: Waiting): Promise<ComparedAnswers>;
}

export function createPredictions({
  hub,
  engines,
  exchanges,
  connections,
  history,
  now,
}: {
  readonly hub: StateHub;
  readonly engines: EngineBackend;
  readonly exchanges: Exchanges;
  readonly connections: GrpcConnections;
  readonly history: Pick<RequestHistory, 'add'>;
  readonly now: () => Date;
}): Predictions {
  async function planned(
    signature: SignatureInfo | null,
    request: PredictRequest,
    options: Waiting & { readonly tensors: InputTensors | undefined },
  ): Promise<Plan> {
    const { body, inputs } = request;
    if (options.tensors === undefined && body !== undefined) return planText(signature, body, request);
    if (signature === null) throw new AppError('BAD_INPUT', { detail: 'The model’s signatures are not known: give the request as JSON.' });
    return planTensors(signature, options.tensors ?? tensorsOf(await prepareInputs(signature, inputs ?? {}, options)), request);
  }

  const modelById = (id: string): Model => {
    const model = hub.state.models.find((one) => one.id === id);
    if (model !== undefined) return model;
    throw new AppError('MODEL_NOT_FOUND', { name: id, known: hub.state.models.map(({ name }) => name).join(', ') || 'none' });
  };
  const modelOf = ({ modelId }: Serving): Model | undefined => hub.state.models.find(({ id }) => id === modelId);

  /** The signature that answers, and the addresses; of the embedded engine once it listens. */
  function placeOf(request: PredictRequest, serving: Serving) {
    const { version, label } = request;
    const answering = versionOf(serving, request);
    const asked = { signature: request.signature, version: version ?? (label === undefined ? undefined : (answering ?? undefined)) };
    if (request.backend === 'serving') {
      const { signature, ...address } = servedAt(serving, modelOf(serving), asked);
      return { signature, open: () => Promise.resolve({ ...address, which: { version, label } }) };
    }
    if (answering === null) throw new AppError('NO_VERSION_FOUND', { detail: 'No version is served.' });
    const signature = signatureAt(serving, modelOf(serving), { ...asked, version: answering });
    const open = async ({ signal }: Waiting) => ({ ...(await engines.open(serving, answering, { signal })), which: {} });
    return { signature, open };
  }

  async function askOf(
    request: PredictRequest,
    { signal, tensors, keep = true, as, serving: given, onFailed }: Waiting & AskOf,
  ): Promise<Asked> {
    const found = given ?? findServing(hub, request.servingId);
    const serving = as === undefined ? found : { ...found, name: as };
    const { signature, open } = placeOf(request, serving);
    const plan = await planned(signature, request, { signal, tensors });
    const { timeoutMs, gzip, headers } = request;
    const to = { ...(await open({ signal })), model: serving.name, signature, name: request.signature, connections };
    const exchange = await sendPlan(plan, to, { signal, timeoutMs, gzip, headers }).catch((error: unknown) => {
      onFailed?.(serving, signal.aborted ? new AppError('CANCELLED', {}, { cause: error }) : error);
      throw error;
    });
    const whole = { ...exchange, servingId: serving.id, signatureName: request.signature, signature, inputs: plan.inputs };
    return { exchange: keep ? exchanges.keep(whole) : { ...whole, id: '' }, plan, serving };
  }

  /** Asks and remembers it; a question that was refused before it was sent is none. */
  async function run(request: PredictRequest, options: Waiting & Pick<AskOf, 'serving'>): Promise<PredictAnswer> {
    const at = now().toISOString();
    const origin = 'window';
    const { exchange, plan, serving } = await askOf(request, {
      ...options,
      onFailed: (failed, error) =>
        history.add({ request, serving: failed, origin, at, outcome: { kind: 'problem', problem: problemOf(error) } }),
    });
    const { mode, reason } = plan;
    const problem = exchange.ok ? null : requestProblem(exchange, { request, mode, serving, model: modelOf(serving) });
    const told = answerOf(exchange, { backend: request.backend, mode, reason, problem }, { now, maxChars: shownChars });
    history.add({ request, serving, origin, at, outcome: { kind: 'answer', answer: told } });
    return told;
  }

  return {
    run,
    ask: askOf,
    async compare({ sides, ...asked }, options) {
      const [first, second] = sides.map((side) => {
        const serving = side.servingId === undefined ? unserved(modelById(side.modelId ?? '')) : findServing(hub, side.servingId);
        const version = versionOf(serving, side);
        const standsIn = side.backend === 'serving' && version !== null && !serves(serving, version);
        const { label, mode } = side;
        // The label's version by its number: the engine beside knows no labels.
        const which = standsIn || side.backend === 'embedded' ? { version: version ?? undefined } : { version: side.version, label };
        const request: PredictRequest = {
          ...asked,
          ...which,
          servingId: serving.id,
          mode,
          backend: standsIn ? 'embedded' : side.backend,
          gzip: false,
          headers: {},
        };
        const told = {
          model: modelOf(serving)?.name ?? serving.name,
          serving: side.servingId === undefined ? null : serving.name,
          version,
          label: label ?? null,
          backend: request.backend,
          standsIn,
        };
        return async (): Promise<ComparedSide> => {
          try {
            return { ...told, answer: await run(request, { ...options, serving }), problem: null };
          } catch (error) {
            options.signal.throwIfAborted();
            return { ...told, answer: null, problem: reportOf(error) };
          }
        };
      });
      // One after the other, so that neither costs the other time.
      const both = [await first?.(), await second?.()] as const;
      const [one, other] = both;
      if (one === undefined || other === undefined) throw new Error('two are compared');
      const told = { sides: [one, other] as const, outputs: [] };
      if (one.answer?.ok !== true || other.answer?.ok !== true) return told;
      const [before, after] = [exchanges.get(one.answer.exchange).outputs, exchanges.get(other.answer.exchange).outputs];
      return { ...told, outputs: Object.entries(before).map(([name, tensor]) => compareClosely(name, tensor, after[name] ?? null)) };
    },
  };
}

interface AskOf {
  /** In place of the one that the request names. */
  readonly serving?: Serving;
  readonly tensors?: InputTensors;
  readonly keep?: boolean;
  readonly as?: string;
  /** It was sent, and no answer came. */
  readonly onFailed?: (serving: Serving, error: unknown) => void;
}

const problemOf = (error: unknown): ErrorReport =>
  (error instanceof AppError ? error : new AppError('INTERNAL', { incident: '' })).report();

const serves = ({ state }: Serving, version: string): boolean => state.kind === 'serving' && state.versions.includes(version);
