import { createORPCClient, ORPCError, type ClientContext } from '@orpc/client';
import { StandardRPCLink, type StandardLinkClient } from '@orpc/client/standard';
import type { ContractRouterClient } from '@orpc/contract';
import { ClientPeer } from '@orpc/standard-server-peer';
import { AppError, errorTable, type ErrorCode, type ErrorReport } from '../contract/errors.ts';
import type { contract, localContract } from '../contract/index.ts';
import type { Channel } from './channel.ts';

/** What a window may call. */
export type ContractClient = ContractRouterClient<typeof contract>;
/** What this user's own processes may call, over the local socket. */
export type LocalClient = ContractRouterClient<typeof localContract>;

/** The AppError that a failed call stands for; a closed channel is CONNECTION_LOST. */
export function appErrorOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ORPCError) {
    const report = error.data as Partial<ErrorReport> | undefined;
    const code: string = report?.code ?? error.code;
    if (code in errorTable) return new AppError(code as ErrorCode, report?.data ?? {});
    if (error.code === 'BAD_REQUEST') return new AppError('BAD_INPUT', { detail: error.message });
    return new AppError('INTERNAL', { incident: '' }, { cause: error });
  }
  return new AppError('CONNECTION_LOST', {}, { cause: error });
}

async function* appErrorsIn(stream: AsyncIterator<unknown>): AsyncGenerator<unknown> {
  try {
    for (;;) {
      const { done, value } = await stream.next();
      if (done === true) return value;
      yield value;
    }
  } catch (error) {
    throw appErrorOf(error);
  } finally {
    await stream.return?.();
  }
}

const isStream = (value: unknown): value is AsyncIterator<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value;

/**
 * The contract's client over a channel. Calls and streams fail with AppErrors; an aborted call's abort reaches the server.
 * When the channel closes, all that is under way fails with CONNECTION_LOST.
 */
export function connectClient<C extends ContractClient = ContractClient>(channel: Channel): C {
  let open = true;
  // An abort that comes after the close has nobody to reach, and nobody hears if it fails.
  const peer = new ClientPeer((message) => (open ? channel.send(message as string | Uint8Array<ArrayBuffer>) : undefined));
  channel.onMessage((message) => {
    // The other side is ours; a message that does not decode means the two disagree, and nothing good follows.
    peer.message(message).catch(() => channel.close(1007));
  });
  channel.onClose(() => {
    open = false;
    peer.close({ reason: new AppError('CONNECTION_LOST') });
  });
  const linkClient: StandardLinkClient<ClientContext> = {
    async call(request) {
      if (!open) throw new AppError('CONNECTION_LOST');
      const response = await peer.request(request);
      return { ...response, body: () => Promise.resolve(response.body) };
    },
  };
  const link = new StandardRPCLink<ClientContext>(linkClient, {
    url: 'http://orpc',
    interceptors: [
      async (call) => {
        try {
          const output = await call.next();
          return isStream(output) ? appErrorsIn(output) : output;
        } catch (error) {
          throw appErrorOf(error);
        }
      },
    ],
  });
  return createORPCClient(link);
}
