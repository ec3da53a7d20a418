import { useMemo } from 'react';
import { LinePlot, type PlotSeries } from '../../../ui/LinePlot.tsx';
import { useAnswerWords } from './answerWords.ts';
import { extentOf, numbersOf, part } from './numbersOf.ts';
import { lineOf } from './viewsOf.ts';
import { shorten } from './shorten.ts';
import type { ViewProps } from './viewProps.ts';

const mostPoints = 600;
const roles = ['s1', 's2', 's3', 's4'] as const;

/** The values of one line; of a long one the least and the largest of each part, so that no peak is lost. */
function pointsOf(values: ArrayLike<number>, lines: number, line: number): PlotSeries['points'] {
  const length = values.length / lines;
  const at = (index: number): number => values[index * lines + line] as number;
  if (length <= mostPoints)
    return Array.from({ length }, (_, index) => [index, at(index)] as const).filter(([, value]) => Number.isFinite(value));
  const points: (readonly [number, number])[] = [];
  for (let bucket = 0; bucket < mostPoints / 2; bucket += 1) {
    const [from, to] = [bucket, bucket + 1].map((one) => Math.floor((one * length) / (mostPoints / 2))) as [number, number];
    let [low, high] = [from, from];
    for (let index = from; index < to; index += 1) {
      if (at(index) < at(low)) low = index;
      if (at(index) > at(high)) high = index;
    }
    for (const index of low < high ? [low, high] : low === high ? [low] : [high, low]) points.push([index, at(index)]);
  }
  return points.filter(([, value]) => Number.isFinite(value));
}

/** Values over their index: one line, or one of each channel. */
export function SequenceView({ name, tensor, from, count, shape }: ViewProps) {
  const words = useAnswerWords();
  const { lines, length } = lineOf(tensor.shape);
  const values = useMemo(() => part(numbersOf(tensor), from, count), [tensor, from, count]);
  const series = useMemo<readonly PlotSeries[]>(
    () =>
      Array.from({ length: shape.length > 1 ? lines : 1 }, (_, line) => ({
        key: String(line),
        name: lines > 1 ? String(line) : name,
        role: roles[line] ?? 's1',
        points: pointsOf(values, shape.length > 1 ? lines : 1, line),
      })),
    [values, lines, shape.length, name],
  );
  const [least, largest] = useMemo(() => extentOf(values), [values]);
  const text = (value: number): string => shorten(String(Number(value.toPrecision(4))));
  return (
    <LinePlot
      series={series}
      xText={String}
      yText={text}
      xWord={words('sequence.index')}
      label={words('sequence.label', { lines: series.length, length, min: text(least), max: text(largest) })}
      asTable={false}
    />
  );
}
