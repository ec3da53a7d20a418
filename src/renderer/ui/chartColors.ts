/** The data series of the visual language, in their fixed order. */
export type SeriesRole = 's1' | 's2' | 's3' | 's4' | 's5';

/** A role's colour as the present scheme gives it. A canvas cannot read a variable by itself. */
export function readRole(element: Element, role: SeriesRole | 'line' | 'line-strong' | 'dim'): string {
  return getComputedStyle(element).getPropertyValue(`--sl-${role}`).trim();
}

/** The pale ground under a line, at an eighth of its colour. Roles are written `#RRGGBB`, so an alpha byte is appended. */
export function paleOf(color: string): string {
  return /^#[0-9a-f]{6}$/i.test(color) ? `${color}1f` : 'transparent';
}

/** How each series is stroked, so that colour is never the only difference. */
export const seriesDash: Record<SeriesRole, number[]> = { s1: [], s2: [5, 3], s3: [], s4: [6, 3, 1, 3], s5: [] };

/** A line of which little is known yet is drawn over at least this long. */
const leastSpanSeconds = 60;

/** The times a plot shows: all that is known, up to the span, with the newest at its right end. */
export function timeRange(oldest: number | null, newest: number | null, spanSeconds: number): [number, number] {
  const end = newest ?? 0;
  return [Math.max(end - spanSeconds, Math.min(oldest ?? end, end - leastSpanSeconds)), end];
}
