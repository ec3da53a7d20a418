import { join } from 'node:path';
import { app } from 'electron';
import { processIo } from '../cli/processIo.ts';
import { isCommand, runCommand } from '../cli/runCommand.ts';
import { desktopGateway } from './desktopProgram.ts';
import { utilityEngines } from './utilityEngines.ts';

/** The command that the app was started with instead of a folder, with its arguments; null where there is none. */
export function commandArguments(argv: readonly string[], { isPackaged }: { readonly isPackaged: boolean }): readonly string[] | null {
  // Unpackaged, the first argument is the app itself.
  const args = argv.slice(isPackaged ? 1 : 2);
  return args[0] !== undefined && isCommand(args[0]) ? args : null;
}

/** Runs a command as the installed program does: without a window, beside an app that may be open. Called when Electron is ready; ends the process. */
export async function runDesktopCommand(args: readonly string[]): Promise<void> {
  app.dock?.hide();
  const forkEngine = utilityEngines(join(import.meta.dirname, 'slipway.js'));
  app.exit(await runCommand(args, { ...processIo(), forkEngine, gatewayProgram: desktopGateway() }));
}
