import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { paleOf, readRole, timeRange, type SeriesRole } from './chartColors.ts';
import styles from './charts.module.css';

export interface SparklineProps {
  /** Seconds since 1970, rising. */
  readonly times: readonly number[];
  /** null where a value is not known. */
  readonly values: readonly (number | null)[];
  /** How many seconds back the line may reach; all lines of a column are given the same. */
  readonly spanSeconds: number;
  readonly role: SeriesRole;
  /** A sentence of the values, for who does not see the line. */
  readonly label: string;
  /** The scale's least top, so that noise of an idle serving is not drawn as mountains. */
  readonly leastTop: number;
  readonly width?: number;
  readonly height?: number;
}

/** A small line that starts at 0 and ends now. It is re-made when the colour scheme changes, since a canvas keeps its colours. */
export function Sparkline({ times, values, spanSeconds, role, label, leastTop, width = 112, height = 34 }: SparklineProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  // Its own range for a single sample would be a whole day.
  const known = useRef(times);
  const scheme = useComputedColorScheme('light');

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const stroke = readRole(element, role);
    const made = new uPlot(
      {
        width,
        height,
        padding: [2, 0, 1, 0],
        legend: { show: false },
        cursor: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: {
          x: { time: true, range: () => timeRange(known.current.at(0) ?? null, known.current.at(-1) ?? null, spanSeconds) },
          y: { range: (_, __, highest) => [0, Math.max(leastTop, highest ?? 0)] },
        },
        series: [{}, { stroke, width: 1.5, fill: paleOf(stroke), points: { show: false } }],
      },
      [[], []],
      element,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [scheme, role, width, height, spanSeconds, leastTop]);

  useEffect(() => {
    known.current = times;
    plot.current?.setData([[...times], [...values]]);
  }, [times, values, scheme, role, width, height, spanSeconds, leastTop]);

  return <div ref={holder} className={styles['spark']} role="img" aria-label={label} />;
}
