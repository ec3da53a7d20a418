import { useId, useState, type ReactNode } from 'react';
import type { Problem } from '../../../shared/contract/savedModel.ts';
import { useText } from '../../app/i18n.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { StateGlyph, type Mark } from '../../ui/StateMark.tsx';
import { ArrivingBar } from './ArrivingBar.tsx';
import styles from './models.module.css';

const marks: Readonly<Record<Problem['severity'], Mark>> = { error: 'failed', warning: 'attention', note: 'note' };

export interface ProblemCardProps {
  readonly problem: Problem;
  /** The folder is the person's own and read again: a file that is too short may be on its way. */
  readonly arriving?: boolean;
  readonly children?: ReactNode;
}

/** One problem: what, why, and its mends. */
export function ProblemCard({ problem, arriving = false, children }: ProblemCardProps) {
  const { t, number, problemWords } = useText();
  const id = useId();
  const { message, advice } = problemWords(problem);
  const lines = (problem.mends ?? []).flatMap((mend) => (mend.kind === 'runPython' ? [mend.line] : []));
  const [file, found, expected] = [String(problem.data?.['file']), Number(problem.data?.['found']), Number(problem.data?.['expected'])];
  // It is on its way once it was seen to grow; before that it is only too short.
  const [first] = useState(found);
  const both = number.bytesOf(found, expected);
  const short = arriving && problem.code === 'SHARD_SHORT';
  return (
    <section className={styles['problem']} aria-labelledby={id}>
      <StateGlyph mark={short ? 'under-way' : marks[problem.severity]} />
      <div>
        <h3 id={id}>{short ? t(found > first ? 'import.arrivingTitle' : 'import.incompleteTitle') : message}</h3>
        {short ? (
          <>
            <p>{t('import.shortText', { file, found: both.part, expected: both.whole })}</p>
            <ArrivingBar file={file} found={found} expected={expected} />
          </>
        ) : (
          <p>{advice}</p>
        )}
        {lines.map((line) => (
          <div key={line} className={styles['codeRow']}>
            <code>{line}</code>
            <CopyButton value={line} label={t('copyNamed', { name: t('empty.formats.copy', { format: 'Python' }) })} />
          </div>
        ))}
        {children}
        {short ? <p className={styles['caption']}>{advice}</p> : null}
      </div>
    </section>
  );
}
