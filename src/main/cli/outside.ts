import { homedir } from 'node:os';
import { join, sep } from 'node:path';
import type { Outside } from '../app.ts';
import { dataFolder } from '../owner/dataFolder.ts';
import { openSettingsFile } from '../settings/settingsStore.ts';
import { forkEngines } from '../tfserving/engineProcess.ts';
import type { CommandIo } from './commandIo.ts';
import { version } from './version.ts';

/** Where this program's files lie: flat when built, in rooms as sources. */
const programFolder = import.meta.filename.endsWith('.ts') ? join(import.meta.dirname, '..') : import.meta.dirname;

/** The entry of a command. */
const programEntry = import.meta.filename.endsWith('.ts') ? join(import.meta.dirname, 'slipway.ts') : join(programFolder, 'slipway.js');

/**
 * The folder of what is shipped beside the program, in the project as in a package. Of a package's archive it is the unpacked
 * part, since a container cannot mount what lies in an archive.
 */
export function resourcesFolder(program: string = programFolder): string {
  return join(program, '..', '..', 'resources').replace(`app.asar${sep}`, `app.asar.unpacked${sep}`);
}

/** The world of a command or of the web shell. */
export function commandOutside(
  { env, forkEngine, gatewayProgram }: Pick<CommandIo, 'env' | 'forkEngine' | 'gatewayProgram'>,
  role: Outside['role'],
  roots: readonly string[] = [],
): Outside {
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
    gatewayProgram: gatewayProgram ?? [process.execPath, ...process.execArgv, programEntry, 'gateway'],
    forkEngine: forkEngine ?? forkEngines(programEntry),
  };
}
