import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Outside } from '../app.ts';
import { dataFolder } from '../owner/dataFolder.ts';
import { openSettingsFile } from '../settings/settingsStore.ts';
import type { CommandIo } from './commandIo.ts';
import { version } from './version.ts';

/** The folder of what is shipped beside the program: in the project, or unpacked beside the package. */
export function resourcesFolder(): string {
  const built = join(import.meta.dirname, '..', '..', 'resources');
  return existsSync(built) ? built : join(import.meta.dirname, '..', '..', '..', 'resources');
}

/** The world of a command or of the web shell. */
export function commandOutside({ env }: Pick<CommandIo, 'env'>, role: Outside['role'], roots: readonly string[] = []): Outside {
  const home = dataFolder(env);
  return {
    home,
    env,
    version,
    role,
    capabilities: { dropIsLink: false, pickFolderDialog: false, folderTree: true, revealFolder: false },
    settings: openSettingsFile(join(home, 'settings.json')),
    roots: roots.length > 0 ? roots : [env['HOME'] ?? homedir()],
    samplePath: join(resourcesFolder(), 'sample', 'digits'),
  };
}
