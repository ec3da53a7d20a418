import { AppError } from '../../shared/contract/errors.ts';
import type { PredictRequest } from '../../shared/contract/predict.ts';
import type { ContentFolder } from './contentFolder.ts';
import type { RequestFile } from '../database/requestRecords.ts';

/** Longer texts become files. */
const inlineChars = 16_384;

type Input = Pick<PredictRequest, 'body' | 'inputs'>;

/** Names of what stands for a value that lies in a file. In a request no object has a text under such a name. */
const [textKey, bytesKey] = ['$text', '$bytes'] as const;

/** A request's input as JSON: bytes and long texts as the hashes of their files. */
export async function packInput(
  { body, inputs }: Input,
  files: ContentFolder,
): Promise<{ readonly document: string; readonly files: readonly RequestFile[] }> {
  const kept: RequestFile[] = [];
  const keep = async (content: string | Blob): Promise<string> => {
    const file = await files.put(content);
    kept.push(file);
    return file.hash;
  };
  const pack = async (value: unknown): Promise<unknown> => {
    if (typeof value === 'string') return value.length <= inlineChars ? value : { [textKey]: await keep(value) };
    if (value instanceof Blob) return { [bytesKey]: await keep(value), type: value.type };
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (const item of value) items.push(await pack(item));
      return items;
    }
    const entries: (readonly [string, unknown])[] = [];
    for (const [name, item] of Object.entries(value)) if (item !== undefined) entries.push([name, await pack(item)]);
    return Object.fromEntries(entries);
  };
  const document = JSON.stringify(await pack({ body, inputs }));
  return { document, files: kept };
}

/** The same input again. FILE_UNREADABLE where one of its files is away. */
export async function unpackInput(document: string, files: Pick<ContentFolder, 'read'>): Promise<Input> {
  const unpack = async (value: unknown): Promise<unknown> => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return Promise.all(value.map(unpack));
    const named = value as Readonly<Record<string, unknown>>;
    if (typeof named[textKey] === 'string') return (await files.read(named[textKey])).toString('utf8');
    if (typeof named[bytesKey] === 'string') {
      const bytes = await files.read(named[bytesKey]);
      return new Blob([new Uint8Array(bytes)], { type: typeof named['type'] === 'string' ? named['type'] : '' });
    }
    return Object.fromEntries(await Promise.all(Object.entries(named).map(async ([name, item]) => [name, await unpack(item)] as const)));
  };
  const input = (await unpack(JSON.parse(document))) as Input;
  if (input.body === undefined && input.inputs === undefined) throw new AppError('REQUEST_FORGOTTEN');
  return input;
}

/** How many bytes an input has before it is encoded, and a line about it: the text's beginning, or what each input is made from. */
export function describeInput({ body, inputs = {} }: Input): {
  readonly kind: 'json' | 'inputs';
  readonly bytes: number;
  readonly preview: string;
} {
  if (body !== undefined) return { kind: 'json', bytes: Buffer.byteLength(body), preview: body.slice(0, inlineChars) };
  let bytes = 0;
  const parts = Object.entries(inputs).map(([name, { source }]) => {
    switch (source.kind) {
      case 'json':
        bytes += Buffer.byteLength(source.text);
        return `${name}: ${source.text.slice(0, 2_000)}`;
      case 'fill':
        return `${name}: ${source.fill.kind} [${source.shape.join(', ')}]`;
      case 'tensor':
        bytes += source.tensor.data.size;
        return `${name}: ${source.tensor.dtype.slice(3).toLowerCase()} [${source.tensor.shape.join(', ')}]`;
      case 'files':
        bytes += source.files.reduce((sum, { data }) => sum + data.size, 0);
        return `${name}: ${source.files.map((file) => file.name).join(', ')}`;
      case 'text':
        bytes += source.texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
        return `${name}: ${source.texts.slice(0, 20).join(' · ')}`;
      case 'examples': {
        const text = JSON.stringify(
          source.examples
            .slice(0, 20)
            .map((example) => Object.fromEntries(Object.entries(example).map(([feature, { values }]) => [feature, values]))),
        );
        bytes += text.length;
        return `${name}: ${text}`;
      }
    }
  });
  return { kind: 'inputs', bytes, preview: parts.join('\n').slice(0, inlineChars) };
}
