import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';

const deviceName = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

const refuse = (detail: string): never => {
  throw new AppError('PATH_REFUSED', { detail });
};

/** The nearest part of a path that exists, with its links resolved. */
async function realParent(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(await realpath(at), relative(at, path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(at) === at) throw error;
    }
  }
}

/**
 * The only way an untrusted relative path becomes a path: the joined path, sure to lie under `root`, also through links.
 * PATH_REFUSED for absolute, drive, UNC and device names, `..`, zero bytes, encoded steps, and links that leave the root.
 */
export async function safeJoin(root: string, untrusted: string): Promise<string> {
  if (untrusted.includes('\0')) refuse('It holds a zero byte.');
  // A name may hold a percent sign; what decodes to a step or a separator may not.
  if (/%(?:2e|2f|5c|00)/i.test(untrusted)) refuse('It holds an encoded path.');
  if (isAbsolute(untrusted) || /^[a-zA-Z]:/.test(untrusted) || /^[\\/]{2}/.test(untrusted) || untrusted.startsWith('/') || untrusted.startsWith('\\')) refuse('It is absolute.');
  for (const part of untrusted.split(/[\\/]/)) {
    if (part === '..') refuse('It leads out of its folder.');
    if (deviceName.test(part)) refuse(`${part} names a device.`);
  }
  const base = await realpath(root);
  const joined = resolve(base, untrusted);
  const inside = relative(base, await realParent(joined));
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) refuse('A link in it leads out of its folder.');
  return joined;
}
