/** A written quantity in its two parts: the number large, the unit small. */
export interface Quantity {
  readonly value: string;
  readonly unit: string;
}

/** Takes `118 MB` apart at the narrow no-break space that stands between a number and its unit; thousands have one too, so the last counts. */
export function quantityOf(text: string): Quantity {
  const at = text.lastIndexOf('\u202f');
  return at < 0 ? { value: text, unit: '' } : { value: text.slice(0, at), unit: text.slice(at + 1) };
}
