import type { ErrorReport } from '../../../shared/contract/errors.ts';
import { useText } from '../../app/i18n.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import styles from './serving.module.css';

/** Why an act was refused, where it was asked for. Nothing where there is no problem. */
export function ActProblem({ problem }: { readonly problem: ErrorReport | null }) {
  const { errorWords } = useText();
  if (problem === null) return null;
  const { title, advice } = errorWords(problem);
  return (
    <div className={styles['problem']} role="alert">
      <StateGlyph mark="failed" />
      <span>
        <span className={styles['strong']}>{title}.</span> {advice}
      </span>
    </div>
  );
}
