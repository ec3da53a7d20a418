import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * The folder that the app was started with, absolute; null where there is none. Switches, ours and Chromium's, begin with a dash;
 * unpackaged, the first other argument is the app itself.
 */
export function folderArgument(
  argv: readonly string[],
  { isPackaged, cwd }: { readonly isPackaged: boolean; readonly cwd: string },
): string | null {
  const named = argv.slice(1).filter((one) => !one.startsWith('-'));
  const [folder] = isPackaged ? named : named.slice(1);
  if (folder === undefined) return null;
  const path = resolve(cwd, folder);
  return existsSync(path) ? path : null;
}
