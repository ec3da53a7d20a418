import type { ReactNode } from 'react';
import type { ErrorReport } from '../../shared/contract/errors.ts';
import { useText } from '../app/i18n.tsx';
import { StateGlyph } from './StateMark.tsx';
import styles from './Note.module.css';

/** A failure in place of what failed: its title, its advice, and what mends it. */
export function ErrorNote({ problem, children }: { readonly problem: ErrorReport | null; readonly children?: ReactNode }) {
  const { errorWords } = useText();
  if (problem === null) return null;
  const { title, advice } = errorWords(problem);
  return (
    <div role="alert" className={styles['note']} data-kind="bad">
      <StateGlyph mark="failed" />
      <div>
        <strong>{title}</strong>
        <p>{advice}</p>
        {children}
      </div>
    </div>
  );
}
