import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import styles from './RowGrid.module.css';

export interface GridColumn<R> {
  readonly id: string;
  readonly head: ReactNode;
  /** In pixels; the columns without one share what is left. */
  readonly width?: number;
  readonly right?: boolean;
  /** Shown only where the table is at least as wide, in pixels. */
  readonly from?: 640 | 720 | 840 | 960;
  readonly renderCell: (row: R, index: number) => ReactNode;
  /** How the column is sorted, where it can be. */
  readonly sort?: 'ascending' | 'descending' | 'none';
  readonly onSort?: () => void;
}

export interface RowGridProps<R> {
  readonly label: string;
  readonly columns: readonly GridColumn<R>[];
  readonly count: number;
  /** undefined for a row that is not here yet. */
  readonly rowAt: (index: number) => R | undefined;
  readonly keyOf: (row: R) => string;
  readonly onOpen?: (row: R) => void;
  readonly onSelect?: (row: R) => void;
  readonly isSelected?: (row: R) => boolean;
  /** The row that the page beside is about. */
  readonly isShown?: (row: R) => boolean;
  /** The rows that are in sight or nearly so. */
  readonly onRange?: (first: number, last: number) => void;
  /** A letter on a row: `v` to switch to it, and so on. Answers whether it was one. */
  readonly onKey?: (key: string, row: R) => boolean;
}

const rowHeight = 40;

/** How far below the top of what scrolls the rows begin. */
function measure(rows: HTMLElement | null, tell: (top: number) => void): void {
  const main = document.querySelector('main');
  if (main !== null && rows !== null)
    tell(Math.round(rows.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop));
}

/**
 * A table of any number of rows, of which only those in sight are in the page; it scrolls with `main`. One tab stop: arrows move
 * between rows, Enter opens, Space selects, Shift F10 opens the row's menu (what has `data-row-menu`). What can be pressed within a
 * row is reached by these, so it has tabIndex -1.
 */
export function RowGrid<R>(props: RowGridProps<R>) {
  const { label, columns, count, rowAt, keyOf, onOpen, onSelect, isSelected, isShown, onRange, onKey } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const [at, setAt] = useState(0);
  const [top, setTop] = useState(0);
  const wanted = useRef<number | null>(null);
  const list = useVirtualizer({
    count,
    getScrollElement: () => document.querySelector('main'),
    estimateSize: () => rowHeight,
    // A short table is in the page as a whole, so that it can be searched and read out.
    overscan: count <= 60 ? 60 : 12,
    scrollMargin: top,
  });
  const items = list.getVirtualItems();
  const [first, last] = [items[0], items.at(-1)];
  const current = Math.min(at, Math.max(0, count - 1));

  // What stands above the table grows and goes.
  useLayoutEffect(() => {
    const tell = (): void => measure(body.current, setTop);
    const observer = new ResizeObserver(tell);
    for (const part of document.querySelectorAll('main > *')) observer.observe(part);
    tell();
    return () => observer.disconnect();
  }, []);
  const [firstIndex, lastIndex] = [first?.index, last?.index];
  useEffect(() => {
    if (firstIndex !== undefined && lastIndex !== undefined) onRange?.(firstIndex, lastIndex);
  }, [firstIndex, lastIndex, onRange]);
  useEffect(() => {
    const row = wanted.current === null ? null : body.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    if (row === null || row === undefined) return;
    wanted.current = null;
    row.focus({ preventScroll: true });
  });

  const move = (to: number): void => {
    const next = Math.max(0, Math.min(count - 1, to));
    wanted.current = next;
    setAt(next);
    list.scrollToIndex(next, { align: 'auto' });
  };
  const onRowKey = (event: KeyboardEvent<HTMLTableRowElement>, row: R | undefined, index: number): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((document.querySelector('main')?.clientHeight ?? 400) / rowHeight) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: count - 1,
    };
    const to = steps[event.key];
    if (to !== undefined) move(to);
    else if (row === undefined) return;
    else if (event.key === 'Enter') onOpen?.(row);
    else if (event.key === ' ') onSelect?.(row);
    else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey))
      event.currentTarget.querySelector<HTMLElement>('[data-row-menu]')?.click();
    else if (onKey?.(event.key.toLowerCase(), row) !== true) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const gap = (height: number): ReactNode =>
    height <= 0 ? null : (
      <tr aria-hidden="true" className={styles['gap']}>
        <td colSpan={columns.length} style={{ height }} />
      </tr>
    );

  return (
    <div className={styles['around']}>
      <table
        role="grid"
        className={styles['grid']}
        aria-label={label}
        aria-rowcount={count + 1}
        aria-multiselectable={isSelected === undefined ? undefined : true}
      >
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ id, head, width, right, from, sort, onSort }) => (
              <th key={id} data-right={right} data-from={from} aria-sort={sort} style={{ width }}>
                {onSort === undefined ? (
                  head
                ) : (
                  <button type="button" className={styles['sort']} onClick={onSort}>
                    {head}
                    <span aria-hidden="true">{sort === 'ascending' ? ' ↑' : sort === 'descending' ? ' ↓' : ''}</span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {gap((first?.start ?? top) - top)}
          {items.map(({ index }) => {
            const row = rowAt(index);
            return (
              <tr
                key={row === undefined ? index : keyOf(row)}
                data-index={index}
                data-shown={(row !== undefined && isShown?.(row)) || undefined}
                aria-rowindex={index + 2}
                aria-selected={row === undefined || isSelected === undefined ? undefined : isSelected(row)}
                tabIndex={index === current ? 0 : -1}
                onFocus={() => setAt(index)}
                onKeyDown={(event) => onRowKey(event, row, index)}
                onClick={() => (row === undefined ? undefined : onOpen?.(row))}
              >
                {columns.map(({ id, renderCell, right, from }) => (
                  <td key={id} data-right={right} data-from={from}>
                    {row === undefined ? null : renderCell(row, index)}
                  </td>
                ))}
              </tr>
            );
          })}
          {gap(list.getTotalSize() + top - (last?.end ?? top))}
        </tbody>
      </table>
    </div>
  );
}
