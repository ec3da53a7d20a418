import { extname } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import { audioStep, imageStep, type AudioStep, type InputStep } from '../../shared/contract/processing.ts';
import type { TensorInfo } from '../../shared/contract/savedModel.ts';
import { utf8Bytes } from '../../shared/tensor/bytesText.ts';
import { dtypeLabel, valueDtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { bytesOf, isStrings, newNumbers } from '../../shared/tensor/tensorData.ts';
import { castTensor } from '../../shared/tensor/tensorSteps.ts';
import { imageKind } from './decodeImage.ts';
import { mismatch } from './fitTensor.ts';
import type { ReadyInput } from './prepareInputs.ts';
import { BadNpy, looksLikeNpy, readNpy } from './readNpy.ts';
import { looksLikeWav, processSound, readWav } from './wavAudio.ts';

interface NamedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

type Maker = Extract<InputStep, { kind: 'image' | 'audio' | 'text' | 'bytes' }>;

/** One file's tensor. Where it is one row of a batch, `row` is its first dimension, which is 1. */
async function fileTensor(
  input: string,
  { name, bytes }: NamedFile,
  given: Maker | null,
  info: TensorInfo,
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadyInput> {
  const isString = valueDtype(info.dtype) === 'DT_STRING';
  const bare = (tensor: Tensor, note: string): ReadyInput => ({ tensor, notes: [`${input}: ${note}`], picture: null });
  const string = (data: readonly Uint8Array[], note: string): ReadyInput => bare({ dtype: 'DT_STRING', shape: [data.length], data }, note);
  const isArray = looksLikeNpy(bytes) || extname(name).toLowerCase() === '.npy' || (bytes[0] === 0x50 && bytes[1] === 0x4b);
  // An array is numbers already, whatever the pictures and sounds of this input go through.
  const maker = isArray && (given?.kind === 'image' || given?.kind === 'audio') ? null : given;
  const isImage = imageKind(bytes) !== null && !looksLikeWav(bytes);
  switch (
    maker?.kind ??
    (isString ? (isImage || looksLikeWav(bytes) ? 'bytes' : null) : isImage ? 'image' : looksLikeWav(bytes) ? 'audio' : null)
  ) {
    case 'image': {
      const { imageTensor } = await import('./imageTensor.ts');
      const step = maker?.kind === 'image' ? maker : imageStep.parse({ kind: 'image' });
      const { tensor, note, picture } = await imageTensor(bytes, name, input, info, step);
      return { tensor, notes: [note], picture };
    }
    case 'audio':
      return soundTensor(input, readWav(bytes, name), maker?.kind === 'audio' ? maker : audioStep.parse({ kind: 'audio' }), info);
    case 'bytes':
      return string([new Uint8Array(bytes)], `the file’s own ${bytes.length} bytes`);
    case 'text': {
      const { lines, lower } = maker?.kind === 'text' ? maker : { lines: false, lower: false };
      const all = bytes.toString('utf8').replace(/^\uFEFF/, '');
      const text = lower ? all.toLowerCase() : all;
      const parts = lines ? text.split(/\r?\n/).filter((line, index, { length }) => line !== '' || index < length - 1) : [text];
      return string(parts.map(utf8Bytes), lines ? `${parts.length} lines` : `${text.length} characters`);
    }
    default:
  }
  if (looksLikeNpy(bytes) || extname(name).toLowerCase() === '.npy') return bare(readNpy(bytes), 'an array');
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const { readNpz } = await import('./readNpz.ts');
    const arrays = await readNpz(bytes, { signal });
    const [sole, ...more] = Object.values(arrays);
    const array = arrays[input] ?? (more.length === 0 ? sole : undefined);
    if (array === undefined) throw mismatch(`The .npz file lacks ${input}; it holds ${Object.keys(arrays).join(', ')}.`);
    return bare(array, 'an array');
  }
  if (isString) return string([utf8Bytes(bytes.toString('utf8').replace(/^\uFEFF/, ''))], `${bytes.length} bytes of text`);
  throw new AppError('FILE_UNREADABLE', { path: name, detail: `It is no picture, WAV, .npy or .npz, which ${input} could be made of.` });
}

/** [samples], [samples, channels], or with a batch before it, as the signature's rank wants it. */
function soundTensor(input: string, sound: ReturnType<typeof readWav>, step: AudioStep, info: TensorInfo): ReadyInput {
  const { shape } = info;
  const dtype = valueDtype(info.dtype);
  const last = shape?.at(-1) ?? -1;
  const channelsLast = shape !== null && shape.length >= 2 && (last === 1 || last === 2);
  const fixed = (channelsLast ? shape.at(-2) : last) ?? -1;
  const { channels, note } = processSound(sound, step, fixed > 1 ? fixed : null);
  const samples = channels[0]?.length ?? 0;
  const withChannels = channelsLast || channels.length > 1;
  const data = new Float64Array(samples * channels.length);
  for (const [channel, values] of channels.entries())
    for (let index = 0; index < samples; index += 1) data[index * channels.length + channel] = values[index] ?? 0;
  const own = withChannels ? [samples, channels.length] : [samples];
  const made: Tensor = { dtype: 'DT_DOUBLE', shape: shape !== null && shape.length > own.length ? [1, ...own] : own, data };
  if (newNumbers(dtype, 0) === null) throw mismatch(`${input} is ${dtypeLabel(dtype)}, which no sound is.`);
  return { tensor: castTensor(made, dtype), notes: [`${input}: ${note}`], picture: null };
}

/** Tensors one after the other along their first dimension. REQUEST_MISMATCH where another one differs. */
function together(input: string, tensors: readonly Tensor[], names: readonly string[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw mismatch(`${input} has no file.`);
  const row = first.shape.slice(1).join();
  const odd = tensors.findIndex(
    ({ shape, dtype }) => shape.slice(1).join() !== row || shape.length !== first.shape.length || dtype !== first.dtype,
  );
  if (odd >= 0)
    throw mismatch(
      `${names[odd] ?? ''} is [${tensors[odd]?.shape.join(', ') ?? ''}], ${names[0] ?? ''} is [${first.shape.join(', ')}]: a batch needs one shape.`,
    );
  const shape = [tensors.reduce((sum, one) => sum + (one.shape[0] ?? 1), 0), ...first.shape.slice(1)];
  if (isStrings(first.data)) return { dtype: first.dtype, shape, data: tensors.flatMap(({ data }) => (isStrings(data) ? data : [])) };
  const data = newNumbers(
    first.dtype,
    shape.reduce((product, size) => product * size, 1),
  );
  if (data === null) throw mismatch(`${input} is ${dtypeLabel(first.dtype)}, which no file holds.`);
  let at = 0;
  const into = bytesOf(data);
  for (const { data: part } of tensors) {
    if (isStrings(part)) continue;
    into.set(bytesOf(part), at);
    at += part.byteLength;
  }
  return { dtype: first.dtype, shape, data };
}

/**
 * Files as one input, several as a batch: pictures, sound, text and arrays by the step that makes them or by how they begin. For a
 * string input pictures and sound are their own bytes. FILE_UNREADABLE, REQUEST_MISMATCH.
 */
export async function filesTensor(
  input: string,
  files: readonly NamedFile[],
  maker: Maker | null,
  info: TensorInfo,
  options: { readonly signal: AbortSignal },
): Promise<ReadyInput> {
  const ready: ReadyInput[] = [];
  for (const file of files) {
    options.signal.throwIfAborted();
    try {
      ready.push(await fileTensor(input, file, maker, info, options));
    } catch (error) {
      if (error instanceof BadNpy)
        throw new AppError('FILE_UNREADABLE', { path: file.name, detail: `It ${error.message}.` }, { cause: error });
      throw error;
    }
  }
  const [first] = ready;
  const notes = ready.flatMap((one) => one.notes);
  // A scalar of strings is one string.
  const single = files.length === 1 && first !== undefined;
  if (single && info.shape?.length === 0 && first.tensor.dtype === 'DT_STRING' && first.tensor.shape[0] === 1)
    return { ...first, tensor: { ...first.tensor, shape: [] } };
  if (single) return first;
  const batched = ready.map(({ tensor }) =>
    info.shape !== null && tensor.shape.length < info.shape.length ? { ...tensor, shape: [1, ...tensor.shape] } : tensor,
  );
  return {
    tensor: together(
      input,
      batched,
      files.map(({ name }) => name),
    ),
    notes,
    picture: first?.picture ?? null,
  };
}
