import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import type { Tolerance } from '../../shared/contract/cases.ts';
import { dtypeLabel, dtypeNames, type Dtype } from '../../shared/tensor/dtype.ts';
import { JsonSyntax, member, parseJson, type Json } from '../../shared/tensor/json.ts';
import { jsonTensor } from '../../shared/tensor/requestTensors.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { elementCount, isStrings } from '../../shared/tensor/tensorData.ts';
import { tensorJson } from '../../shared/tensor/tensorJson.ts';
import { safeJoin } from '../library/safeJoin.ts';
import { BadNpy, readNpy } from '../predict/readNpy.ts';
import { writeNpy } from '../predict/writeNpy.ts';

/** An input with what is to be answered. The file's form is described in docs/cases.md. */
export interface Case {
  readonly name: string;
  readonly note: string;
  readonly signature: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly expects:
    | { readonly kind: 'outputs'; readonly outputs: Readonly<Record<string, Tensor>>; readonly tolerance: Tolerance }
    /** The server refuses it, with this text in its error. */
    | { readonly kind: 'error'; readonly text: string };
}

export const caseEnding = '.case.json';
const usualTolerance: Tolerance = { absolute: 1e-6, relative: 1e-5 };
/** Larger tensors of numbers lie beside the case as .npy. */
const inlineElements = 1_000;
const maxFileBytes = 64 * 2 ** 20;
const maxTensorBytes = 2 ** 31;

const bad = (file: string, detail: string): AppError => new AppError('CASE_UNREADABLE', { file: basename(file), detail });

const byLabel = new Map<string, Dtype>(dtypeNames.map((name) => [dtypeLabel(name), name]));

const textOf = (json: Json | undefined): string | undefined => (json?.kind === 'string' ? json.value : undefined);
const entriesOf = (json: Json | undefined): readonly (readonly [string, Json])[] | undefined =>
  json?.kind === 'object' ? json.entries : undefined;

function numberOf(file: string, json: Json | undefined, usual: number): number {
  if (json === undefined) return usual;
  const number = json.kind === 'number' ? Number(json.text) : Number.NaN;
  if (!(number >= 0)) throw bad(file, 'A tolerance is no number from 0 on.');
  return number;
}

async function readTensor(file: string, name: string, json: Json): Promise<Tensor> {
  const dtype = byLabel.get(textOf(member(json, 'dtype')) ?? '');
  if (dtype === undefined) throw bad(file, `${name} has no dtype such as "float32".`);
  const sizes = member(json, 'shape');
  const shape = sizes?.kind === 'list' ? sizes.items.map((size) => (size.kind === 'number' ? Number(size.text) : Number.NaN)) : null;
  if (shape === null || !shape.every((size) => Number.isInteger(size) && size >= 0))
    throw bad(file, `${name} has no shape such as [1, 3].`);
  const npy = textOf(member(json, 'npy'));
  if (npy !== undefined) {
    const path = await safeJoin(dirname(file), npy);
    const { size } = await stat(path).catch(() => Promise.reject(bad(file, `${npy} is not there.`)));
    if (size > maxTensorBytes) throw bad(file, `${npy} is larger than 2 GB.`);
    try {
      const tensor = readNpy(await readFile(path));
      if (tensor.dtype === dtype && tensor.shape.join() === shape.join()) return tensor;
      throw bad(
        file,
        `${npy} holds ${dtypeLabel(tensor.dtype)} [${tensor.shape.join(', ')}], where ${dtypeLabel(dtype)} [${shape.join(', ')}] is said.`,
      );
    } catch (error) {
      throw error instanceof BadNpy ? bad(file, `${npy} ${error.message}.`) : error;
    }
  }
  const values = member(json, 'values');
  if (values === undefined) throw bad(file, `${name} has neither values nor npy.`);
  const tensor = jsonTensor(name, values, { name, dtype, dtype_enum: 0, shape, unknown_rank: false });
  if (tensor.shape.join() !== shape.join())
    throw bad(file, `The values of ${name} have the shape [${tensor.shape.join(', ')}], where [${shape.join(', ')}] is said.`);
  return tensor;
}

async function readTensors(file: string, what: string, json: Json | undefined): Promise<Readonly<Record<string, Tensor>>> {
  const entries = entriesOf(json);
  if (entries === undefined) throw bad(file, `It has no ${what}.`);
  const tensors: (readonly [string, Tensor])[] = [];
  for (const [name, value] of entries) tensors.push([name, await readTensor(file, name, value)]);
  return Object.fromEntries(tensors);
}

async function readExpects(file: string, json: Json | undefined): Promise<Case['expects']> {
  const text = textOf(json === undefined ? undefined : member(json, 'error'));
  if (text !== undefined) return { kind: 'error', text };
  const outputs = await readTensors(file, 'expected outputs', json === undefined ? undefined : member(json, 'outputs'));
  const own = json === undefined ? undefined : member(json, 'tolerance');
  const part = (name: keyof Tolerance): number => numberOf(file, own === undefined ? undefined : member(own, name), usualTolerance[name]);
  return { kind: 'outputs', outputs, tolerance: { absolute: part('absolute'), relative: part('relative') } };
}

/** Reads `NAME.case.json` with the .npy files that it names. Throws CASE_UNREADABLE. */
export async function readCase(file: string): Promise<Case> {
  let json: Json;
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes) throw bad(file, 'It is larger than 64 MB: large tensors belong into .npy files.');
    json = parseJson(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw bad(file, error instanceof JsonSyntax ? `It is no JSON: ${error.message}.` : 'It cannot be read.');
  }
  const form = member(json, 'slipway_case');
  if (form?.kind !== 'number' || form.text !== '1') throw bad(file, 'It does not say "slipway_case": 1.');
  const signature = textOf(member(json, 'signature')) ?? 'serving_default';
  try {
    const inputs = await readTensors(file, 'inputs', member(json, 'inputs'));
    const expects = await readExpects(file, member(json, 'expect'));
    return { name: basename(file, caseEnding), note: textOf(member(json, 'note')) ?? '', signature, inputs, expects };
  } catch (error) {
    // What a value of another type is refused with.
    throw error instanceof AppError && error.code === 'REQUEST_MISMATCH' ? bad(file, error.report().advice) : error;
  }
}

const npyFile = (name: string, side: 'in' | 'out', tensor: string): string => `${name}.${side}.${tensor.replaceAll(/[^\w.-]/g, '_')}.npy`;

/** Writes a case and its .npy files into a folder, under temporary names first: a case is whole or not there. */
export async function writeCase(folder: string, { name, note, signature, inputs, expects }: Case): Promise<string> {
  await mkdir(folder, { recursive: true });
  const files: (readonly [string, string | Buffer])[] = [];
  const part = (side: 'in' | 'out', tensors: Readonly<Record<string, Tensor>>): string =>
    Object.entries(tensors)
      .map(([tensorName, tensor]) => {
        const head = `"dtype": ${JSON.stringify(dtypeLabel(tensor.dtype))}, "shape": [${tensor.shape.join(', ')}]`;
        const npy = elementCount(tensor.shape) > inlineElements && !isStrings(tensor.data) ? writeNpy(tensor) : null;
        if (npy === null)
          return `    ${JSON.stringify(tensorName)}: { ${head}, "values": ${[...tensorJson(tensorName, tensor)].join('')} }`;
        const file = npyFile(name, side, tensorName);
        files.push([file, npy]);
        return `    ${JSON.stringify(tensorName)}: { ${head}, "npy": ${JSON.stringify(file)} }`;
      })
      .join(',\n');
  const expected =
    expects.kind === 'error'
      ? `{ "error": ${JSON.stringify(expects.text)} }`
      : `{\n    "tolerance": ${JSON.stringify(expects.tolerance)},\n    "outputs": {\n${part('out', expects.outputs).replaceAll(/^/gm, '  ')}\n    }\n  }`;
  const text = `{
  "slipway_case": 1,
  "signature": ${JSON.stringify(signature)},${note === '' ? '' : `\n  "note": ${JSON.stringify(note)},`}
  "inputs": {
${part('in', inputs)}
  },
  "expect": ${expected}
}
`;
  const path = join(folder, `${name}${caseEnding}`);
  // The case itself last: it names the others.
  for (const [file, data] of [...files, [`${name}${caseEnding}`, text] as const]) {
    const temporary = join(folder, `.${file}.writing`);
    await writeFile(temporary, data, { flush: true });
    await rename(temporary, join(folder, file));
  }
  return path;
}

/** Removes a case with the .npy files that were written for it. */
export async function removeCase(folder: string, name: string, tensors: Pick<Case, 'inputs' | 'expects'> | null): Promise<void> {
  await rm(join(folder, `${name}${caseEnding}`), { force: true });
  const outputs = tensors?.expects.kind === 'outputs' ? tensors.expects.outputs : {};
  const files = [
    ...Object.keys(tensors?.inputs ?? {}).map((one) => npyFile(name, 'in', one)),
    ...Object.keys(outputs).map((one) => npyFile(name, 'out', one)),
  ];
  for (const file of files) await rm(join(folder, file), { force: true });
}
