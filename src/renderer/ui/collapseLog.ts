import type { LogLine } from '../../shared/contract/serving.ts';

/** One line as it is drawn: `times` equal lines in a row, of which `line` is the first. */
export interface LogRow {
  /** Index of the first line in what was received; steady while lines are appended. */
  readonly index: number;
  readonly line: LogLine;
  readonly times: number;
  readonly lastTime: string;
}

/** Joins neighbours that say the same, as a server that retries does. Order is kept. */
export function collapseLog(lines: readonly LogLine[]): readonly LogRow[] {
  const rows: LogRow[] = [];
  lines.forEach((line, index) => {
    const last = rows.at(-1);
    if (last !== undefined && last.line.message === line.message && last.line.level === line.level)
      rows[rows.length - 1] = { ...last, times: last.times + 1, lastTime: line.time };
    else rows.push({ index, line, times: 1, lastTime: line.time });
  });
  return rows;
}

/** Rows whose message or raw text holds `wanted`, in any letter case. */
export function findInLog(rows: readonly LogRow[], wanted: string): readonly LogRow[] {
  const needle = wanted.trim().toLowerCase();
  if (needle === '') return rows;
  return rows.filter(({ line }) => line.message.toLowerCase().includes(needle) || line.raw.toLowerCase().includes(needle));
}
