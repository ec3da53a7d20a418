import { Button } from '@mantine/core';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import type { PredictAnswer, Remedy } from '../../../../shared/contract/predict.ts';
import { useText } from '../../../app/i18n.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { remedyWords, requestProblemWords } from '../requestWords.ts';
import styles from './output.module.css';

export interface RefusedProps {
  readonly answer: PredictAnswer;
  /** Does what a refusal's button says; undefined for what cannot be done here. */
  readonly remedy: (remedy: Remedy) => (() => void) | undefined;
}

/** The server's own words, quoted, and what to do about them. */
export function Refused({ answer, remedy }: RefusedProps) {
  const { t, language } = useText();
  const understood = requestProblemWords(answer.problem, language);
  const buttons = (answer.problem?.remedies ?? []).flatMap((one) => {
    const act = remedy(one);
    return act === undefined ? [] : [{ words: remedyWords(one, language), act }];
  });
  return (
    <div className={styles['refused']} role="alert">
      <Icon name="error" />
      <div className={styles['grow']}>
        <h3>{t('playground.refused')}</h3>
        {answer.error === null ? null : <pre className={styles['quote']}>{answer.error}</pre>}
        <p>{understood ?? t(remedyKey(answer))}</p>
        {buttons.map(({ words, act }) => (
          <Button key={words} size="xs" onClick={act}>
            {words}
          </Button>
        ))}
      </div>
    </div>
  );
}

/** TensorFlow Serving answers 400 for what does not fit, 404 for what is not loaded, 503 while it is not available. */
function remedyKey({
  status,
}: PredictAnswer): 'playground.remedy.input' | 'playground.remedy.gone' | 'playground.remedy.later' | 'playground.remedy.log' {
  if (status === 404) return 'playground.remedy.gone';
  if (status === 429 || status === 503 || status === 504) return 'playground.remedy.later';
  return status >= 500 ? 'playground.remedy.log' : 'playground.remedy.input';
}

/** What kept the request from being answered at all. */
export function Unanswered({ problem }: { readonly problem: ErrorReport }) {
  const { errorWords } = useText();
  const { title, advice } = errorWords(problem);
  return (
    <div className={styles['refused']} role="alert">
      <Icon name="error" />
      <div className={styles['grow']}>
        <h3>{title}</h3>
        <p>{advice}</p>
      </div>
    </div>
  );
}
