import { Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { TensorInfo } from '../../../../shared/contract/savedModel.ts';
import { valueDtype } from '../../../../shared/tensor/dtype.ts';
import { CellGrid } from './CellGrid.tsx';
import { elementOf, emptyText, isElement, resizeCells, shownText, type Cells } from './cells.ts';
import { describedElsewhere } from './describedElsewhere.ts';
import { useFormWords } from './formWords.ts';
import { Stepper } from './Stepper.tsx';
import styles from './form.module.css';

export interface CellsEditorProps {
  readonly name: string;
  readonly info: TensorInfo;
  readonly cells: Cells;
  readonly onChange: (cells: Cells) => void;
  readonly describedBy: string | undefined;
}

/** A small tensor's values: one field for a scalar, rows and columns for the rest; of more dimensions two at a time, the others at one place each. */
export function CellsEditor({ name, info, cells, onChange, describedBy }: CellsEditorProps) {
  const words = useFormWords();
  const { shape, texts } = cells;
  const dtype = valueDtype(info.dtype);
  const rank = shape.length;
  const isBool = dtype === 'DT_BOOL';
  // Channels are too few to be columns.
  const [rowAxis, columnAxis] = rank >= 3 && (shape[rank - 1] ?? 1) <= 4 ? [rank - 3, rank - 2] : [rank - 2, rank - 1];
  const others = shape.map((_, axis) => axis).filter((axis) => axis !== rowAxis && axis !== columnAxis);
  const [places, setPlaces] = useState<readonly number[]>([]);
  const put = (changes: ReadonlyMap<number, string>): void =>
    onChange({ shape, texts: texts.map((text, index) => changes.get(index) ?? text) });

  if (rank === 0) {
    const [text = ''] = texts;
    if (isBool)
      return (
        <Switch
          aria-label={name}
          checked={text === 'true'}
          label={text}
          onChange={(event) => onChange({ shape, texts: [String(event.currentTarget.checked)] })}
        />
      );
    return (
      <Scalar
        name={name}
        text={shownText(text)}
        wrong={!isElement(text, dtype)}
        describedBy={describedBy}
        onType={(typed) => onChange({ shape, texts: [elementOf(typed, dtype)] })}
      />
    );
  }
  if (texts.length === 0) return <p className={styles['dim']}>{words('noElements')}</p>;

  // Vectors lie down, but a batch of scalars stands.
  const stands = rank === 1 && (info.shape?.[0] ?? -1) < 0;
  const [rows, columns] = rank === 1 ? (stands ? [shape[0] ?? 0, 1] : [1, shape[0] ?? 0]) : [shape[rowAxis] ?? 1, shape[columnAxis] ?? 1];
  const indexAt = (row: number, column: number): number => {
    if (rank === 1) return stands ? row : column;
    let index = 0;
    for (let axis = 0; axis < rank; axis += 1) {
      const size = shape[axis] ?? 1;
      const place = axis === rowAxis ? row : axis === columnAxis ? column : Math.min(places[axis] ?? 0, size - 1);
      index = index * size + place;
    }
    return index;
  };
  const paste = (row: number, column: number, table: readonly (readonly string[])[]): void => {
    const wide = Math.max(...table.map((line) => line.length));
    let into: Cells = cells;
    let [intoRows, intoColumns] = [rows, columns];
    if (rank <= 2) {
      // The whole table is put down: what does not fit is said by the check, not cut.
      [intoRows, intoColumns] = [Math.max(rows, row + table.length), Math.max(columns, column + wide)];
      const to = rank === 2 ? [intoRows, intoColumns] : [stands ? intoRows : intoColumns];
      into = resizeCells(cells, to, dtype);
    }
    const changed = [...into.texts];
    for (const [down, line] of table.entries())
      for (const [across, typed] of line.entries()) {
        const [r, c] = [row + down, column + across];
        if (r >= intoRows || c >= intoColumns || (rank === 1 && (stands ? c > 0 : r > 0))) continue;
        const index = rank === 2 ? r * intoColumns + c : indexAt(r, c);
        changed[index] = elementOf(typed, dtype);
      }
    onChange({ shape: into.shape, texts: changed });
  };

  return (
    <>
      {others.length === 0 ? null : (
        <div className={styles['row']}>
          <span className={styles['caption']}>{words('slice')}</span>
          <code className={styles['chip']}>
            [{shape.map((size, axis) => (others.includes(axis) ? Math.min(places[axis] ?? 0, size - 1) : ':')).join(', ')}]
          </code>
          {others
            .filter((axis) => (shape[axis] ?? 1) > 1)
            .map((axis) => (
              <Stepper
                key={axis}
                label={words('dimension', { number: axis + 1 })}
                value={Math.min(places[axis] ?? 0, (shape[axis] ?? 1) - 1)}
                least={0}
                most={(shape[axis] ?? 1) - 1}
                onChange={(place) => setPlaces((before) => shape.map((_, other) => (other === axis ? place : (before[other] ?? 0))))}
              />
            ))}
        </div>
      )}
      <CellGrid
        label={name}
        rows={rows}
        columns={columns}
        textAt={(row, column) => shownText(texts[indexAt(row, column)] ?? '')}
        isWrong={(row, column) => !isElement(texts[indexAt(row, column)] ?? '', dtype)}
        onType={(row, column, typed) => put(new Map([[indexAt(row, column), typed === '' ? emptyText(dtype) : elementOf(typed, dtype)]]))}
        onPaste={paste}
        {...(isBool
          ? { onToggle: (row, column) => put(new Map([[indexAt(row, column), String(texts[indexAt(row, column)] !== 'true')]])) }
          : {})}
      />
    </>
  );
}

function Scalar({
  name,
  text,
  wrong,
  describedBy,
  onType,
}: {
  readonly name: string;
  readonly text: string;
  readonly wrong: boolean;
  readonly describedBy: string | undefined;
  readonly onType: (typed: string) => void;
}) {
  // What was typed stays as it was typed: `1.` on the way to `1.5`.
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <TextInput
      aria-label={name}
      className={styles['scalar'] ?? ''}
      value={typed ?? text}
      error={wrong}
      {...describedElsewhere(describedBy, wrong)}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        onType(event.currentTarget.value);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}
