import { z } from 'zod';
import { dtypeName } from './tensors.ts';

/**
 * What is done to a person's data before a model gets it, and to an answer before a person does: chains of steps that are saved with
 * the model as JSON. A document of an unknown `version` is refused, never guessed at.
 */

const finite = z.number();
const size = z.number().int().min(1).max(65_536);

/** How the values of pixels, 0 to 255, are scaled. `custom`: what 0 and 255 become; `imagenet`: (x/255 − mean) / deviation of each channel, as PyTorch's and timm's models want it; `caffe`: BGR, ImageNet's mean of each channel taken off, as the first Keras models want it. */
export const pixelScale = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('unit') }),
  z.object({ kind: z.literal('signed') }),
  z.object({ kind: z.literal('imagenet') }),
  z.object({ kind: z.literal('caffe') }),
  z.object({ kind: z.literal('custom'), low: finite, high: finite }),
]);
export type PixelScale = z.infer<typeof pixelScale>;

/** A picture as numbers. Sizes, channels and layout are the signature's where they are null. */
export const imageStep = z.object({
  kind: z.literal('image'),
  size: z.object({ height: size, width: size }).nullable().default(null),
  /** Nearest, bilinear (widened where the picture shrinks, as tf.image.resize with antialias), bicubic (Keys, a = −0.5) or the mean of an area. */
  method: z.enum(['nearest', 'bilinear', 'bicubic', 'area']).default('bilinear'),
  /** stretch: sides change on their own. crop: fills, the middle stays. pad: fits, the rest is `padValue`. */
  fit: z.enum(['stretch', 'crop', 'pad']).default('stretch'),
  padValue: z.number().min(0).max(255).default(0),
  channels: z.enum(['grey', 'rgb', 'rgba']).nullable().default(null),
  order: z.enum(['rgb', 'bgr']).default('rgb'),
  /** By default 0..1 for floats and 0..255 for whole numbers. */
  scale: pixelScale.nullable().default(null),
  layout: z.enum(['hwc', 'chw', 'hw']).nullable().default(null),
});
export type ImageStep = z.infer<typeof imageStep>;

/** A WAV file as numbers: [samples], or [samples, channels] where it is not mixed. */
export const audioStep = z.object({
  kind: z.literal('audio'),
  /** Samples a second; the file's own where it is null. */
  rate: z.number().int().min(1_000).max(384_000).nullable().default(null),
  mono: z.boolean().default(true),
  /** So many samples: cut, or filled with silence. Null: the signature's where it is fixed, else all. */
  window: z
    .object({
      samples: z
        .number()
        .int()
        .min(1)
        .max(2 ** 28),
      at: z.enum(['start', 'middle', 'end']),
    })
    .nullable()
    .default(null),
  /** `unit`: −1 to 1. `pcm16`: −32768 to 32767. */
  scale: z.enum(['unit', 'pcm16']).default('unit'),
});
export type AudioStep = z.infer<typeof audioStep>;

/** Steps that take any tensor. */
const tensorSteps = [
  z.object({ kind: z.literal('cast'), dtype: dtypeName }),
  /** One size may be −1: the rest. */
  z.object({ kind: z.literal('reshape'), shape: z.array(z.number().int().min(-1)).max(254).readonly() }),
  z.object({ kind: z.literal('transpose'), order: z.array(z.number().int().min(0)).max(254).readonly() }),
  z.object({ kind: z.literal('add-batch') }),
  z.object({ kind: z.literal('drop-batch') }),
  z.object({ kind: z.literal('one-hot'), depth: z.number().int().min(1).max(1_000_000) }),
  /** x · multiply + add, in double, then in the tensor's own type. */
  z.object({ kind: z.literal('affine'), multiply: finite, add: finite }),
] as const;

/** One step of a preprocessing; the first that knows bytes (image, audio, text, bytes) makes a tensor of a file. */
export const inputStep = z.discriminatedUnion('kind', [
  imageStep,
  audioStep,
  /** A file as one string; with `lines` one of each line. */
  z.object({ kind: z.literal('text'), lines: z.boolean().default(false), lower: z.boolean().default(false) }),
  /** A file's own bytes as one string, for inputs such as `image_bytes`. */
  z.object({ kind: z.literal('bytes') }),
  ...tensorSteps,
]);
export type InputStep = z.infer<typeof inputStep>;
export type TensorStep = z.infer<(typeof tensorSteps)[number]>;

/** Where the names of classes come from. */
export const labelSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  /** A file of the SavedModel's `assets`, a name a line. */
  z.object({ kind: z.literal('asset'), path: z.string().max(1024) }),
  z.object({ kind: z.literal('list'), labels: z.array(z.string().max(1024)).max(1_000_000).readonly() }),
]);
export type LabelSource = z.infer<typeof labelSource>;

/** One step of a postprocessing, over the last dimension. */
export const outputStep = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('softmax') }),
  z.object({ kind: z.literal('sigmoid') }),
  z.object({ kind: z.literal('affine'), multiply: finite, add: finite }),
  /** 1 where a value is at least this, else 0. */
  z.object({ kind: z.literal('threshold'), value: finite }),
  /** The largest of each row with their labels. It ends the chain. */
  z.object({ kind: z.literal('top'), count: z.number().int().min(1).max(1_000), labels: labelSource }),
]);
export type OutputStep = z.infer<typeof outputStep>;

/** Pre- and postprocessing of one signature, by the names of inputs and outputs. */
export const recipe = z.object({
  version: z.literal(1),
  inputs: z.record(z.string().max(1024), z.array(inputStep).max(32).readonly()),
  outputs: z.record(z.string().max(1024), z.array(outputStep).max(32).readonly()),
});
export type Recipe = z.infer<typeof recipe>;

/** What fills a tensor. Random numbers are the same for the same seed on every machine. */
export const fill = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('zeros') }),
  z.object({ kind: z.literal('ones') }),
  z.object({ kind: z.literal('constant'), value: z.string().max(1_000_000) }),
  /** start, start + step, … */
  z.object({ kind: z.literal('range'), start: finite.default(0), step: finite.default(1) }),
  z.object({ kind: z.literal('uniform'), low: finite.default(0), high: finite.default(1), seed: z.number().int().default(0) }),
  z.object({ kind: z.literal('normal'), mean: finite.default(0), deviation: finite.default(1), seed: z.number().int().default(0) }),
  /** A one in the last dimension: of row i at `index + i`, round and round. */
  z.object({ kind: z.literal('one-hot'), index: z.number().int().min(0).default(0) }),
]);
export type Fill = z.infer<typeof fill>;
