import { fork } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** What a model server of ours tells its owner every second; one that no longer tells it hangs. */
export const engineBeat = z.object({
  /** Of one core, since the last beat. */
  cpuPercent: z.number(),
  memoryBytes: z.number(),
  networkInBytes: z.number(),
  networkOutBytes: z.number(),
});
export type EngineBeat = z.infer<typeof engineBeat>;

/** A model server in a process of its own. It ends when its owner goes away, however it does. */
export interface EngineProcess {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  onBeat(listener: (beat: EngineBeat) => void): void;
  /** At once. */
  kill(): void;
}

/** Starts `modelserver` with TensorFlow Serving's flags; `env` is added to this process's own. */
export type ForkEngine = (flags: readonly string[], env: Readonly<Record<string, string>>) => EngineProcess;

/** Marks a model server that belongs to the process at the other end of its channel. */
export const ownedVariable = 'SLIPWAY_OWNED';

/** Model servers as children of this Node process; `program` is the command line's entry. */
export function forkEngines(program: string): ForkEngine {
  return (flags, env) => {
    const child = fork(program, ['modelserver', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env, [ownedVariable]: '1' },
    });
    const { promise, resolve } = Promise.withResolvers<{ readonly code: number | null; readonly signal: string | null }>();
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 1, signal: null }));
    if (child.stdout === null || child.stderr === null) throw new Error('a forked process has no pipes');
    return {
      pid: child.pid,
      stdout: child.stdout,
      stderr: child.stderr,
      exited: promise,
      onBeat: (listener) =>
        void child.on('message', (message) => {
          const parsed = engineBeat.safeParse(message);
          if (parsed.success) listener(parsed.data);
        }),
      kill: () => void child.kill('SIGKILL'),
    };
  };
}

const beatMs = 1_000;

/** What went over all ports of this process since now, in bytes. */
function countTraffic(): () => Pick<EngineBeat, 'networkInBytes' | 'networkOutBytes'> {
  const open = new Set<Socket>();
  let [inBytes, outBytes] = [0, 0];
  subscribe('net.server.socket', (message) => {
    const { socket } = message as { readonly socket: Socket };
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      inBytes += socket.bytesRead;
      outBytes += socket.bytesWritten;
    });
  });
  const sum = (key: 'bytesRead' | 'bytesWritten'): number => [...open].reduce((total, socket) => total + socket[key], 0);
  return () => ({ networkInBytes: inBytes + sum('bytesRead'), networkOutBytes: outBytes + sum('bytesWritten') });
}

/** Ends this process when the owner has gone, from a thread of its own: also where the main thread hangs and hears nothing. */
function watchOwner(): void {
  const watch = `const owner = ${process.ppid};
    setInterval(() => {
      try { process.kill(owner, 0); } catch (error) { if (error.code === 'ESRCH') process.kill(process.pid, 'SIGKILL'); }
    }, ${beatMs});`;
  new Worker(watch, { eval: true }).unref();
}

/** The other end, in the model server: tells its figures every second and ends the process when its owner has gone. Nothing where nobody owns it. */
export function obeyOwner(): void {
  // A utility process of Electron's has a port of its own, and ends with the main process.
  const { parentPort } = process as { readonly parentPort?: { postMessage(message: unknown): void } };
  const toOwner = process.send?.bind(process);
  if (process.env[ownedVariable] !== '1' || (parentPort ?? toOwner) === undefined) return;
  // The owner may have gone in this moment: `disconnect` follows.
  const send = (told: EngineBeat): void =>
    parentPort === undefined ? void toOwner?.(told, undefined, undefined, () => undefined) : parentPort.postMessage(told);
  const traffic = countTraffic();
  let [before, at] = [process.cpuUsage(), performance.now()];
  process.once('disconnect', () => process.exit(0));
  watchOwner();
  setInterval(() => {
    const [used, now] = [process.cpuUsage(before), performance.now()];
    send({ cpuPercent: (used.user + used.system) / 10 / (now - at), memoryBytes: process.memoryUsage.rss(), ...traffic() });
    [before, at] = [process.cpuUsage(), now];
  }, beatMs).unref();
}
