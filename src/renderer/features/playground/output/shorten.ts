/** At most six significant digits of a fraction; whole numbers, NaN and Infinity stay as they are. */
export function shorten(text: string): string {
  if (!/[.e]/i.test(text)) return text.replace(/^-(?=.)/, '−');
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  const size = Math.abs(value);
  const digits = size === 0 || (size >= 1e-4 && size < 1e7) ? String(Number(value.toPrecision(6))) : value.toExponential(3);
  return digits.replace(/^-/, '−');
}
