import type { PredictAnswer } from '../../../../shared/contract/predict.ts';
import { useMirror } from '../../../app/store.ts';
import type { AskedOf } from '../usePlayground.ts';
import { OutputView, type AnswerPlace } from './OutputView.tsx';
import { SentInput } from './SentInput.tsx';
import { TimeSplit } from './TimeSplit.tsx';
import { useRecipe } from './useRecipe.ts';

export interface AnsweredProps {
  readonly answer: PredictAnswer;
  /** What was asked, whatever is chosen now. */
  readonly of: AskedOf;
}

/** An answer's outputs, where its time went, and what was sent. */
export function Answered({ answer, of: { modelId, version, signature } }: AnsweredProps) {
  const model = useMirror((state) => state.models.find(({ id }) => id === modelId));
  const recipe = useRecipe(modelId, signature);
  const own = model?.versions.find((one) => one.version === version) ?? model?.versions[0];
  const place: AnswerPlace = {
    exchange: answer.exchange,
    outputs: answer.outputs,
    assets: own?.assets ?? [],
    modelId,
    version,
    signature,
  };
  return (
    <>
      {/* An answer is first shown with its steps, never without and then with them. */}
      {recipe.outputs === null
        ? null
        : answer.outputs.map((summary) => <OutputView key={summary.name} place={place} summary={summary} side="outputs" recipe={recipe} />)}
      <TimeSplit answer={answer} />
      {answer.ok ? <SentInput place={place} /> : null}
    </>
  );
}
