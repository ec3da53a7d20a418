import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { whyNoEngine } from './engine.ts';

/** Why a daemon of our own cannot run here; undefined where it can. */
export const whyNoDaemon = (): string | undefined =>
  whyNoEngine() ?? (process.getuid?.() === 0 ? undefined : 'skipped: a daemon of our own needs root');

/** A container engine that a suite may hurt: a `dockerd` with folders and a network of its own. */
export interface OwnDaemon extends AsyncDisposable {
  readonly endpoint: string;
  /** Runs a command in the daemon's network, where its published ports are. */
  readonly wrap: readonly string[];
  start(): Promise<void>;
  /** TERM ends its containers with it; KILL leaves them to the next start. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

function ping(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const asked = request({ socketPath, path: '/_ping' }, (answer) => {
    answer.resume();
    resolve(answer.statusCode === 200);
  });
  asked.once('error', () => resolve(false));
  asked.end();
  return promise;
}

/** Makes its folders and its network; it is not started yet. */
export function makeOwnDaemon(): OwnDaemon {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-d-'));
  const socket = join(folder, 'd.sock');
  // A process that holds the network while daemons come and go in it: a bridge of theirs must not be the one of the engine beside.
  const network = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo up && exec sleep infinity'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Until then the process is still in everybody's network, and so would be what enters it.
  const isUp = once(network.stdout, 'data');
  isUp.catch(() => undefined);
  const wrap = ['nsenter', '--net', '-t', String(network.pid)];
  let daemon: ChildProcess | undefined;
  return {
    endpoint: `unix://${socket}`,
    wrap,
    async start() {
      await isUp;
      // A killed daemon leaves its pid files; the next one would take a process of that number for itself.
      for (const name of ['pid', 'exec/containerd/containerd.pid']) if (existsSync(join(folder, name))) rmSync(join(folder, name));
      const places = [
        '-H',
        `unix://${socket}`,
        '--data-root',
        `${folder}/data`,
        '--exec-root',
        `${folder}/exec`,
        '--pidfile',
        `${folder}/pid`,
      ];
      const [command, ...args] = [...wrap, 'dockerd', ...places, '--iptables=false', '--ip-masq=false'];
      daemon = spawn(command, args, { stdio: 'ignore' });
      for (let tries = 0; !(await ping(socket)); tries += 1) {
        if (daemon.exitCode !== null || tries > 600) throw new Error('the daemon of the suite does not start');
        await wait(100);
      }
    },
    async end(signal) {
      if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
      daemon.kill(signal);
      await once(daemon, 'exit');
    },
    async [Symbol.asyncDispose]() {
      await this.end('SIGTERM');
      network.kill('SIGKILL');
      // Killed daemons left mounts behind.
      const mounts = readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[1] ?? '');
      for (const mount of mounts.filter((path) => path.startsWith(folder)).toReversed()) execFileSync('umount', ['-l', mount]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
