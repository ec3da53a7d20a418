/** Where the chosen part begins, and how many elements it has. */
export function sliceOf(shape: readonly number[], rank: number, at: readonly number[]): { readonly from: number; readonly count: number } {
  const whole = Math.max(0, shape.length - rank);
  const count = shape.slice(whole).reduce((product, size) => product * size, 1);
  const index = shape.slice(0, whole).reduce((sum, size, dimension) => sum * size + Math.min(size - 1, at[dimension] ?? 0), 0);
  return { from: index * count, count };
}
