/**
 * Properties of a field of the kit whose words about what is wrong stand elsewhere on the page. The kit overwrites `aria-describedby`
 * with its own unless it is told to leave these attributes alone, by a property that its inputs take and its types leave out.
 */
export function describedElsewhere(id: string | undefined, isWrong = id !== undefined): object {
  return { withAria: false, 'aria-invalid': isWrong || undefined, 'aria-describedby': id };
}
