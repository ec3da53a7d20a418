/** One row of a body as it is drawn: a line of the text, or a part of one that is longer than the room. */
export interface WireRow {
  /** Place of its first character in the whole text. */
  readonly start: number;
  readonly text: string;
}

/** How many bytes are taken at a time: less than a hundredth of a second's work. */
export const pieceBytes = 128 * 1024;

/** Where each row and each piece of text begins, found piece by piece, so that a body of any size never holds the window up. */
export interface WireText {
  /** Reads the next bytes; the last ones with `end`. */
  push(bytes: Uint8Array, end: boolean): void;
  readonly rowCount: number;
  readonly charCount: number;
  rowAt(row: number): WireRow;
  /** The row that holds a place of the text. */
  rowOf(place: number): number;
  /** Places of matches in one piece of the text, and those that reach into it from before; `piece` counts from 0. */
  find(pattern: RegExp, length: number, piece: number): readonly number[];
  readonly pieceCount: number;
  /** All of it that was read. */
  whole(): string;
}

/** The index of the last start that is not beyond a place. */
function indexOf(starts: readonly number[], place: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) <= place) low = middle;
    else high = middle;
  }
  return low;
}

/** Han, kana, hangul, full-width forms and emoji take two columns. Source: Unicode's East Asian Width. */
const isWide = (code: number): boolean =>
  code >= 0x1100 &&
  (code <= 0x115f ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xff60) ||
    (code >= 0xd83c && code <= 0xd83e));

/** Rows over pieces of text that come one after the other; a row never ends where a piece does. */
function createRows(columns: number): Omit<WireText, 'push'> & { readonly add: (text: string, end: boolean) => void } {
  const pieces: string[] = [];
  const pieceStarts: number[] = [];
  const rowStarts: number[] = [];
  let [carried, charCount] = ['', 0];
  const slice = (from: number, to: number): string => {
    const piece = indexOf(pieceStarts, from);
    const begin = pieceStarts[piece] ?? 0;
    return (pieces[piece] ?? '').slice(from - begin, to - begin);
  };
  return {
    add(text, end) {
      const whole = carried + text;
      const starts: number[] = [];
      let [start, used] = [0, 0];
      for (let at = 0; at < whole.length; at += 1) {
        const code = whole.charCodeAt(at);
        if (code === 10) {
          starts.push(start);
          [start, used] = [at + 1, 0];
          continue;
        }
        const width = isWide(code) ? 2 : 1;
        // The second half of a pair stays with the first.
        if (used + width > columns && (code & 0xfc00) !== 0xdc00) {
          starts.push(start);
          [start, used] = [at, 0];
        }
        used += width;
      }
      const stop = end ? whole.length : start;
      if (end && (start < whole.length || (rowStarts.length === 0 && starts.length === 0 && whole.length > 0))) starts.push(start);
      carried = end ? '' : whole.slice(start);
      if (stop === 0) return;
      pieceStarts.push(charCount);
      pieces.push(whole.slice(0, stop));
      for (const one of starts) rowStarts.push(charCount + one);
      charCount += stop;
    },
    get rowCount() {
      return rowStarts.length;
    },
    get charCount() {
      return charCount;
    },
    get pieceCount() {
      return pieces.length;
    },
    rowAt(row) {
      const start = rowStarts[row] ?? 0;
      return { start, text: slice(start, rowStarts[row + 1] ?? charCount).replace(/\r?\n$/, '') };
    },
    whole: () => pieces.join(''),
    rowOf: (place) => indexOf(rowStarts, place),
    find(pattern, length, piece) {
      // What begins in the piece before may end in this one.
      const before = (pieces[piece - 1] ?? '').slice(-(length - 1) || Infinity);
      const from = (pieceStarts[piece] ?? 0) - before.length;
      return Array.from((before + (pieces[piece] ?? '')).matchAll(pattern), ({ index }) => from + index);
    },
  };
}

/** A body that is text: UTF-8, in rows of at most so many columns. */
export function createWireText(columns: number): WireText {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const rows = createRows(columns);
  return Object.assign(rows, {
    push: (bytes: Uint8Array, end: boolean) => rows.add(decoder.decode(bytes, { stream: !end }), end),
  });
}

const hexRowBytes = 16;

/** A body that is no text: place, sixteen bytes, and what of them can be read, a row. */
export function createWireHex(): WireText {
  const rows = createRows(Infinity);
  let [place, carried] = [0, new Uint8Array()];
  return Object.assign(rows, {
    push(bytes: Uint8Array, end: boolean) {
      const whole = new Uint8Array(carried.length + bytes.length);
      whole.set(carried);
      whole.set(bytes, carried.length);
      const stop = end ? whole.length : whole.length - (whole.length % hexRowBytes);
      const lines: string[] = [];
      for (let at = 0; at < stop; at += hexRowBytes) {
        const row = whole.subarray(at, Math.min(stop, at + hexRowBytes));
        const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
        const read = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
        lines.push(`${(place + at).toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${read}\n`);
      }
      place += stop;
      carried = whole.slice(stop);
      rows.add(lines.join(''), end);
    },
  });
}
