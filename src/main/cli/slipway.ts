#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';

/** The program's entry: starts fast, finds the right Node, and loads only what the command needs. */

const wantedNode = [24, 10] as const;
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

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

/** Runs this command line with the project's Node; signals reach it, and its exit code becomes ours. */
function runWithProjectNode(): void {
  const node = projectNode();
  if (node === undefined) {
    process.stderr.write(`Slipway runs on Node ${wantedNode.join('.')} or newer; this is ${process.versions.node}.\n`);
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of endings) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}

async function main(): Promise<void> {
  const [{ processIo }, { runCommand }] = await Promise.all([import('./processIo.ts'), import('./runCommand.ts')]);
  process.exitCode = await runCommand(process.argv.slice(2), processIo());
}

if (isRightNode(process.versions.node)) await main();
else runWithProjectNode();
