import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent } from 'react';
import { tableOfText } from './tableOfText.ts';
import styles from './form.module.css';

export interface CellGridProps {
  readonly label: string;
  readonly rows: number;
  readonly columns: number;
  readonly textAt: (row: number, column: number) => string;
  readonly isWrong: (row: number, column: number) => boolean;
  readonly onType: (row: number, column: number, typed: string) => void;
  /** A table from a spreadsheet, to be put down from here on. */
  readonly onPaste: (row: number, column: number, table: readonly (readonly string[])[]) => void;
  /** Space turns a cell over. */
  readonly onToggle?: (row: number, column: number) => void;
}

const rowHeight = 26;
const headWidth = 36;

/** Numbers in rows and columns, of which those in sight are in the page. One tab stop: arrows move, a letter or Enter edits, Escape takes back. */
export function CellGrid(props: CellGridProps) {
  const { label, rows, columns, textAt, isWrong, onType, onPaste, onToggle } = props;
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState({ row: 0, column: 0 });
  const [edited, setEdited] = useState<{ readonly before: string; readonly typed: string } | null>(null);
  const wantsFocus = useRef(false);
  const [row, column] = [Math.min(at.row, rows - 1), Math.min(at.column, columns - 1)];
  const columnWidth = columnWidthOf(rows, columns, textAt);
  const down = useVirtualizer({ count: rows, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 4 });
  const across = useVirtualizer({
    count: columns,
    horizontal: true,
    getScrollElement: () => box.current,
    estimateSize: () => columnWidth,
    overscan: 4,
  });
  useEffect(() => across.measure(), [across, columnWidth]);
  useEffect(() => {
    if (!wantsFocus.current || edited !== null) return;
    const cell = box.current?.querySelector<HTMLElement>(`[data-cell="${row}.${column}"]`);
    if (cell === null || cell === undefined) return;
    wantsFocus.current = false;
    cell.focus({ preventScroll: true });
  });

  const move = (toRow: number, toColumn: number): void => {
    const [nextRow, nextColumn] = [Math.max(0, Math.min(rows - 1, toRow)), Math.max(0, Math.min(columns - 1, toColumn))];
    wantsFocus.current = true;
    setAt({ row: nextRow, column: nextColumn });
    down.scrollToIndex(nextRow, { align: 'auto' });
    across.scrollToIndex(nextColumn, { align: 'auto' });
  };
  const edit = (typed: string | null): void => {
    const before = textAt(row, column);
    setEdited({ before, typed: typed ?? before });
    if (typed !== null) onType(row, column, typed);
  };
  const end = (): void => {
    wantsFocus.current = true;
    setEdited(null);
  };
  const onCellKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 200) / rowHeight) - 2);
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      PageDown: [row + page, column],
      PageUp: [row - page, column],
      Home: [row, 0],
      End: [row, columns - 1],
    };
    const to = steps[event.key];
    if (to !== undefined) move(...to);
    else if (event.key === ' ' && onToggle !== undefined) onToggle(row, column);
    else if (event.key === 'Enter' || event.key === 'F2') edit(null);
    else if (event.key === 'Delete' || event.key === 'Backspace') onType(row, column, '');
    else if (event.key.length === 1) edit(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onEditKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') {
      if (edited !== null) onType(row, column, edited.before);
      end();
    } else if (event.key === 'Enter') {
      end();
      move(row + (event.shiftKey ? -1 : 1), column);
    } else if (event.key === 'Tab' && (event.shiftKey ? column > 0 : column < columns - 1)) {
      end();
      move(row, column + (event.shiftKey ? -1 : 1));
    } else return;
    event.preventDefault();
  };
  const onPasted = (event: ClipboardEvent): void => {
    if (event.clipboardData.files.length > 0) return;
    const table = tableOfText(event.clipboardData.getData('text/plain'));
    // One value into a cell that is being edited is the cell's own business.
    if (edited !== null && table.length === 1 && table[0]?.length === 1) return;
    event.preventDefault();
    event.stopPropagation();
    setEdited(null);
    wantsFocus.current = true;
    onPaste(row, column, table);
  };
  const onCopied = (event: ClipboardEvent): void => {
    if (edited !== null) return;
    event.preventDefault();
    event.clipboardData.setData('text/plain', textAt(row, column));
  };

  return (
    <div className={styles['gridBox']} ref={box} onPaste={onPasted} onCopy={onCopied}>
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={rows}
        aria-colcount={columns}
        style={{ height: down.getTotalSize(), width: across.getTotalSize() + headWidth, position: 'relative' }}
      >
        {down.getVirtualItems().map((line) => (
          <div
            key={line.key}
            role="row"
            aria-rowindex={line.index + 1}
            className={styles['gridRow']}
            style={{ height: rowHeight, transform: `translateY(${line.start}px)` }}
          >
            <span role="rowheader" className={styles['gridHead']} style={{ width: headWidth }}>
              {line.index}
            </span>
            {across.getVirtualItems().map((place) => {
              const isHere = line.index === row && place.index === column;
              const text = textAt(line.index, place.index);
              return (
                <div
                  key={place.key}
                  role="gridcell"
                  data-cell={`${line.index}.${place.index}`}
                  aria-colindex={place.index + 1}
                  aria-invalid={isWrong(line.index, place.index) || undefined}
                  className={styles['cell']}
                  style={{ left: headWidth + place.start, width: place.size }}
                  tabIndex={isHere && edited === null ? 0 : -1}
                  onFocus={() => setAt({ row: line.index, column: place.index })}
                  onDoubleClick={() => edit(null)}
                  onKeyDown={edited === null ? onCellKey : undefined}
                >
                  {isHere && edited !== null ? (
                    <input
                      className={styles['cellInput']}
                      aria-label={`${label} ${line.index}, ${place.index}`}
                      value={edited.typed}
                      ref={(input) => {
                        if (input !== null && document.activeElement !== input) input.focus();
                      }}
                      onChange={(event) => {
                        setEdited({ ...edited, typed: event.currentTarget.value });
                        onType(row, column, event.currentTarget.value);
                      }}
                      onKeyDown={onEditKey}
                      onBlur={() => setEdited(null)}
                    />
                  ) : (
                    text
                  )}
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Wide enough for the longest of the first values, in steps, so that typing does not move the columns about. */
function columnWidthOf(rows: number, columns: number, textAt: (row: number, column: number) => string): number {
  let longest = 0;
  for (let row = 0; row < Math.min(rows, 16); row += 1)
    for (let column = 0; column < Math.min(columns, 16); column += 1) longest = Math.max(longest, textAt(row, column).length);
  return longest <= 5 ? 52 : longest <= 10 ? 92 : Math.min(180, 24 + 7.2 * longest);
}
