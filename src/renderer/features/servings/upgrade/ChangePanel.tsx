import { Button } from '@mantine/core';
import { useState } from 'react';
import type { PlaceChange } from '../../../../shared/contract/placeChange.ts';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { useText } from '../../../app/i18n.tsx';
import { useClient } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { StateGlyph, type Mark } from '../../../ui/StateMark.tsx';
import { StepList } from '../StepList.tsx';
import { changeLines } from './changeSteps.tsx';
import { isSamePlace, placeNameOf, placeWords, presentChange } from './placeDraft.ts';
import styles from './upgrade.module.css';

export interface ChangePanelProps {
  readonly serving: Serving;
  /** Opens the dialog that makes a change. */
  readonly onChange: () => void;
}

/** A change of what answers at a serving's address: under way with its steps and a way out, failed with what goes on, or done with the way back. */
export function ChangePanel({ serving, onChange }: ChangePanelProps) {
  const text = useText();
  const { t } = text;
  const change = presentChange(serving);
  if (change === null) return serving.previous === null ? null : <Back serving={serving} />;
  const [from, to] = [placeWords(change.from, text), placeWords(change.to, text)];
  const isSame = isSamePlace(change.from, change.to);
  if (change.state === 'running')
    return (
      <section className={styles['panel']} aria-label={t('upgrade.panel')}>
        <h2>
          {isSame ? t('upgrade.runningSame', { to }) : t(change.kind === 'rollback' ? 'upgrade.runningBack' : 'upgrade.running', { to })}
        </h2>
        <p className={styles['caption']}>{isHandedOver(change) ? t('upgrade.answersNow', { to }) : t('upgrade.meanwhile', { from })}</p>
        <StepList lines={changeLines(change, text)} polite />
        <Stop change={change} />
      </section>
    );
  if (change.problem?.code === 'CANCELLED')
    return (
      <section className={styles['panel']} aria-label={t('upgrade.panel')}>
        <Title mark="stopped">{t('upgrade.stopped', { to })}</Title>
        <p className={styles['caption']}>{t('upgrade.goesOn', { from })}</p>
        <Steps change={change} />
        <div className={styles['acts']}>
          <Button onClick={onChange}>{t('upgrade.again')}</Button>
        </div>
        {serving.previous === null ? null : <Back serving={serving} />}
      </section>
    );
  if (change.state === 'failed')
    return (
      <section className={styles['panel']} data-plain aria-label={t('upgrade.panel')}>
        <ErrorNote problem={change.problem}>
          <p>{t('upgrade.failedStays', { from, to })}</p>
          <div className={styles['acts']}>
            <Button onClick={onChange}>{t('upgrade.again')}</Button>
          </div>
        </ErrorNote>
        <Steps change={change} />
        {serving.previous === null ? null : <Back serving={serving} />}
      </section>
    );
  return (
    <section className={styles['panel']} aria-label={t('upgrade.panel')}>
      <Title mark="done">{isSame ? t('upgrade.doneSame', { to }) : t('upgrade.done', { from, to })}</Title>
      <p className={styles['caption']}>{doneWords()}</p>
      <Steps change={change} />
      {serving.previous === null ? null : <Back serving={serving} />}
    </section>
  );

  function doneWords(): string {
    if (change?.refusedMs == null) return t('upgrade.noGap', { count: change?.cutOff ?? 0 });
    return t('upgrade.gapWas', { ms: text.number.ms(change.refusedMs) });
  }
}

/** What has become of it; wraps, since names of images are long. */
function Title({ mark, children }: { readonly mark: Mark; readonly children: string }) {
  return (
    <h2 className={styles['title']}>
      <StateGlyph mark={mark} />
      <span>{children}</span>
    </h2>
  );
}

const isHandedOver = ({ steps }: PlaceChange): boolean => steps.some(({ id, state }) => id === 'handover' && state === 'done');

function Stop({ change }: { readonly change: PlaceChange }) {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  // Once the address has been handed over there is nothing to take back: what is under way at the old place ends by itself.
  if (isHandedOver(change)) return null;
  return (
    <div className={styles['acts']}>
      <Button
        leftSection={<Icon name="close" />}
        loading={call.busy}
        onClick={() => void call.run(() => client.tasks.cancel({ id: change.taskId }))}
      >
        {t('upgrade.stop')}
      </Button>
      <ErrorNote problem={call.problem} />
    </div>
  );
}

function Steps({ change }: { readonly change: PlaceChange }) {
  const text = useText();
  const [opened, setOpened] = useState(change.state === 'failed');
  return (
    <div>
      <button type="button" className={styles['disclosure']} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Icon name={opened ? 'down' : 'right'} size={14} />
        {text.t(change.state === 'failed' ? 'serving.howFar' : 'upgrade.how')}
      </button>
      {opened ? <StepList lines={changeLines(change, text)} polite={false} /> : null}
    </div>
  );
}

/** The way back to the place before, by one click. */
function Back({ serving: { id, previous, plan, state } }: { readonly serving: Serving }) {
  const text = useText();
  const { t } = text;
  const client = useClient();
  const call = useCall();
  if (previous === null) return null;
  const place = placeNameOf(previous.plan);
  const isSame = isSamePlace(place, placeNameOf(plan));
  const takes = state.kind !== 'serving' ? 'upgrade.backStarts' : previous.containerId === null ? 'upgrade.backAnew' : 'upgrade.backRuns';
  return (
    <div className={styles['back']}>
      <Button
        leftSection={<Icon name="refresh" />}
        loading={call.busy}
        onClick={() => void call.run(() => client.servings.rollbackPlace({ id }))}
      >
        {t(isSame ? 'upgrade.backSame' : 'upgrade.back', { place: placeWords(place, text) })}
      </Button>
      <span className={styles['caption']}>{t(takes)}</span>
      <ErrorNote problem={call.problem} />
    </div>
  );
}
