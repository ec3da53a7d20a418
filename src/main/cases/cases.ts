import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import { caseTarget, type CaseResult, type CaseTarget, type SavedCase, type Tolerance } from '../../shared/contract/cases.ts';
import { JsonSyntax, parseJson, type Json } from '../../shared/tensor/json.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { tensorToWire } from '../../shared/tensor/tensorWire.ts';
import { valueDtype } from '../../shared/tensor/dtype.ts';
import type { Exchanges, KeptExchange } from '../predict/exchanges.ts';
import type { Predictions } from '../predict/predictions.ts';
import { jsonTensor, requestTensors } from '../../shared/tensor/requestTensors.ts';
import { caseEnding, readCase, removeCase, writeCase, type Case } from './caseFile.ts';
import { faultOf, judgeOutput } from './judgeCase.ts';

interface Waiting {
  readonly signal: AbortSignal;
}

type Asking = Omit<Parameters<Predictions['ask']>[1], 'tensors'>;

/** Inputs with what is to be answered: saved in the data folder, a folder a model, or files of the person's. */
export interface Cases {
  list(modelId: string): Promise<readonly SavedCase[]>;
  /** Throws EXCHANGE_GONE, CASE_EXISTS, BAD_INPUT. */
  save(wanted: {
    readonly modelId: string;
    readonly name: string;
    readonly exchange: string;
    readonly note: string;
    readonly tolerance: Tolerance;
    readonly expected?: Readonly<Record<string, string>> | undefined;
    readonly replace: boolean;
  }): Promise<SavedCase>;
  remove(modelId: string, name: string): Promise<void>;
  /** Saved cases, one after another; all of them without names. */
  run(modelId: string, names: readonly string[] | undefined, target: CaseTarget, options: Waiting): AsyncIterable<CaseResult>;
  /** All saved cases of a model, asked of a version that its server has under the name `as`; the answers are not kept. */
  runBeside(
    about: { readonly modelId: string; readonly servingId: string; readonly as: string; readonly version: string },
    options: Waiting,
  ): Promise<{ readonly count: number; readonly results: AsyncIterable<CaseResult> }>;
  /** Files of cases, and all that lie in folders. Throws CASE_UNREADABLE where there are none. */
  runFiles(paths: readonly string[], target: CaseTarget, options: Waiting): AsyncIterable<CaseResult>;
}

export function createCases({
  home,
  exchanges,
  predictions,
}: {
  readonly home: string;
  readonly exchanges: Exchanges;
  readonly predictions: Predictions;
}): Cases {
  // Ids of models are ours; a name is checked by the contract.
  const folderOf = (modelId: string): string => join(home, 'cases', modelId.replaceAll(/[^\w-]/g, '_'));
  const fileOf = (modelId: string, name: string): string => join(folderOf(modelId), `${name}${caseEnding}`);

  async function* run(files: readonly string[], target: CaseTarget, options: Asking): AsyncIterable<CaseResult> {
    for (const file of files) {
      options.signal.throwIfAborted();
      yield await runOne(file, target, options);
    }
  }

  async function runOne(file: string, target: CaseTarget, { signal, ...asking }: Asking): Promise<CaseResult> {
    const blank = { name: nameOf(file), outputs: [], largest: null, version: null, latencyMs: null, exchange: null };
    let wanted: Case;
    let exchange: KeptExchange;
    try {
      wanted = await readCase(file);
      const inputs = Object.fromEntries(
        Object.entries(wanted.inputs).map(([name, tensor]) => [
          name,
          { source: { kind: 'tensor' as const, tensor: tensorToWire(tensor) }, steps: [] },
        ]),
      );
      const request = { ...target, signature: wanted.signature, inputs, insist: true, gzip: false, headers: {} };
      ({ exchange } = await predictions.ask(request, { signal, ...asking }));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      return { ...blank, outcome: 'not-run', detail: told(error) };
    }
    const answered = {
      ...blank,
      version: exchange.version,
      latencyMs: exchange.networkMs,
      exchange: exchange.id === '' ? null : exchange.id,
    };
    const { expects } = wanted;
    if (expects.kind === 'error') {
      const passed = !exchange.ok && (exchange.error ?? '').includes(expects.text);
      const instead = exchange.ok ? 'It was answered' : `The refusal was ${JSON.stringify(exchange.error)}`;
      return {
        ...answered,
        outcome: passed ? 'passed' : 'failed',
        detail: passed ? null : `${instead}, where ${JSON.stringify(expects.text)} is expected.`,
      };
    }
    if (!exchange.ok) return { ...answered, outcome: 'failed', detail: `The server refused it: ${exchange.error ?? ''}` };
    const outputs = Object.entries(expects.outputs).map(([name, tensor]) =>
      judgeOutput(name, exchange.outputs[name] ?? null, tensor, expects.tolerance),
    );
    const faults = outputs.flatMap((one) => faultOf(one) ?? []);
    const largest = outputs.reduce<number | null>((most, one) => (one.largest === null ? most : Math.max(most ?? 0, one.largest)), null);
    return {
      ...answered,
      outputs,
      largest,
      outcome: faults.length === 0 ? 'passed' : 'failed',
      detail: faults.length === 0 ? null : faults.join(' '),
    };
  }

  async function filesIn(folder: string): Promise<readonly string[]> {
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      // Nothing was saved yet.
      if (error.code === 'ENOENT') return [];
      throw new AppError(
        'CASE_UNREADABLE',
        { file: folder, detail: `The folder cannot be read: ${error.code ?? error.message}.` },
        { cause: error },
      );
    });
    return names
      .filter((name) => name.endsWith(caseEnding) && !name.startsWith('.'))
      .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .map((name) => join(folder, name));
  }

  return {
    async list(modelId) {
      return Promise.all((await filesIn(folderOf(modelId))).map(describe));
    },
    async save({ modelId, name, exchange: id, note, tolerance, expected, replace }) {
      const exchange = exchanges.get(id);
      const file = fileOf(modelId, name);
      const exists = existsSync(file);
      if (exists && !replace) throw new AppError('CASE_EXISTS', { name });
      if (exists) await remove(modelId, name);
      await writeCase(folderOf(modelId), {
        name,
        note,
        signature: exchange.signatureName,
        inputs: inputsOf(exchange),
        expects:
          expected === undefined && !exchange.ok
            ? { kind: 'error', text: exchange.error ?? '' }
            : { kind: 'outputs', tolerance, outputs: expected === undefined ? exchange.outputs : typed(exchange, expected) },
      });
      return describe(file);
    },
    remove,
    run: (modelId, names, target, options) =>
      (async function* () {
        const files = names === undefined ? await filesIn(folderOf(modelId)) : names.map((name) => fileOf(modelId, name));
        yield* run(files, target, options);
      })(),
    async runBeside({ modelId, servingId, as, version }, { signal }) {
      const files = await filesIn(folderOf(modelId));
      const target = caseTarget.parse({ servingId, version });
      return { count: files.length, results: run(files, target, { signal, as, keep: false }) };
    },
    runFiles: (paths, target, options) =>
      (async function* () {
        const files: string[] = [];
        for (const path of paths) {
          const isFolder = await stat(path).then(
            (found) => found.isDirectory(),
            () => false,
          );
          files.push(...(isFolder ? await filesIn(path) : [path]));
        }
        if (files.length === 0)
          throw new AppError('CASE_UNREADABLE', { file: paths.join(', '), detail: `There is no file *${caseEnding}.` });
        yield* run(files, target, options);
      })(),
  };

  async function remove(modelId: string, name: string): Promise<void> {
    // One that cannot be read is removed all the same: its own file, as nothing tells of others.
    const read = await readCase(fileOf(modelId, name)).catch(() => null);
    await removeCase(folderOf(modelId), name, read);
  }
}

const nameOf = (file: string): string => file.split(/[/\\]/).at(-1)?.replace(caseEnding, '') ?? file;

const told = (error: AppError): string => {
  const { title, advice } = error.report();
  return `${title}. ${advice}`;
};

async function describe(file: string): Promise<SavedCase> {
  const savedAt = (await stat(file)).mtime.toISOString();
  const nothing = {
    name: nameOf(file),
    note: '',
    signature: '',
    savedAt,
    inputs: [],
    expects: { kind: 'error', text: '' },
    tolerance: { absolute: 0, relative: 0 },
  } as const;
  try {
    const { name, note, signature, inputs, expects } = await readCase(file);
    return {
      name,
      note,
      signature,
      savedAt,
      inputs: Object.entries(inputs).map(([input, { dtype, shape }]) => ({ name: input, dtype, shape })),
      expects: expects.kind === 'error' ? expects : { kind: 'outputs', names: Object.keys(expects.outputs) },
      tolerance: expects.kind === 'error' ? nothing.tolerance : expects.tolerance,
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...nothing, problem: told(error) };
  }
}

/** What was sent, as tensors, also where it was typed as text. BAD_INPUT where it has no such form. */
function inputsOf({ inputs, signature, request }: KeptExchange): Readonly<Record<string, Tensor>> {
  if (inputs !== null) return inputs;
  if (signature === null) throw new AppError('BAD_INPUT', { detail: 'The model’s signatures are not known.' });
  return requestTensors(signature, Buffer.from(request.body).toString(), { insist: true });
}

/** What the person expects, by the signature's types. Throws BAD_INPUT and REQUEST_MISMATCH. */
function typed({ signature, outputs }: KeptExchange, expected: Readonly<Record<string, string>>): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    Object.entries(expected).map(([name, text]) => {
      const dtype =
        outputs[name]?.dtype ?? (signature?.outputs[name] === undefined ? undefined : valueDtype(signature.outputs[name].dtype));
      if (dtype === undefined) throw new AppError('BAD_INPUT', { detail: `The signature has no output ${name}.` });
      return [name, jsonTensor(name, jsonOf(name, text), { name, dtype, dtype_enum: 0, shape: null, unknown_rank: true })];
    }),
  );
}

function jsonOf(name: string, text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntax)) throw error;
    throw new AppError('BAD_INPUT', { detail: `What is expected of ${name} is no JSON: ${error.message}.` });
  }
}
