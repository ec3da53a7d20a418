import { useMemo, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { elementText } from '../../../../shared/tensor/tensorJson.ts';
import { useAnswerWords } from './answerWords.ts';
import { Canvas } from './Canvas.tsx';
import { extentOf, numbersOf, part } from './numbersOf.ts';
import { heatPixels, scaleGradient } from './pixels.ts';
import { shorten } from './shorten.ts';
import type { ViewProps } from './viewProps.ts';
import styles from './output.module.css';

const mostPixels = 1_200;
const room = { width: 480, height: 320 };

/** A matrix in colours that any sight can order, with its legend; the cell under the pointer or the arrows is told. */
export function HeatmapView({ name, tensor, from, count, shape }: ViewProps) {
  const words = useAnswerWords();
  const [rows = 1, columns = 1] = shape.length === 1 ? [1, shape[0]] : shape;
  const [at, setAt] = useState<readonly [row: number, column: number] | null>(null);
  const values = useMemo(() => part(numbersOf(tensor), from, count), [tensor, from, count]);
  const [least, largest] = useMemo(() => extentOf(values), [values]);
  const step = Math.ceil(Math.max(rows, columns) / mostPixels);
  const pixels = useMemo(() => heatPixels(values, [rows, columns], [least, largest], step), [values, rows, columns, least, largest, step]);
  const cell = Math.max(room.width / columns, room.height / rows) > 64 ? 64 : Math.min(room.width / columns, room.height / rows);
  const tall = Math.max(120, Math.min(room.height, cell * rows));
  const text = elementText(name, tensor);
  const onMove = (event: MouseEvent<HTMLDivElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const place = (share: number, size: number): number => Math.max(0, Math.min(size - 1, Math.floor(share * size)));
    setAt([place((event.clientY - box.top) / box.height, rows), place((event.clientX - box.left) / box.width, columns)]);
  };
  const onKey = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const by = steps[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const [row, column] = at ?? [0, 0];
    setAt([Math.max(0, Math.min(rows - 1, row + by[0])), Math.max(0, Math.min(columns - 1, column + by[1]))]);
  };
  const ends = { min: shorten(String(least)), max: shorten(String(largest)) };
  return (
    <div className={styles['plotted']}>
      <div
        className={styles['heat']}
        style={{ height: tall }}
        role="img"
        aria-label={words('heatmap.label', { rows, columns, ...ends })}
        tabIndex={0}
        onMouseMove={onMove}
        onMouseLeave={() => setAt(null)}
        onKeyDown={onKey}
      >
        <Canvas pixels={pixels} style={{ width: '100%', height: '100%' }} />
        {at === null ? null : (
          <i
            aria-hidden="true"
            style={{
              left: `${(at[1] / columns) * 100}%`,
              top: `${(at[0] / rows) * 100}%`,
              width: `max(3px, ${100 / columns}%)`,
              height: `max(3px, ${100 / rows}%)`,
            }}
          />
        )}
      </div>
      <Scale min={ends.min} max={ends.max} />
      <p className={styles['caption']} role="status">
        {at === null
          ? words('heatmap.move')
          : words('heatmap.at', { row: at[0], column: at[1], value: shorten(text(from + at[0] * columns + at[1])) })}
        {step > 1 ? ` ${words('heatmap.thinned', { step })}` : ''}
      </p>
    </div>
  );
}

/** What the colours mean. */
export function Scale({ min, max, unit = '' }: { readonly min: string; readonly max: string; readonly unit?: string }) {
  return (
    <div className={styles['scale']}>
      <span>
        {min}
        {unit}
      </span>
      <i aria-hidden="true" style={{ background: scaleGradient }} />
      <span>
        {max}
        {unit}
      </span>
    </div>
  );
}
