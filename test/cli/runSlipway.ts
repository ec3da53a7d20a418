import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const program = join(import.meta.dirname, '..', '..', 'src', 'main', 'cli', 'slipway.ts');

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the real program in a data folder of its own; `wrap` is a command that runs it. */
export function startSlipway(
  home: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  wrap: readonly string[] = [],
): ChildProcessByStdio<Writable, Readable, Readable> {
  const [command = '', ...line] = [...wrap, process.execPath, program, ...args];
  return spawn(command, line, {
    env: { ...process.env, SLIPWAY_HOME: home, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Runs one command to its end. */
export async function slipway(
  home: string,
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const child = startSlipway(home, args, env);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** The first line of a stream that fits, or its end as a failure; the stream is read on, so that its writer is not cut off. */
export async function lineOf(stream: Readable, pattern: RegExp): Promise<string> {
  let text = '';
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const found = text.split('\n').find((line) => pattern.test(line));
    if (found !== undefined) resolve(found);
  });
  stream.once('end', () => reject(new Error(`ended without ${String(pattern)}:\n${text}`)));
  return promise;
}
