import { ORPCError, type AnyRouter } from '@orpc/server';
import { StandardRPCHandler } from '@orpc/server/standard';
import { createServerPeerHandleRequestFn } from '@orpc/server/standard-peer';
import { ServerPeer } from '@orpc/standard-server-peer';
import { AppError } from '../../shared/contract/errors.ts';
import type { Channel, ChannelMessage } from '../../shared/rpc/channel.ts';
import { asAppError } from '../incident.ts';

/** Requests that one peer may have under way; a window needs some ten. */
const maxUnderWay = 256;

export interface ServeChannelOptions {
  /** A larger message closes the peer. A predict body is the largest: 200 MB of text. */
  readonly maxMessageBytes?: number;
}

const sizeOf = (message: ChannelMessage): number => (typeof message === 'string' ? message.length : message.byteLength);

/** Our failures go over the wire as their report; a schema's refusal stays what oRPC makes of it. */
function wireError(error: unknown): ORPCError<string, unknown> {
  if (error instanceof ORPCError && error.code !== 'INTERNAL_SERVER_ERROR') return error;
  const app: AppError = asAppError(error instanceof ORPCError ? error.cause : error);
  return new ORPCError(app.code, { status: 500, message: app.message, data: app.report() });
}

async function* wireErrorsIn(stream: AsyncIterator<unknown>): AsyncGenerator<unknown> {
  try {
    for (;;) {
      const { done, value } = await stream.next();
      if (done === true) return value;
      yield value;
    }
  } catch (error) {
    throw wireError(error);
  } finally {
    await stream.return?.();
  }
}

/**
 * Answers one peer's calls until its channel closes. One binder for MessagePort, WebSocket and local socket.
 * A malformed or oversized message closes this peer (1007) and nothing else; closing aborts all that it had under way.
 */
export function serveChannel(channel: Channel, router: AnyRouter, { maxMessageBytes = 220_000_000 }: ServeChannelOptions = {}): void {
  const handler = new StandardRPCHandler(router, {
    interceptors: [],
    clientInterceptors: [
      async (call) => {
        try {
          const output = await call.next();
          const isStream = typeof output === 'object' && output !== null && Symbol.asyncIterator in output && 'next' in output;
          return isStream ? wireErrorsIn(output as unknown as AsyncIterator<unknown>) : output;
        } catch (error) {
          throw wireError(error);
        }
      },
    ],
  });
  const answer = createServerPeerHandleRequestFn(handler, { context: {} });
  let open = true;
  // The peer waits for what `send` answers, so a stream is made no faster than the other end reads it.
  const peer = new ServerPeer((message) => (open ? channel.send(message as ChannelMessage) : undefined));
  channel.onMessage((message) => {
    if (!open) return;
    if (sizeOf(message) > maxMessageBytes || peer.length > maxUnderWay) {
      channel.close(1009);
      return;
    }
    peer.message(message, answer).catch(() => channel.close(1007));
  });
  channel.onClose(() => {
    open = false;
    peer.close();
  });
}
