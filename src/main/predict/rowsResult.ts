import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

/** Rows that went one after another into a file, and where they stand in it. */
export interface RowsResult {
  /** The name that it is saved by. */
  readonly name: string;
  readonly path: string;
  /** Where each row begins, in bytes; at last where the last one ends. */
  readonly offsets: readonly number[];
  /** Rows that failed, in their order, from 0. */
  readonly failed: readonly number[];
}

export interface RowsResultWriter extends AsyncDisposable {
  readonly result: RowsResult;
  /** Once, before the first row. */
  head(line: string): Promise<void>;
  /** Lines with their ends; the failed ones by their places among them. */
  rows(lines: readonly string[], failed: readonly number[]): Promise<void>;
}

/** Makes the file, which only this user reads. Disposing ends writing; the file stays. */
export async function createRowsResult(name: string, path: string): Promise<RowsResultWriter> {
  const file = await open(path, 'w', 0o600);
  const [offsets, failed] = [[0], [] as number[]];
  return {
    result: { name, path, offsets, failed },
    async head(line) {
      await file.write(line);
      offsets[0] = Buffer.byteLength(line);
    },
    async rows(lines, bad) {
      await file.write(lines.join(''));
      const first = offsets.length - 1;
      let end = offsets[first] ?? 0;
      // What is told to be there can be read.
      for (const line of lines) offsets.push((end += Buffer.byteLength(line)));
      for (const place of bad) failed.push(first + place);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** A part of a file, and its size: nothing where it is gone. */
export async function readPart(
  path: string,
  offset: number,
  length: number,
): Promise<{ readonly totalBytes: number; readonly part: Buffer }> {
  const totalBytes = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  if (offset >= totalBytes) return { totalBytes, part: Buffer.alloc(0) };
  const end = Math.min(totalBytes, offset + length) - 1;
  return { totalBytes, part: await buffer(createReadStream(path, { start: offset, end })) };
}

/** Rows by their places where those that failed come first, then the others, each in their order. */
export function rowsAt({ offsets, failed }: RowsResult, offset: number, count: number): readonly number[] {
  const rows = failed.slice(offset, offset + count);
  const total = offsets.length - 1;
  const skip = new Set(failed);
  // The first of the others: so many of them come before it, and all failed rows up to there.
  let row = Math.max(0, offset - failed.length);
  for (const bad of failed) {
    if (bad > row) break;
    row += 1;
  }
  for (; row < total && rows.length < count; row += 1) if (!skip.has(row)) rows.push(row);
  return rows;
}

/** The lines of some rows; neighbours are read at once. */
export async function readRows({ path, offsets }: RowsResult, rows: readonly number[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let at = 0; at < rows.length;) {
    const first = rows[at] ?? 0;
    let count = 1;
    while (rows[at + count] === first + count) count += 1;
    const [from = 0, to = 0] = [offsets[first], offsets[first + count]];
    const { part } = await readPart(path, from, to - from);
    for (let row = first; row < first + count; row += 1)
      lines.push(part.toString('utf8', (offsets[row] ?? from) - from, (offsets[row + 1] ?? from) - from));
    at += count;
  }
  return lines;
}
