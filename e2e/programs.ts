import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export const projectRoot = resolve(import.meta.dirname, '..');

const execute = promisify(execFile);

/** Runs Docker's own command and answers what it printed. */
export async function docker(...args: readonly string[]): Promise<string> {
  return (await execute('docker', [...args], { maxBuffer: 32 * 2 ** 20 })).stdout.trim();
}

/** Runs one command of ours to its end, against the data folder of `env`. */
export async function slipway(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<string> {
  return (await execute(process.execPath, [resolve(projectRoot, 'out', 'main', 'slipway.js'), ...args], { env })).stdout.trim();
}

/** Ends a program as a person's terminal would, and waits until it has gone. */
export async function endProgram(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

export interface WebShellProgram {
  readonly child: ChildProcess;
  /** As it was printed, with its one-time code. */
  readonly url: string;
  /** All that it wrote to its error output so far. */
  errors(): string;
}

/** Starts the built web shell and waits until it has printed its address. */
export async function startWebShellProgram(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<WebShellProgram> {
  const child = spawn(process.execPath, [resolve(projectRoot, 'out', 'main', 'slipway.js'), 'web', '--no-open', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  child.stderr.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const found = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const url = /http:\/\/\S+#code=[\w-]+/.exec(line)?.[0];
    if (url !== undefined) found.resolve(url);
  });
  child.once('exit', (code) => found.reject(new Error(`the web shell ended with ${code} before it printed its address\n${written}`)));
  return { child, url: await found.promise, errors: () => written };
}
