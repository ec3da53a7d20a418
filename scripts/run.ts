import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** The project's folder. */
export const projectRoot = resolve(import.meta.dirname, '..');

/** A command of the project's own node_modules. */
export function bin(name: string): string {
  return join(projectRoot, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name);
}

export interface Outcome {
  readonly code: number;
  /** stdout and stderr together, in order of arrival. */
  readonly output: string;
}

/** Runs a command in the project and waits for its end; `show` passes its output through as it comes. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly show?: boolean; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<Outcome> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<Outcome>();
  const child = spawn(command, args, {
    cwd: options.cwd ?? projectRoot,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  let output = '';
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    if (options.show === true) process.stderr.write(chunk);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.once('error', reject);
  child.once('close', (code) => settle({ code: code ?? 1, output }));
  return promise;
}
