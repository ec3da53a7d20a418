import type { SwitchStep, VersionSwitch } from '../../../../shared/contract/switching.ts';
import { useText, type Text } from '../../../app/i18n.tsx';
import { StateGlyph, type Mark } from '../../../ui/StateMark.tsx';
import { elapsedOf, useSecond } from '../elapsed.ts';
import { versionList } from './switchWords.ts';
import steps from '../serving.module.css';
import styles from './switch.module.css';

const marks: Record<SwitchStep['state'], Mark> = {
  waiting: 'ready',
  running: 'under-way',
  done: 'done',
  skipped: 'note',
  failed: 'failed',
};

function titleOf({ id }: SwitchStep, { from, to }: VersionSwitch, { t }: Text): string {
  const added = to.versions.filter((version) => !from.versions.includes(version));
  const gone = from.versions.filter((version) => !to.versions.includes(version));
  const [old, next] = [versionList(from.versions.slice(0, 1)), versionList(to.versions.slice(0, 1))];
  if (id === 'load') return t('switch.step.load', { old, next: versionList(added.length === 0 ? to.versions.slice(0, 1) : added) });
  if (id === 'keep' && gone.length === 0) return t('switch.step.keepNone');
  return t(`switch.step.${id}`, { old: id === 'keep' ? versionList(gone) : old, next });
}

function detailOf({ id, detail, state }: SwitchStep, { cases }: VersionSwitch, { number, phrase, t }: Text): string | null {
  if (state === 'waiting') return null;
  if (id === 'cases' && cases !== undefined)
    return t('switch.casesSoFar', { passed: cases.passed, count: cases.count, failed: cases.failed });
  if (detail === null) return null;
  if (id === 'memory') {
    const [used, added, limit] = detail.split(' ').map(Number);
    return added === 0
      ? t('switch.memoryNone')
      : t('switch.memoryLine', { used: number.bytes(used ?? 0), added: number.bytes(added ?? 0), limit: number.binaryBytes(limit ?? 0) });
  }
  if (id === 'check') return null;
  if (id === 'keep') return t('switch.keptFor', { versions: versionList(detail.split(', ')) });
  if (id === 'load' && state !== 'skipped') return state === 'done' ? t('switch.available') : null;
  return detail.split('; ').map(phrase).join('; ');
}

function Step({ step, of }: { readonly step: SwitchStep; readonly of: VersionSwitch }) {
  const text = useText();
  const now = useSecond(step.state === 'running');
  const detail = detailOf(step, of, text);
  const isRunning = step.state === 'running';
  const { cases } = of;
  return (
    <li data-state={step.state} aria-current={isRunning ? 'step' : undefined}>
      <span className={steps['glyph']}>
        <StateGlyph mark={marks[step.state]} />
      </span>
      <div className={steps['stepText']}>
        <span className={isRunning ? steps['strong'] : undefined}>{titleOf(step, of, text)}</span>
        <span className={steps['hidden']}>{text.t(`serving.stepState.${step.state}`)}</span>
        {detail === null ? null : <div className={steps['caption']}>{detail}</div>}
        {step.id === 'cases' && isRunning && cases !== undefined ? (
          <div
            className={styles['bar']}
            role="progressbar"
            aria-label={titleOf(step, of, text)}
            aria-valuemin={0}
            aria-valuemax={cases.count}
            aria-valuenow={cases.passed + cases.failed}
            aria-valuetext={detail ?? ''}
          >
            <i style={{ width: `${(100 * (cases.passed + cases.failed)) / Math.max(1, cases.count)}%` }} />
          </div>
        ) : null}
      </div>
      <span className={steps['elapsed']}>{step.state === 'skipped' ? '' : elapsedOf(step, now, text)}</span>
    </li>
  );
}

/** The steps of a switch; spoken once a step while it is under way. */
export function SwitchSteps({ current }: { readonly current: VersionSwitch }) {
  const text = useText();
  const present = current.steps.find(({ state }) => state === 'running');
  return (
    <>
      <p className={steps['hidden']} aria-live="polite">
        {present === undefined ? text.t(`switch.outcome.${current.state}`) : titleOf(present, current, text)}
      </p>
      <ol className={steps['steps']} aria-label={text.t('switch.stepsLabel')}>
        {current.steps.map((step) => (
          <Step key={step.id} step={step} of={current} />
        ))}
      </ol>
    </>
  );
}
