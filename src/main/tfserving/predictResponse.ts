import { isUtf8 } from 'node:buffer';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { JsonWriter } from './jsonWriter.ts';
import { StatusError } from './status.ts';
import { tensorFlowName } from './tensorFlowName.ts';

/** Writes the element at an index. */
type WriteElement = (index: number) => void;

/** Writes one element of a tensor; throws StatusError for a type that JSON does not carry. Strings whose output's name ends in `_bytes` are base64, and so are those that are no text: a body must be UTF-8. */
export function elementWriter(writer: JsonWriter, name: string, { dtype, data }: Tensor): WriteElement {
  switch (dtype) {
    case 'DT_FLOAT': {
      const values = data as Float32Array;
      return (index) => writer.float(values[index] as number);
    }
    case 'DT_DOUBLE': {
      const values = data as Float64Array;
      return (index) => writer.double(values[index] as number);
    }
    case 'DT_INT32':
    case 'DT_INT16':
    case 'DT_INT8':
    case 'DT_UINT8':
    case 'DT_UINT32': {
      const values = data as Int32Array;
      return (index) => writer.integer(values[index] as number);
    }
    case 'DT_INT64':
    case 'DT_UINT64': {
      const values = data as BigInt64Array;
      return (index) => writer.integer(values[index] as bigint);
    }
    case 'DT_BOOL': {
      const values = data as Uint8Array;
      return (index) => writer.bool(values[index] !== 0);
    }
    case 'DT_STRING': {
      const values = data as readonly Uint8Array[];
      const asBytes = name.endsWith('_bytes');
      return (index) => {
        const value = values[index] as Uint8Array;
        if (asBytes || !isUtf8(value)) writer.base64(value);
        else writer.string(value);
      };
    }
    default:
      throw new StatusError('INVALID_ARGUMENT', `Failed to write JSON value for tensor type: ${tensorFlowName(dtype)}`);
  }
}

/** Writes the value that begins at an element and has the shape from `dim` on; answers the element after it. */
export function writeValue(writer: JsonWriter, shape: readonly number[], dim: number, start: number, write: WriteElement): number {
  if (dim === shape.length) {
    write(start);
    return start + 1;
  }
  const size = shape[dim] as number;
  let at = start;
  writer.open('list');
  if (dim === shape.length - 1) for (const end = start + size; at < end; at += 1) write(at);
  else for (let count = 0; count < size; count += 1) at = writeValue(writer, shape, dim + 1, at, write);
  writer.close();
  return at;
}

const bytesPerElement = 14;

/** `{"predictions": [...]}`: a value a row, or an object of them where there are several outputs. Throws StatusError. */
function writeRows(outputs: Readonly<Record<string, Tensor>>): Buffer {
  const entries = Object.entries(outputs);
  let rows = 0;
  for (const [name, { shape }] of entries) {
    const [size] = shape;
    if (size === undefined) throw new StatusError('INVALID_ARGUMENT', `Tensor name: ${name} has no shape information `);
    if (size < 1) throw new StatusError('INVALID_ARGUMENT', `Tensor name: ${name} has invalid batch size: ${size}`);
    if (rows !== 0 && rows !== size)
      throw new StatusError('INVALID_ARGUMENT', `Tensor name: ${name} has inconsistent batch size: ${size} expecting: ${rows}`);
    rows = size;
  }
  const writer = new JsonWriter(64 + bytesPerElement * entries.reduce((all, [, { data }]) => all + data.length, 0));
  const writers = entries.map(([name, tensor]) => ({
    name,
    shape: tensor.shape.slice(1),
    at: 0,
    write: elementWriter(writer, name, tensor),
  }));
  writer.open('object');
  writer.key('predictions');
  writer.open('list');
  for (let row = 0; row < rows; row += 1) {
    if (writers.length > 1) writer.open('object');
    for (const one of writers) {
      if (writers.length > 1) writer.key(one.name);
      writer.inLine = true;
      one.at = writeValue(writer, one.shape, 0, one.at, one.write);
      writer.inLine = false;
    }
    if (writers.length > 1) writer.close();
  }
  writer.close();
  writer.close();
  return writer.finish();
}

/** `{"outputs": ...}`: a tensor each, without its name where there is only one. */
function writeColumns(outputs: Readonly<Record<string, Tensor>>): Buffer {
  const entries = Object.entries(outputs);
  const writer = new JsonWriter(64 + 2 * bytesPerElement * entries.reduce((all, [, { data }]) => all + data.length, 0));
  writer.open('object');
  writer.key('outputs');
  if (entries.length > 1) writer.open('object');
  for (const [name, tensor] of entries) {
    if (entries.length > 1) writer.key(name);
    writeValue(writer, tensor.shape, 0, 0, elementWriter(writer, name, tensor));
  }
  if (entries.length > 1) writer.close();
  writer.close();
  return writer.finish();
}

/** The answer to a predict request in the form that was asked for. Throws StatusError where that form cannot hold it. */
export function writePredictResponse(outputs: Readonly<Record<string, Tensor>>, { rows }: { readonly rows: boolean }): Buffer {
  return rows ? writeRows(outputs) : writeColumns(outputs);
}
