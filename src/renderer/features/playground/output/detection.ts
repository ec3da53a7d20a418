import type { TensorSummary } from '../../../../shared/contract/predict.ts';

/** The outputs of an object detector by their names; null for a part that is not there. */
export interface Detection {
  readonly boxes: string;
  readonly scores: string | null;
  readonly classes: string | null;
  readonly count: string | null;
}

type Shaped = Pick<TensorSummary, 'name' | 'shape' | 'size'>;

const boxNames = [/^detection_boxes$/i, /^(?!.*raw).*boxes$/i, /box/i];

/**
 * Finds boxes, [count, 4] or [batch, count, 4], and what belongs to them: a score and a class of each. Names as TensorFlow's Object
 * Detection API and TensorFlow Hub have them: detection_boxes, detection_scores, detection_classes, num_detections; or just boxes, scores.
 */
export function detectionOf(outputs: readonly Shaped[]): Detection | null {
  const able = outputs.filter(({ shape, size }) => size > 4 && shape.at(-1) === 4 && (shape.length === 2 || shape.length === 3));
  const boxes = boxNames.flatMap((pattern) => able.filter(({ name }) => pattern.test(name)))[0];
  if (boxes === undefined) return null;
  const each = boxes.size / 4;
  const beside = (pattern: RegExp): string | null => {
    const found = outputs.filter(({ name, size }) => name !== boxes.name && size === each && pattern.test(name));
    return (found.find(({ name }) => name.startsWith('detection_')) ?? found[0])?.name ?? null;
  };
  const scores = beside(/score|confidence/i);
  if (scores === null && outputs.length > 1 && !/box/i.test(boxes.name)) return null;
  const count = outputs.find(
    ({ name, size }) => /^(num|count|valid)/i.test(name) && size <= (boxes.shape.length === 3 ? (boxes.shape[0] ?? 1) : 1),
  );
  return { boxes: boxes.name, scores, classes: beside(/class|label/i), count: count?.name ?? null };
}

/** How four numbers tell a box; TensorFlow's own order is the first. */
export const cornerOrders = ['yxyx', 'xyxy', 'xywh', 'cxcywh'] as const;
export type CornerOrder = (typeof cornerOrders)[number];

export interface Box {
  readonly index: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly score: number | null;
  readonly class: number | null;
}

/** Whether coordinates are parts of the picture's sides: nothing lies far outside 0 to 1. */
export function areNormalised(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index += 1) if (Math.abs(values[index] ?? 0) > 2) return false;
  return true;
}

/** Four numbers as the box's sides, in the same units. */
export function sidesOf(values: ArrayLike<number>, at: number, order: CornerOrder): Pick<Box, 'left' | 'top' | 'right' | 'bottom'> {
  const [a = 0, b = 0, c = 0, d = 0] = [values[at], values[at + 1], values[at + 2], values[at + 3]];
  if (order === 'yxyx') return { top: a, left: b, bottom: c, right: d };
  if (order === 'xyxy') return { left: a, top: b, right: c, bottom: d };
  return order === 'xywh'
    ? { left: a, top: b, right: a + c, bottom: b + d }
    : { left: a - c / 2, top: b - d / 2, right: a + c / 2, bottom: b + d / 2 };
}
