import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outside } from '../../src/main/app.ts';
import { commandOutside } from '../../src/main/cli/outside.ts';
import { openLastingOwner } from '../../src/main/owner/lastingOwner.ts';
import { becomeOwner } from '../../src/main/owner/becomeOwner.ts';
import { reachOwner } from '../../src/main/owner/owner.ts';
import type { StateEvent } from '../../src/shared/contract/state.ts';
import { connectClient, type ContractClient } from '../../src/shared/rpc/connectClient.ts';
import { memoryChannel } from '../../src/shared/rpc/memoryChannel.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-test-owner-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A fresh data folder, its owner, and a shell that reached it, with a root and abilities of its own. */
async function attached(role: 'desktop' | 'web' = 'desktop') {
  await using undo = new AsyncDisposableStack();
  const home = await mkdtemp(join(folder, 'home-'));
  const root = join(home, 'root');
  await mkdir(join(root, 'digits'), { recursive: true });
  const env = { SLIPWAY_HOME: home, HOME: home, DOCKER_HOST: `unix://${join(home, 'no-engine.sock')}` };
  const owner = await becomeOwner(commandOutside({ env }, 'background'));
  if (owner === null) throw new Error('somebody else owns the folder');
  const revealed: string[] = [];
  const outside: Outside = {
    ...commandOutside({ env }, 'desktop', [root]),
    role,
    capabilities: { dropIsLink: true, pickFolderDialog: true, folderTree: true, revealFolder: true },
    pickFolder: () => Promise.resolve(root),
    reveal: (path) => revealed.push(path),
  };
  const shell = undo.use(
    await openLastingOwner(outside, { webLink: () => (role === 'web' ? 'http://its.own/#code=x' : null), quit: () => undefined }),
  );
  const running = undo.move();
  return {
    home,
    owner,
    shell,
    root,
    revealed,
    openWindow(): ContractClient {
      const [page, main] = memoryChannel();
      shell.serveWindow(main);
      return connectClient(page);
    },
    [Symbol.asyncDispose]: async () => {
      await running.disposeAsync();
      await owner[Symbol.asyncDispose]();
    },
  };
}

/** The first event of a kind that a window is told. */
async function firstOf<K extends StateEvent['kind']>(window: ContractClient, kind: K): Promise<Extract<StateEvent, { kind: K }>> {
  for await (const event of await window.watch()) if (event.kind === kind) return event as Extract<StateEvent, { kind: K }>;
  throw new Error('the stream ended');
}

describe('a shell whose data folder another process owns', () => {
  test('its windows see the owner’s state with the abilities of their own shell', async () => {
    await using own = await attached();
    const window = own.openWindow();
    const { app } = await firstOf(window, 'snapshot');
    const picked = await window.folders.pick();
    const listing = await window.folders.list({});
    expect([app.capabilities.pickFolderDialog, typeof picked?.ticket, listing.entries.map(({ name }) => name)]).toEqual([
      true,
      'string',
      ['digits'],
    ]);
  });

  test('a path outside of its own roots has no ticket', async () => {
    await using own = await attached();
    const node = Buffer.from(JSON.stringify([0, '../..'])).toString('base64url');
    await expect(own.openWindow().folders.ticket({ node })).rejects.toMatchObject({ code: 'PATH_REFUSED' });
  });

  test('an import that was asked for before any window came waits for the first one, and for that one only', async () => {
    await using own = await attached();
    await own.shell.client.local.open({ path: own.root });
    const { ticket } = await firstOf(own.openWindow(), 'open-import');
    await own.shell.client.local.open({ path: own.root });
    const next = await firstOf(own.openWindow(), 'open-import');
    expect([typeof ticket, ticket === next.ticket]).toEqual(['string', false]);
  });

  test.each([
    ['web', { url: 'http://its.own/#code=x' }, false],
    ['desktop', null, true],
  ] as const)('a %s shell is found through the owner', async (role, link, hasDesktop) => {
    await using own = await attached(role);
    const command = await reachOwner(own.home);
    await expect.poll(() => command?.client.local.webLink(), { timeout: 30_000 }).toEqual(link);
    await expect.poll(async () => (await command?.client.local.owner())?.hasDesktop, { timeout: 30_000 }).toBe(hasDesktop);
    await own.shell[Symbol.asyncDispose]();
    await expect.poll(() => command?.client.local.webLink(), { timeout: 30_000 }).toBe(null);
    await expect.poll(async () => (await command?.client.local.owner())?.hasDesktop, { timeout: 30_000 }).toBe(false);
    await command?.[Symbol.asyncDispose]();
  });

  test('when that process ends, its windows lose their connection and the shell becomes the owner', async () => {
    await using own = await attached();
    const window = own.openWindow();
    await firstOf(window, 'snapshot');
    const lost = (async () => {
      for await (const event of await window.watch()) void event;
    })();
    const before = own.shell.app;
    await own.owner[Symbol.asyncDispose]();
    await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect.poll(() => own.shell.app !== null, { timeout: 30_000 }).toBe(true);
    const { state } = await firstOf(own.openWindow(), 'snapshot');
    expect([before, state.models]).toEqual([null, []]);
  });
});
