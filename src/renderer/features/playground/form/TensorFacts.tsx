import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import { useText } from '../../../app/i18n.tsx';
import { useFormWords } from './formWords.ts';
import styles from './form.module.css';

/** A tensor that is too large to be shown: how many values, their range, the first of them. */
export function TensorFacts({ name, summary }: { readonly name: string; readonly summary: TensorSummary }) {
  const words = useFormWords();
  const { number, t } = useText();
  const facts = [
    [t('playground.count'), number.count(summary.size)],
    ['min', summary.min],
    ['max', summary.max],
    [t('playground.mean'), summary.mean],
  ] as const;
  return (
    <>
      <dl className={styles['tensorFacts']}>
        {facts.map(([fact, value]) =>
          value === null ? null : (
            <div key={fact}>
              <dt>{fact}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      <code className={styles['first']} aria-label={words('firstOf', { name })}>
        {summary.first.slice(0, 12).join(', ')}
        {summary.size > 12 ? ', …' : ''}
      </code>
    </>
  );
}
