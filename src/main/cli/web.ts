import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import { openLastingOwner } from '../owner/lastingOwner.ts';
import { reachOwner } from '../owner/owner.ts';
import { startWebShell, type WebShell } from '../web/webShell.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { commandOutside } from './outside.ts';
import { parseUsage } from './usage.ts';

const help = `slipway web [--port N] [--root DIR…] [--no-open] [--url] [--allow-host H…] [--json]

The app in a browser of this machine, until interrupted. It prints its link, which works once.
  --port        the port of 127.0.0.1; a free one by default
  --root        folders that the tree of this machine shows; your home by default
  --no-open     does not open a browser
  --url         prints a new link to the one that runs, and ends
  --allow-host  admits the name of a tunnel, such as localhost:9000
  --json        the link as {"url": …}

Example: slipway web --no-open
`;

const options = {
  port: { type: 'string' },
  root: { type: 'string', multiple: true },
  'no-open': { type: 'boolean' },
  url: { type: 'boolean' },
  'allow-host': { type: 'string', multiple: true },
} as const;

function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin' ? ['open', url] : process.platform === 'win32' ? ['cmd', '/c', 'start', '', url] : ['xdg-open', url];
  const child = spawn(command ?? '', args, { detached: true, stdio: 'ignore' });
  // The link is printed: without a browser the person opens it.
  child.once('error', () => undefined);
  child.unref();
}

const tellLink = (url: string, json: boolean, io: CommandIo): void => io.out(`${json ? JSON.stringify({ url }) : url}\n`);

/** Runs the web shell until the signal; `open` is a folder whose import sheet is to be shown. */
export async function runWebShell(
  {
    port,
    roots,
    allowHosts,
    browser,
    json = false,
    open,
  }: {
    readonly port: number;
    readonly roots: readonly string[];
    readonly allowHosts: readonly string[];
    readonly browser: boolean;
    readonly json?: boolean;
    readonly open?: string;
  },
  io: CommandIo,
): Promise<number> {
  const outside = commandOutside(io, 'web', roots);
  const end = new AbortController();
  const until = AbortSignal.any([io.signal, end.signal]);
  let shell: WebShell | undefined;
  await using owner = await openLastingOwner(outside, { webLink: () => shell?.url() ?? null, quit: () => end.abort() });
  shell = await startWebShell({
    serve: owner.serveWindow,
    uploadsFolder: join(outside.home, 'uploads'),
    adoptUpload: async (path) => (await owner.client.local.uploaded({ path })).ticket,
    tokensFile: join(outside.home, 'web-tokens.json'),
    port,
    allowHosts,
  });
  await using running = shell;
  const url = running.url();
  tellLink(url, json, io);
  if (open !== undefined) await owner.client.local.open({ path: open });
  if (browser) openBrowser(url);
  const ended = Promise.withResolvers<void>();
  if (until.aborted) ended.resolve();
  until.addEventListener('abort', () => ended.resolve(), { once: true });
  await ended.promise;
  return exitCode.done;
}

/** `slipway web`. */
export async function runWeb(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help, options, positionals: [0, 0] });
  if (typeof parsed === 'number') return parsed;
  const { values } = parsed;
  const json = values.json === true;
  if (values.url === true) {
    await using session = await reachOwner(commandOutside(io, 'web').home);
    const link = await session?.client.local.webLink();
    if (link === null || link === undefined) throw new AppError('WEB_SHELL_NOT_RUNNING');
    tellLink(link.url, json, io);
    return exitCode.done;
  }
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    io.err(`--port ${values.port ?? ''} is no port\n\n${help}`);
    return exitCode.usage;
  }
  const roots = (values.root ?? []).map((root) => resolve(io.cwd, root));
  return runWebShell({ port, roots, allowHosts: values['allow-host'] ?? [], browser: values['no-open'] !== true, json }, io);
}
