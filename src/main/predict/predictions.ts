import { AppError } from '../../shared/contract/errors.ts';
import type { EngineComparison, PredictAnswer, PredictRequest } from '../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import type { StateHub } from '../stateHub.ts';
import { answerOf } from './answerOf.ts';
import { planTensors, planText, sendPlan, type Plan } from './ask.ts';
import { compareOutput } from './compareAnswers.ts';
import type { EngineBackend } from './engineBackend.ts';
import { answered } from './exchange.ts';
import type { Exchanges, KeptExchange } from './exchanges.ts';
import type { InputTensors } from './inputTensors.ts';
import { findServing } from './findServing.ts';
import { servedAt } from './predict.ts';
import type { GrpcConnections } from './predictGrpc.ts';
import { prepareInputs, tensorsOf } from './prepareInputs.ts';
import { requestProblem } from './requestProblem.ts';

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
   * own input; the exchange can be fetched from later unless `keep` is false.
   */
  ask(request: PredictRequest, options: Waiting & { readonly tensors?: InputTensors; readonly keep?: boolean }): Promise<Asked>;
  /** Throws SERVER_REFUSED where one of the two gives no answer. */
  compareEngines(request: PredictRequest, options: Waiting): Promise<EngineComparison>;
}

export function createPredictions({
  hub,
  engines,
  exchanges,
  connections,
  now,
}: {
  readonly hub: StateHub;
  readonly engines: EngineBackend;
  readonly exchanges: Exchanges;
  readonly connections: GrpcConnections;
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

  const ask: Predictions['ask'] = async (request, { signal, tensors, keep = true }) => {
    const serving = findServing(hub, request.servingId);
    const model = hub.state.models.find(({ id }) => id === serving.modelId);
    const { rest, grpc, signature } = servedAt(serving, model, request);
    const plan = await planned(signature, request, { signal, tensors });
    const { timeoutMs, gzip, headers, version, label } = request;
    let place = { rest, grpc, which: { version, label } };
    if (request.backend === 'embedded') {
      const [newest] = serving.state.kind === 'serving' ? serving.state.versions : [];
      const wanted = version ?? newest;
      if (wanted === undefined) throw new AppError('NO_VERSION_FOUND', { detail: 'No version is served.' });
      place = { ...(await engines.open(serving, wanted, { signal })), which: { version: undefined, label: undefined } };
    }
    const to = { ...place, model: serving.name, signature, name: request.signature, connections };
    const exchange = await sendPlan(plan, to, { signal, timeoutMs, gzip, headers });
    const whole = { ...exchange, servingId: serving.id, signatureName: request.signature, signature, inputs: plan.inputs };
    return { exchange: keep ? exchanges.keep(whole) : { ...whole, id: '' }, plan, serving };
  };

  const answer = (request: PredictRequest, { exchange, plan, serving }: Asked, maxChars: number): PredictAnswer => {
    const { mode, reason } = plan;
    const model = hub.state.models.find(({ id }) => id === serving.modelId);
    const problem = exchange.ok ? null : requestProblem(exchange, { request, mode, serving, model });
    return answerOf(exchange, { backend: request.backend, mode, reason, problem }, { now, maxChars });
  };

  return {
    ask,
    run: async (request, options) => answer(request, await ask(request, options), shownChars),
    async compareEngines(request, options) {
      const both = (['serving', 'embedded'] as const).map((backend) => ({ ...request, backend }));
      const [serving, embedded] = await Promise.all(both.map((one) => ask(one, options)));
      if (serving === undefined || embedded === undefined) throw new Error('two were asked');
      const [theirs, ours] = [answered(serving.exchange).outputs, answered(embedded.exchange).outputs];
      const [first = request, second = request] = both;
      return {
        serving: answer(first, serving, shownChars),
        embedded: answer(second, embedded, shownChars),
        outputs: Object.entries(theirs).map(([name, tensor]) => compareOutput(name, ours[name] ?? null, tensor)),
      };
    },
  };
}
