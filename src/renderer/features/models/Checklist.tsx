import type { ReactNode } from 'react';
import type { ImportView } from '../../../shared/contract/index.ts';
import { useText } from '../../app/i18n.tsx';
import { StateGlyph, type Mark } from '../../ui/StateMark.tsx';
import styles from './models.module.css';

function Line({ mark, children }: { readonly mark: Mark; readonly children: ReactNode }) {
  return (
    <li>
      <StateGlyph mark={mark} />
      <span>{children}</span>
    </li>
  );
}

/** What holds of the folder, line by line. */
export function Checklist({ view }: { readonly view: ImportView }) {
  const { t, number } = useText();
  const { versions, problems } = view.inspection;
  const latest = versions.at(-1);
  if (latest === undefined) return null;
  const wrong = (...codes: readonly string[]): boolean =>
    latest.problems.some(({ code, severity }) => severity !== 'note' && codes.includes(code));
  const weightsWrong = wrong('INDEX_MISSING', 'INDEX_CORRUPT', 'SHARD_MISSING', 'SHARD_SHORT', 'VARIABLE_MISMATCH', 'CHECKSUM_MISMATCH');
  const graph = latest.meta_graphs[0];
  const mendVersion = problems.flatMap(({ mends = [] }) => mends).find((mend) => mend.kind === 'serveAsVersion');
  const single = versions.length === 1 && mendVersion?.kind === 'serveAsVersion';
  return (
    <div>
      <h3>{t('import.layout')}</h3>
      <ul className={styles['checklist']}>
        <Line mark="done">
          {single ? t('import.layoutSingle', { version: mendVersion.version }) : t('import.layoutBase', { count: versions.length })}
        </Line>
        <Line mark={wrong('NO_SERVE_TAG', 'NO_SIGNATURE', 'SIGNATURE_TENSOR_MISSING', 'CONST_HUGE') ? 'attention' : 'done'}>
          <code>saved_model.pb</code> {t('import.graphReads')}{' '}
          <span className={styles['caption']}>{t('import.tags', { tags: graph?.tags.join(', ') ?? '' })}</span>
        </Line>
        <Line mark={weightsWrong ? 'attention' : 'done'}>
          {t(weightsWrong ? 'import.weightsWrong' : latest.variable_count === 0 ? 'import.noWeights' : 'import.weights')}{' '}
          <span className={styles['caption']}>{t('import.parameters', { count: number.count(latest.total_params) })}</span>
        </Line>
        <Line mark={wrong('UNKNOWN_OP') ? 'attention' : 'done'}>
          {t(wrong('UNKNOWN_OP') ? 'import.opsWrong' : 'import.ops', { count: Object.keys(latest.ops).length })}
        </Line>
        {latest.variable_count > 0 && !latest.verified ? <Line mark="ready">{t('import.checksums')}</Line> : null}
      </ul>
    </div>
  );
}
