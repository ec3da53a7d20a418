import { resolve } from 'node:path';
import { reachOwner } from '../owner/owner.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { commandOutside } from './outside.ts';
import { runWebShell } from './web.ts';

/** Opens the app, with the import sheet for a folder: in the windows of the one that runs, else in the web shell. */
export async function openApp(folder: string | undefined, io: CommandIo): Promise<number> {
  const path = folder === undefined ? undefined : resolve(io.cwd, folder);
  const { home } = commandOutside(io, 'web');
  const session = await reachOwner(home);
  if (session !== null) {
    await using running = session;
    const link = await running.client.local.webLink();
    const { hasDesktop } = await running.client.local.owner();
    if (path !== undefined && (link !== null || hasDesktop)) await running.client.local.open({ path });
    if (hasDesktop) await running.client.local.show();
    if (link !== null) io.out(`${link.url}\n`);
    if (link !== null || hasDesktop) return exitCode.done;
  }
  return runWebShell({ port: 0, roots: [], allowHosts: [], browser: true, ...(path === undefined ? {} : { open: path }) }, io);
}
