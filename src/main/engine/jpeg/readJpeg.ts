/** A JPEG down to its coefficients: baseline and progressive, Huffman coded, 8 bits. Source: ITU T.81, whose clauses are named below. */

/** What is no JPEG, or one that is cut short or of a kind that is not read here. */
export class MalformedJpeg extends Error {}

export interface JpegComponent {
  readonly id: number;
  /** Sampling factors. */
  readonly h: number;
  readonly v: number;
  /** Blocks of 8 × 8 in a row and a column, those that only fill the last unit up included. */
  readonly columns: number;
  readonly rows: number;
  /** 64 coefficients a block, row by row. */
  readonly coefficients: Int16Array;
  /** Steps of the coefficients, in the same order. */
  steps: Uint16Array;
}

export interface JpegImage {
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
  readonly hasJfif: boolean;
  /** The colour transform of Adobe's marker: 0 none, 1 YCbCr, 2 YCCK. */
  readonly adobe: number | undefined;
}

const maxPixels = 100_000_000;

/** Places of the coefficients in the order that they are coded in. T.81, figure A.6. */
const zigzag = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57,
  50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
]);

/** Every 16 bits that may come next: the length of the code that they begin with times 256, and its value. */
type Codes = Uint16Array;

function codesOf(counts: Uint8Array, values: Uint8Array): Codes {
  const codes = new Uint16Array(1 << 16);
  let [code, at] = [0, 0];
  for (let length = 1; length <= 16; length += 1) {
    for (let i = 0; i < counts[length - 1]!; i += 1, code += 1, at += 1) {
      const start = code << (16 - length);
      if (start >= codes.length) throw new MalformedJpeg('more codes than there is room for');
      codes.fill(length * 256 + values[at]!, start, start + (1 << (16 - length)));
    }
    code *= 2;
  }
  return codes;
}

/** The bits of one scan, up to the next marker, beyond which they are zeros. */
class Bits {
  readonly #data: Uint8Array;
  at: number;
  #bits = 0;
  #count = 0;

  constructor(data: Uint8Array, at: number) {
    this.#data = data;
    this.at = at;
  }

  #fill(): void {
    while (this.#count <= 16) {
      if (this.at >= this.#data.length) throw new MalformedJpeg('cut short');
      let byte = this.#data[this.at]!;
      if (byte !== 0xff) this.at += 1;
      else if (this.#data[this.at + 1] === 0) this.at += 2;
      else if (this.at + 1 < this.#data.length) byte = 0;
      else throw new MalformedJpeg('cut short');
      this.#bits = (this.#bits << 8) | byte;
      this.#count += 8;
    }
  }

  take(count: number): number {
    if (count === 0) return 0;
    if (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#bits >>> this.#count) & ((1 << count) - 1);
  }

  /** A number of so many bits, of which the lower half of the range stands for the negative ones. T.81, F.2.2.1. */
  signed(count: number): number {
    const value = this.take(count);
    return count > 0 && value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
  }

  value(codes: Codes | undefined): number {
    if (codes === undefined) throw new MalformedJpeg('a table of codes is missing');
    if (this.#count < 16) this.#fill();
    const found = codes[(this.#bits >>> (this.#count - 16)) & 0xffff]!;
    if (found === 0) throw new MalformedJpeg('a code that is in no table');
    this.#count -= found >> 8;
    return found & 0xff;
  }

  /** Goes on behind a restart marker. */
  restart(): void {
    this.#count = 0;
    while (this.at + 1 < this.#data.length && (this.#data[this.at] !== 0xff || this.#data[this.at + 1] === 0)) this.at += 1;
    const marker = this.#data[this.at + 1]!;
    if (marker >= 0xd0 && marker <= 0xd7) this.at += 2;
  }
}

interface ScanComponent {
  readonly component: JpegComponent;
  readonly dc: Codes | undefined;
  readonly ac: Codes | undefined;
  /** The last block's mean. */
  last: number;
}

interface Scan {
  readonly bits: Bits;
  /** First and last coefficient, and the bits that were told before and are told now. */
  readonly start: number;
  readonly end: number;
  readonly high: number;
  readonly low: number;
  /** Blocks to come in which no new coefficient is told. */
  endRun: number;
}

type ReadBlock = (scan: Scan, of: ScanComponent, into: Int16Array, at: number) => void;

/** T.81, F.2.2. */
const readBaseline: ReadBlock = ({ bits }, of, into, at) => {
  of.last += bits.signed(bits.value(of.dc));
  into[at] = of.last;
  for (let k = 1; k < 64; k += 1) {
    const symbol = bits.value(of.ac);
    const [run, size] = [symbol >> 4, symbol & 15];
    if (size === 0 && run < 15) return;
    k += run;
    if (size > 0 && k < 64) into[at + zigzag[k]!] = bits.signed(size);
  }
};

/** T.81, G.1.2.1: the mean, then one more of its bits. */
const readMean: ReadBlock = ({ bits, low }, of, into, at) => {
  of.last += bits.signed(bits.value(of.dc));
  into[at] = of.last << low;
};
const refineMean: ReadBlock = ({ bits, low }, _, into, at) => {
  into[at]! |= bits.take(1) << low;
};

/** T.81, G.1.2.2. */
const readOthers: ReadBlock = (scan, { ac }, into, at) => {
  const { bits, start, end, low } = scan;
  if (scan.endRun > 0) {
    scan.endRun -= 1;
    return;
  }
  for (let k = start; k <= end; k += 1) {
    const symbol = bits.value(ac);
    const [run, size] = [symbol >> 4, symbol & 15];
    if (size === 0 && run < 15) {
      scan.endRun = (1 << run) - 1 + bits.take(run);
      return;
    }
    k += run;
    if (size > 0 && k < 64) into[at + zigzag[k]!] = bits.signed(size) * (1 << low);
  }
};

/** T.81, G.1.2.3. */
const refineOthers: ReadBlock = (scan, { ac }, into, at) => {
  const { bits, start, end, low } = scan;
  const bit = 1 << low;
  const refine = (place: number, value: number): void => {
    if (bits.take(1) === 1 && (value & bit) === 0) into[place] = value + (value > 0 ? bit : -bit);
  };
  let k = start;
  for (; k <= end && scan.endRun === 0; k += 1) {
    const symbol = bits.value(ac);
    let run = symbol >> 4;
    const isNew = (symbol & 15) !== 0;
    if (!isNew && run < 15) {
      scan.endRun = (1 << run) + bits.take(run);
      break;
    }
    const made = isNew ? (bits.take(1) === 1 ? bit : -bit) : 0;
    for (; k <= end; k += 1) {
      const place = at + zigzag[k]!;
      const value = into[place]!;
      if (value !== 0) refine(place, value);
      else if (run === 0) break;
      else run -= 1;
    }
    if (isNew && k <= end) into[at + zigzag[k]!] = made;
  }
  if (scan.endRun === 0) return;
  for (; k <= end; k += 1) {
    const place = at + zigzag[k]!;
    if (into[place] !== 0) refine(place, into[place]!);
  }
  scan.endRun -= 1;
};

/** Reads markers and scans until the image ends. */
export function readJpeg(data: Uint8Array): JpegImage {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const tables: { readonly steps: Uint16Array[]; readonly dc: Codes[]; readonly ac: Codes[] } = { steps: [], dc: [], ac: [] };
  let frame: { readonly width: number; readonly height: number; readonly isProgressive: boolean } | undefined;
  let components: JpegComponent[] = [];
  const used: number[] = [];
  let [hasJfif, interval, scans] = [false, 0, 0];
  let adobe: number | undefined;
  let at = 2;
  try {
    for (;;) {
      while (data[at] === 0xff && data[at + 1] === 0xff) at += 1;
      if (data[at] !== 0xff) throw new MalformedJpeg('a marker is missing');
      const marker = data[at + 1]!;
      if (marker === 0xd9) break;
      const [start, end] = [at + 4, at + 2 + view.getUint16(at + 2)];
      if (end > data.length) throw new MalformedJpeg('cut short');
      if (marker === 0xdb) readSteps(data, view, start, end, tables.steps);
      else if (marker === 0xc4) readCodes(data, start, end, tables);
      else if (marker === 0xdd) interval = view.getUint16(start);
      else if (marker === 0xe0) hasJfif ||= Buffer.from(data.subarray(start, start + 5)).toString('latin1') === 'JFIF\0';
      else if (marker === 0xee && Buffer.from(data.subarray(start, start + 5)).toString('latin1') === 'Adobe') adobe = data[start + 11];
      else if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) {
        if (frame !== undefined) throw new MalformedJpeg('two frames');
        frame = { height: view.getUint16(start + 1), width: view.getUint16(start + 3), isProgressive: marker === 0xc2 };
        if (data[start] !== 8) throw new MalformedJpeg(`${data[start]} bits`);
        components = readFrame(data, start, frame, used);
      } else if (marker > 0xc2 && marker < 0xd0 && marker !== 0xc8 && marker !== 0xcc) throw new MalformedJpeg('not Huffman coded');
      if (marker !== 0xda) {
        at = end;
        continue;
      }
      if (frame === undefined) throw new MalformedJpeg('a scan before the frame');
      // Each scan costs a pass over the image: no honest file has as many.
      if ((scans += 1) > 200) throw new MalformedJpeg('too many scans');
      const members = readMembers(data, start, components, tables);
      for (const { component } of members) component.steps = tables.steps[used[components.indexOf(component)]!] ?? component.steps;
      const tail = start + 1 + members.length * 2;
      const scan: Scan = {
        bits: new Bits(data, end),
        start: data[tail]!,
        end: Math.min(63, data[tail + 1]!),
        high: data[tail + 2]! >> 4,
        low: data[tail + 2]! & 15,
        endRun: 0,
      };
      const read = !frame.isProgressive
        ? readBaseline
        : scan.start === 0
          ? scan.high === 0
            ? readMean
            : refineMean
          : scan.high === 0
            ? readOthers
            : refineOthers;
      readScan(scan, members, components, frame, interval, read);
      at = scan.bits.at;
      // What is left before the next marker is padding.
      while (at + 1 < data.length && (data[at] !== 0xff || data[at + 1] === 0 || (data[at + 1]! >= 0xd0 && data[at + 1]! <= 0xd7))) at += 1;
    }
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedJpeg('cut short', { cause: error });
    throw error;
  }
  if (frame === undefined || scans === 0) throw new MalformedJpeg('no image');
  if (components.some(({ steps }) => steps.length === 0)) throw new MalformedJpeg('a table of steps is missing');
  return { width: frame.width, height: frame.height, components, hasJfif, adobe };
}

function readSteps(data: Uint8Array, view: DataView, start: number, end: number, into: Uint16Array[]): void {
  for (let at = start; at < end;) {
    const [isWide, which] = [data[at]! >> 4 !== 0, data[at]! & 3];
    at += 1;
    const steps = new Uint16Array(64);
    for (let k = 0; k < 64; k += 1) steps[zigzag[k]!] = isWide ? view.getUint16(at + k * 2) : view.getUint8(at + k);
    into[which] = steps;
    at += isWide ? 128 : 64;
  }
}

function readCodes(data: Uint8Array, start: number, end: number, into: { readonly dc: Codes[]; readonly ac: Codes[] }): void {
  for (let at = start; at < end;) {
    const [list, which] = [data[at]! >> 4 === 0 ? into.dc : into.ac, data[at]! & 3];
    const counts = data.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (at + 17 + total > end) throw new MalformedJpeg('a table of codes is cut short');
    list[which] = codesOf(counts, data.subarray(at + 17, at + 17 + total));
    at += 17 + total;
  }
}

interface Frame {
  readonly width: number;
  readonly height: number;
}

function readFrame(data: Uint8Array, start: number, { width, height }: Frame, used: number[]): JpegComponent[] {
  const count = data[start + 5]!;
  if (width === 0 || height === 0 || width * height > maxPixels) throw new MalformedJpeg(`an image of ${width} × ${height}`);
  if (count !== 1 && count !== 3 && count !== 4) throw new MalformedJpeg(`${count} components`);
  const told = Array.from({ length: count }, (_, index) => {
    const at = start + 6 + index * 3;
    const [h, v] = [data[at + 1]! >> 4, data[at + 1]! & 15];
    if (h < 1 || h > 4 || v < 1 || v > 4) throw new MalformedJpeg('sampling factors');
    used.push(data[at + 2]! & 3);
    return { id: data[at]!, h, v };
  });
  const [maxH, maxV] = [Math.max(...told.map(({ h }) => h)), Math.max(...told.map(({ v }) => v))];
  const units = Math.ceil(width / (8 * maxH)) * Math.ceil(height / (8 * maxV));
  // Each block takes at least a bit: what is too short is refused before memory is taken for it.
  if (units * told.reduce((sum, { h, v }) => sum + h * v, 0) > data.length * 8) throw new MalformedJpeg('cut short');
  return told.map(({ id, h, v }) => {
    const [columns, rows] = [Math.ceil(width / (8 * maxH)) * h, Math.ceil(height / (8 * maxV)) * v];
    return { id, h, v, columns, rows, coefficients: new Int16Array(columns * rows * 64), steps: new Uint16Array(0) };
  });
}

function readMembers(
  data: Uint8Array,
  start: number,
  components: readonly JpegComponent[],
  { dc, ac }: { readonly dc: readonly Codes[]; readonly ac: readonly Codes[] },
): readonly ScanComponent[] {
  return Array.from({ length: data[start]! }, (_, index) => {
    const [id, which] = [data[start + 1 + index * 2]!, data[start + 2 + index * 2]!];
    const component = components.find((one) => one.id === id);
    if (component === undefined) throw new MalformedJpeg('a scan of an unknown component');
    return { component, dc: dc[which >> 4], ac: ac[which & 15], last: 0 };
  });
}

/** Blocks in the order of a scan: unit by unit where components are interleaved, otherwise those that have a part of the image. T.81, A.2. */
function readScan(
  scan: Scan,
  members: readonly ScanComponent[],
  components: readonly JpegComponent[],
  { width, height }: Frame,
  interval: number,
  read: ReadBlock,
): void {
  const [maxH, maxV] = [Math.max(...components.map(({ h }) => h)), Math.max(...components.map(({ v }) => v))];
  const [only] = members;
  if (only === undefined) return;
  const isAlone = members.length === 1;
  const unitColumns = isAlone ? Math.ceil((width * only.component.h) / (8 * maxH)) : Math.ceil(width / (8 * maxH));
  const unitRows = isAlone ? Math.ceil((height * only.component.v) / (8 * maxV)) : Math.ceil(height / (8 * maxV));
  for (let unit = 0; unit < unitColumns * unitRows; unit += 1) {
    if (interval > 0 && unit > 0 && unit % interval === 0) {
      scan.bits.restart();
      scan.endRun = 0;
      for (const member of members) member.last = 0;
    }
    const [row, column] = [Math.floor(unit / unitColumns), unit % unitColumns];
    for (const member of members) {
      const { h, v, columns, coefficients } = member.component;
      if (isAlone) read(scan, member, coefficients, (row * columns + column) * 64);
      else
        for (let y = 0; y < v; y += 1)
          for (let x = 0; x < h; x += 1) read(scan, member, coefficients, ((row * v + y) * columns + column * h + x) * 64);
    }
  }
}
