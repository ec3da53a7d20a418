import { buffer } from 'node:stream/consumers';
import yauzl from 'yauzl';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { BadNpy, readNpy } from './readNpy.ts';

/** More than this unpacked is refused: no request is as large. */
const maxBytes = 2 ** 31;

/** The arrays of an .npz file by name. Throws BadNpy. */
export async function readNpz(file: Buffer, { signal }: { readonly signal: AbortSignal }): Promise<Readonly<Record<string, Tensor>>> {
  const arrays: (readonly [string, Tensor])[] = [];
  let left = maxBytes;
  try {
    const zip = await yauzl.fromBufferPromise(file, { decodeStrings: true, validateEntrySizes: true });
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      if (!entry.fileName.endsWith('.npy')) continue;
      left -= entry.uncompressedSize;
      if (left < 0) throw new BadNpy('unpacks to more than 2 GiB');
      const bytes = await buffer(await zip.openReadStreamPromise(entry));
      arrays.push([entry.fileName.slice(0, -'.npy'.length), readNpy(bytes)]);
    }
  } catch (error) {
    if (error instanceof BadNpy || signal.aborted) throw error;
    throw new BadNpy(`is no .npz file: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (arrays.length === 0) throw new BadNpy('holds no arrays');
  return Object.fromEntries(arrays);
}
