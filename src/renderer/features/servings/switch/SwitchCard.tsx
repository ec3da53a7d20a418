import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { sameState } from '../../../../shared/contract/servedState.ts';
import type { HeldVersion, VersionSwitch } from '../../../../shared/contract/switching.ts';
import { useText } from '../../../app/i18n.tsx';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { StateGlyph } from '../../../ui/StateMark.tsx';
import { ServedHistory } from './ServedHistory.tsx';
import { SwitchSteps } from './SwitchSteps.tsx';
import { switchTitle, versionList } from './switchWords.ts';
import { useServedHistory, type SwitchActs } from './useSwitch.ts';
import styles from './switch.module.css';

/** What is being switched, what came of it, what is held back and why; at rest what was served when. */
export function SwitchCard({ serving, acts }: { readonly serving: Serving; readonly acts: SwitchActs }) {
  const { t } = useText();
  const { current, held } = serving.switching;
  const [shown, setShown] = useState<'steps' | 'history' | null>(null);
  const isRunning = current?.state === 'running';
  const isOpen = isRunning || current?.state === 'failed' || current?.state === 'interrupted';
  const mode = serving.plan.served?.mode ?? 'guarded';
  const old = versionList(current?.from.versions.slice(0, 1) ?? []);
  const title = isOpen ? switchTitle(current, t) : t('switch.history');
  const toggle = (part: 'steps' | 'history') => () => setShown(shown === part ? null : part);
  return (
    <section className={styles['card']} aria-label={title}>
      <div className={styles['cardHead']}>
        <h2>{title}</h2>
        <span className={styles['chip']} title={t(`switch.modeHint.${mode}`)}>
          {t(`switch.modeWord.${mode}`)}
        </span>
      </div>
      <div className={styles['cardBody']}>
        <ErrorNote problem={acts.problem} />
        {isOpen && !isRunning ? <Refused serving={serving} current={current} acts={acts} /> : null}
        {current !== null && (isOpen || shown === 'steps') ? <SwitchSteps current={current} /> : null}
        {isRunning ? (
          <div className={styles['meanwhile']} role="status">
            <StateGlyph mark="done" />
            <strong>{t('switch.meanwhile', { old })}</strong>
          </div>
        ) : null}
        {held
          .filter(({ version }) => !(isOpen && current.to.versions.includes(version)))
          .map((one) => (
            <Held key={one.version} held={one} />
          ))}
        {isOpen && shown !== 'history' ? null : <ServedHistory serving={serving} acts={acts} />}
        <div className={styles['foot']}>
          {isRunning ? (
            <Button onClick={acts.stop} disabled={current.taskId === null}>
              {t('switch.stop', { old })}
            </Button>
          ) : (
            <RollBack serving={serving} acts={acts} />
          )}
          <span className={styles['space']} />
          {isOpen ? (
            <Button variant="subtle" aria-expanded={shown === 'history'} onClick={toggle('history')}>
              {t('switch.history')}
            </Button>
          ) : current === null ? null : (
            <Button variant="subtle" aria-expanded={shown === 'steps'} onClick={toggle('steps')}>
              {t('switch.lastSteps')}
            </Button>
          )}
        </div>
      </div>
    </section>
  );
}

/** Back to what was served before, where there was something else. */
function RollBack({ serving, acts }: { readonly serving: Serving; readonly acts: SwitchActs }) {
  const { t } = useText();
  const served = useServedHistory(serving)?.filter(({ outcome }) => outcome === 'served') ?? [];
  const [present] = served;
  const before = present === undefined ? undefined : served.find(({ state }) => !sameState(state, present.state));
  if (before === undefined) return null;
  return (
    <Button disabled={acts.busy} aria-keyshortcuts="R" onClick={() => acts.begin({ kind: 'back' })}>
      {t('switch.rollback', { versions: versionList(before.state.versions) })}
    </Button>
  );
}

/** Why a switch came to nothing, and what can be done all the same. */
function Refused({ serving, current, acts }: { readonly serving: Serving; readonly current: VersionSwitch; readonly acts: SwitchActs }) {
  const { t, phrase } = useText();
  const { problem, target, cases, from, reason } = current;
  const consent =
    problem?.code === 'CASES_FAILED' ? { despiteCases: true } : problem?.code === 'MEMORY_TOO_SMALL' ? { anyway: true } : null;
  const failures = problem?.code === 'CASES_FAILED' ? (cases?.failures ?? []) : [];
  return (
    <ErrorNote problem={problem}>
      {failures.length === 0 ? null : (
        <ul className={styles['failures']} aria-label={t('switch.failedCases')}>
          {failures.map(({ version, name, detail }) => (
            <li key={`${version} ${name}`}>
              <strong>{name}</strong> {phrase(detail)}
            </li>
          ))}
        </ul>
      )}
      <p className={styles['goesOn']}>{t('switch.goesOn', { old: versionList(from.versions.slice(0, 1)) })}</p>
      {target === undefined ? null : (
        <Button
          size="xs"
          mt="xs"
          disabled={acts.busy || serving.state.kind !== 'serving'}
          onClick={() => acts.begin(target, { reason, ...consent })}
        >
          {t(consent === null ? 'retry' : 'switch.allTheSame')}
        </Button>
      )}
    </ErrorNote>
  );
}

function Held({ held: { version, why } }: { readonly held: HeldVersion }) {
  const { t, problemWords, errorWords } = useText();
  const [what, advice] =
    why.kind === 'refused'
      ? [`${errorWords(why.problem).title}.`, errorWords(why.problem).advice]
      : [problemWords(why.problem).message, problemWords(why.problem).advice];
  return (
    <div className={styles['held']} role="status">
      <StateGlyph mark="attention" />
      <div>
        <strong>{t(`switch.held.${why.kind}`, { version })}</strong>
        <p>{`${what} ${advice}`}</p>
      </div>
    </div>
  );
}
