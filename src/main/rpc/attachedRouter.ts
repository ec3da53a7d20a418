import { isContractProcedure, type AnyContractRouter } from '@orpc/contract';
import { implement, type AnyRouter } from '@orpc/server';
import { contract } from '../../shared/contract/index.ts';
import type { StateEvent } from '../../shared/contract/state.ts';
import type { ContractClient, LocalClient } from '../../shared/rpc/connectClient.ts';
import { userHomeOf, type Outside } from '../app.ts';
import { createFolderTree } from '../library/folderTree.ts';

type Call = (input: unknown, options: { readonly signal: AbortSignal | undefined }) => Promise<unknown>;

/** Each procedure of a contract, answered by the same one of a client. */
function forward(part: AnyContractRouter, client: unknown): AnyRouter {
  if (isContractProcedure(part)) return implement(part).handler(({ input, signal }) => (client as Call)(input, { signal }));
  const rooms = client as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, forward(one as AnyContractRouter, rooms[name])]));
}

/**
 * Contract -> the owner, for a window of a shell that does not own the data folder. What a shell has of its own stays its own:
 * dialogs, the tree under its roots, and what it can do. `owner` is this window's connection, `local` the shell's.
 */
export function attachedRouter(owner: ContractClient, local: LocalClient, outside: Outside): AnyRouter {
  const os = implement(contract);
  const tree = createFolderTree(outside.roots, userHomeOf(outside.env));
  const paths = new Map<string, string>();
  const ticketOf = (path: string): Promise<{ ticket: string }> => local.local.ticket({ path });

  function* ofThisShell(event: StateEvent): Generator<StateEvent> {
    for (const model of event.kind === 'snapshot' ? event.state.models : event.kind === 'model' ? [event.model] : [])
      paths.set(model.id, model.path);
    yield event.kind === 'snapshot' ? { ...event, app: { ...event.app, capabilities: outside.capabilities } } : event;
  }

  return {
    ...(forward(contract, owner) as Record<string, AnyRouter>),
    watch: os.watch.handler(async function* ({ signal }) {
      for await (const event of await owner.watch(undefined, signal === undefined ? {} : { signal })) yield* ofThisShell(event);
    }),
    folders: {
      list: os.folders.list.handler(({ input }) => tree.list(input.node)),
      ticket: os.folders.ticket.handler(async ({ input }) => ticketOf(await tree.resolve(input.node))),
      pick: os.folders.pick.handler(async () => {
        const path = (await outside.pickFolder?.()) ?? null;
        return path === null ? null : ticketOf(path);
      }),
      reveal: os.folders.reveal.handler(({ input }) => {
        const path = paths.get(input.modelId);
        if (path !== undefined) outside.reveal?.(path);
      }),
    },
  };
}
