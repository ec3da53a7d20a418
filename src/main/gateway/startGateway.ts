import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewayFailure, reachGateway, type GatewayControl } from './reachGateway.ts';

/** A process on a loaded machine takes so long to begin, at most. */
const beginMs = 20_000;
const pollMs = 15;

/** A command line that becomes a gateway when the socket's path is added to it. */
export type GatewayProgram = readonly [program: string, ...args: string[]];

/** The gateway at this socket: the one that runs there, else a new process that does not end with this one. GatewayFailure. */
export async function startGateway(
  path: string,
  [program, ...args]: GatewayProgram,
  { signal }: { readonly signal: AbortSignal },
): Promise<GatewayControl> {
  const present = await reachGateway(path);
  if (present !== null) return present;
  const child = spawn(program, [...args, path], { detached: true, stdio: 'ignore' });
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
