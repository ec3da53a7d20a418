import { WebSocket } from 'ws';
import type { Channel, ChannelMessage } from '../../shared/rpc/channel.ts';

/** From so many waiting bytes on, `send` answers a promise that settles when they have gone out. */
const manyWaitingBytes = 2 ** 20;
/** Bytes that may wait for a page that does not read, from senders that do not wait for it. */
const maxWaitingBytes = 256 * 2 ** 20;

/** Messages that may come before anybody listens, while the owner is being reached. */
const maxEarly = 256;

/** A WebSocket as a channel. A page that stops reading is closed (1013) once too much waits for it. */
export function socketChannel(socket: WebSocket): Channel {
  const early: ChannelMessage[] = [];
  let listener: ((message: ChannelMessage) => void) | undefined;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    const message = isBinary ? new Uint8Array(data) : data.toString('utf8');
    if (listener !== undefined) listener(message);
    else if (early.push(message) > maxEarly) socket.close(1008);
  });
  return {
    send(message) {
      if (socket.readyState !== WebSocket.OPEN) throw new Error('the socket is closed');
      if (socket.bufferedAmount > maxWaitingBytes) {
        socket.close(1013);
        return undefined;
      }
      const gone = Promise.withResolvers<void>();
      // It also settles where the socket broke: whoever waits then hears of the close.
      socket.send(message, () => gone.resolve());
      return socket.bufferedAmount > manyWaitingBytes ? gone.promise : undefined;
    },
    onMessage(set) {
      listener = set;
      for (const message of early.splice(0)) set(message);
    },
    onClose(set) {
      if (socket.readyState === WebSocket.CLOSED) set();
      else socket.once('close', () => set());
    },
    close: (code = 1000) => socket.close(code),
  };
}
