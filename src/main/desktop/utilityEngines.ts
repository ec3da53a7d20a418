import { utilityProcess } from 'electron';
import { PassThrough } from 'node:stream';
import { engineBeat, ownedVariable, type ForkEngine } from '../tfserving/engineProcess.ts';

/** Model servers as utility processes: Electron's own binary does not run as Node. They end with the main process. */
export function utilityEngines(program: string): ForkEngine {
  return (flags, env) => {
    const child = utilityProcess.fork(program, ['modelserver', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      serviceName: 'Slipway engine',
      env: { ...process.env, ...env, [ownedVariable]: '1' },
    });
    const { promise, resolve } = Promise.withResolvers<{ readonly code: number | null; readonly signal: string | null }>();
    child.once('exit', (code) => resolve({ code, signal: null }));
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    child.stdout?.pipe(stdout);
    child.stderr?.pipe(stderr);
    return {
      pid: child.pid,
      stdout,
      stderr,
      exited: promise,
      onBeat: (listener) =>
        void child.on('message', (message: unknown) => {
          const parsed = engineBeat.safeParse(message);
          if (parsed.success) listener(parsed.data);
        }),
      // Electron's own kill asks by SIGTERM, which a server whose thread hangs never hears.
      kill: () => void (child.pid !== undefined && process.kill(child.pid, 'SIGKILL')),
    };
  };
}
