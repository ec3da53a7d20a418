import { Button, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type UIEvent } from 'react';
import type { Cause, LogLine } from '../../shared/contract/serving.ts';
import { useText } from '../app/i18n.tsx';
import { CopyButton } from './CopyButton.tsx';
import { Icon } from './Icon.tsx';
import { collapseLog, findInLog, type LogRow } from './collapseLog.ts';
import styles from './LogView.module.css';

export interface LogViewProps {
  readonly lines: readonly LogLine[];
  /** Earlier lines that are no longer held here. */
  readonly dropped: number;
  /** open: more may come. ended: the container has ended. none: it has not run yet. */
  readonly state: 'none' | 'open' | 'ended';
  /** The line that explains a failure; it is marked, and scrolled to once. */
  readonly cause: Cause | null;
}

/** A server's log: followed, searched, repeats as a count, the causing line marked. Only the rows in sight are in the page. */
export function LogView({ lines, dropped, state, cause }: LogViewProps) {
  const { t } = useText();
  const [following, setFollowing] = useState(true);
  const [wanted, setWanted] = useState('');
  const [raw, setRaw] = useState(false);
  const rows = useMemo(() => (raw ? lines.map(asOwnRow) : collapseLog(lines)), [lines, raw]);
  const shown = useMemo(() => findInLog(rows, wanted), [rows, wanted]);
  const causeAt = useMemo(() => (cause === null ? -1 : shown.findLastIndex((row) => isCause(row, cause))), [shown, cause]);

  return (
    <section className={styles['card']} data-state={state} aria-label={t('log.title')}>
      <div className={styles['head']}>
        <h2 className={styles['title']}>{t('log.title')}</h2>
        {state === 'open' ? (
          <button
            type="button"
            role="switch"
            aria-checked={following}
            aria-label={t('log.follow')}
            className={styles['chip']}
            onClick={() => setFollowing(!following)}
          >
            {following ? t('log.following') : t('log.paused')}
          </button>
        ) : null}
        {state === 'ended' ? <span className={styles['chip']}>{t('log.ended')}</span> : null}
        <span className={styles['space']} />
        {state === 'none' ? null : <LogTools lines={lines} raw={raw} setRaw={setRaw} wanted={wanted} setWanted={setWanted} />}
      </div>
      {lines.length === 0 ? (
        <p className={styles['empty']}>{state === 'none' ? t('log.notYet') : t('log.empty')}</p>
      ) : (
        <LogRows
          rows={shown}
          raw={raw}
          cause={cause}
          causeAt={causeAt}
          following={following && state === 'open'}
          setFollowing={setFollowing}
        />
      )}
      {lines.length === 0 ? null : (
        <div className={styles['foot']}>
          <LogFoot cause={causeAt < 0 ? null : cause} found={wanted.trim() === '' ? null : shown.length} dropped={dropped} />
        </div>
      )}
    </section>
  );
}

interface LogToolsProps {
  readonly lines: readonly LogLine[];
  readonly raw: boolean;
  readonly setRaw: (raw: boolean) => void;
  readonly wanted: string;
  readonly setWanted: (wanted: string) => void;
}

function LogTools({ lines, raw, setRaw, wanted, setWanted }: LogToolsProps) {
  const { t } = useText();
  return (
    <>
      <TextInput
        size="xs"
        className={styles['find']}
        leftSection={<Icon name="search" size={14} />}
        aria-label={t('log.find', { lines: lines.length })}
        placeholder={t('log.find', { lines: lines.length })}
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
      />
      <Button variant={raw ? 'light' : 'subtle'} size="xs" aria-pressed={raw} onClick={() => setRaw(!raw)}>
        {t('log.raw')}
      </Button>
      <CopyButton value={() => lines.map(({ raw: text }) => text).join('\n')} label={t('log.copy')} />
    </>
  );
}

interface LogFootProps {
  readonly cause: Cause | null;
  readonly found: number | null;
  readonly dropped: number;
}

function LogFoot({ cause, found, dropped }: LogFootProps) {
  const { t } = useText();
  if (found !== null) return <>{t('log.found', { found })}</>;
  if (cause !== null)
    return (
      <>
        <span className={styles['strong']}>{t('log.causeMarked')}</span>{' '}
        {cause.times > 1 ? t('log.causeTimes', { times: cause.times }) : null}
      </>
    );
  return <>{dropped > 0 ? t('log.dropped', { dropped }) : t('log.times')}</>;
}

interface LogRowsProps {
  readonly rows: readonly LogRow[];
  readonly raw: boolean;
  readonly cause: Cause | null;
  readonly causeAt: number;
  readonly following: boolean;
  readonly setFollowing: (following: boolean) => void;
}

function LogRows({ rows, raw, cause, causeAt, following, setFollowing }: LogRowsProps) {
  const { t } = useText();
  const scroller = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 19,
    getItemKey: (index) => rows[index]?.index ?? index,
    overscan: 20,
    paddingStart: 8,
    paddingEnd: 8,
  });
  const height = list.getTotalSize();

  useEffect(() => {
    if (following && scroller.current !== null) scroller.current.scrollTop = height;
  }, [following, height]);
  useEffect(() => {
    if (causeAt >= 0) list.scrollToIndex(causeAt, { align: 'center' });
  }, [causeAt, list]);

  useHotkeys([
    [
      'L',
      () => {
        scroller.current?.focus();
        if (causeAt >= 0) list.scrollToIndex(causeAt, { align: 'center' });
      },
    ],
  ]);

  // Scrolling up is the wish to read, so following ends; reaching the end is the wish to go on.
  const onScroll = (event: UIEvent<HTMLDivElement>): void => {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
    if (scrollTop < lastTop.current - 4) setFollowing(false);
    else if (scrollTop > lastTop.current && scrollTop + clientHeight >= scrollHeight - 4) setFollowing(true);
    lastTop.current = scrollTop;
  };

  return (
    <div
      ref={scroller}
      className={styles['rows']}
      role="log"
      aria-live="off"
      aria-label={t('log.lines')}
      aria-keyshortcuts="L"
      tabIndex={0}
      onScroll={onScroll}
    >
      <div className={styles['all']} style={{ height }}>
        {list.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const marked = item.index === causeAt;
          const times = marked && cause !== null ? Math.max(row.times, raw ? 1 : cause.times) : row.times;
          return (
            <div
              key={item.key}
              ref={list.measureElement}
              data-index={item.index}
              data-level={row.line.level}
              data-cause={marked || undefined}
              className={styles['row']}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {raw ? (
                <span className={styles['raw']}>{row.line.raw}</span>
              ) : (
                <>
                  <span className={styles['time']}>{clockOf(row.line.time)}</span>
                  <span className={styles['message']} title={marked ? undefined : row.line.message}>
                    {row.line.message}
                  </span>
                  {times > 1 ? (
                    <span className={styles['times']} aria-label={t('log.repeated', { times })} role="note">
                      × {times}
                    </span>
                  ) : null}
                </>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function asOwnRow(line: LogLine, index: number): LogRow {
  return { index, line, times: 1, lastTime: line.time };
}

function isCause({ line }: LogRow, cause: Cause): boolean {
  return line.message === cause.line || line.raw === cause.line || (cause.line.length > 12 && line.raw.includes(cause.line));
}

/** Local time with milliseconds, `14:02:11.398`; what cannot be read as a time is shown as it came. */
function clockOf(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
