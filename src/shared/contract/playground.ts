import { oc, type } from '@orpc/contract';
import { z } from 'zod';
import type { Dtype } from '../tensor/dtype.ts';
import type { Misfit } from '../tensor/requestCheck.ts';
import { preparedInputs, type TensorSummary } from './predict.ts';
import { outputStep, recipe, type Recipe } from './processing.ts';
import { tableContract } from './tables.ts';
import type { WireTensor } from './tensors.ts';

const exchangeOutput = z.object({ exchange: z.string().max(64), name: z.string().max(1024) });
/** Only so many bytes of the tensor's data, from an offset: a window that reads in parts stays at hand. */
const part = { part: z.object({ offset: z.number().int().min(0), length: z.number().int().min(1) }).optional() };
const asked = { modelId: z.string().max(256), version: z.string().max(19).nullable(), signature: z.string().max(1024) };
const pages = { offset: z.number().int().min(0), length: z.number().int().min(1).max(16_000_000) };
export const saveFormat = z.enum(['npy', 'json', 'csv', 'png']);
export type SaveFormat = z.infer<typeof saveFormat>;

/** The playground beyond `predict.run`: its input made, its answer looked at. Everything large crosses as bytes. */
export const playgroundContract = {
  /** Makes the tensors that would be sent and says how they fit; sends nothing. */
  prepare: oc
    .input(z.object({ ...asked, inputs: preparedInputs, /** Also the tensors themselves. */ tensors: z.boolean().default(false) }))
    .output(type<Prepared>()),
  /** What would be sent over REST: the JSON text of the body, in rows where they have rows in common. REQUEST_MISMATCH, BAD_INPUT where JSON cannot carry it. */
  body: oc.input(z.object({ ...asked, inputs: preparedInputs })).output(type<Blob>()),
  /** The features of a signature that takes serialized tf.Examples, read from its graph; empty where it takes none. */
  features: oc.input(z.object(asked)).output(type<readonly ExampleFeature[]>()),
  /** The names of classes in a file of `assets`, a line each. */
  labels: oc
    .input(z.object({ modelId: asked.modelId, version: asked.version, asset: z.string().max(1024) }))
    .output(type<readonly string[]>()),

  /** An output whole. */
  output: oc.input(exchangeOutput.extend(part)).output(type<WireTensor>()),
  /** What was sent, also of a body that was typed; nothing where it were tf.Examples or no request of the signature. */
  inputs: oc.input(z.object({ exchange: z.string().max(64) })).output(type<readonly TensorSummary[]>()),
  /** One of `inputs` whole. */
  input: oc.input(exchangeOutput.extend(part)).output(type<WireTensor>()),
  /** An output after a postprocessing. */
  process: oc.input(exchangeOutput.extend({ steps: z.array(outputStep).max(32).readonly(), ...part })).output(type<Processed>()),
  /** A part of a body as it went over the wire; of a packed one before it was packed. */
  raw: oc.input(z.object({ exchange: z.string().max(64), side: z.enum(['request', 'response']), ...pages })).output(type<RawPart>()),
  /** One output as a file. JSON is TensorFlow Serving's dialect: NaN and the infinities bare, int64 exact. */
  save: oc.input(exchangeOutput.extend({ format: saveFormat })).output(type<SavedFile>()),
  /** All inputs or all outputs as one .npz file; inputs only where tensors were sent. */
  saveAll: oc.input(z.object({ exchange: z.string().max(64), side: z.enum(['inputs', 'outputs']) })).output(type<SavedFile>()),

  recipe: oc.input(z.object({ modelId: asked.modelId, signature: asked.signature })).output(type<Recipe | null>()),
  /** null forgets it. */
  saveRecipe: oc.input(z.object({ modelId: asked.modelId, signature: asked.signature, recipe: recipe.nullable() })).output(type<void>()),

  ...tableContract,
};

/** What one input would be sent as. */
export interface PreparedTensor {
  readonly summary: TensorSummary;
  /** What was done to the values on the way, such as `resized 640×480 → 224×224`. */
  readonly notes: readonly string[];
  readonly misfits: readonly Misfit[];
  /** PNG of what the model gets, values brought back to 0..255: one of each picture, at most 16. */
  readonly pictures: readonly Blob[];
  /** Where it was asked for. */
  readonly tensor: WireTensor | null;
}

export interface Prepared {
  readonly inputs: Readonly<Record<string, PreparedTensor>>;
  /** About the request as a whole, such as an input that is missing or batches that differ. */
  readonly misfits: readonly Misfit[];
}

/** One feature that a graph's parsing op reads from each tf.Example. */
export interface ExampleFeature {
  readonly name: string;
  readonly dtype: Dtype;
  readonly kind: 'fixed' | 'variable' | 'ragged';
  /** Of one example: −1 where it is as long as the values; null where the graph does not say. */
  readonly shape: readonly number[] | null;
  /** Values that stand for a missing feature, as text; null where it must be there. */
  readonly defaults: readonly string[] | null;
}

/** An output after its steps: numbers, and the largest of each row where the chain ends in `top`. */
export interface Processed {
  readonly tensor: WireTensor;
  readonly summary: TensorSummary;
  readonly top: readonly (readonly { readonly index: number; readonly label: string | null; readonly value: string }[])[] | null;
}

export interface RawPart {
  readonly start: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly totalBytes: number;
  readonly data: Blob;
}

export interface SavedFile {
  readonly name: string;
  readonly type: string;
  readonly data: Blob;
}
