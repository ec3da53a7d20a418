import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import { elementText } from '../../../../shared/tensor/tensorJson.ts';
import { useText } from '../../../app/i18n.tsx';
import { useAnswerWords } from './answerWords.ts';
import { extentOf, largestOf, numbersOf, part } from './numbersOf.ts';
import { shorten } from './shorten.ts';
import type { ViewProps } from './viewProps.ts';
import styles from './output.module.css';

export interface ClassViewProps extends ViewProps {
  /** So many are shown at first. */
  readonly most: number;
  readonly labels: readonly string[] | null;
  /** Where the names come from, in words. */
  readonly labelsFrom: string | null;
  readonly onLabels: (() => void) | null;
}

const atOnce = 100;

/** One row of scores as bars, highest first; the highest large. */
export function ClassView({ name, tensor, from, count, most, labels, labelsFrom, onLabels }: ClassViewProps) {
  const { number } = useText();
  const words = useAnswerWords();
  const [more, setMore] = useState(0);
  const scores = useMemo(() => part(numbersOf(tensor), from, count), [tensor, from, count]);
  const probable = useMemo(() => {
    let sum = 0;
    for (let index = 0; index < scores.length; index += 1) {
      const value = scores[index] as number;
      if (!(value >= 0 && value <= 1)) return false;
      sum += value;
    }
    return Math.abs(sum - 1) < 1e-3;
  }, [scores]);
  const shown = useMemo(() => largestOf(scores, Math.max(2, most + more)), [scores, most, more]);
  const text = elementText(name, tensor);
  const [first, second] = shown;
  if (first === undefined) return null;
  const [least, largest] = extentOf(scores);
  const highest = probable ? 1 : Math.max(Math.abs(least), Math.abs(largest), Number.MIN_VALUE);
  const value = (index: number): number => scores[index] as number;
  const told = (index: number): string => (probable ? number.fixed(value(index), 4) : shorten(text(from + index)));
  const headline = (index: number): string => (probable ? number.percentOf(value(index)) : told(index));
  const named = (index: number): string => labels?.[index] ?? String(index);
  const rest = count - Math.min(count, Math.max(2, most + more));
  return (
    <>
      <p className={styles['top']}>
        <span className={styles['hero']}>{named(first)}</span>
        <span className={styles['score']}>{headline(first)}</span>
        {second === undefined ? null : (
          <span className={styles['dim']}>{words('next', { name: named(second), score: headline(second) })}</span>
        )}
      </p>
      <ul className={styles['bars']} aria-label={words(probable ? 'byProbability' : 'byScore')} data-named={labels !== null || undefined}>
        {shown.slice(0, most + more).map((index, rank) => (
          <li key={index} data-first={rank === 0 || undefined}>
            <span title={labels === null ? undefined : `${index}: ${named(index)}`}>{named(index)}</span>
            <span className={styles['track']} aria-hidden="true">
              <i style={{ width: `${Math.min(100, (Math.abs(value(index)) / highest) * 100)}%` }} />
            </span>
            <span>{told(index)}</span>
          </li>
        ))}
      </ul>
      <div className={styles['foot']}>
        {rest > 0 ? <span className={styles['caption']}>{words('others', { others: number.count(rest) })}</span> : null}
        {rest > 0 ? (
          <Button size="xs" variant="subtle" onClick={() => setMore(more + atOnce)}>
            {words('showMore', { count: Math.min(rest, atOnce) })}
          </Button>
        ) : null}
        <span className={styles['space']} />
        {onLabels === null ? null : (
          <Button size="xs" variant="subtle" onClick={onLabels}>
            {labelsFrom === null ? words('labels.change') : words('labelsFrom', { source: labelsFrom })}
          </Button>
        )}
      </div>
    </>
  );
}
