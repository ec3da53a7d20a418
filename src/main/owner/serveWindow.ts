import { connectClient } from '../../shared/rpc/connectClient.ts';
import type { Channel } from '../../shared/rpc/channel.ts';
import type { Outside } from '../app.ts';
import { attachedRouter } from '../rpc/attachedRouter.ts';
import { windowRouter } from '../rpc/router.ts';
import { serveChannel } from '../rpc/serveChannel.ts';
import { dialOwner } from './localSocket.ts';
import type { OwnerSession } from './owner.ts';

/** Answers the channel of a shell's window: from here, or by the owner, over a connection of the window's own. */
export async function serveWindow({ app, client }: OwnerSession, outside: Outside, window: Channel): Promise<void> {
  if (app !== null) {
    serveChannel(window, windowRouter(app));
    return;
  }
  const owner = await dialOwner(outside.home, 'window');
  if (owner === null) {
    window.close(1013);
    return;
  }
  window.onClose(() => owner.close());
  owner.onClose(() => window.close(1001));
  serveChannel(window, attachedRouter(connectClient(owner), client, outside));
}
