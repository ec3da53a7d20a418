import { dtypeEnum, dtypeOfEnum, dtypeSizeBytes, valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { bytesOf, elementCount, isStrings, newNumbers, type NumberData } from '../../shared/tensor/tensorData.ts';
import { MalformedProto, type ProtoReader, type ProtoWriter } from '../protobuf/wire.ts';
import { readShape } from '../savedmodel/savedModelProto.ts';

/**
 * TensorProto, by the field numbers of TensorFlow's tensor.proto: numbers travel as `tensor_content` or in the list of their type,
 * where a list that is too short repeats its last value.
 */

/** Writes the fields of one TensorProto; numbers as `tensor_content`. */
export function writeTensor(writer: ProtoWriter, { dtype, shape, data }: Tensor): void {
  writer.varint(1, dtypeEnum(dtype)).message(2, (dims) => {
    for (const size of shape) dims.message(2, (dim) => dim.varint(1, size));
  });
  if (isStrings(data)) for (const value of data) writer.bytes(8, value);
  else writer.bytes(4, bytesOf(data));
}

/** The list that each type's values are in: field, and how a value is written. */
const lists: Readonly<Partial<Record<Dtype, readonly [field: number, as: 'f32' | 'f64' | 'int' | 'int64']>>> = {
  DT_FLOAT: [5, 'f32'],
  DT_DOUBLE: [6, 'f64'],
  DT_COMPLEX64: [9, 'f32'],
  DT_COMPLEX128: [12, 'f64'],
  DT_INT64: [10, 'int64'],
  DT_BOOL: [11, 'int'],
  DT_HALF: [13, 'int'],
  DT_BFLOAT16: [13, 'int'],
  DT_UINT32: [16, 'int'],
  DT_UINT64: [17, 'int64'],
};

/** `int_val`, of all whole types of up to 32 bits that have no list of their own. */
const intList = [7, 'int'] as const;

/** A value is repeated at most this often: a short message must not claim all memory. */
const maxRepeated = 2 ** 26;

/** Reads one TensorProto. Throws MalformedProto where values and shape do not agree, before anything is allocated for them. */
export function readTensor(reader: ProtoReader): Tensor {
  let dtype: Dtype = 'DT_INVALID';
  let shape: readonly number[] = [];
  let content: Uint8Array | undefined;
  const strings: Uint8Array[] = [];
  const held: { readonly field: number; readonly bytes: Uint8Array | bigint }[] = [];
  while (reader.next()) {
    const { field, wireType } = reader;
    if (field === 1 && wireType === 0) dtype = valueDtype(dtypeOfEnum(reader.varint()) ?? 'DT_INVALID');
    else if (field === 2 && wireType === 2) shape = readShape(reader.message()) ?? [];
    else if (field === 4 && wireType === 2) content = reader.bytes();
    else if (field === 8 && wireType === 2) strings.push(reader.bytes().slice());
    else if (wireType === 2) held.push({ field, bytes: reader.bytes() });
    else if (wireType === 0) held.push({ field, bytes: reader.bigint() });
    else if (wireType === 5) held.push({ field, bytes: littleEndian(4, reader.fixed32()) });
    else if (wireType === 1) held.push({ field, bytes: littleEndian(8, reader.fixed64()) });
    else reader.skip();
  }
  const count = elementCount(shape);
  // Each value takes at least a byte.
  const heldBytes = held.reduce(
    (sum, { bytes }) => sum + (typeof bytes === 'bigint' ? 1 : bytes.length),
    content?.length ?? strings.length,
  );
  if (!Number.isSafeInteger(count) || shape.some((size) => size < 0) || count > Math.max(heldBytes, maxRepeated))
    throw new MalformedProto('a tensor of an impossible shape');
  if (dtype === 'DT_STRING') return { dtype, shape, data: filled(strings, count) };
  const bytes = dtypeSizeBytes(dtype);
  if (content !== undefined && content.length > 0) {
    if (content.length !== count * bytes) throw new MalformedProto('a tensor whose content is not as long as its shape says');
    const data = numbers(dtype, count);
    bytesOf(data).set(content);
    return { dtype, shape, data };
  }
  const [list, as] = lists[dtype] ?? intList;
  const data = numbers(dtype, count);
  let at = 0;
  const put = (value: number | bigint): void => {
    if (at >= data.length) throw new MalformedProto('more values than a shape has');
    data[at] = data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(value) : Number(value);
    at += 1;
  };
  for (const { field, bytes: value } of held) {
    if (field !== list) continue;
    if (typeof value === 'bigint') put(value);
    else if (as === 'f32' || as === 'f64') {
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      const size = as === 'f32' ? 4 : 8;
      if (value.length % size !== 0) throw new MalformedProto('cut short');
      for (let place = 0; place < value.length; place += size)
        put(as === 'f32' ? view.getFloat32(place, true) : view.getFloat64(place, true));
    } else for (const one of varints(value, as === 'int64')) put(one);
  }
  // Nothing at all stands for zeros.
  const unit = dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128' ? 2 : 1;
  if (at >= unit && at < data.length) for (let place = at; place < data.length; place += 1) data[place] = data[place - unit] ?? 0;
  return { dtype, shape, data };
}

function numbers(dtype: Dtype, count: number): NumberData {
  const data = newNumbers(dtype, count);
  if (data === null) throw new MalformedProto(`a tensor of ${dtype}`);
  return data;
}

function filled(strings: Uint8Array[], count: number): readonly Uint8Array[] {
  if (strings.length > count) throw new MalformedProto('more values than a shape has');
  const last = strings.at(-1) ?? new Uint8Array();
  while (strings.length < count) strings.push(last);
  return strings;
}

function littleEndian(size: 4 | 8, value: number | bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setUint32(0, Number(value), true);
  else view.setBigUint64(0, BigInt(value), true);
  return new Uint8Array(view.buffer);
}

/** Packed varints; those of up to 32 bits as the signed number that their low half is. */
function* varints(bytes: Uint8Array, wide: boolean): Generator<number | bigint> {
  for (let at = 0; at < bytes.length;) {
    let [low, wideValue, shift] = [0, 0n, 0];
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined || shift > 63) throw new MalformedProto('a varint that does not end');
      at += 1;
      if (wide) wideValue |= BigInt(byte & 0x7f) << BigInt(shift);
      else if (shift < 32) low |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) break;
    }
    yield wide ? BigInt.asIntN(64, wideValue) : low;
  }
}
