import { useElementSize } from '@mantine/hooks';
import { useState, type KeyboardEvent, type MouseEvent } from 'react';
import { seriesDash, type SeriesRole } from './chartColors.ts';
import { niceTicks } from './niceTicks.ts';
import styles from './LinePlot.module.css';

export interface PlotSeries {
  readonly key: string;
  readonly name: string;
  readonly role: SeriesRole;
  /** By rising x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LinePlotProps {
  /** At most four: a fifth line can no longer be told from the others. */
  readonly series: readonly PlotSeries[];
  readonly xText: (x: number) => string;
  readonly yText: (y: number) => string;
  /** What x is: `epoch`, `version`. */
  readonly xWord: string;
  /** A sentence of the values. */
  readonly label: string;
  /** Points are drawn and, where there are few, named by their values: versions, which are no scale. */
  readonly marked?: boolean;
  readonly asTable: boolean;
  readonly height?: number;
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  const room = high === low ? Math.abs(high) * 0.05 || 1 : (high - low) * 0.12;
  return [low - room, high + room];
}

/** Lines over a number or over versions: the cursor moves by the mouse or by arrows, and each value can be read in the table. */
export function LinePlot(props: LinePlotProps) {
  return props.asTable ? <PlotTable {...props} /> : <Plot {...props} />;
}

function Plot({ series, xText, yText, xWord, label, marked = false, height = 196 }: LinePlotProps) {
  const { ref, width } = useElementSize();
  const [at, setAt] = useState<number | null>(null);
  const xs = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].toSorted((a, b) => a - b);
  const [low, high] = rangeOf(series.flatMap(({ points }) => points.map(([, y]) => y)));
  const endNames = series.length > 1;
  const ticks = niceTicks(low, high);
  const longest = Math.max(...ticks.map((tick) => yText(tick).length));
  const box = { left: Math.max(32, longest * 7 + 10), right: width - (endNames ? 104 : 18), top: 18, bottom: height - 26 };
  // Versions stand at equal distances, a little away from the sides.
  const inset = marked ? Math.min(28, (box.right - box.left) / 4) : 0;
  const [firstX = 0, lastX = 0] = [xs[0], xs.at(-1)];
  const place = (x: number): number =>
    xs.length < 2 ? (box.left + box.right) / 2 : box.left + inset + ((x - firstX) / (lastX - firstX)) * (box.right - box.left - 2 * inset);
  const level = (y: number): number => box.bottom - ((y - low) / (high - low)) * (box.bottom - box.top);
  const xTicks = marked ? xs.filter((_, index) => index % Math.ceil(xs.length / 12) === 0) : niceTicks(firstX, lastX, 5);
  const named = marked && xs.length <= 8 && series.length === 1;
  const cursor = at === null ? undefined : xs[at];
  const valueAt = (one: PlotSeries, x: number): number | undefined => one.points.find(([px]) => px === x)?.[1];
  const told =
    cursor === undefined
      ? []
      : series.flatMap((one) => {
          const value = valueAt(one, cursor);
          return value === undefined ? [] : [{ one, value }];
        });

  const onKey = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: (at ?? xs.length) - 1,
      ArrowRight: (at ?? -1) + 1,
      Home: 0,
      End: xs.length - 1,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(xs.length - 1, to)));
  };
  const onMove = (event: MouseEvent<SVGSVGElement>): void => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    let nearest = 0;
    for (const [index, one] of xs.entries()) if (Math.abs(place(one) - x) < Math.abs(place(xs[nearest] ?? 0) - x)) nearest = index;
    setAt(nearest);
  };
  // Names at the lines' ends keep their distance, the higher line above.
  const ends = series
    .flatMap((one) => {
      const end = one.points.at(-1);
      return end === undefined ? [] : [{ one, y: level(end[1]), value: end[1] }];
    })
    .toSorted((a, b) => a.y - b.y);
  let below = -Infinity;
  const placedEnds = ends.map((end) => {
    below = Math.max(end.y, below + 17);
    return { ...end, y: below };
  });

  return (
    <div ref={ref} className={styles['plot']} style={{ height }}>
      {width === 0 ? null : (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={label}
          tabIndex={0}
          onKeyDown={onKey}
          onMouseMove={onMove}
          onMouseLeave={() => setAt(null)}
          onBlur={() => setAt(null)}
        >
          {ticks.map((tick) => (
            <g key={tick}>
              <line className={styles['line']} x1={box.left} x2={box.right} y1={level(tick)} y2={level(tick)} />
              <text x={box.left - 8} y={level(tick) + 4} textAnchor="end">
                {yText(tick)}
              </text>
            </g>
          ))}
          {xTicks.map((x) => (
            <text key={x} x={place(x)} y={height - 6} textAnchor="middle">
              {xText(x)}
            </text>
          ))}
          {cursor === undefined ? null : (
            <line className={styles['cursor']} x1={place(cursor)} x2={place(cursor)} y1={box.top - 4} y2={box.bottom} />
          )}
          {series.map(({ key, role, points }) => (
            <g key={key} style={{ color: `var(--sl-${role})` }}>
              <path
                d={points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${place(x).toFixed(1)} ${level(y).toFixed(1)}`).join('')}
                fill="none"
                stroke="currentColor"
                strokeWidth={1.75}
                strokeLinejoin="round"
                strokeDasharray={seriesDash[role].join(' ')}
              />
              {marked && points.length <= 60
                ? points.map(([x, y]) => <circle key={x} cx={place(x)} cy={level(y)} r={3.5} fill="currentColor" />)
                : null}
              {named
                ? points.map(([x, y]) => (
                    <text key={x} className={styles['value']} x={place(x)} y={level(y) - 9} textAnchor="middle">
                      {yText(y)}
                    </text>
                  ))
                : null}
            </g>
          ))}
          {endNames
            ? placedEnds.map(({ one, y, value }) => (
                <g key={one.key}>
                  <line
                    x1={box.right + 5}
                    x2={box.right + 19}
                    y1={y}
                    y2={y}
                    stroke={`var(--sl-${one.role})`}
                    strokeWidth={2}
                    strokeDasharray={seriesDash[one.role].length > 0 ? '4 2' : undefined}
                  />
                  <text className={styles['value']} x={box.right + 23} y={y + 4}>
                    {one.name} {yText(value)}
                  </text>
                </g>
              ))
            : null}
          {told.map(({ one, value }) => (
            <circle key={one.key} cx={place(cursor ?? 0)} cy={level(value)} r={3.5} fill={`var(--sl-${one.role})`} />
          ))}
        </svg>
      )}
      {cursor === undefined || told.length === 0 || (named && told.length === 1) ? null : (
        <div
          className={styles['tip']}
          style={place(cursor) > width / 2 ? { right: width - place(cursor) + 10 } : { left: place(cursor) + 10 }}
          role="status"
        >
          <span>
            {xWord} {xText(cursor)}
          </span>
          {told.map(({ one, value }) => (
            <strong key={one.key}>
              {one.name} {yText(value)}
            </strong>
          ))}
        </div>
      )}
    </div>
  );
}

function PlotTable({ series, xText, yText, xWord, label, height = 196 }: LinePlotProps) {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].toSorted((a, b) => b - a);
  const values = series.map(({ points }) => new Map(points));
  return (
    <div className={styles['scroll']} style={{ maxHeight: height }} tabIndex={0} role="region" aria-label={label}>
      <table className={styles['table']}>
        <thead>
          <tr>
            <th scope="col">{xWord}</th>
            {series.map(({ key, name }) => (
              <th key={key} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {xs.slice(0, 1_000).map((x) => (
            <tr key={x}>
              <td>{xText(x)}</td>
              {values.map((one, index) => {
                const value = one.get(x);
                return <td key={series[index]?.key}>{value === undefined ? '' : yText(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
