import { NumberInput } from '@mantine/core';
import { Fragment } from 'react';
import { useAnswerWords } from './answerWords.ts';
import styles from './output.module.css';

export interface SliceChoiceProps {
  readonly shape: readonly number[];
  /** How many of the last dimensions are shown whole. */
  readonly rank: number;
  /** An index for each dimension before them. */
  readonly at: readonly number[];
  readonly onChange: (at: readonly number[]) => void;
}

/** Which part of a tensor is looked at, as NumPy would index it: `[0, 3, :, :]`. Nothing where there is one part only. */
export function SliceChoice({ shape, rank, at, onChange }: SliceChoiceProps) {
  const words = useAnswerWords();
  const leading = shape.slice(0, Math.max(0, shape.length - rank));
  if (leading.every((size) => size === 1)) return null;
  return (
    <div className={styles['slice']} role="group" aria-label={words('slice')}>
      <span aria-hidden="true">[</span>
      {leading.map((size, dimension) => (
        <Fragment key={dimension}>
          {dimension === 0 ? null : <span aria-hidden="true">,</span>}
          {size === 1 ? (
            <span>0</span>
          ) : (
            <NumberInput
              size="xs"
              className={styles['index'] ?? ''}
              aria-label={words('slice.dimension', { dimension, last: size - 1 })}
              min={0}
              max={size - 1}
              clampBehavior="strict"
              allowDecimal={false}
              value={at[dimension] ?? 0}
              onChange={(value) => {
                if (typeof value === 'number') onChange(leading.map((_, index) => (index === dimension ? value : (at[index] ?? 0))));
              }}
            />
          )}
        </Fragment>
      ))}
      {Array.from({ length: rank }, (_, index) => (
        <span key={index} aria-hidden="true">
          , :
        </span>
      ))}
      <span aria-hidden="true">]</span>
    </div>
  );
}
