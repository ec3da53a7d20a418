import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { elementText } from '../../../../shared/tensor/tensorJson.ts';
import { useAnswerWords } from './answerWords.ts';
import type { ViewProps } from './viewProps.ts';
import styles from './output.module.css';

export interface TableViewProps extends ViewProps {
  /** Names of the places of the last dimension. */
  readonly labels: readonly string[] | null;
}

const rowHeight = 26;

/** Values in rows and columns, of which only those in sight are in the page. One row of values stands upright, beside its names. */
export function TableView({ name, tensor, from, shape, labels }: TableViewProps) {
  const words = useAnswerWords();
  const [first = 1, second] = shape;
  const upright = second === undefined || first === 1;
  const [rows, columns] = upright ? [second ?? (shape.length === 0 ? 1 : first), 1] : [first, second];
  const isText = tensor.dtype === 'DT_STRING';
  const scroller = useRef<HTMLDivElement>(null);
  const width = isText ? 220 : tensor.dtype === 'DT_COMPLEX64' || tensor.dtype === 'DT_COMPLEX128' ? 260 : 120;
  const down = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    paddingStart: rowHeight,
  });
  const across = useVirtualizer({
    count: columns,
    horizontal: true,
    getScrollElement: () => scroller.current,
    estimateSize: () => width,
    overscan: 3,
    paddingStart: 72,
  });
  const text = elementText(name, tensor);
  const cell = (row: number, column: number): string => {
    const json = text(from + row * columns + column);
    return json.startsWith('"') ? (JSON.parse(json) as string) : json;
  };
  const headOf = (column: number): string => (upright ? words('table.value') : (labels?.[column] ?? String(column)));
  const rowName = (row: number): string => (upright && labels?.[row] !== undefined ? `${row} ${labels[row]}` : String(row));
  const cells = across.getVirtualItems();
  return (
    <div ref={scroller} className={styles['table']} tabIndex={0} role="region" aria-label={words('table.label', { name })}>
      <div
        role="table"
        aria-label={words('table.label', { name })}
        aria-rowcount={rows + 1}
        aria-colcount={columns + 1}
        style={{ width: across.getTotalSize(), height: down.getTotalSize() }}
        data-upright={upright || undefined}
      >
        <div role="row" aria-rowindex={1} className={styles['tableHead']}>
          <span role="columnheader" aria-colindex={1} className={styles['corner']}>
            {words('table.index')}
          </span>
          {cells.map(({ index, start, size }) => (
            <span key={index} role="columnheader" aria-colindex={index + 2} style={{ left: start, width: size }} title={headOf(index)}>
              {headOf(index)}
            </span>
          ))}
        </div>
        {down.getVirtualItems().map((item) => (
          <div key={item.index} role="row" aria-rowindex={item.index + 2} style={{ top: item.start }}>
            <span role="rowheader" aria-colindex={1} className={styles['corner']} title={rowName(item.index)}>
              {rowName(item.index)}
            </span>
            {cells.map(({ index, start, size }) => (
              <span key={index} role="cell" aria-colindex={index + 2} style={{ left: start, width: size }} data-text={isText || undefined}>
                {cell(item.index, index)}
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
