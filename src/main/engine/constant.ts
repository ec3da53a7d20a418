import { dtypeOfEnum, dtypeSizeBytes, valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import type { Tensor, TensorData } from '../../shared/tensor/tensor.ts';
import type { ProtoReader } from '../protobuf/wire.ts';
import { readShape } from '../savedmodel/savedModelProto.ts';
import { allocateData, cells, checkedShape, invalid, isComplex, isWide, sizeOf } from './value.ts';
import { StatusError } from '../tfserving/status.ts';

/** A short constant may be spread over at most this much. */
const maxSpreadBytes = 2 ** 30;

/** Raw little-endian bytes as the cells of a type; copied, since their place may not be aligned. */
export function dataFromBytes(dtype: Dtype, bytes: Uint8Array, size: number): TensorData {
  const wanted = size * dtypeSizeBytes(dtype);
  if (bytes.length !== wanted || (wanted === 0 && size !== 0))
    throw invalid(`Cannot parse tensor from proto: ${bytes.length} bytes of content where the shape takes ${wanted}`);
  const data = allocateData(dtype, size) as Exclude<TensorData, readonly Uint8Array[]>;
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(bytes);
  return data;
}

function readFloats(reader: ProtoReader, width: 4 | 8, into: number[]): void {
  const take = (view: DataView, at: number): number => (width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true));
  if (reader.wireType === 2) {
    const packed = reader.bytes();
    const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
    for (let at = 0; at + width <= packed.length; at += width) into.push(take(view, at));
  } else if (width === 8 && reader.wireType === 1) into.push(reader.double());
  else if (width === 4 && reader.wireType === 5) {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, reader.fixed32(), true);
    into.push(view.getFloat32(0, true));
  } else reader.skip();
}

function readBigints(reader: ProtoReader, into: bigint[]): void {
  if (reader.wireType === 0) {
    into.push(reader.bigint());
    return;
  }
  if (reader.wireType !== 2) {
    reader.skip();
    return;
  }
  const packed = reader.bytes();
  for (let at = 0; at < packed.length;) {
    let value = 0n;
    for (let shift = 0n; shift < 70n && at < packed.length; shift += 7n) {
      const byte = packed[at]!;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    into.push(value);
  }
}

/**
 * A TensorProto's values. Source: tensor.proto; a list shorter than the shape repeats its last value, an absent one is zeros.
 * Throws StatusError for values that do not fit the shape.
 */
export function readTensor(reader: ProtoReader): Tensor {
  let dtypeNumber = 0;
  let dims: readonly number[] | null = [];
  let content: Uint8Array | undefined;
  const values: number[] = [];
  const wide: bigint[] = [];
  const texts: Uint8Array[] = [];
  while (reader.next()) {
    const { field, wireType } = reader;
    if (field === 1 && wireType === 0) dtypeNumber = reader.varint();
    else if (field === 2 && wireType === 2) dims = readShape(reader.message());
    else if (field === 4 && wireType === 2) content = reader.bytes();
    else if (field === 5 || field === 9) readFloats(reader, 4, values);
    else if (field === 6 || field === 12) readFloats(reader, 8, values);
    else if ((field === 7 || field === 11 || field === 13 || field === 16) && (wireType === 0 || wireType === 2)) reader.ints(values);
    else if (field === 8 && wireType === 2) texts.push(reader.bytes());
    else if (field === 10 || field === 17) readBigints(reader, wide);
    else reader.skip();
  }
  const name = dtypeOfEnum(dtypeNumber);
  if (name === undefined || name === 'DT_INVALID') throw invalid(`Cannot parse tensor from proto: data type ${dtypeNumber}`);
  if (dims === null) throw invalid('Cannot parse tensor from proto: unknown rank');
  const dtype = valueDtype(name);
  const shape = checkedShape(dims);
  const size = sizeOf(shape);
  if (content !== undefined && content.length > 0 && dtype !== 'DT_STRING')
    return { dtype, shape, data: dataFromBytes(dtype, content, size) };
  const width = isComplex(dtype) ? 2 : 1;
  const given: ArrayLike<unknown> = dtype === 'DT_STRING' ? texts : isWide(dtype) ? wide : values;
  if (given.length > size * width) throw invalid(`Cannot parse tensor from proto: ${given.length} values for ${size} elements`);
  const claimed = size * Math.max(1, dtypeSizeBytes(dtype));
  if (claimed > maxSpreadBytes && given.length < size)
    throw new StatusError('RESOURCE_EXHAUSTED', `A constant holds ${given.length} values and claims ${claimed} bytes`);
  const data = cells(allocateData(dtype, size));
  for (let index = 0; index < given.length; index += 1) data[index] = given[index];
  if (given.length >= width) for (let index = given.length; index < size * width; index += 1) data[index] = data[index - width];
  return { dtype, shape, data: data as unknown as TensorData };
}
