import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lineOf } from '../cli/runSlipway.ts';

const module = pathToFileURL(join(import.meta.dirname, '..', '..', 'src', 'main', 'tfserving', 'engineProcess.ts')).href;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: it has ended.
    return false;
  }
}

test.each([
  ['listens', 'setInterval(() => undefined, 1000);'],
  ['hangs in its only thread', 'for (;;);'],
])('an engine that %s ends with an owner that is killed', async (_, work) => {
  const engine = `import { obeyOwner } from '${module}'; obeyOwner(); process.stdout.write(process.pid + '\\n'); setTimeout(() => { ${work} }, 1500);`;
  const owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { spawn } from 'node:child_process';
       spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(engine)}], {
         stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, SLIPWAY_OWNED: '1' } });`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const pid = Number(await lineOf(owner.stdout, /^\d+$/));
  // By then it does its work.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  try {
    await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false);
  } finally {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
});
