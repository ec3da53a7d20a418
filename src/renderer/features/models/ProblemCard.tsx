import { useId, type ReactNode } from 'react';
import type { Problem } from '../../../shared/contract/savedModel.ts';
import { useText } from '../../app/i18n.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { StateGlyph, type Mark } from '../../ui/StateMark.tsx';
import styles from './models.module.css';

const marks: Readonly<Record<Problem['severity'], Mark>> = { error: 'failed', warning: 'attention', note: 'note' };

/** One problem: what, why, and its mends. */
export function ProblemCard({ problem, children }: { readonly problem: Problem; readonly children?: ReactNode }) {
  const { t, problemWords } = useText();
  const id = useId();
  const { message, advice } = problemWords(problem);
  const lines = (problem.mends ?? []).flatMap((mend) => (mend.kind === 'runPython' ? [mend.line] : []));
  return (
    <section className={styles['problem']} aria-labelledby={id}>
      <h3 id={id}>
        <StateGlyph mark={marks[problem.severity]} />
        {message}
      </h3>
      <p>{advice}</p>
      {lines.map((line) => (
        <div key={line} className={styles['row']}>
          <code>{line}</code>
          <CopyButton value={line} label={t('copyNamed', { name: t('empty.formats.copy', { format: 'Python' }) })} />
        </div>
      ))}
      {children}
    </section>
  );
}
