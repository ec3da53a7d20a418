import { useText } from '../../app/i18n.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import styles from './playground.module.css';

export interface RawTextProps {
  readonly title: string;
  readonly text: string;
  readonly bytes: number;
  /** The text is only the beginning of what came. */
  readonly cut: boolean;
  readonly copyLabel: string;
}

/** What a page draws without growing slow; copying takes all that is here. */
const mostShown = 100_000;

/** What went over the wire, as text. */
export function RawText({ title, text, bytes, cut, copyLabel }: RawTextProps) {
  const { t, number } = useText();
  const shown = text.slice(0, mostShown);
  return (
    <section className={styles['rawText']}>
      <div className={styles['row']}>
        <h3>{title}</h3>
        <span className={styles['caption']}>{number.bytes(bytes)}</span>
        <span className={styles['space']} />
        <CopyButton value={text} label={copyLabel} />
      </div>
      <pre className={styles['code']} tabIndex={0} role="region" aria-label={title}>
        {shown}
      </pre>
      {cut || shown.length < text.length ? (
        <p className={styles['caption']}>{t('playground.cut', { shown: number.bytes(shown.length) })}</p>
      ) : null}
    </section>
  );
}
