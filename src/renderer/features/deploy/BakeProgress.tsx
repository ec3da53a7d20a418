import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { Bake, BakeStep } from '../../../shared/contract/deploy.ts';
import { useText, type Text } from '../../app/i18n.tsx';
import { useClient } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { ProgressBar } from '../../ui/ProgressBar.tsx';
import { StateGlyph, type Mark } from '../../ui/StateMark.tsx';
import styles from './deploy.module.css';

const marks: Record<BakeStep['state'], Mark> = {
  waiting: 'ready',
  running: 'under-way',
  done: 'done',
  skipped: 'done',
  failed: 'failed',
};

function detailOf({ id, state, detail }: BakeStep, { t, phrase }: Text): string {
  if (id === 'base' && state === 'skipped') return t('bake.here');
  return detail === null ? '' : phrase(detail);
}

/** The builder's lines, the newest in sight. */
function Output({ lines }: { readonly lines: readonly string[] }) {
  const { t } = useText();
  const end = useRef<HTMLPreElement>(null);
  useEffect(() => {
    end.current?.scrollTo(0, end.current.scrollHeight);
  }, [lines]);
  return (
    <pre ref={end} className={styles['output']} role="log" aria-live="off" aria-label={t('bake.output')} tabIndex={0}>
      {lines.join('\n')}
    </pre>
  );
}

/** A bake under way, failed or stopped: its steps, what the builder says, and the way out. */
export function BakeProgress({ bake, onChange }: { readonly bake: Bake; readonly onChange: () => void }) {
  const text = useText();
  const { t, number } = text;
  const client = useClient();
  const call = useCall();
  const [stopping, setStopping] = useState(false);
  const present = bake.steps.find(({ state }) => state === 'running');
  const running = bake.state === 'running';
  return (
    <>
      <section aria-label={t('bake.steps')}>
        <p className="sl-hidden" aria-live="polite">
          {present === undefined ? '' : t(`bake.step.${present.id}`)}
        </p>
        <ol className={styles['steps']}>
          {bake.steps.map((step) => (
            <li key={step.id} data-state={step.state} aria-current={step.state === 'running' ? 'step' : undefined}>
              <StateGlyph mark={marks[step.state]} />
              <div className={styles['stepText']}>
                <span>{t(`bake.step.${step.id}`)}</span> <span className="sl-hidden">{t(`bake.stepState.${step.state}`)}</span>
                <div className={styles['caption']} title={step.detail ?? undefined}>
                  {detailOf(step, text)}
                </div>
                {step.state === 'running' && step.progress !== null ? (
                  <ProgressBar value={step.progress} label={t(`bake.step.${step.id}`)} words={`${Math.round(step.progress * 100)} %`} />
                ) : null}
              </div>
              <span className={styles['caption']}>{step.elapsedMs === null ? '' : number.ms(step.elapsedMs)}</span>
            </li>
          ))}
        </ol>
      </section>
      {bake.output.length === 0 ? null : <Output lines={bake.output} />}
      <ErrorNote problem={bake.problem ?? call.problem} />
      {bake.state === 'cancelled' ? <p role="status">{t('bake.cancelled')}</p> : null}
      <div className={styles['foot']}>
        <span className={styles['caption']} role="status">
          {running && stopping ? t('bake.stopping') : ''}
        </span>
        <span className={styles['space']} />
        {running ? (
          <Button
            disabled={stopping}
            onClick={() => {
              setStopping(true);
              void call.run(() => client.tasks.cancel({ id: bake.taskId }));
            }}
          >
            {t('bake.stop')}
          </Button>
        ) : (
          <Button variant="filled" data-autofocus onClick={onChange}>
            {t('bake.change')}
          </Button>
        )}
      </div>
    </>
  );
}
