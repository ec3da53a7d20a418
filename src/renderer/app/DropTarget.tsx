import { Button } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { ErrorReport } from '../../shared/contract/errors.ts';
import { LargeLogo } from '../ui/Icon.tsx';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { ProgressBar } from '../ui/ProgressBar.tsx';
import { useText } from './i18n.tsx';
import { openImport, reportOf, useConnection, useMirror } from './store.ts';
import { isTaken } from './takenDrops.ts';
import styles from './App.module.css';

interface Sending {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

/** The whole window takes folders and archives, at any time. */
export function DropTarget({ children }: { readonly children: ReactNode }) {
  const { t, number } = useText();
  const connection = useConnection();
  const isLink = useMirror((state) => state.facts?.capabilities.dropIsLink ?? false);
  // How many items are held over the window: all that a browser tells before the drop.
  const [over, setOver] = useState<number | null>(null);
  // Where fields take files of their own, they stay in sight.
  const [aside, setAside] = useState(false);
  const [sending, setSending] = useState<Sending | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const running = useRef<AbortController | null>(null);
  const depth = useRef(0);

  useEffect(() => {
    const isFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const enter = (event: DragEvent): void => {
      if (!isFiles(event)) return;
      event.preventDefault();
      depth.current += 1;
      setOver(event.dataTransfer?.items.length ?? 1);
      setAside(document.querySelector('[data-takes-files]') !== null);
    };
    const leave = (event: DragEvent): void => {
      if (!isFiles(event)) return;
      depth.current = Math.max(0, depth.current - 1);
      if (depth.current === 0) setOver(null);
    };
    const hover = (event: DragEvent): void => {
      if (isFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      depth.current = 0;
      setOver(null);
      const { dataTransfer } = event;
      if (dataTransfer === null || !isFiles(event) || isTaken(event)) return;
      event.preventDefault();
      const end = new AbortController();
      running.current = end;
      setProblem(null);
      const tickets = connection.importDropped(dataTransfer, {
        signal: end.signal,
        onProgress: (sentBytes, totalBytes) => setSending({ sentBytes, totalBytes }),
      });
      void Promise.allSettled(tickets).then((outcomes) => {
        setSending(null);
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') openImport(outcome.value);
          else if (!end.signal.aborted) setProblem(reportOf(outcome.reason));
        }
      });
    };
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('dragover', hover);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('dragover', hover);
      window.removeEventListener('drop', drop);
    };
  }, [connection]);

  const ofWhole = ({ part, whole }: { readonly part: string; readonly whole: string }): string =>
    t('drop.progress', { sent: part, total: whole });
  const bytes = sending === null ? '' : ofWhole(number.bytesOf(sending.sentBytes, sending.totalBytes));
  return (
    <div className={styles['window']}>
      {children}
      {over === null ? null : (
        <div className={styles['over']} data-aside={aside || undefined} role="status">
          <LargeLogo />
          <h2>{t('drop.title', { items: over })}</h2>
          <p>{t(isLink ? 'drop.linked' : 'drop.copied', { items: over })}</p>
          <ul>
            {(['drop.takes.folder', 'drop.takes.version', 'drop.takes.archive', 'drop.takes.several'] as const).map((key) => (
              <li key={key}>{t(key)}</li>
            ))}
          </ul>
          <p className={styles['leave']}>
            {t('drop.leave')} <kbd className={styles['key']}>Esc</kbd>
          </p>
        </div>
      )}
      {sending === null && problem === null ? null : (
        <div className={styles['sending']}>
          {sending === null ? null : (
            <>
              {t('drop.sending')}
              <ProgressBar
                value={sending.totalBytes === 0 ? 0 : sending.sentBytes / sending.totalBytes}
                label={t('drop.sending')}
                words={bytes}
              />
              <div className={styles['sendingRow']}>
                <span className={styles['count']}>{bytes}</span>
                <Button size="xs" onClick={() => running.current?.abort()}>
                  {t('drop.stop')}
                </Button>
              </div>
            </>
          )}
          <ErrorNote problem={problem}>
            <Button size="xs" onClick={() => setProblem(null)}>
              {t('close')}
            </Button>
          </ErrorNote>
        </div>
      )}
    </div>
  );
}
