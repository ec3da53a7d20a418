import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import type { Dtype } from '../../../../shared/tensor/dtype.ts';
import { detectionOf } from './detection.ts';

export type View =
  | 'number'
  | 'classes'
  | 'boxes'
  | 'mask'
  | 'image'
  | 'heatmap'
  | 'sequence'
  | 'waveform'
  | 'spectrogram'
  | 'text'
  | 'table';

const floats = new Set<Dtype | null>(['DT_FLOAT', 'DT_DOUBLE', 'DT_HALF', 'DT_BFLOAT16']);
const unordered = new Set<Dtype | null>(['DT_BOOL', 'DT_COMPLEX64', 'DT_COMPLEX128', null]);
const mostClasses = 300_000;
const leastSamples = 2_000;

const names = {
  classes: /prob|class|logit|softmax|categor|digit|sentiment/i,
  scores: /score/i,
  mask: /mask|segment|(^|_)seg/i,
  heatmap: /attention|heat|spec|mel|matrix|similar|kernel|confusion/i,
  sequence: /forecast|series|signal|trend/i,
  waveform: /audio|wave|speech|sound|pcm/i,
};

/** Whether the first rows, each the last dimension, are 0 to 1 and together 1. Of rows longer than what is at hand nothing is said. */
export function areProbabilities({ first, shape }: Pick<TensorSummary, 'first' | 'shape'>): boolean {
  const width = shape.at(-1) ?? 1;
  const rows = Math.min(8, Math.floor(first.length / width));
  if (width < 2 || rows === 0) return false;
  for (let row = 0; row < rows; row += 1) {
    const values = first.slice(row * width, (row + 1) * width).map(Number);
    const sum = values.reduce((total, value) => total + value, 0);
    if (!values.every((value) => value >= 0 && value <= 1) || Math.abs(sum - 1) > 1e-3) return false;
  }
  return true;
}

/**
 * The views that make sense of a tensor, the best first: by its type, its shape and its name, and by the outputs beside it. There is
 * always one.
 */
export function viewsOf(output: TensorSummary, others: readonly TensorSummary[]): readonly View[] {
  const { dtype, shape, size, name } = output;
  if (dtype === 'DT_STRING') return size === 0 ? ['table'] : ['text', 'table'];
  if (size === 0) return ['table'];
  if (size === 1) return ['number', 'table'];
  const rank = shape.length;
  const weights = new Map<View, number>([['table', rank <= 2 ? 50 : 30]]);
  const isFloat = floats.has(dtype);
  const [height = 0, width = 0, last = 0] = rank >= 3 ? shape.slice(-3) : [0, ...shape.slice(-2)];
  const isLarge = height >= 8 && width >= 8;

  const detection = detectionOf([output, ...others]);
  if (detection?.boxes === name) weights.set('boxes', 100);
  const isDetected = detection !== null && [detection.scores, detection.classes, detection.count].includes(name);

  if (!unordered.has(dtype)) {
    const probable = isFloat && areProbabilities(output);
    // [rows, columns, classes] may as well be [batch, tokens, words].
    const masks = isLarge && isFloat && last >= 1 && last <= 1_000 && (rank >= 4 || (rank === 3 && names.mask.test(name)));
    if (masks && last >= 2) weights.set('mask', probable || names.mask.test(name) || names.classes.test(name) ? 92 : last === 3 ? 50 : 65);
    if (masks && last === 1) weights.set('mask', names.mask.test(name) ? 88 : 40);
    const [rows = 0, columns = 0] = shape.slice(-2);
    if (!isFloat && rank >= 2 && rows >= 8 && columns >= 8 && Number(output.min) >= 0 && Number(output.max) < 1_000)
      weights.set('mask', names.mask.test(name) ? 88 : 45);
    const least = dtype === 'DT_UINT8' ? 2 : 4;
    if (rank >= 3 && height >= least && width >= least && (last === 1 || last === 3 || last === 4)) {
      const plain = { 1: 70, 3: 85, 4: 60 }[last];
      weights.set('image', dtype === 'DT_UINT8' ? 95 : isLarge ? plain : 20);
    }
    const classes = shape.at(-1) ?? 0;
    if (isFloat && classes >= 2 && classes <= mostClasses && weights.get('boxes') === undefined) {
      const likely = probable ? 90 : names.classes.test(name) ? 80 : names.scores.test(name) && !isDetected ? 75 : 30;
      weights.set('classes', masks ? 25 : likely);
    }
    if (rank >= 2 && rows >= 2 && columns >= 2) weights.set('heatmap', names.heatmap.test(name) ? 78 : rows >= 8 && columns >= 8 ? 40 : 22);
    sound(output, isFloat, weights);
  }
  return [...weights].toSorted(([, a], [, b]) => b - a).map(([view]) => view);
}

/** Lines over an index: any sequence, and long ones as sound. */
function sound({ shape, name, dtype }: TensorSummary, isFloat: boolean, weights: Map<View, number>): void {
  const { length, lines } = lineOf(shape);
  if (length < 4 || shape.length > 3) return;
  const long =
    lines > 1 ? 57 : shape.length === 1 ? (length >= 16 ? 55 : 35) : shape.length === 2 && shape[0] === 1 && length >= 64 ? 55 : 24;
  weights.set('sequence', names.sequence.test(name) ? 70 : long);
  if (length < leastSamples || (!isFloat && dtype !== 'DT_INT16')) return;
  const wave = names.waveform.test(name) ? 93 : 54;
  weights.set('waveform', wave);
  // So many numbers without a sum are samples.
  if ((weights.get('classes') ?? 0) <= 30) weights.delete('classes');
  weights.set('spectrogram', wave - 0.5);
}

/** Which dimensions are a line: the last, or the one before it where the last holds up to four channels; `lines` of them. */
export function lineOf(shape: readonly number[]): { readonly length: number; readonly lines: number } {
  const [before = 0, last = 0] = shape.length === 1 ? [0, shape[0]] : shape.slice(-2);
  return last <= 4 && before >= 8 && shape.length >= 3 ? { length: before, lines: last } : { length: last, lines: 1 };
}

/** How many of the last dimensions a view takes; the others are chosen one at a time. */
export function viewRank(view: View, { shape, dtype }: Pick<TensorSummary, 'shape' | 'dtype'>): number {
  const rank = shape.length;
  if (view === 'image') return 3;
  if (view === 'mask') return floats.has(dtype) ? 3 : 2;
  if (view === 'table' || view === 'heatmap' || view === 'boxes') return Math.min(2, rank);
  if (view === 'classes') return 1;
  if (view === 'sequence' || view === 'waveform' || view === 'spectrogram') return lineOf(shape).lines > 1 ? 2 : 1;
  return rank;
}
