import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewayFailure, reachGateway, type GatewayControl } from './reachGateway.ts';

/** A process on a loaded machine takes so long to begin, at most. */
const beginMs = 20_000;
const pollMs = 15;

/** A command line that becomes a gateway: program, arguments, and what is added to this process's environment. */
export interface GatewayProgram {
  readonly command: readonly [program: string, ...args: string[]];
  /** The variable that names the socket, where the command takes none. */
  readonly variable?: string;
}

/** The gateway at this socket: the one that runs there, else a new process that does not end with this one. GatewayFailure. */
export async function startGateway(
  path: string,
  { command: [program, ...args], variable }: GatewayProgram,
  { signal }: { readonly signal: AbortSignal },
): Promise<GatewayControl> {
  const present = await reachGateway(path);
  if (present !== null) return present;
  const child = spawn(program, variable === undefined ? [...args, path] : args, {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, ...(variable === undefined ? {} : { [variable]: path }) },
  });
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  child.unref();
  const until = performance.now() + beginMs;
  for (;;) {
    const control = await reachGateway(path);
    if (control !== null) return control;
    if (ended || performance.now() > until) throw new GatewayFailure('it did not start');
    await wait(pollMs, undefined, { signal });
  }
}
