import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { bytesOf, elementCount } from '../../../shared/tensor/tensorData.ts';
import { inlineChars, inlineElements } from './asked.ts';
import { stringsOf } from './literal.ts';

/** A file that a program reads from its own folder. */
export interface FileBeside {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Where a program takes one input's values from. */
export type TensorSource =
  /** They stand in its text. */
  | { readonly kind: 'inline' }
  /** Numbers, little-endian and in row-major order; or the bytes of the only string. */
  | { readonly kind: 'bytes'; readonly file: string }
  /** A JSON list of strings in base64. */
  | { readonly kind: 'base64'; readonly file: string };

/** Name on disk of an input's values, one that every system takes. */
const fileOf = (input: string, ending: string): string => `${input.replaceAll(/[^\w.-]/g, '_')}.${ending}`;

/** Small tensors can be read in a program's text; large ones lie beside it. */
export function tensorSource(input: string, tensor: Tensor): TensorSource {
  const strings = stringsOf(tensor);
  if (strings === null)
    return elementCount(tensor.shape) <= inlineElements ? { kind: 'inline' } : { kind: 'bytes', file: fileOf(input, 'bin') };
  const total = strings.reduce((sum, { length }) => sum + length, 0);
  if (total <= inlineChars && strings.length <= inlineElements) return { kind: 'inline' };
  return strings.length === 1 ? { kind: 'bytes', file: fileOf(input, 'bin') } : { kind: 'base64', file: fileOf(input, 'json') };
}

/** The file that a source names; null where it names none. */
export function tensorFile(input: string, tensor: Tensor): FileBeside | null {
  const source = tensorSource(input, tensor);
  if (source.kind === 'inline') return null;
  const strings = stringsOf(tensor);
  if (source.kind === 'base64')
    return { name: source.file, bytes: Buffer.from(JSON.stringify((strings ?? []).map((one) => Buffer.from(one).toString('base64')))) };
  return { name: source.file, bytes: strings?.[0] ?? bytesOf(tensor.data as Exclude<Tensor['data'], readonly Uint8Array[]>) };
}
