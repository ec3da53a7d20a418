import { relative, isAbsolute, sep } from 'node:path';

/** A path as people write it: `~` for their home. */
export function displayPath(path: string, home: string): string {
  const inside = relative(home, path);
  if (inside === '') return '~';
  return inside.startsWith('..') || isAbsolute(inside) ? path : `~${sep}${inside}`;
}
