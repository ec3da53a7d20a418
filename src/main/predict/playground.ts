import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../../shared/contract/errors.ts';
import type { ExampleFeature, Prepared, Processed, RawPart, SavedFile, SaveFormat } from '../../shared/contract/playground.ts';
import type { PreparedInputs, TensorSummary } from '../../shared/contract/predict.ts';
import type { LabelSource, OutputStep } from '../../shared/contract/processing.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Model } from '../../shared/contract/state.ts';
import type { WireTensor } from '../../shared/contract/tensors.ts';
import { applyOutputSteps } from '../../shared/tensor/outputSteps.ts';
import { rowBarrier } from '../../shared/tensor/requestMode.ts';
import { checkTensors } from '../../shared/tensor/tensorCheck.ts';
import { StepFailed } from '../../shared/tensor/tensorSteps.ts';
import { tensorToWire } from '../../shared/tensor/tensorWire.ts';
import { safeJoin } from '../library/safeJoin.ts';
import { StatusError } from '../tfserving/status.ts';
import type { StateHub } from '../stateHub.ts';
import { summaryOf } from './answerOf.ts';
import { readExampleFeatures } from './exampleFeatures.ts';
import type { Exchanges } from './exchanges.ts';
import { picturesOf } from './pictures.ts';
import { signatureOf } from './predict.ts';
import { prepareInputs, tensorsOf } from './prepareInputs.ts';
import { requestBody } from './requestBody.ts';
import { saveOutput } from './saveOutput.ts';
import { sentTensors } from './sentTensors.ts';

interface Waiting {
  readonly signal: AbortSignal;
}

/** A signature of a model in the library. */
export interface AskedSignature {
  readonly modelId: string;
  readonly version: string | null;
  readonly signature: string;
}

const mostLabelBytes = 64_000_000;

/** The playground beyond asking: inputs made, answers looked at. */
export interface Playground {
  signature(asked: AskedSignature): SignatureInfo;
  prepare(asked: AskedSignature, inputs: PreparedInputs, options: Waiting & { readonly tensors: boolean }): Promise<Prepared>;
  body(asked: AskedSignature, inputs: PreparedInputs, options: Waiting): Promise<Blob>;
  features(asked: AskedSignature, options: Waiting): Promise<readonly ExampleFeature[]>;
  labels(asked: Omit<AskedSignature, 'signature'>, asset: string, options: Waiting): Promise<readonly string[]>;
  output(exchange: string, name: string): WireTensor;
  inputs(exchange: string): readonly TensorSummary[];
  input(exchange: string, name: string): WireTensor;
  process(exchange: string, name: string, steps: readonly OutputStep[], options: Waiting): Promise<Processed>;
  raw(exchange: string, side: 'request' | 'response', offset: number, length: number): RawPart;
  save(exchange: string, name: string, format: SaveFormat): SavedFile;
  saveAll(exchange: string, side: 'inputs' | 'outputs'): Promise<SavedFile>;
}

export function createPlayground({ hub, exchanges }: { readonly hub: StateHub; readonly exchanges: Exchanges }): Playground {
  const modelOf = (id: string): Model => {
    const model = hub.state.models.find((one) => one.id === id);
    if (model !== undefined) return model;
    throw new AppError('MODEL_NOT_FOUND', { name: id, known: hub.state.models.map(({ name }) => name).join(', ') || 'none' });
  };
  const tagsOf = (id: string): readonly string[] => hub.state.servings.find(({ modelId }) => modelId === id)?.plan.tags ?? ['serve'];
  const versionPath = ({ modelId, version }: Omit<AskedSignature, 'signature'>): string => {
    const model = modelOf(modelId);
    const found = version === null || model.mountAs !== null ? model.versions[0] : model.versions.find((one) => one.version === version);
    if (found !== undefined) return found.path;
    throw new AppError('VERSION_NOT_FOUND', {
      version: version ?? '',
      name: model.name,
      known: model.versions.map((one) => one.version).join(', '),
    });
  };
  const signature = ({ modelId, version, signature: name }: AskedSignature): SignatureInfo => {
    const model = modelOf(modelId);
    return signatureOf(model, tagsOf(modelId), { signature: name, version: model.mountAs === null ? (version ?? undefined) : undefined });
  };

  async function labels(asked: Omit<AskedSignature, 'signature'>, asset: string, { signal }: Waiting): Promise<readonly string[]> {
    const path = await safeJoin(versionPath(asked), `assets/${asset.replace(/^assets\//, '')}`);
    const facts = await stat(path).catch((cause: unknown) => {
      throw new AppError('FILE_UNREADABLE', { path: asset, detail: (cause as NodeJS.ErrnoException).code ?? '' }, { cause });
    });
    if (facts.size > mostLabelBytes) throw new AppError('FILE_UNREADABLE', { path: asset, detail: 'It is larger than any list of names.' });
    const text = await readFile(path, { encoding: 'utf8', signal });
    const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  }

  /** The model of an exchange: its assets are looked into. */
  const modelOfExchange = (id: string): Omit<AskedSignature, 'signature'> => {
    const { servingId, version } = exchanges.get(id);
    const serving = hub.state.servings.find((one) => one.id === servingId);
    if (serving === undefined) throw new AppError('SERVING_NOT_FOUND', { name: servingId, known: '' });
    return { modelId: serving.modelId, version };
  };

  let lastProcessed: { readonly key: string; readonly processed: Processed } | null = null;

  return {
    signature,
    labels,
    async prepare(asked, inputs, { signal, tensors }) {
      const info = signature(asked);
      const ready = await prepareInputs(info, inputs, { signal });
      const misfits = checkTensors(info, tensorsOf(ready));
      return {
        inputs: Object.fromEntries(
          Object.entries(ready).map(([name, { tensor, notes, picture }]) => [
            name,
            {
              summary: summaryOf(name, tensor),
              notes,
              misfits: misfits.filter(({ input }) => input === name),
              pictures:
                picture === null ? [] : picturesOf(tensor, picture).map((png) => new Blob([new Uint8Array(png)], { type: 'image/png' })),
              tensor: tensors ? tensorToWire(tensor) : null,
            },
          ]),
        ),
        misfits: misfits.filter(({ input }) => input === null || ready[input] === undefined),
      };
    },
    async body(asked, inputs, options) {
      const info = signature(asked);
      const tensors = tensorsOf(await prepareInputs(info, inputs, options));
      const inRows = Object.keys(tensors).length > 0 && rowBarrier(info, tensors) === null;
      try {
        return new Blob(
          [new Uint8Array(requestBody(asked.signature, tensors, inRows ? 'row' : 'columnar', Object.keys(info.inputs).length !== 1))],
          { type: 'application/json' },
        );
      } catch (error) {
        if (error instanceof StatusError) throw new AppError('BAD_INPUT', { detail: error.message }, { cause: error });
        throw error;
      }
    },
    features: (asked, options) => {
      signature(asked);
      return readExampleFeatures(versionPath(asked), tagsOf(asked.modelId), asked.signature, options);
    },
    output: (exchange, name) => tensorToWire(exchanges.output(exchange, name)),
    inputs: (exchange) => Object.entries(sentTensors(exchanges.get(exchange))).map(([name, tensor]) => summaryOf(name, tensor)),
    input(exchange, name) {
      const tensors = sentTensors(exchanges.get(exchange));
      const tensor = tensors[name];
      if (tensor === undefined) throw new AppError('BAD_INPUT', { detail: `The inputs are ${Object.keys(tensors).join(', ')}.` });
      return tensorToWire(tensor);
    },
    async process(exchange, name, steps, { signal }) {
      const key = JSON.stringify([exchange, name, steps]);
      // A window fetches it in parts.
      if (lastProcessed?.key === key) return lastProcessed.processed;
      const named = async (source: LabelSource): Promise<readonly string[] | null> => {
        if (source.kind === 'none') return null;
        return source.kind === 'list' ? source.labels : labels(modelOfExchange(exchange), source.path, { signal });
      };
      try {
        const { tensor, top } = await applyOutputSteps(name, exchanges.output(exchange, name), steps, named);
        const processed = { tensor: tensorToWire(tensor), summary: summaryOf(name, tensor), top };
        lastProcessed = { key, processed };
        return processed;
      } catch (error) {
        if (error instanceof StepFailed) throw new AppError('BAD_INPUT', { detail: `${name}: ${error.message}.` }, { cause: error });
        throw error;
      }
    },
    raw(exchange, side, offset, length) {
      const { start, headers, body } = exchanges.get(exchange)[side];
      return { start, headers, totalBytes: body.length, data: new Blob([new Uint8Array(body.subarray(offset, offset + length))]) };
    },
    async saveAll(exchange, side) {
      const kept = exchanges.get(exchange);
      const tensors = side === 'inputs' ? sentTensors(kept) : kept.outputs;
      if (Object.keys(tensors).length === 0)
        throw new AppError('BAD_INPUT', { detail: 'There are no tensors: the request was sent as text, or refused.' });
      const { writeNpz } = await import('./writeNpz.ts');
      const type = 'application/octet-stream';
      return { name: `${side}.npz`, type, data: new Blob([new Uint8Array(await writeNpz(tensors))], { type }) };
    },
    save: (exchange, name, format) => saveOutput(name, exchanges.output(exchange, name), format),
  };
}
