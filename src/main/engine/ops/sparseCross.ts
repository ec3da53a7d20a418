import type { Tensor } from '../../../shared/tensor/tensor.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, bigints, indices, integers, invalid, shapeText, sizeOf, strings, tensorOf, type Value } from '../value.ts';
import { fingerprint64, fingerprintCat64 } from './farmHash.ts';
import { sipHash } from './sipHash.ts';
import { bytes, stringTensor } from './string.ts';

/** Crosses of features: every combination of a row's values of several sparse and dense columns, as text or as a number of a bucket. */

interface Column {
  readonly values: Tensor;
  /** The first value of a row, and the one after its last. */
  readonly spans: readonly (readonly [start: number, end: number])[];
  readonly isSparse: boolean;
}

const notMatrix = (what: string, { shape }: Tensor, at: number): string =>
  `${what} should be a matrix but received shape ${shapeText(shape)} at position ${at}`;

/** Refuses columns that do not go together; `internalType` is the older op's, which holds its inputs to it. */
function checkColumns(
  index: readonly Tensor[],
  values: readonly Tensor[],
  shapes: readonly Tensor[],
  dense: readonly Tensor[],
  internalType: string | null,
): void {
  const refuseInteger = (what: string, { dtype }: Tensor): void => {
    if (internalType === 'DT_STRING' && dtype === 'DT_INT64') throw invalid(`${what} should be of internal type 7 but received 9`);
  };
  for (const [at, one] of index.entries()) {
    if (one.shape.length !== 2) throw invalid(notMatrix('Input indices', one, at));
    if (one.shape[1] !== 2) throw invalid(`Expected D2 of index to be 2 got ${one.shape[1]} at position ${at}`);
  }
  for (const [at, one] of values.entries()) {
    refuseInteger('Input values', one);
    if (one.shape.length !== 1)
      throw invalid(`Input values should be a vector but received shape ${shapeText(one.shape)} at position ${at}`);
    if (one.shape[0] !== index[at]!.shape[0])
      throw invalid(`Expected size of values to be ${index[at]!.shape[0]} got ${one.shape[0]} at position ${at}`);
  }
  for (const [at, { shape }] of shapes.entries()) {
    if (shape.length !== 1) throw invalid(`Input shapes should be a vector but received shape ${shapeText(shape)} at position ${at}`);
    if (shape[0] !== 2) throw invalid(`shape should imply a 2D tensor, but got ${shapeText(shape)} at position ${at}`);
  }
  for (const [at, one] of dense.entries()) {
    refuseInteger('Dense inputs', one);
    if (one.shape.length !== 2) throw invalid(notMatrix('Dense inputs', one, at));
  }
}

/** The columns of an op, how many rows they have, and the inputs behind them. */
function columnsOf(
  inputs: readonly Value[],
  sparseCount: number,
  denseCount: number,
  internalType: string | null,
): { readonly columns: readonly Column[]; readonly rows: number; readonly rest: readonly Tensor[] } {
  const tensors = inputs.map(tensorOf);
  const [index, values, shapes] = [0, 1, 2].map((part) => tensors.slice(part * sparseCount, (part + 1) * sparseCount)) as [
    Tensor[],
    Tensor[],
    Tensor[],
  ];
  const dense = tensors.slice(sparseCount * 3, sparseCount * 3 + denseCount);
  checkColumns(index, values, shapes, dense, internalType);
  const heights = shapes.map((shape) => integers(shape)[0]!);
  const rows = heights[0] ?? dense[0]?.shape[0] ?? 0;
  for (const [at, height] of heights.entries())
    if (height !== rows) throw invalid(`Expected batch size ${rows} got ${height} at position ${at}`);
  for (const [at, { shape }] of dense.entries())
    if (shape[0] !== rows) throw invalid(`Expected batch size ${rows} got ${shape[0]} at dense tensor ${at}`);
  const sparse = index.map((one, at): Column => {
    const places = integers(one);
    let next = 0;
    const spans = Array.from({ length: rows }, (_, row): readonly [number, number] => {
      const start = next;
      while (next * 2 < places.length && places[next * 2] === row) next += 1;
      return [start, next];
    });
    return { values: values[at]!, spans, isSparse: true };
  });
  const full = dense.map((one): Column => {
    const width = one.shape[1]!;
    return { values: one, spans: Array.from({ length: rows }, (_, row) => [row * width, (row + 1) * width]), isSparse: false };
  });
  return { columns: [...sparse, ...full], rows, rest: tensors.slice(sparseCount * 3 + denseCount) };
}

/** All combinations as a sparse matrix; the last column runs fastest. */
function crossed<T>(
  columns: readonly Column[],
  rows: number,
  cross: (places: readonly number[]) => T,
  ofValues: (values: readonly T[]) => Tensor,
): readonly Tensor[] {
  const [made, at] = [[] as T[], [] as number[]];
  let widest = 0;
  for (let row = 0; row < rows; row += 1) {
    const spans = columns.map(({ spans }) => spans[row]!);
    const count = sizeOf(spans.map(([start, end]) => end - start));
    // Asked of memory before it is taken.
    allocate('DT_INT64', [made.length + count, 2]);
    widest = Math.max(widest, count);
    for (let which = 0; which < count; which += 1) {
      let rest = which;
      const places = spans.toReversed().map(([start, end]) => {
        const place = start + (rest % (end - start));
        rest = Math.floor(rest / (end - start));
        return place;
      });
      made.push(cross(places.toReversed()));
      at.push(row, which);
    }
  }
  return [indices('DT_INT64', at, [made.length, 2]), ofValues(made), indices('DT_INT64', [rows, widest])];
}

const textAt = ({ values }: Column, place: number): Uint8Array =>
  values.dtype === 'DT_STRING' ? strings(values)[place]! : bytes(String(bigints(values)[place]));

const crossedText = (columns: readonly Column[], rows: number, separator: Uint8Array): readonly Tensor[] =>
  crossed(
    columns,
    rows,
    (places) =>
      Buffer.concat(places.flatMap((place, at) => (at === 0 ? [textAt(columns[at]!, place)] : [separator, textAt(columns[at]!, place)]))),
    (values) => stringTensor([values.length], values),
  );

/** Hashes put together one by one, and brought into the buckets. */
function crossedHash(
  columns: readonly Column[],
  rows: number,
  buckets: bigint,
  key: bigint | null,
  hash: (column: Column, place: number) => bigint,
): readonly Tensor[] {
  const most = buckets > 0n ? buckets : 2n ** 63n - 1n;
  return crossed(
    columns,
    rows,
    (places) => {
      const hashes = places.map((place, at) => hash(columns[at]!, place));
      return (key === null ? hashes : [key, ...hashes]).reduce(fingerprintCat64) % most;
    },
    (values) => ({ dtype: 'DT_INT64', shape: [values.length], data: BigInt64Array.from(values) }),
  );
}

/** As much of an integer as the newer op hashes: its lower half. Source: the size that it takes is of the type's number, four bytes. */
const lowerHalf = (value: bigint): Uint8Array => {
  const half = new DataView(new ArrayBuffer(4));
  half.setUint32(0, Number(BigInt.asUintN(32, value)), true);
  return new Uint8Array(half.buffer);
};

const counts = ({ attributes }: Parameters<MakeKernel>[0]): readonly [sparse: number, dense: number] => [
  attributes.int('N'),
  attributes.types('dense_types').length,
];

export const sparseCrossOps: OpFamily = {
  SparseCross: (op) => {
    const { attributes } = op;
    const [sparse, dense] = counts(op);
    const [buckets, key] = [BigInt(attributes.int('num_buckets')), BigInt.asUintN(64, BigInt(attributes.int('hash_key')))];
    const [isText, internalType] = [attributes.type('out_type') === 'DT_STRING', attributes.type('internal_type')];
    return (inputs) => {
      const { columns, rows } = columnsOf(inputs, sparse, dense, internalType);
      if (isText) return crossedText(columns, rows, bytes('_X_'));
      return crossedHash(columns, rows, buckets, key, ({ values }, place) =>
        values.dtype === 'DT_STRING' ? fingerprint64(strings(values)[place]!) : BigInt.asUintN(64, bigints(values)[place]!),
      );
    };
  },
  SparseCrossV2: (op) => {
    const [sparse, dense] = counts(op);
    return (inputs) => {
      const { columns, rows, rest } = columnsOf(inputs, sparse, dense, null);
      return crossedText(columns, rows, strings(rest[0]!)[0]!);
    };
  },
  SparseCrossHashed: (op) => {
    const [sparse, dense] = counts(op);
    return (inputs) => {
      const { columns, rows, rest } = columnsOf(inputs, sparse, dense, null);
      const [buckets, strong, salt] = rest as [Tensor, Tensor, Tensor];
      const key = Array.from(salt.data as BigInt64Array, (half) => BigInt.asUintN(64, half));
      if (key.length !== 2) throw invalid(`Input "salt" must have length 2 but has length ${key.length}`);
      const isStrong = (strong.data as Uint8Array)[0] !== 0;
      return crossedHash(columns, rows, bigints(buckets)[0]!, null, ({ values, isSparse }, place) => {
        if (values.dtype !== 'DT_STRING' && !isStrong && !isSparse) return BigInt.asUintN(64, bigints(values)[place]!);
        const data = values.dtype === 'DT_STRING' ? strings(values)[place]! : lowerHalf(bigints(values)[place]!);
        return isStrong ? sipHash(key[0]!, key[1]!, data) : fingerprint64(data);
      });
    };
  },
};
