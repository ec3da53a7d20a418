import { AppError } from '../../shared/contract/errors.ts';
import type { EngineComparison, PredictAnswer, PredictRequest } from '../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { parseJson, type Json } from '../../shared/tensor/json.ts';
import type { StateHub } from '../stateHub.ts';
import { compareOutput } from './compareAnswers.ts';
import type { EngineBackend } from './engineBackend.ts';
import { findServing } from './findServing.ts';
import { outputsOf, predictOver, servedAt } from './predict.ts';

/** More of an answer is not shown as text. */
const shownChars = 1_000_000;

interface Waiting {
  readonly signal: AbortSignal;
}

/** What a window asks of a serving, or of the embedded engine in its stead. */
export interface Predictions {
  run(request: PredictRequest, options: Waiting): Promise<PredictAnswer>;
  /** Throws SERVER_REFUSED where one of the two gives no answer. */
  compareEngines(request: PredictRequest, options: Waiting): Promise<EngineComparison>;
}

export function createPredictions({
  hub,
  engines,
  now,
}: {
  readonly hub: StateHub;
  readonly engines: EngineBackend;
  readonly now: () => Date;
}): Predictions {
  async function ask(
    request: PredictRequest,
    maxChars: number,
    { signal }: Waiting,
  ): Promise<{ readonly answer: PredictAnswer; readonly signature: SignatureInfo | null }> {
    const serving = findServing(hub, request.servingId);
    const model = hub.state.models.find(({ id }) => id === serving.modelId);
    const { rest, signature } = servedAt(serving, model, request);
    if (request.backend === 'serving') return { signature, answer: await predictOver(rest, signature, request, { signal, now, maxChars }) };
    const [newest] = serving.state.kind === 'serving' ? serving.state.versions : [];
    const version = request.version ?? newest;
    if (version === undefined) throw new AppError('NO_VERSION_FOUND', { detail: 'No version is served.' });
    const embedded = await engines.open(serving, version, { signal });
    const { version: _, label: __, ...same } = request;
    return { signature, answer: await predictOver(embedded, signature, same, { signal, now, maxChars }) };
  }

  return {
    run: async (request, options) => (await ask(request, shownChars, options)).answer,
    async compareEngines(request, options) {
      const [serving, embedded] = await Promise.all(
        (['serving', 'embedded'] as const).map((backend) => ask({ ...request, backend }, Infinity, options)),
      );
      if (serving === undefined || embedded === undefined) throw new Error('two were asked');
      const outputs = ({ answer, signature }: typeof serving): ReadonlyMap<string, Json> => {
        if (!answer.ok) throw new AppError('SERVER_REFUSED', { detail: `HTTP ${answer.status}: ${answer.error ?? ''}` });
        return new Map(outputsOf(parseJson(answer.rawText), signature));
      };
      const [theirs, ours] = [outputs(serving), outputs(embedded)];
      const cut = ({ answer }: typeof serving): PredictAnswer => ({
        ...answer,
        rawText: answer.rawText.slice(0, shownChars),
        rawCut: answer.rawText.length > shownChars,
      });
      return {
        serving: cut(serving),
        embedded: cut(embedded),
        outputs: [...theirs].map(([name, value]) => compareOutput(name, ours.get(name) ?? { kind: 'null' }, value)),
      };
    },
  };
}
