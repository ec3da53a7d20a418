import { elementText } from '../../../../shared/tensor/tensorJson.ts';
import { useText } from '../../../app/i18n.tsx';
import { useAnswerWords } from './answerWords.ts';
import { inSight, mostPixels, useSight } from './useSight.ts';
import type { ViewProps } from './viewProps.ts';
import styles from './output.module.css';

export interface TableViewProps extends ViewProps {
  /** Names of the places of the last dimension. */
  readonly labels: readonly string[] | null;
}

const rowHeight = 26;
const headWidth = 72;

/** Values in rows and columns, of which only those in sight are in the page. One row of values stands upright, beside its names. */
export function TableView({ name, tensor, from, shape, labels }: TableViewProps) {
  const { number } = useText();
  const words = useAnswerWords();
  const [first = 1, second] = shape;
  const upright = second === undefined || first === 1;
  const [rows, columns] = upright ? [second ?? (shape.length === 0 ? 1 : first), 1] : [first, second];
  const isText = tensor.dtype === 'DT_STRING';
  const { ref, sight, onScroll } = useSight();
  const width = isText ? 220 : tensor.dtype === 'DT_COMPLEX64' || tensor.dtype === 'DT_COMPLEX128' ? 260 : 120;
  const [shownRows, shownColumns] = [Math.min(rows, Math.floor(mostPixels / rowHeight)), Math.min(columns, Math.floor(mostPixels / width))];
  const text = elementText(name, tensor);
  const cell = (row: number, column: number): string => {
    const json = text(from + row * columns + column);
    return json.startsWith('"') ? (JSON.parse(json) as string) : json;
  };
  const headOf = (column: number): string => (upright ? words('table.value') : (labels?.[column] ?? String(column)));
  const rowName = (row: number): string => (upright && labels?.[row] !== undefined ? `${row} ${labels[row]}` : String(row));
  const cells = inSight(sight.left, sight.width, width, shownColumns, 3).map((index) => ({ index, start: headWidth + index * width }));
  return (
    <>
      <div ref={ref} className={styles['table']} tabIndex={0} role="region" aria-label={words('table.label', { name })} onScroll={onScroll}>
        <div
          role="table"
          aria-label={words('table.label', { name })}
          aria-rowcount={rows + 1}
          aria-colcount={columns + 1}
          style={{ width: headWidth + shownColumns * width, height: (shownRows + 1) * rowHeight }}
          data-upright={upright || undefined}
        >
          <div role="row" aria-rowindex={1} className={styles['tableHead']}>
            <span role="columnheader" aria-colindex={1} className={styles['corner']}>
              {words('table.index')}
            </span>
            {cells.map(({ index, start }) => (
              <span key={index} role="columnheader" aria-colindex={index + 2} style={{ left: start, width }} title={headOf(index)}>
                {headOf(index)}
              </span>
            ))}
          </div>
          {inSight(sight.top, sight.height, rowHeight, shownRows, 12).map((row) => (
            <div key={row} role="row" aria-rowindex={row + 2} style={{ top: (row + 1) * rowHeight }}>
              <span role="rowheader" aria-colindex={1} className={styles['corner']} title={rowName(row)}>
                {rowName(row)}
              </span>
              {cells.map(({ index, start }) => (
                <span key={index} role="cell" aria-colindex={index + 2} style={{ left: start, width }} data-text={isText || undefined}>
                  {cell(row, index)}
                </span>
              ))}
            </div>
          ))}
        </div>
      </div>
      {shownRows < rows ? <p className={styles['caption']}>{words('table.cut', { shown: number.count(shownRows) })}</p> : null}
    </>
  );
}
