import { Button } from '@mantine/core';
import { useText } from '../../../app/i18n.tsx';
import { useClient } from '../../../app/store.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { ProgressBar } from '../../../ui/ProgressBar.tsx';
import { StateGlyph } from '../../../ui/StateMark.tsx';
import type { useRun } from './useRun.ts';
import styles from './table.module.css';

/** How far a run is: its bar with a way out while it goes, how it ended after that. */
export function RunHead({ taskId, run: { task, facts, running } }: { readonly taskId: string; readonly run: ReturnType<typeof useRun> }) {
  const { t, number } = useText();
  const client = useClient();
  if (facts === null) return null;
  const { rows, rowCount, failed, elapsedMs } = facts;
  const words = t('rows.progress.words', { rows: number.count(rows), count: number.count(rowCount) });
  const rate = elapsedMs > 0 && rows > 0 ? t('rows.rate', { rate: number.count((rows / elapsedMs) * 1000) }) : null;
  const state = task?.state ?? 'done';
  return (
    <div className={styles['run']}>
      <div className={styles['row']}>
        <span className={styles['state']} role="status">
          <StateGlyph mark={state === 'done' ? 'done' : state === 'running' ? 'under-way' : state === 'failed' ? 'failed' : 'stopped'} />
          <strong>{t(`rows.state.${state}`)}</strong>
          {running ? null : (
            <span>{t('rows.ended', { rows: number.count(rows), count: number.count(rowCount), time: number.ms(elapsedMs) })}</span>
          )}
        </span>
        {running ? <span>{words}</span> : null}
        {rate === null ? null : <span className={styles['dim']}>{rate}</span>}
        {failed > 0 ? (
          <span className={styles['bad']}>
            <StateGlyph mark="failed" /> {t('rows.failed', { count: number.count(failed) })}
          </span>
        ) : null}
        <span className={styles['space']} />
        {running ? (
          <Button size="xs" onClick={() => void client.tasks.cancel({ id: taskId })}>
            {t('rows.stop')}
          </Button>
        ) : null}
      </div>
      {running ? <ProgressBar value={rows / rowCount} label={t('rows.progress')} words={words} /> : null}
      {state === 'failed' ? <ErrorNote problem={task?.error ?? null} /> : null}
    </div>
  );
}
