import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { floatsOf } from '../float16.ts';
import { bigints, isFloating, isWide, numbers, sizeOf, strings } from '../value.ts';
import { formatFloat } from './formatNumber.ts';

/** One element as TensorFlow prints it: floats by the fewest of 6 (15) or 9 (17) digits that tell them apart. */
function element(tensor: Tensor, at: number, quoted: boolean): string {
  if (tensor.dtype === 'DT_STRING') {
    const value = Buffer.from(strings(tensor)[at]!).toString();
    return quoted ? `"${value}"` : value;
  }
  if (isWide(tensor.dtype)) return String(bigints(tensor)[at]);
  if (!isFloating(tensor.dtype)) return String(numbers(tensor)[at]);
  const value = floatsOf(tensor)[at]!;
  if (tensor.dtype === 'DT_DOUBLE') return Number(formatFloat(value, 15)) === value ? formatFloat(value, 15) : formatFloat(value, 17);
  return Math.fround(Number(formatFloat(value, 6))) === value || !Number.isFinite(value) ? formatFloat(value, 6) : formatFloat(value, 9);
}

/** What an assertion prints of a tensor: the first `limit` values in the brackets of their rows, all where it is negative. */
export function summarized(tensor: Tensor, limit: number): string {
  const { shape } = tensor;
  const size = sizeOf(shape);
  const count = limit < 0 ? size : Math.min(size, limit);
  let next = 0;
  const print = (axis: number): string => {
    const parts: string[] = [];
    const last = axis >= shape.length - 1;
    for (let i = 0; i < (shape[axis] ?? 1); i += 1) {
      if (next >= count) return parts.join(last ? ' ' : '') + (last && axis > 0 ? '...' : '');
      if (last) parts.push(element(tensor, next++, false));
      else parts.push(`[${print(axis + 1)}]`);
    }
    return parts.join(last ? ' ' : '');
  };
  return print(0) + (count < size ? '...' : '');
}

/** A tensor as tf.print and tf.strings.format write it: at most `ends` elements at either end of an axis, all where it is negative. */
export function printed(tensor: Tensor, ends: number): string {
  const { shape } = tensor;
  const print = (axis: number, start: number): string => {
    if (axis === shape.length) return element(tensor, start, true);
    const dim = shape[axis]!;
    const inner = sizeOf(shape.slice(axis + 1));
    const space = axis === shape.length - 1 ? ' ' : '\n'.repeat(shape.length - axis - 1) + ' '.repeat(axis + 1);
    const most = ends < 0 ? dim : ends;
    const parts: string[] = [];
    for (let i = 0; i < dim; i += 1) {
      if (i < most || i >= dim - most) parts.push(print(axis + 1, start + i * inner));
      else if (i === most) parts.push('...');
    }
    return `[${parts.join(space)}]`;
  };
  return print(0, 0);
}
