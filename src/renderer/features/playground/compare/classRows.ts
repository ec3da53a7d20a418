/** One class of a row of scores on both sides. */
export interface ClassRow {
  readonly index: number;
  readonly values: readonly [first: number, second: number];
  /** Second less first. */
  readonly change: number;
  /** Whether it is the first side's choice, and the second's. */
  readonly tops: readonly [boolean, boolean];
}

const largestAt = (values: readonly number[]): number => values.reduce((best, value, at) => (value > (values[best] ?? NaN) ? at : best), 0);

/** The classes of one row, by what the second side gives them, each side's choice among the first; empty where the row is not at hand. */
export function classRows(
  first: readonly string[],
  second: readonly string[],
  { row, width }: { readonly row: number; readonly width: number },
): readonly ClassRow[] {
  const of = (texts: readonly string[]): readonly number[] => texts.slice(row * width, (row + 1) * width).map(Number);
  const [before, after] = [of(first), of(second)];
  if (before.length < width || after.length < width) return [];
  const tops = [largestAt(before), largestAt(after)];
  const rows = before.map((value, index): ClassRow => {
    const other = after[index] ?? NaN;
    return { index, values: [value, other], change: other - value, tops: [tops[0] === index, tops[1] === index] };
  });
  const rank = ({ tops: [isFirst, isSecond] }: ClassRow): number => (isSecond ? 0 : isFirst ? 1 : 2);
  return rows.toSorted((a, b) => rank(a) - rank(b) || b.values[1] - a.values[1]);
}

/** `+0.1352`, `−0.0027`, `0`: four decimals, and tiny ones by their size. */
export function signedText(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  const digits = size < 5e-5 ? size.toExponential(1).replace('-', '−') : size.toFixed(4);
  return `${value < 0 ? '−' : '+'}${digits}`;
}
