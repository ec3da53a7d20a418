import type { Duplex } from 'node:stream';
import type { Channel, ChannelMessage } from '../../shared/rpc/channel.ts';

/** A longer frame closes the channel. */
const maxFrameBytes = 256 * 1024 * 1024;
const headBytes = 5;

/**
 * A byte stream as a channel: each message is a frame of its length (4 bytes, big-endian), its kind (0 text, 1 bytes) and itself.
 * A frame that is too long or of another kind closes the stream.
 */
export function streamChannel(stream: Duplex): Channel {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let listener: ((message: ChannelMessage) => void) | undefined;
  const early: ChannelMessage[] = [];

  function take(): void {
    while (waitingBytes >= headBytes) {
      if ((waiting[0]?.length ?? 0) < headBytes) waiting = [Buffer.concat(waiting)];
      const length = waiting[0]?.readUInt32BE(0) ?? 0;
      const kind = waiting[0]?.[4];
      if (length > maxFrameBytes || kind === undefined || kind > 1) {
        stream.destroy();
        return;
      }
      if (waitingBytes < headBytes + length) return;
      const all = Buffer.concat(waiting);
      const body = all.subarray(headBytes, headBytes + length);
      waiting = [all.subarray(headBytes + length)];
      waitingBytes -= headBytes + length;
      const message = kind === 0 ? body.toString('utf8') : new Uint8Array(body);
      if (listener === undefined) early.push(message);
      else listener(message);
    }
  }

  stream.on('data', (chunk: Buffer) => {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    take();
  });
  // The close that follows tells it.
  stream.on('error', () => undefined);

  return {
    send(message) {
      if (stream.destroyed) throw new Error('the socket is closed');
      const body = typeof message === 'string' ? Buffer.from(message) : Buffer.from(message.buffer, message.byteOffset, message.byteLength);
      const head = Buffer.alloc(headBytes);
      head.writeUInt32BE(body.length, 0);
      head[4] = typeof message === 'string' ? 0 : 1;
      stream.write(head);
      if (stream.write(body)) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      stream.once('drain', resolve);
      stream.once('close', resolve);
      return promise;
    },
    onMessage(set) {
      listener = set;
      for (const message of early.splice(0)) set(message);
    },
    onClose(set) {
      if (stream.closed) set();
      else stream.once('close', () => set());
    },
    close: () => void stream.end(),
  };
}
