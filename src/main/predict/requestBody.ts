import { castTensor } from '../../shared/tensor/tensorSteps.ts';
import { JsonWriter } from '../tfserving/jsonWriter.ts';
import { elementWriter, writeValue } from '../tfserving/predictResponse.ts';
import type { InputTensors } from './inputTensors.ts';

/** Half floats as numbers: a server that reads them from JSON at all wants those. */
const readable = (inputs: InputTensors): InputTensors =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [
      name,
      tensor.dtype === 'DT_HALF' || tensor.dtype === 'DT_BFLOAT16'
        ? castTensor(tensor, 'DT_FLOAT')
        : tensor.dtype === 'DT_UINT16'
          ? castTensor(tensor, 'DT_UINT32')
          : tensor,
    ]),
  );

/**
 * A request body over REST: a row each in `instances`, where all inputs have the same first dimension, else a tensor each in `inputs`,
 * which every signature can be asked in. The sole input of a signature has no name around it. StatusError for complex numbers, which JSON has not.
 */
export function requestBody(
  signature: string,
  inputs: InputTensors,
  form: 'row' | 'columnar',
  isNamed = Object.keys(inputs).length !== 1,
): Buffer {
  const entries = Object.entries(readable(inputs));
  const expected = entries.reduce((sum, [, { data }]) => sum + data.length * 12, 256);
  const writer = new JsonWriter(expected, { compact: true });
  writer.open('object');
  writer.key('signature_name');
  writer.string(Buffer.from(signature));
  writer.key(form === 'row' ? 'instances' : 'inputs');
  if (form === 'columnar') {
    if (isNamed) writer.open('object');
    for (const [name, tensor] of entries) {
      if (isNamed) writer.key(name);
      writeValue(writer, tensor.shape, 0, 0, elementWriter(writer, name, tensor));
    }
    if (isNamed) writer.close();
  } else {
    const rows = entries[0]?.[1].shape[0] ?? 0;
    const columns = entries.map(([name, tensor]) => ({
      name,
      shape: tensor.shape.slice(1),
      write: elementWriter(writer, name, tensor),
      at: 0,
    }));
    writer.open('list');
    for (let row = 0; row < rows; row += 1) {
      if (isNamed) writer.open('object');
      for (const column of columns) {
        if (isNamed) writer.key(column.name);
        column.at = writeValue(writer, column.shape, 0, column.at, column.write);
      }
      if (isNamed) writer.close();
    }
    writer.close();
  }
  writer.close();
  return writer.finish();
}
