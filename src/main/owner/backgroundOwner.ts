import { spawn } from 'node:child_process';
import { openSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import { reachOwner } from './owner.ts';
import { selfCommand } from './selfCommand.ts';

/** Makes sure that an owner runs: where there is none, a background process of this program becomes it. */
export async function startBackgroundOwner(home: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  await using present = await reachOwner(home);
  if (present !== null) return;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const log = openSync(join(home, 'owner.log'), 'a', 0o600);
  const [file, args] = selfCommand(['owner']);
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', 'ignore', log],
    env: { ...env },
    cwd: home,
  });
  child.unref();
  await using reached = await reachOwner(home, { forMs: 15_000 });
  if (reached === null) throw new AppError('OWNER_UNREACHABLE', { home, pid: child.pid ?? 0 });
}
