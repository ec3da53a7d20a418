import type { WireTensor } from '../../../../shared/contract/tensors.ts';
import type { Tensor } from '../../../../shared/tensor/tensor.ts';
import { tensorFromWire } from '../../../../shared/tensor/tensorWire.ts';

/** A message of so many bytes is unpacked in a few hundredths of a second, in which the window does nothing else. */
export const partBytes = 256 * 1024;

/** Reads a tensor in parts, so that its size never holds the window up. */
export async function readWhole(
  read: (part: { readonly offset: number; readonly length: number }) => Promise<WireTensor>,
): Promise<Tensor> {
  const parts: Blob[] = [];
  for (let offset = 0; ; offset += partBytes) {
    const wire = await read({ offset, length: partBytes });
    parts.push(wire.data);
    if (wire.data.size < partBytes) return tensorFromWire({ ...wire, data: new Blob(parts) });
  }
}
