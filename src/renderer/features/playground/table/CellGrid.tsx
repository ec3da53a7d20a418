import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type CSSProperties, type ReactNode } from 'react';
import styles from './table.module.css';

export interface CellColumn {
  readonly id: string;
  readonly head: ReactNode;
  /** In pixels. */
  readonly width: number;
  readonly right?: boolean;
}

export interface CellGridProps {
  readonly label: string;
  readonly columns: readonly CellColumn[];
  readonly count: number;
  /** undefined where the row is not here yet. */
  readonly cellAt: (row: number, column: number) => ReactNode;
  readonly isBad?: (row: number) => boolean;
  /** The rows that are in sight or nearly so. */
  readonly onRange?: (first: number, last: number) => void;
  readonly headHeight?: number;
  /** In pixels; less where the rows take less. */
  readonly mostHeight: number;
}

const rowHeight = 28;

/** As wide as its texts, within bounds; in pixels. */
export const widthFor = (texts: readonly string[], least = 72, most = 240): number =>
  Math.min(most, Math.max(least, 24 + 7.4 * Math.max(0, ...texts.map((text) => Math.min(60, text.length)))));

/** Any number of rows and columns, of which only those in sight are in the page; scrolled by the arrow keys while it has the focus. */
export function CellGrid({ label, columns, count, cellAt, isBad, onRange, headHeight = 32, mostHeight }: CellGridProps) {
  const around = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => around.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin: headHeight,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => around.current,
    estimateSize: (index) => columns[index]?.width ?? 96,
    overscan: 4,
  });
  const widths = columns.map(({ width }) => width).join();
  useEffect(() => across.measure(), [across, widths]);
  const shown = rows.getVirtualItems();
  const [first, last] = [shown[0]?.index, shown.at(-1)?.index];
  useEffect(() => {
    if (first !== undefined && last !== undefined) onRange?.(first, last);
  }, [first, last, onRange]);
  const places = across.getVirtualItems();
  const width = across.getTotalSize();
  const at = (start: number, size: number): CSSProperties => ({ left: start, width: size });

  return (
    <div
      ref={around}
      className={styles['grid']}
      style={{ maxHeight: mostHeight }}
      role="table"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- keys can scroll it
      tabIndex={0}
    >
      <div role="rowgroup" className={styles['gridHead']} style={{ height: headHeight, width }}>
        <div role="row" aria-rowindex={1}>
          {places.map(({ index, start, size }) => (
            <div
              key={index}
              role="columnheader"
              aria-colindex={index + 1}
              data-right={columns[index]?.right === true || undefined}
              style={at(start, size)}
            >
              {columns[index]?.head}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ height: rows.getTotalSize(), width, position: 'relative' }}>
        {shown.map(({ index: row, start }) => (
          <div
            key={row}
            role="row"
            aria-rowindex={row + 2}
            className={styles['gridRow']}
            data-bad={isBad?.(row) === true || undefined}
            style={{ top: start - headHeight, height: rowHeight }}
          >
            {places.map(({ index, start: left, size }) => {
              const cell = cellAt(row, index);
              return (
                <div
                  key={index}
                  role="cell"
                  aria-colindex={index + 1}
                  data-right={columns[index]?.right === true || undefined}
                  style={at(left, size)}
                  title={typeof cell === 'string' ? cell : undefined}
                >
                  {cell}
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
