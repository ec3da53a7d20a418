import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { AppError } from '../../shared/contract/errors.ts';
import { dtypeLabel } from '../../shared/tensor/dtype.ts';
import type { InputTensors } from './inputTensors.ts';
import { writeNpy } from './writeNpy.ts';

/** Always the same, so that the same tensors are the same file. */
const mtime = new Date(Date.UTC(1980, 0, 1));

/** Tensors by their names as an .npz file, stored as numpy.savez stores them. BAD_INPUT where NumPy has no such type. */
export async function writeNpz(tensors: InputTensors): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, tensor] of Object.entries(tensors)) {
    const array = writeNpy(tensor);
    if (array === null) throw new AppError('BAD_INPUT', { detail: `${name} is ${dtypeLabel(tensor.dtype)}, which NumPy has not.` });
    // A slash would be a folder to whoever reads it.
    zip.addBuffer(array, `${name.replaceAll(/[/\\]/g, '_')}.npy`, { compress: false, mtime });
  }
  zip.end();
  return buffer(zip.outputStream);
}
