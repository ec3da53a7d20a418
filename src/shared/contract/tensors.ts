import { z } from 'zod';
import { dtypeNames } from '../tensor/dtype.ts';

/** Bytes that cross a process as they are, whatever their size: every transport sends a Blob without making text of it. */
export const bytesBlob = z.custom<Blob>(
  (value) => typeof value === 'object' && value !== null && 'arrayBuffer' in value && 'size' in value,
  'bytes are wanted',
);

const dimension = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31);
export const tensorShape = z.array(dimension).max(254).readonly();
export const dtypeName = z.enum(dtypeNames);

/**
 * A tensor as it crosses a process. `data` is its elements in row-major order, little-endian, half and bfloat16 as their bits, bool
 * as a byte; of strings each one's length in bytes as four bytes, then the bytes. `tensorFromWire` and `tensorToWire` convert.
 */
export const wireTensor = z.object({ dtype: dtypeName, shape: tensorShape, data: bytesBlob });
export type WireTensor = Readonly<z.infer<typeof wireTensor>>;
