import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Why the desktop specs cannot run here, or the path of Electron's program. */
export function electronBinary(): { readonly path: string } | { readonly why: string } {
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
  if (!hasDisplay) return { why: 'there is no display' };
  if (process.getuid?.() === 0) return { why: 'Electron does not run as root' };
  const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist');
  const told = join(folder, 'path.txt');
  const path = join(dist, existsSync(told) ? readFileSync(told, 'utf8') : 'electron');
  return existsSync(path) ? { path } : { why: 'there is no Electron binary' };
}
