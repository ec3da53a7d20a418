import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildIfNeeded } from './build.ts';
import { cannotBeHad, chooseShell, type ShellChoice, type StartFacts } from './chooseShell.ts';
import { projectRoot, run } from './run.ts';

const say = (line: string): void => {
  if (process.env['npm_config_loglevel'] !== 'silent') process.stderr.write(`${line}\n`);
};

/** Path of Electron's binary where it is there; the package tells it in path.txt. */
function electronBinary(): string | undefined {
  const folder = join(createRequire(import.meta.url).resolve('electron/package.json'), '..');
  const name =
    process.platform === 'win32' ? 'electron.exe' : process.platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron';
  const path = join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'), name);
  return existsSync(path) ? path : undefined;
}

/** Whether Electron's download place answers within two seconds: a closed network must not hold the start. */
function downloadAnswers(): Promise<boolean> {
  const host = new URL(process.env['ELECTRON_MIRROR'] ?? 'https://github.com').hostname;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port: 443, timeout: 2_000 });
  const settle = (answer: boolean): void => {
    socket.destroy();
    resolve(answer);
  };
  socket.once('connect', () => settle(true));
  socket.once('error', () => settle(false));
  socket.once('timeout', () => settle(false));
  return promise;
}

/** Brings Electron's binary here, announced; undefined where it cannot be had. */
async function downloadElectron(): Promise<string | undefined> {
  if (!(await downloadAnswers())) return undefined;
  say('Downloading Electron, about 110 MB, once…');
  await run(process.execPath, [createRequire(import.meta.url).resolve('electron/install.js')], { show: true });
  return electronBinary();
}

/** Decides by what there is, and downloads where that would change it. */
async function chosenShell(): Promise<Exclude<ShellChoice, { kind: 'download' }>> {
  const facts: StartFacts = {
    wanted: process.env['SLIPWAY_SHELL'] ?? '',
    hasDisplay: process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']),
    isRoot: process.getuid?.() === 0,
    electron: electronBinary(),
  };
  const choice = chooseShell(facts);
  if (choice.kind !== 'download') return choice;
  const settled = chooseShell({ ...facts, electron: (await downloadElectron()) ?? cannotBeHad });
  if (settled.kind === 'download') throw new Error('what was downloaded cannot be asked for again');
  return settled;
}

/** Runs a program in the foreground with this terminal; signals reach it, and its exit code becomes ours. */
function become(program: string, args: readonly string[]): void {
  const child = spawn(program, args, { stdio: 'inherit', env: process.env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 130);
  });
}

// npm runs this in the project's folder; paths are meant from where the person is.
process.chdir(process.env['INIT_CWD'] ?? process.cwd());
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const args = process.argv.slice(2);
try {
  if (major < 24 || (major === 24 && minor < 10)) {
    throw new Error(`Slipway runs on Node 24.10 or newer, this is ${process.version}; npm ci installs one for this project`);
  }
  if (await buildIfNeeded()) say('built');
  const command = join(projectRoot, 'out', 'main', 'slipway.js');
  const opensApp = args.length === 0 || (args.length === 1 && args[0] !== undefined && !args[0].startsWith('-') && existsSync(args[0]));
  if (!opensApp) become(process.execPath, [command, ...args]);
  else {
    const choice = await chosenShell();
    if (choice.kind === 'refused') throw new Error(choice.why);
    if (choice.kind === 'desktop') become(choice.binary, [projectRoot, ...args]);
    else {
      say(`Opening the web shell: ${choice.why}.`);
      become(process.execPath, [command, ...(args.length === 0 ? ['web'] : args)]);
    }
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
