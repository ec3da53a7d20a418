import type { ReactNode } from 'react';
import type { ServingStep } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { StateGlyph, type Mark } from '../../ui/StateMark.tsx';
import { elapsedOf, useSecond } from './elapsed.ts';
import styles from './serving.module.css';

/** One step in words: a start's, or a change's of what serves. */
export interface StepLine {
  readonly step: Pick<ServingStep, 'state' | 'startedAt' | 'elapsedMs'> & { readonly id: string };
  readonly title: string;
  readonly detail: string | null;
  /** What a step under way shows below its line. */
  readonly opened?: ReactNode;
}

export const stepMarks: Record<ServingStep['state'], Mark> = {
  waiting: 'ready',
  running: 'under-way',
  done: 'done',
  skipped: 'done',
  failed: 'failed',
};

/** Steps in their order: what is done shrinks to a line with its time, the present one is open. `polite` speaks once a step, not once a byte. */
export function StepList({ lines, polite }: { readonly lines: readonly StepLine[]; readonly polite: boolean }) {
  const { t } = useText();
  const present = lines.find(({ step }) => step.state === 'running');
  return (
    <section aria-label={t('serving.steps')}>
      {polite ? (
        <p className={styles['hidden']} aria-live="polite">
          {present?.title ?? ''}
        </p>
      ) : null}
      <ol className={styles['steps']}>
        {lines.map((line) => (
          <Step key={line.step.id} line={line} />
        ))}
      </ol>
    </section>
  );
}

function Step({ line: { step, title, detail, opened } }: { readonly line: StepLine }) {
  const text = useText();
  const isRunning = step.state === 'running';
  const now = useSecond(isRunning);
  return (
    <li data-state={step.state} aria-current={isRunning ? 'step' : undefined}>
      <span className={styles['glyph']}>
        <StateGlyph mark={stepMarks[step.state]} />
      </span>
      <div className={styles['stepText']}>
        <span className={isRunning ? styles['strong'] : undefined}>{title}</span>
        <span className={styles['hidden']}>{text.t(`serving.stepState.${step.state}`)}</span>
        {detail === null ? null : <div className={styles['caption']}>{detail}</div>}
      </div>
      <span className={styles['elapsed']}>{step.state === 'skipped' ? '' : elapsedOf(step, now, text)}</span>
      {isRunning && opened !== undefined ? <div className={styles['opened']}>{opened}</div> : null}
    </li>
  );
}
