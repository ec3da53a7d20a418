import { SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { TensorSummary } from '../../../shared/contract/predict.ts';
import { dtypeLabel, type DtypeName } from '../../../shared/tensor/dtype.ts';
import { useText } from '../../app/i18n.tsx';
import { classesOf, type Classes, type ClassScore } from './classes.ts';
import styles from './playground.module.css';

export interface OutputViewProps {
  readonly output: TensorSummary;
  /** From the signature, where the answer does not say. */
  readonly dtype: DtypeName | null;
}

const mostBars = 10;

/** One tensor of the answer: as classes where it looks like scores, else its first values; always shape, range and what is not a number. */
export function OutputView({ output, dtype }: OutputViewProps) {
  const { t } = useText();
  const classes = useMemo(() => classesOf(output, dtype), [output, dtype]);
  const [wished, setWished] = useState<'classes' | 'values'>('classes');
  const kind = output.dtype ?? dtype;
  return (
    <section className={styles['output']} aria-label={output.name}>
      <div className={styles['row']}>
        <b>{output.name}</b>
        {kind === null ? null : <code className={styles['chip']}>{dtypeLabel(kind)}</code>}
        <code className={styles['chip']}>[{output.shape.join(', ')}]</code>
        <span className={styles['space']} />
        {classes === null ? null : (
          <SegmentedControl
            size="xs"
            aria-label={t('playground.shownAs')}
            value={wished}
            onChange={(value) => setWished(value === 'values' ? 'values' : 'classes')}
            data={[
              { value: 'classes', label: t('playground.classes') },
              { value: 'values', label: t('playground.values') },
            ]}
          />
        )}
      </div>
      {classes !== null && wished === 'classes' ? <ClassBars classes={classes} /> : <Values output={output} />}
      <Range output={output} />
    </section>
  );
}

function ClassBars({ classes: { scores, probabilities } }: { readonly classes: Classes }) {
  const { t, number } = useText();
  const [first, second] = scores;
  if (first === undefined) return null;
  const shown = scores.slice(0, mostBars);
  const highest = Math.max(...shown.map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  const width = ({ value }: ClassScore): number => Math.min(100, (Math.abs(value) / (probabilities ? 1 : highest)) * 100);
  const words = ({ value, text }: ClassScore): string => (probabilities ? number.fixed(value, 4) : shorten(text));
  return (
    <>
      <p className={styles['top']}>
        <span className={styles['hero']}>{first.index}</span>
        <span className={styles['score']}>{probabilities ? number.percentOf(first.value) : words(first)}</span>
        {second === undefined ? null : (
          <span className={styles['dim']}>
            {t('playground.next', { index: second.index, score: probabilities ? number.percentOf(second.value) : words(second) })}
          </span>
        )}
      </p>
      <ul className={styles['bars']} aria-label={probabilities ? t('playground.byProbability') : t('playground.byScore')}>
        {shown.map((score, rank) => (
          <li key={score.index} data-first={rank === 0 || undefined}>
            <span>{score.index}</span>
            <span className={styles['track']} aria-hidden="true">
              <i style={{ width: `${width(score)}%` }} />
            </span>
            <span>{words(score)}</span>
          </li>
        ))}
      </ul>
      {scores.length > shown.length ? (
        <p className={styles['caption']}>{t('playground.others', { others: scores.length - shown.length })}</p>
      ) : null}
    </>
  );
}

/** The first values in their order; a single one is large. */
function Values({ output }: { readonly output: TensorSummary }) {
  const { t } = useText();
  const { first, size } = output;
  if (size === 1 && first.length === 1)
    return (
      <p className={styles['top']}>
        <span className={styles['hero']}>{first[0]}</span>
      </p>
    );
  return (
    <>
      <pre className={styles['code']} tabIndex={0} role="region" aria-label={t('playground.firstValues')}>
        {rowsOf(output)}
      </pre>
      {size > first.length ? <p className={styles['caption']}>{t('playground.firstOf', { shown: first.length, size })}</p> : null}
    </>
  );
}

/** Values with a line break after each innermost row, where rows are short enough to be lines. */
function rowsOf({ first, shape }: TensorSummary): string {
  const inner = shape.at(-1) ?? 1;
  if (shape.length < 2 || inner < 2 || inner > 64) return first.join(', ');
  const rows: string[] = [];
  for (let at = 0; at < first.length; at += inner) rows.push(first.slice(at, at + inner).join(', '));
  return rows.join('\n');
}

function Range({ output }: { readonly output: TensorSummary }) {
  const { t, number } = useText();
  if (output.min === null && output.nans === 0 && output.infinities === 0) return null;
  const facts: readonly (readonly [string, string])[] = [
    ['min', shorten(output.min ?? '')],
    ['max', shorten(output.max ?? '')],
    [t('playground.mean'), shorten(output.mean ?? '')],
    [t('playground.count'), number.count(output.size)],
    ['NaN', number.count(output.nans)],
    ['Infinity', number.count(output.infinities)],
  ];
  return (
    <dl className={styles['range']}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** At most seven significant digits of a fraction; whole numbers, NaN and Infinity stay as they are. */
function shorten(text: string): string {
  if (!/[.e]/i.test(text)) return text.replace(/^-(?=.)/, '−');
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  const digits = Math.abs(value) >= 1e-4 && Math.abs(value) < 1e7 ? String(Number(value.toPrecision(6))) : value.toExponential(3);
  return digits.replace(/^-/, '−');
}
