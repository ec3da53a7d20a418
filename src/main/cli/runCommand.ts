import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitCode, type CommandIo } from './commandIo.ts';

/** A command's own module, loaded when it is called. */
type Run = (args: readonly string[], io: CommandIo) => Promise<number>;

const commands: Readonly<Record<string, { readonly line: string; readonly load: () => Promise<Run> }>> = {
  web: { line: 'web              the app in a browser of this machine', load: async () => (await import('./web.ts')).runWeb },
  inspect: {
    line: 'inspect DIR      describes a SavedModel or a base folder of versions',
    load: async () => (await import('./inspect.ts')).runInspect,
  },
  try: {
    line: 'try              serves the bundled sample, asks it, and shows the answer',
    load: async () => (await import('./try.ts')).runTry,
  },
  serve: {
    line: 'serve DIR…       serves until interrupted, or with --detach until stop',
    load: async () => (await import('./serve.ts')).runServe,
  },
  ps: { line: 'ps               the servings', load: async () => (await import('./servingCommands.ts')).runPs },
  stop: { line: 'stop NAME…       stops servings', load: async () => (await import('./servingCommands.ts')).runStop },
  start: { line: 'start NAME…      starts stopped servings again', load: async () => (await import('./servingCommands.ts')).runStart },
  logs: { line: 'logs NAME [-f]   the server’s log', load: async () => (await import('./servingCommands.ts')).runLogs },
  rm: {
    line: 'rm NAME…         removes servings; models and folders stay',
    load: async () => (await import('./servingCommands.ts')).runRm,
  },
  switch: {
    line: 'switch NAME latest|V|LABEL=V   what a serving serves, without a failed request',
    load: async () => (await import('./switchCommands.ts')).runSwitchCommand,
  },
  rollback: {
    line: 'rollback NAME    what was served before',
    load: async () => (await import('./switchCommands.ts')).runRollback,
  },
  predict: { line: 'predict NAME|URL|DIR   one request', load: async () => (await import('./predict.ts')).runPredictCommand },
  modelserver: {
    line: 'modelserver      the embedded engine as a server, with TensorFlow Serving’s flags',
    load: async () => (await import('./modelserver.ts')).runModelserver,
  },
  bake: { line: 'bake DIR         an image with the model in it', load: async () => (await import('./bake.ts')).runBake },
  upgrade: {
    line: 'upgrade NAME     another image or engine at the same address; --back returns',
    load: async () => (await import('./upgrade.ts')).runUpgrade,
  },
  gateway: { line: '', load: async () => (await import('./gateway.ts')).runGateway },
  models: { line: 'models [QUERY…]  the models of the library', load: async () => (await import('./libraryCommands.ts')).runModels },
  versions: {
    line: 'versions NAME    a model’s versions, their metrics and tags',
    load: async () => (await import('./libraryCommands.ts')).runVersions,
  },
  compare: { line: 'compare NAME@V NAME@V…   what differs between versions', load: async () => (await import('./compare.ts')).runCompare },
  'compare-rows': {
    line: 'compare-rows FILE A B   two servings, versions or ways to ask, over every row of a file',
    load: async () => (await import('./compareRows.ts')).runCompareRows,
  },
  tag: { line: 'tag NAME@V k=v…  says something of a version', load: async () => (await import('./libraryCommands.ts')).runTag },
  test: { line: 'test NAME|DIR    asks a model its saved cases', load: async () => (await import('./test.ts')).runTest },
  owner: { line: '', load: async () => (await import('./owner.ts')).runOwner },
};

/** Whether a first argument names a command, and not a folder to open. */
export const isCommand = (name: string): boolean => Object.hasOwn(commands, name) || ['--help', '-h', 'help', '--version'].includes(name);

/** Whether an interrupt is how a command ends. */
const staysUntilInterrupted = (name: string | undefined, rest: readonly string[]): boolean =>
  name === undefined ||
  ['web', 'logs', 'owner', 'gateway'].includes(name) ||
  (name === 'serve' && !rest.includes('--detach')) ||
  (name === 'try' && !rest.includes('--once'));

const help = `slipway [FOLDER]        opens the app, with the import sheet for FOLDER
slipway COMMAND …

${Object.values(commands)
  .filter(({ line }) => line !== '')
  .map(({ line }) => `  ${line}`)
  .join('\n')}

  --help      on every command tells its options, with an example
  --json      results as JSON on stdout, and nothing else there
  --version

Example: slipway serve ~/models/digits
`;

/** The failure as a person or a program reads it; answers the exit code. */
export async function tellFailure(error: unknown, json: boolean, io: CommandIo): Promise<number> {
  const { asAppError } = await import('../incident.ts');
  const { code, title, advice } = asAppError(error).report();
  if (json) io.out(`${JSON.stringify({ error: { code, title, advice } })}\n`);
  else io.err(`${title}. ${advice}\n`);
  return exitCode.failed;
}

/** Runs one command line; every outcome is an exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') {
    io.out(help);
    return exitCode.done;
  }
  if (name === '--version') {
    const { version } = await import('./version.ts');
    io.out(`${version}\n`);
    return exitCode.done;
  }
  const json = rest.includes('--json');
  try {
    const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command !== undefined) return await (await command.load())(rest, io);
    if (name === undefined || (rest.length === 0 && !name.startsWith('-') && existsSync(resolve(io.cwd, name))))
      return await (await import('./openApp.ts')).openApp(name, io);
    io.err(`There is no command or folder ${name}.\n\n${help}`);
    return exitCode.usage;
  } catch (error) {
    if (io.signal.aborted && staysUntilInterrupted(name, rest)) return exitCode.done;
    const { AppError } = await import('../../shared/contract/errors.ts');
    return tellFailure(io.signal.aborted ? new AppError('CANCELLED', {}, { cause: error }) : error, json, io);
  }
}
