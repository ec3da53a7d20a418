import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { MalformedProto, ProtoReader } from '../../protobuf/wire.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, cells, indices, invalid, shapeText, sizeOf, strings, tensorOf, typeText } from '../value.ts';
import { text } from './string.ts';

/** tf.Example: protos of named features into dense, sparse and ragged tensors. Source: example.proto, feature.proto. */

interface Feature {
  readonly dtype: 'DT_STRING' | 'DT_FLOAT' | 'DT_INT64' | null;
  readonly values: readonly (Uint8Array | number | bigint)[];
}

function readList(reader: ProtoReader, field: number): Feature {
  const values: (Uint8Array | number | bigint)[] = [];
  while (reader.next()) {
    if (reader.field !== 1) reader.skip();
    else if (field === 1 && reader.wireType === 2) values.push(reader.bytes());
    else if (field === 2 && (reader.wireType === 2 || reader.wireType === 5)) {
      const packed = reader.wireType === 2 ? reader.bytes() : undefined;
      if (packed === undefined) {
        const bits = new DataView(new ArrayBuffer(4));
        bits.setUint32(0, reader.fixed32());
        values.push(bits.getFloat32(0));
      } else {
        const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
        for (let at = 0; at + 4 <= packed.length; at += 4) values.push(view.getFloat32(at, true));
      }
    } else if (field === 3 && reader.wireType === 0) values.push(reader.bigint());
    else if (field === 3 && reader.wireType === 2) values.push(...packedBigints(reader.bytes()));
    else reader.skip();
  }
  return { dtype: field === 1 ? 'DT_STRING' : field === 2 ? 'DT_FLOAT' : 'DT_INT64', values };
}

function packedBigints(packed: Uint8Array): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at < packed.length;) {
    let value = 0n;
    for (let shift = 0n; at < packed.length; shift += 7n) {
      const byte = packed[at]!;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
      if (shift > 63n) throw new MalformedProto('a varint of more than ten bytes');
    }
    values.push(BigInt.asIntN(64, value));
  }
  return values;
}

function readFeature(reader: ProtoReader): Feature {
  let feature: Feature = { dtype: null, values: [] };
  while (reader.next()) {
    if (reader.field >= 1 && reader.field <= 3 && reader.wireType === 2) feature = readList(reader.message(), reader.field);
    else reader.skip();
  }
  return feature;
}

/** The features of one Example. A later value of the same name wins. */
function readExample(bytes: Uint8Array): ReadonlyMap<string, Feature> {
  const features = new Map<string, Feature>();
  try {
    const reader = new ProtoReader(bytes);
    while (reader.next()) {
      if (reader.field !== 1 || reader.wireType !== 2) {
        reader.skip();
        continue;
      }
      const list = reader.message();
      while (list.next()) {
        if (list.field === 1 && list.wireType === 2) {
          const [name, value] = list.mapEntry();
          features.set(name, readFeature(value));
        } else list.skip();
      }
    }
  } catch (error) {
    if (!(error instanceof MalformedProto)) throw error;
    throw invalid(`Could not parse example input, value: '${text(bytes)}'`);
  }
  return features;
}

/** What to read: names by kind, with dtype, shape and default of the dense ones. */
interface Wanted {
  readonly sparse: readonly { readonly key: string; readonly dtype: Dtype }[];
  readonly dense: readonly { readonly key: string; readonly dtype: Dtype; readonly shape: readonly number[]; readonly fallback: Tensor }[];
  readonly ragged: readonly { readonly key: string; readonly dtype: Dtype; readonly splits: Dtype }[];
}

interface Batch {
  readonly examples: readonly ReadonlyMap<string, Feature>[];
  readonly names: readonly string[];
  /** One example without a batch dimension. */
  readonly isSingle: boolean;
}

const nameOf = ({ names, isSingle }: Batch, row: number): string => (isSingle ? '' : `Name: ${names[row] ?? '<unknown>'}, `);
const placeOf = (batch: Batch, row: number, key: string): string =>
  `${nameOf(batch, row)}Key: ${key}${batch.isSingle ? '' : `, Index: ${row}`}.  `;

/** The feature's values, or nothing where it is absent. Refuses another type than the one that is wanted; TensorFlow has its own words for dense ones. */
function valuesOf(batch: Batch, row: number, key: string, dtype: Dtype, kind: 'dense' | 'flat'): Feature['values'] | undefined {
  const feature = batch.examples[row]!.get(key);
  if (feature === undefined || feature.dtype === null) return undefined;
  if (feature.dtype !== dtype)
    throw invalid(
      `${placeOf(batch, row, key)}Data types don't match. ${
        kind === 'dense'
          ? `Data type: ${typeText(feature.dtype)} but expected type: ${typeText(dtype)}`
          : `Expected type: ${typeText(dtype)}, Actual type: ${typeText(feature.dtype)}`
      }`,
    );
  return feature.values;
}

function dense(batch: Batch, { key, dtype, shape, fallback }: Wanted['dense'][number]): Tensor {
  const rows = batch.examples.length;
  const isVariable = shape.length > 0 && shape[0]! < 0;
  const inner = sizeOf(isVariable ? shape.slice(1) : shape);
  const all = batch.examples.map((_, row) => valuesOf(batch, row, key, dtype, 'dense'));
  let longest = 0;
  for (const [row, values] of all.entries()) {
    if (isVariable) {
      if (values !== undefined && values.length % Math.max(1, inner) !== 0)
        throw invalid(
          `${placeOf(batch, row, key)}Number of ${typeText(dtype)} values is not a multiple of stride length. Saw ${values.length} values but output shape is: ${shapeText(shape)}`,
        );
      longest = Math.max(longest, (values?.length ?? 0) / Math.max(1, inner));
    } else if (values === undefined || (values.length === 0 && inner !== 0)) {
      if (fallback.data.length === 0 && inner > 0)
        throw invalid(`${nameOf(batch, row)}Feature: ${key} (data type: ${typeText(dtype)}) is required but could not be found.`);
    } else if (values.length !== inner)
      throw invalid(
        `${placeOf(batch, row, key)}Number of ${typeText(dtype)} values != expected.  Values size: ${values.length} but output shape: ${shapeText(shape)}`,
      );
  }
  const own = isVariable ? [longest, ...shape.slice(1)] : shape;
  const into = allocate(dtype, batch.isSingle ? own : [rows, ...own]);
  const [to, other] = [cells(into.data), cells(fallback.data)];
  const width = sizeOf(own);
  for (const [row, values] of all.entries()) {
    for (let at = 0; at < width; at += 1) {
      const value = isVariable ? (values?.[at] ?? other[0]) : values === undefined || values.length === 0 ? other[at] : values[at];
      if (value !== undefined) to[row * width + at] = value;
    }
  }
  return into;
}

function flatValues(batch: Batch, key: string, dtype: Dtype): { readonly values: Tensor; readonly lengths: readonly number[] } {
  const lists = batch.examples.map((_, row) => valuesOf(batch, row, key, dtype, 'flat') ?? []);
  const values = allocate(dtype, [lists.reduce((sum, list) => sum + list.length, 0)]);
  const to = cells(values.data);
  let at = 0;
  for (const list of lists) for (const value of list) to[at++] = value;
  return { values, lengths: lists.map((list) => list.length) };
}

function sparse(batch: Batch, key: string, dtype: Dtype): readonly [Tensor, Tensor, Tensor] {
  const { values, lengths } = flatValues(batch, key, dtype);
  const widest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const places = lengths.flatMap((length, row) =>
    Array.from({ length }, (_, column) => (batch.isSingle ? [column] : [row, column])).flat(),
  );
  const rank = batch.isSingle ? 1 : 2;
  return [
    indices('DT_INT64', places, [values.shape[0]!, rank]),
    values,
    indices('DT_INT64', batch.isSingle ? [widest] : [lengths.length, widest]),
  ];
}

function ragged(batch: Batch, key: string, dtype: Dtype, splits: Dtype): readonly [Tensor, Tensor] {
  const { values, lengths } = flatValues(batch, key, dtype);
  let at = 0;
  // A single example is one row without splits.
  return [values, indices(splits, batch.isSingle ? [] : [0, ...lengths.map((length) => (at += length))])];
}

function parse(batch: Batch, wanted: Wanted): readonly Tensor[] {
  const sparses = wanted.sparse.map(({ key, dtype }) => sparse(batch, key, dtype));
  const denses = wanted.dense.map((one) => dense(batch, one));
  const raggeds = wanted.ragged.map(({ key, dtype, splits }) => ragged(batch, key, dtype, splits));
  return [
    ...sparses.map(([places]) => places),
    ...sparses.map(([, values]) => values),
    ...sparses.map(([, , shape]) => shape),
    ...denses,
    ...raggeds.map(([values]) => values),
    ...raggeds.map(([, splits]) => splits),
  ];
}

function batchOf(serialized: Tensor, names: Tensor | undefined): Batch {
  if (serialized.shape.length > 1) throw invalid(`Expected serialized to be a scalar or vector, got shape: ${shapeText(serialized.shape)}`);
  return {
    examples: strings(serialized).map(readExample),
    names: names === undefined ? [] : strings(names).map(text),
    isSingle: serialized.shape.length === 0,
  };
}

const keysOf = (tensors: readonly Tensor[]): readonly string[] => tensors.flatMap((one) => strings(one).map(text));

function checkDefault(at: number, shape: readonly number[], fallback: Tensor): void {
  const told = shapeText(shape.map((dim) => (dim < 0 ? '?' : dim)) as number[]);
  if (shape.length > 0 && shape[0]! < 0) {
    if (fallback.data.length !== 1)
      throw invalid(
        `dense_shape[${at}] is a variable length shape: ${told}, therefore def_value[${at}] must contain a single element (the padding element).  But its shape is: ${shapeText(fallback.shape)}`,
      );
  } else if (fallback.data.length > 0 && shapeText(fallback.shape) !== told)
    throw invalid(`def_value[${at}].shape() == ${shapeText(fallback.shape)} is not compatible with dense_shapes_[${at}] == ${told}`);
}

function denseWanted(
  keys: readonly string[],
  types: readonly Dtype[],
  shapes: readonly (readonly number[] | null)[],
  fallbacks: readonly Tensor[],
): Wanted['dense'] {
  return types.map((dtype, at) => {
    const [shape, fallback] = [shapes[at] ?? [], fallbacks[at] ?? allocate(dtype, [0])];
    checkDefault(at, shape, fallback);
    return { key: keys[at] ?? '', dtype, shape, fallback };
  });
}

const parseExampleV2: MakeKernel = ({ attributes }) => {
  const [denseTypes, sparseTypes, raggedTypes, splitTypes, shapes] = [
    attributes.types('Tdense'),
    attributes.types('sparse_types'),
    attributes.types('ragged_value_types'),
    attributes.types('ragged_split_types'),
    attributes.shapes('dense_shapes'),
  ];
  return (inputs) => {
    const tensors = inputs.map(tensorOf);
    const [sparseKeys, denseKeys, raggedKeys] = [2, 3, 4].map((at) => keysOf([tensors[at]!])) as [
      readonly string[],
      readonly string[],
      readonly string[],
    ];
    return parse(batchOf(tensors[0]!, tensors[1]), {
      sparse: sparseTypes.map((dtype, at) => ({ key: sparseKeys[at] ?? '', dtype })),
      dense: denseWanted(denseKeys, denseTypes, shapes, tensors.slice(5)),
      ragged: raggedTypes.map((dtype, at) => ({ key: raggedKeys[at] ?? '', dtype, splits: splitTypes[at] ?? 'DT_INT64' })),
    });
  };
};

const parseExample: MakeKernel = ({ attributes }) => {
  const [denseTypes, sparseTypes, shapes] = [
    attributes.types('Tdense'),
    attributes.types('sparse_types'),
    attributes.shapes('dense_shapes'),
  ];
  return (inputs) => {
    const tensors = inputs.map(tensorOf);
    const firstDense = 2 + sparseTypes.length;
    const firstDefault = firstDense + denseTypes.length;
    const keys = keysOf(tensors.slice(2, firstDefault));
    return parse(batchOf(tensors[0]!, tensors[1]), {
      sparse: sparseTypes.map((dtype, at) => ({ key: keys[at] ?? '', dtype })),
      dense: denseWanted(keys.slice(sparseTypes.length), denseTypes, shapes, tensors.slice(firstDefault)),
      ragged: [],
    });
  };
};

const parseSingleExample: MakeKernel = ({ attributes }) => {
  const [denseTypes, sparseTypes, shapes] = [
    attributes.types('Tdense'),
    attributes.types('sparse_types'),
    attributes.shapes('dense_shapes'),
  ];
  const keys = (name: string): readonly string[] => attributes.texts(name).map((key) => Buffer.from(key, 'latin1').toString());
  const [sparseKeys, denseKeys] = [keys('sparse_keys'), keys('dense_keys')];
  return (inputs) => {
    const tensors = inputs.map(tensorOf);
    return parse(batchOf(tensors[0]!, undefined), {
      sparse: sparseTypes.map((dtype, at) => ({ key: sparseKeys[at] ?? '', dtype })),
      dense: denseWanted(denseKeys, denseTypes, shapes, tensors.slice(1)),
      ragged: [],
    });
  };
};

export const exampleOps: OpFamily = {
  ParseExample: parseExample,
  ParseExampleV2: parseExampleV2,
  ParseSingleExample: parseSingleExample,
};
