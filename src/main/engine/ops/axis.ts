import { invalid } from '../value.ts';

/** An axis counted from the front. Throws in the words that most of TensorFlow's ops use. */
export function axisOf(axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) throw invalid(`Expected dimension in the range [${-rank}, ${rank}), but got ${axis}`);
  return axis < 0 ? axis + rank : axis;
}
