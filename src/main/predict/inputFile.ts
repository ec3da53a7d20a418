import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import { imageStep } from '../../shared/contract/processing.ts';
import { valueDtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { imageKind } from './decodeImage.ts';
import { fitTensor, mismatch } from './fitTensor.ts';
import type { FileReading, InputTensors } from './inputTensors.ts';
import { BadNpy, looksLikeNpy, readNpy } from './readNpy.ts';

/** The values that a pixel's 0 and 255 become. */
export type Scale = readonly [low: number, high: number];

/** What a file holds: text is TensorFlow Serving's JSON; anything else becomes tensors when the signature is known. */
export type InputFile =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'file'; readonly tensors: (reading: FileReading & { readonly scale: Scale | undefined }) => Promise<InputTensors> };

/** Reads a file of the person's. FILE_UNREADABLE where it cannot be. */
export async function readInputFile(path: string, shown: string, { signal }: { readonly signal: AbortSignal }): Promise<InputFile> {
  try {
    return inputOf(await readFile(path, { signal }), shown, { signal });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new AppError('FILE_UNREADABLE', { path: shown, detail: (cause as NodeJS.ErrnoException).code ?? '' }, { cause });
  }
}

/** Bytes are known by how they begin; CSV by its name. */
export function inputOf(bytes: Buffer, path: string, { signal }: { readonly signal: AbortSignal }): InputFile {
  const told = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw error instanceof BadNpy ? new AppError('FILE_UNREADABLE', { path, detail: `It ${error.message}.` }, { cause: error }) : error;
    });
  const extension = extname(path).toLowerCase();
  if (looksLikeNpy(bytes) || extension === '.npy')
    return { kind: 'file', tensors: (reading) => told(() => Promise.resolve().then(() => oneArray(readNpy(bytes), reading))) };
  if (extension === '.npz' || (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3))
    return {
      kind: 'file',
      tensors: (reading) =>
        told(async () => {
          const { readNpz } = await import('./readNpz.ts');
          return namedArrays(await readNpz(bytes, { signal }), reading);
        }),
    };
  if (imageKind(bytes) !== null || /^\.(?:png|jpe?g|gif|bmp|webp)$/.test(extension))
    return { kind: 'file', tensors: (reading) => oneImage(bytes, path, reading) };
  if (extension === '.csv')
    return { kind: 'file', tensors: async (reading) => (await import('./csvTensors.ts')).csvTensors(bytes.toString('utf8'), reading) };
  return { kind: 'json', text: bytes.toString('utf8') };
}

/** A picture as the sole input of a signature: its bytes as they are for a string; else its pixels. Each step is said. */
async function oneImage(
  bytes: Buffer,
  path: string,
  { signature: { inputs }, say, scale }: FileReading & { readonly scale: Scale | undefined },
): Promise<InputTensors> {
  const entries = Object.entries(inputs);
  const [only] = entries;
  if (only === undefined || entries.length > 1)
    throw mismatch(
      `An image is one tensor; the signature has ${entries.map(([name]) => name).join(', ') || 'no input'}. Give an .npz file with all of them.`,
    );
  const [name, info] = only;
  if (valueDtype(info.dtype) === 'DT_STRING') {
    say(`${name}: the file’s own ${bytes.length} bytes`);
    return { [name]: { dtype: 'DT_STRING', shape: (info.shape ?? [1]).map(() => 1), data: [new Uint8Array(bytes)] } };
  }
  const { imageTensor } = await import('./imageTensor.ts');
  const custom = scale === undefined ? null : ({ kind: 'custom', low: scale[0], high: scale[1] } as const);
  const { tensor, note } = await imageTensor(bytes, path, name, info, imageStep.parse({ kind: 'image', scale: custom }));
  say(note);
  return { [name]: tensor };
}

function oneArray(tensor: Tensor, reading: FileReading): InputTensors {
  const [only, ...more] = Object.entries(reading.signature.inputs);
  if (only === undefined || more.length > 0)
    throw mismatch(
      `An .npy file is one tensor; the signature has ${Object.keys(reading.signature.inputs).join(', ') || 'no input'}. Give an .npz file with all of them.`,
    );
  return { [only[0]]: fitTensor(only[0], tensor, only[1], reading) };
}

/** Arrays by the inputs' names; the sole array is the sole input whatever it is called. */
function namedArrays(arrays: Readonly<Record<string, Tensor>>, reading: FileReading): InputTensors {
  const inputs = Object.entries(reading.signature.inputs);
  const held = Object.keys(arrays);
  const [sole] = Object.values(arrays);
  if (inputs.length === 1 && held.length === 1 && sole !== undefined) return oneArray(sole, reading);
  const missing = inputs.filter(([name]) => arrays[name] === undefined).map(([name]) => name);
  if (missing.length > 0) throw mismatch(`The .npz file lacks ${missing.join(', ')}; it holds ${held.join(', ')}.`);
  const left = held.filter((name) => reading.signature.inputs[name] === undefined);
  if (left.length > 0) reading.say(`left out: ${left.join(', ')}`);
  return Object.fromEntries(
    inputs.flatMap(([name, info]) => {
      const tensor = arrays[name];
      return tensor === undefined ? [] : [[name, fitTensor(name, tensor, info, reading)] as const];
    }),
  );
}
