/** `[batch, 8, 8, 1]`: the first unknown dimension is the batch, others are `?`. */
export function shapeText(shape: readonly number[] | null): string {
  if (shape === null) return '[…]';
  return `[${shape.map((dim, index) => (dim >= 0 ? String(dim) : index === 0 ? 'batch' : '?')).join(', ')}]`;
}
