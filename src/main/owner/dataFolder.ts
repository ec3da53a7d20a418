import { createHash } from 'node:crypto';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** `SLIPWAY_HOME`, else the system's own place for an application's data. */
export function dataFolder(env: Readonly<Record<string, string | undefined>>): string {
  const set = env['SLIPWAY_HOME'];
  if (set !== undefined && set !== '') return resolve(set);
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'Slipway');
  if (process.platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'Slipway');
  return join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'slipway');
}

/** A socket's path may have some hundred bytes; a longer one lies in the system's temporary folder, in a folder of this user. */
const maxSocketPath = 100;

function socketOf(home: string, name: string, platform: NodeJS.Platform): string {
  const key = createHash('sha256').update(resolve(home)).digest('hex').slice(0, 20);
  if (platform === 'win32') return `\\\\.\\pipe\\slipway-${key}${name === 'owner' ? '' : `-${name}`}`;
  const usual = join(home, `${name}.sock`);
  return Buffer.byteLength(usual) <= maxSocketPath ? usual : join(tmpdir(), `slipway-${process.getuid?.() ?? 0}-${key}`, `${name}.sock`);
}

/** Where the owner of a data folder listens: a socket in it, or a named pipe. */
export const ownerSocket = (home: string, platform: NodeJS.Platform = process.platform): string => socketOf(home, 'owner', platform);

/** Where the gateway of a serving listens for its owner. */
export const gatewaySocket = (home: string, servingId: string, platform: NodeJS.Platform = process.platform): string =>
  socketOf(home, `gateway-${servingId.slice(0, 8)}`, platform);
