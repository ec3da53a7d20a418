import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Serving } from '../../../../shared/contract/serving.ts';
import type { ServedEntry } from '../../../../shared/contract/switching.ts';
import { useText, type Text } from '../../../app/i18n.tsx';
import { StateGlyph } from '../../../ui/StateMark.tsx';
import { versionList } from './switchWords.ts';
import { useServedHistory, type SwitchActs } from './useSwitch.ts';
import styles from './switch.module.css';

const firstShown = 5;

/** What was served when, by whom and why; one click returns to any earlier state. */
export function ServedHistory({ serving, acts }: { readonly serving: Serving; readonly acts: SwitchActs }) {
  const { t } = useText();
  const entries = useServedHistory(serving);
  const [all, setAll] = useState(false);
  if (entries === null) return <p className={styles['dim']}>{t('switch.historyLoading')}</p>;
  if (entries.length === 0) return <p className={styles['dim']}>{t('switch.historyEmpty')}</p>;
  const present = entries.find(({ outcome }) => outcome === 'served');
  const shown = all ? entries : entries.slice(0, firstShown);
  return (
    <>
      <ol className={styles['history']} aria-label={t('switch.history')}>
        {shown.map((entry) => (
          <Entry key={entry.id} entry={entry} isPresent={entry.id === present?.id} acts={acts} />
        ))}
      </ol>
      {shown.length === entries.length ? null : (
        <Button size="xs" variant="subtle" onClick={() => setAll(true)}>
          {t('switch.historyAll', { count: entries.length })}
        </Button>
      )}
    </>
  );
}

/** Why, in the person's language where it is known as more than a text. */
function reasonOf({ outcome, refusal, reason, cause }: ServedEntry, { t, errorWords, problemWords }: Text): string {
  if (refusal !== null) {
    const { why } = refusal;
    const [what, advice] =
      why.kind === 'refused'
        ? [`${errorWords(why.problem).title}.`, errorWords(why.problem).advice]
        : [problemWords(why.problem).message, problemWords(why.problem).advice];
    return `${what} ${advice}`;
  }
  if (outcome === 'refused' || reason !== '') return reason;
  return t(`switch.cause.${cause}`);
}

function Entry({ entry, isPresent, acts }: { readonly entry: ServedEntry; readonly isPresent: boolean; readonly acts: SwitchActs }) {
  const text = useText();
  const { t, time } = text;
  const { outcome, state, refusal, at, by } = entry;
  const versions = versionList(state.versions);
  const labels = Object.entries(state.labels).map(([label, version]) => `${label} v${version}`);
  const title =
    outcome === 'served'
      ? versions
      : t(`switch.entry.${outcome}`, {
          versions: refusal === null || refusal.versions.length === 0 ? '' : versionList(refusal.versions),
        }).trim();
  return (
    <li data-outcome={outcome}>
      <span className={styles['glyph']}>
        <StateGlyph mark={isPresent ? 'serving' : outcome === 'served' ? 'ready' : outcome === 'refused' ? 'failed' : 'stopped'} />
      </span>
      <div>
        <strong>{title}</strong>
        {outcome === 'served'
          ? [...labels, ...(state.policy.kind === 'specific' ? [] : [t(`switch.policy.${state.policy.kind}`)])].map((word) => (
              <span key={word} className={styles['chip']}>
                {word}
              </span>
            ))
          : null}
        <p className={styles['caption']}>
          <time dateTime={at} title={time.absolute(at)}>
            {time.relative(at)}
          </time>
          {` · ${t(`switch.by.${by}`)} · ${reasonOf(entry, text)}`}
        </p>
      </div>
      {isPresent ? (
        <span className={styles['caption']}>{t('switch.present')}</span>
      ) : outcome === 'served' ? (
        <Button
          size="xs"
          variant="subtle"
          disabled={acts.busy}
          aria-label={t('switch.returnNamed', { versions, when: time.absolute(at) })}
          onClick={() => acts.begin({ kind: 'entry', entryId: entry.id })}
        >
          {t('switch.return')}
        </Button>
      ) : null}
    </li>
  );
}
