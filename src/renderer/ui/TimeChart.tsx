import { useComputedColorScheme, useMantineTheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef, type ReactNode } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { paleOf, readRole, seriesDash, timeRange, type SeriesRole } from './chartColors.ts';
import styles from './charts.module.css';

export interface ChartSeries {
  readonly role: SeriesRole;
  readonly name: string;
  /** null where a value is not known. */
  readonly values: readonly (number | null)[];
}

export interface TimeChartProps {
  readonly name: string;
  /** The present value, large, beside the name. */
  readonly now: ReactNode;
  /** Seconds since 1970, rising; as long as each series. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly spanSeconds: number;
  readonly leastTop: number;
  readonly format: (value: number) => string;
  readonly formatTime: (seconds: number) => string;
  /** A sentence of the values. */
  readonly label: string;
  readonly timeWord: string;
  readonly asTable: boolean;
  readonly height?: number;
}

/** A quantity over the last minutes, from 0 up, or the same as a table. */
export function TimeChart(props: TimeChartProps) {
  const { name, now, series, asTable, label } = props;
  return (
    <figure className={styles['figure']}>
      <div className={styles['head']}>
        <span className={styles['name']}>{name}</span>
        {now}
        {series.length > 1 ? <Keys series={series} /> : null}
      </div>
      {asTable ? <ValueTable {...props} /> : <Plot {...props} label={label} />}
    </figure>
  );
}

function Keys({ series }: { readonly series: readonly ChartSeries[] }) {
  return (
    <span className={styles['keys']}>
      {series.map(({ role, name }) => (
        <span key={role} className={styles['key']}>
          <svg className={styles['swatch']} aria-hidden="true">
            <line
              x1="0"
              x2="16"
              y1="4"
              y2="4"
              stroke={`var(--sl-${role})`}
              strokeWidth="1.5"
              strokeDasharray={seriesDash[role].join(' ')}
            />
          </svg>
          {name}
        </span>
      ))}
    </span>
  );
}

function Plot({ times, series, spanSeconds, leastTop, format, formatTime, label, height = 108 }: TimeChartProps) {
  const { ref: sizeRef, width } = useElementSize();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  // Its own range for a single sample would be a whole day.
  const known = useRef(times);
  const scheme = useComputedColorScheme('light');
  const fontFamily = useMantineTheme().fontFamily;
  const formats = useRef({ format, formatTime });
  const roles = series.map(({ role }) => role).join(' ');

  useEffect(() => {
    formats.current = { format, formatTime };
  }, [format, formatTime]);

  useEffect(() => {
    const element = holder.current;
    if (element === null || width === 0) return;
    const font = `11px ${fontFamily}`;
    const axis = { stroke: readRole(element, 'dim'), font, ticks: { show: false } };
    const made = new uPlot(
      {
        width,
        height,
        padding: [8, 26, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: true, range: () => timeRange(known.current.at(0) ?? null, known.current.at(-1) ?? null, spanSeconds) },
          y: { range: (_, __, highest) => [0, Math.max(leastTop, (highest ?? 0) * 1.1)] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            space: 70,
            size: 24,
            values: (_, splits) => splits.map((at) => formats.current.formatTime(at)),
          },
          {
            ...axis,
            grid: { stroke: readRole(element, 'line'), width: 1 },
            space: 32,
            size: 64,
            values: (_, splits) => splits.map((value) => formats.current.format(value)),
          },
        ],
        series: [
          {},
          ...roles.split(' ').map((name, index) => {
            const role = name as SeriesRole;
            const stroke = readRole(element, role);
            return {
              stroke,
              width: 1.5,
              dash: seriesDash[role],
              points: { show: false },
              ...(index === 0 ? { fill: paleOf(stroke) } : {}),
            };
          }),
        ],
      },
      [[], ...roles.split(' ').map(() => [])],
      element,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [scheme, roles, width, height, spanSeconds, leastTop, fontFamily]);

  useEffect(() => {
    known.current = times;
    plot.current?.setData([[...times], ...series.map(({ values }) => [...values])]);
  }, [times, series, scheme, roles, width, height, spanSeconds, leastTop, fontFamily]);

  return (
    <div ref={sizeRef} className={styles['plot']} style={{ height }}>
      <div ref={holder} role="img" aria-label={label} />
    </div>
  );
}

function ValueTable({ times, series, format, formatTime, timeWord, name }: TimeChartProps) {
  // The newest first, and only as many as can be read.
  const rows = times
    .map((time, index) => ({ time, index }))
    .slice(-60)
    .toReversed();
  return (
    <div className={styles['scroll']} tabIndex={0} role="region" aria-label={name}>
      <table className={styles['values']}>
        <thead>
          <tr>
            <th scope="col">{timeWord}</th>
            {series.map((one) => (
              <th key={one.role} scope="col">
                {one.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ time, index }) => (
            <tr key={time}>
              <td>{formatTime(time)}</td>
              {series.map((one) => (
                <td key={one.role}>{known(one.values[index], format)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** An empty cell for what is not known. */
function known(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '' : format(value);
}
