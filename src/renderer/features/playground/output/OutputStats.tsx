import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import { useText } from '../../../app/i18n.tsx';
import { useAnswerWords } from './answerWords.ts';
import { shorten } from './shorten.ts';
import styles from './output.module.css';

const firstShown = 5;

/** Four significant digits: to the last one by pointing at it. */
const brief = (text: string): string =>
  /[.e]/i.test(text) && Number.isFinite(Number(text)) ? shorten(String(Number(Number(text).toPrecision(4)))) : shorten(text);

/** Range, mean, sum, what is not finite, how the values lie, and the first of them. */
export function OutputStats({ summary }: { readonly summary: TensorSummary }) {
  const { number } = useText();
  const words = useAnswerWords();
  const { min, max, mean, sum, nans, infinities, first, size } = summary;
  const told = first.slice(0, firstShown).map(shorten).join(', ');
  if (min === null && nans === 0 && infinities === 0) return null;
  const facts: readonly (readonly [name: string, short: string, exact: string])[] = [
    ['min', brief(min ?? ''), min ?? ''],
    ['max', brief(max ?? ''), max ?? ''],
    [words('stats.mean'), brief(mean ?? ''), mean ?? ''],
    [words('stats.sum'), brief(sum ?? ''), sum ?? ''],
    ['NaN', number.count(nans), String(nans)],
    ['Infinity', number.count(infinities), String(infinities)],
  ];
  return (
    <div className={styles['stats']}>
      <dl>
        {facts.map(([name, short, exact]) => (
          <div key={name} data-bad={((name === 'NaN' || name === 'Infinity') && exact !== '0') || undefined}>
            <dt>{name}</dt>
            <dd title={exact}>{short}</dd>
          </div>
        ))}
      </dl>
      <Histogram summary={summary} />
      {size > 1 ? (
        <p className={styles['firstValues']}>
          <span className={styles['dim']}>{words('stats.first')}</span> <code>{`${told}${size > firstShown ? ', …' : ''}`}</code>
        </p>
      ) : null}
    </div>
  );
}

/** How many values lie in each part of the range. */
function Histogram({ summary: { histogram, min, max } }: { readonly summary: TensorSummary }) {
  const words = useAnswerWords();
  if (histogram === null || min === null || max === null) return null;
  const most = Math.max(...histogram, 1);
  return (
    <svg
      className={styles['histogram']}
      viewBox={`0 0 ${histogram.length * 4} 24`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words('stats.histogram', { min: shorten(min), max: shorten(max), bins: histogram.length, counts: histogram.join(', ') })}
    >
      {histogram.map((count, bin) => {
        const height = count === 0 ? 0 : Math.max(1, (count / most) * 24);
        return <rect key={bin} x={bin * 4} y={24 - height} width={3} height={height} />;
      })}
    </svg>
  );
}
