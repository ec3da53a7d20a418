import { Button, FileButton, Modal } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import { useText } from '../../../app/i18n.tsx';
import { reportOf, useClient } from '../../../app/store.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import type { ManyRowsProps } from './ManyRows.tsx';
import { useOpenedTables, type OpenedTable, type RunOfTable } from './openedTable.ts';
import { RowsForm } from './RowsForm.tsx';
import { RunView } from './RunView.tsx';
import styles from './table.module.css';

export interface RowsDialogProps extends ManyRowsProps {
  /** One that was dropped. */
  readonly file: File | null;
  readonly onTaken: () => void;
  readonly onClose: () => void;
}

/** A file of many rows: read, its columns made inputs, every row asked of one target or of two. */
export function RowsDialog({ choices, asked, options, onBody, file, onTaken, onClose }: RowsDialogProps) {
  const { t } = useText();
  const client = useClient();
  const key = asked?.draftKey ?? '';
  const opened = useOpenedTables(({ tables }) => tables[key]);
  const put = useOpenedTables((state) => state.put);
  const [reading, setReading] = useState<string | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [showsRun, setShowsRun] = useState(opened?.run != null);
  const last = useRef<File | null>(null);
  const { serving, signature } = choices;
  const version = choices.version ?? choices.versions[0] ?? null;
  const about = serving === null || signature === null || asked === null ? null : { modelId: serving.modelId, version, signature };

  const read = async (chosen: File): Promise<void> => {
    if (about === null) return;
    last.current = chosen;
    setReading(chosen.name);
    setProblem(null);
    setShowsRun(false);
    try {
      const view = await client.playground.readTable({ ...about, name: chosen.name, data: chosen });
      if (last.current === chosen) put(key, { view, name: chosen.name, columns: view.suggested, run: null });
    } catch (error) {
      if (last.current === chosen) setProblem(reportOf(error));
    } finally {
      if (last.current === chosen) setReading(null);
    }
  };
  useEffect(() => {
    if (file === null || about === null) return;
    onTaken();
    void read(file);
    // Once for each file, when there is a signature that it is read for.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [file, about === null]);

  const change = (part: Partial<OpenedTable>): void => {
    const now = useOpenedTables.getState().tables[key];
    if (now !== undefined) put(key, { ...now, ...part });
  };
  const begun = (run: RunOfTable): void => {
    change({ run });
    setShowsRun(true);
  };
  const choose = (variant: 'filled' | 'default', words: 'rows.choose' | 'rows.another') => (
    <FileButton accept=".csv,.tsv,.jsonl,.ndjson" onChange={(chosen) => (chosen === null ? undefined : void read(chosen))}>
      {(props) => (
        <Button
          {...props}
          variant={variant}
          size={variant === 'filled' ? 'sm' : 'xs'}
          disabled={about === null}
          data-autofocus={variant === 'filled' || undefined}
        >
          {t(words)}
        </Button>
      )}
    </FileButton>
  );

  return (
    <Modal opened onClose={onClose} title={t('rows.title')} size={1040} closeButtonProps={{ 'aria-label': t('close') }}>
      {reading !== null ? (
        <p role="status">{t('rows.reading', { name: reading })}</p>
      ) : opened === undefined ? (
        <div className={styles['empty']}>
          <h3>{t('rows.empty.title')}</h3>
          <p className={styles['dim']}>{about === null ? t('rows.notReady') : t('rows.empty.text')}</p>
          {choose('filled', 'rows.choose')}
        </div>
      ) : (
        <>
          {opened.run !== null && showsRun ? (
            <RunView key={opened.run.taskId} opened={opened} asked={opened.run} onBack={() => setShowsRun(false)} />
          ) : about === null ? (
            <p className={styles['dim']}>{t('rows.notReady')}</p>
          ) : null}
          {about === null || serving === null || asked === null ? null : (
            // Behind a result its choices stay as they were made.
            <div hidden={opened.run !== null && showsRun}>
              <RowsForm
                key={opened.view.table}
                about={about}
                info={asked.info}
                serving={serving}
                version={choices.version}
                options={options}
                opened={opened}
                another={choose('default', 'rows.another')}
                onChange={change}
                onBegun={begun}
                onShowRun={() => setShowsRun(true)}
                onBody={(body) => {
                  onBody(body);
                  onClose();
                }}
              />
            </div>
          )}
        </>
      )}
      <ErrorNote problem={problem} />
    </Modal>
  );
}
