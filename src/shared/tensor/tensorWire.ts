import type { WireTensor } from '../contract/tensors.ts';
import type { Tensor } from './tensor.ts';
import { bytesOf, elementCount, isStrings, newNumbers, type NumberData } from './tensorData.ts';

/** The bytes are not as many as the shape says. */
export class BadWireTensor extends Error {
  override readonly name = 'BadWireTensor';
}

/** A tensor as it crosses a process; the Blob holds a copy. */
export function tensorToWire({ dtype, shape, data }: Tensor): WireTensor {
  if (!isStrings(data)) return { dtype, shape: [...shape], data: new Blob([bytesOf(data) as Uint8Array<ArrayBuffer>]) };
  const bytes = new Uint8Array(data.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const value of data) {
    view.setUint32(at, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + value.length;
  }
  return { dtype, shape: [...shape], data: new Blob([bytes]) };
}

/** The tensor that crossed; its numbers are the received bytes themselves. Throws BadWireTensor. */
export async function tensorFromWire({ dtype, shape, data: blob }: WireTensor): Promise<Tensor> {
  const buffer = await blob.arrayBuffer();
  const count = elementCount(shape);
  if (dtype === 'DT_STRING') return { dtype, shape, data: stringsIn(buffer, count) };
  // No larger than what came, whatever the shape says.
  const one = newNumbers(dtype, 1);
  if (one === null) throw new BadWireTensor(`${dtype} has no elements that can be sent`);
  if (count * one.byteLength !== buffer.byteLength)
    throw new BadWireTensor(`[${shape.join(', ')}] of ${dtype} takes ${count * one.byteLength} bytes, not ${buffer.byteLength}`);
  return { dtype, shape, data: new (one.constructor as new (from: ArrayBuffer) => NumberData)(buffer) };
}

function stringsIn(buffer: ArrayBuffer, count: number): readonly Uint8Array[] {
  const view = new DataView(buffer);
  const strings: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= buffer.byteLength) {
    const end = at + 4 + view.getUint32(at, true);
    if (end > buffer.byteLength) throw new BadWireTensor('a string ends too early');
    strings.push(new Uint8Array(buffer, at + 4, end - at - 4));
    at = end;
  }
  if (at !== buffer.byteLength || strings.length !== count) throw new BadWireTensor(`${strings.length} strings where ${count} are told`);
  return strings;
}
