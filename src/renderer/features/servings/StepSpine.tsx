import { useMemo } from 'react';
import type { LogLine, Serving, ServingStep } from '../../../shared/contract/serving.ts';
import { useText, type Text } from '../../app/i18n.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import { PullPanel } from './PullPanel.tsx';
import { loadMilestones } from './loadMilestones.ts';
import { StepList, stepMarks, type StepLine } from './StepList.tsx';
import { shortDigest, stepTitle } from './servingWords.ts';
import styles from './serving.module.css';

export interface StepSpineProps {
  readonly serving: Serving;
  /** The server's log, whose milestones open the load step; none where the start is over. */
  readonly lines: readonly LogLine[];
  /** Speaks once a step. */
  readonly polite: boolean;
}

/** A start as its steps: what is done shrinks to a line with its time, the present one is open, later ones are named already. */
export function StepSpine({ serving, lines, polite }: StepSpineProps) {
  const text = useText();
  return <StepList polite={polite} lines={stepsOf(serving).map((step) => lineOf(step, serving, lines, text))} />;
}

/** All steps of a start under way, so that the wait has an end in sight; of one that is over, those it came to. */
function stepsOf({ state, steps, engine }: Serving): readonly ServingStep[] {
  const own = engine === 'docker' ? steps : steps.filter(({ id }) => id !== 'pull');
  return state.kind === 'starting' ? own : own.filter((step) => step.state !== 'waiting');
}

function lineOf(step: ServingStep, serving: Serving, lines: readonly LogLine[], text: Text): StepLine {
  const milestones = step.state === 'running' && step.id === 'load' && lines.length > 0;
  const opened =
    step.id === 'pull' && serving.pull !== null ? <PullPanel pull={serving.pull} /> : milestones ? <Milestones lines={lines} /> : undefined;
  return { step, title: stepTitle(step, serving, text), detail: milestones ? null : detailOf(step, serving, text), opened };
}

/** TensorFlow Serving's own milestones; the versions of a load that is under way may take turns, then the furthest is shown. */
function Milestones({ lines }: { readonly lines: readonly LogLine[] }) {
  const { t, number } = useText();
  const milestones = useMemo(() => loadMilestones(lines), [lines]);
  return (
    <ul className={styles['milestones']}>
      {milestones.map(({ id, state, elapsedMs }) => (
        <li key={id} data-state={state}>
          <StateGlyph mark={stepMarks[state]} />
          <span>{t(`serving.milestone.${id}`)}</span>
          <span className={styles['hidden']}>{t(`serving.stepState.${state}`)}</span>
          <span className={styles['space']} />
          <span className={styles['elapsed']}>{elapsedMs === null ? '' : number.ms(elapsedMs)}</span>
        </li>
      ))}
    </ul>
  );
}

/** The smaller line under a step: what main says of it, in this language where it is more than a quotation. */
function detailOf(step: ServingStep, serving: Serving, { t, number, phrase }: Text): string | null {
  const { canary, pull, imageDigest } = serving;
  if (step.id === 'canary' && canary !== null) {
    if (canary.kind === 'answered') return t('serving.canaryAnswered', { ms: number.ms(canary.ms) });
    return canary.kind === 'not-tried' ? t('serving.canaryNotTried', { reason: phrase(canary.reason) }) : canary.note;
  }
  if (step.id === 'load' && step.state === 'waiting') return t('serving.stepHint.load');
  // The last line of the log says nothing of a load that is over, and the versions stand in the state.
  if ((step.id === 'load' || step.id === 'available') && step.state === 'done') return null;
  // That nothing was pulled is the step's own line already.
  if (step.id === 'pull' && step.state === 'skipped') return null;
  if (step.id === 'pull' && step.state === 'done') {
    const parts = [
      ...(pull !== null && pull.totalBytes > 0 ? [number.bytes(pull.totalBytes)] : []),
      ...(imageDigest === null ? [] : [t('serving.digest', { digest: shortDigest(imageDigest) })]),
    ];
    if (parts.length > 0) return parts.join(' · ');
  }
  return step.detail;
}
