import type { Serving } from '../../../../shared/contract/serving.ts';
import { useText } from '../../../app/i18n.tsx';
import { answersNow, servedNow } from './switchWords.ts';
import styles from './switch.module.css';

/** What of a running serving's state is at a version: its labels, and whether it answers requests without one. */
export function ServedChips({ serving, version }: { readonly serving: Serving; readonly version: string }) {
  const { t } = useText();
  const labels = Object.entries(servedNow(serving).labels).filter(([, of]) => of === version);
  return (
    <>
      {labels.map(([label]) => (
        <span key={label} className={styles['chip']} data-label>
          {label}
        </span>
      ))}
      {answersNow(serving) === version ? <span className={styles['chip']}>{t('switch.answers')}</span> : null}
    </>
  );
}
