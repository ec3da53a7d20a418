import { Button } from '@mantine/core';
import { useText } from '../../../app/i18n.tsx';
import { useClient } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { saveFile } from '../../../ui/saveFile.ts';
import { Agreement } from './Agreement.tsx';
import { AskResult } from './AskResult.tsx';
import type { OpenedTable, RunOfTable } from './openedTable.ts';
import { RunHead } from './RunHead.tsx';
import { saveResult, useRun } from './useRun.ts';
import styles from './table.module.css';

/** A run from its first row to its file. */
export function RunView({
  opened,
  asked: { kind, taskId },
  onBack,
}: {
  readonly opened: OpenedTable;
  readonly asked: RunOfTable;
  readonly onBack: () => void;
}) {
  const { t } = useText();
  const client = useClient();
  const run = useRun(taskId);
  const saving = useCall();
  const { facts, running } = run;
  const save = (work: () => Promise<void>): void => void saving.run(work);
  const report = (format: 'json' | 'markdown'): void =>
    save(async () => {
      const { name, data } = await client.playground.tableReport({ taskId, format });
      saveFile(name, data);
    });
  const none = facts === null || facts.rows === 0;
  return (
    <div className={styles['body']}>
      <RunHead taskId={taskId} run={run} />
      {facts === null ? null : kind === 'ask' ? (
        <AskResult taskId={taskId} facts={facts} opened={opened} />
      ) : (
        <Agreement taskId={taskId} facts={facts} opened={opened} />
      )}
      <ErrorNote problem={saving.problem} />
      <div className={styles['foot']}>
        <Button onClick={onBack}>{t('rows.back')}</Button>
        <span className={styles['space']} />
        {running || none ? null : kind === 'ask' ? (
          <Button variant="filled" loading={saving.busy} onClick={() => save(() => saveResult(client, taskId))}>
            {t('rows.save', { name: facts.name })}
          </Button>
        ) : (
          <>
            <Button disabled={saving.busy} onClick={() => save(() => saveResult(client, taskId))}>
              {t('rows.saveRows')}
            </Button>
            <Button disabled={saving.busy} onClick={() => report('json')}>
              {t('rows.saveJson')}
            </Button>
            <Button disabled={saving.busy} onClick={() => report('markdown')}>
              {t('rows.saveMarkdown')}
            </Button>
          </>
        )}
      </div>
    </div>
  );
}
