import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { CommandIo } from './commandIo.ts';

/** The program's entry: starts fast, finds the right Node, and loads only what the command needs. */

const wantedNode = [24, 10] as const;

function isRightNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > wantedNode[0] || (major === wantedNode[0] && minor >= wantedNode[1]);
}

/** A Node ≥ 24.10 that came with the project, for this system. */
function projectNode(): string | undefined {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const require = createRequire(import.meta.url);
  for (const name of [`node-${system}-${process.arch}`, `node-bin-${system}-${process.arch}`]) {
    try {
      const path = join(require.resolve(`${name}/package.json`), '..', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
      if (existsSync(path)) return path;
    } catch {
      // Not installed: the next name, else none.
      continue;
    }
  }
  return undefined;
}

function runWithProjectNode(): void {
  const node = projectNode();
  if (node === undefined) {
    process.stderr.write(`Slipway runs on Node ${wantedNode.join('.')} or newer; this is ${process.versions.node}.\n`);
    process.exitCode = 1;
    return;
  }
  const { status, signal } = spawnSync(node, process.argv.slice(1), { stdio: 'inherit' });
  process.exitCode = status ?? (signal === null ? 1 : 130);
}

async function main(): Promise<void> {
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end.abort());
  const io: CommandIo = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
    env: process.env,
    cwd: process.cwd(),
    signal: end.signal,
  };
  // A reader that went away, as in `| head`, is no failure: the command ends as by a signal, and cleans up.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    end.abort();
  });
  const { runCommand } = await import('./runCommand.ts');
  process.exitCode = await runCommand(process.argv.slice(2), io);
}

if (isRightNode(process.versions.node)) await main();
else runWithProjectNode();
