import type { MessagePortMain } from 'electron';
import type { Channel, ChannelMessage } from '../../shared/rpc/channel.ts';

/** Main's end of a window's message port as a channel. Anything but text or bytes closes it. */
export function portChannel(port: MessagePortMain): Channel {
  let closed = false;
  const early: ChannelMessage[] = [];
  let listener: ((message: ChannelMessage) => void) | undefined;
  port.on('message', ({ data }: { readonly data: unknown }) => {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      port.close();
      return;
    }
    const message = typeof data === 'string' ? data : new Uint8Array(data);
    if (listener === undefined) early.push(message);
    else listener(message);
  });
  port.on('close', () => {
    closed = true;
  });
  port.start();
  return {
    send(message) {
      if (closed) throw new Error('the port is closed');
      port.postMessage(message);
    },
    onMessage(set) {
      listener = set;
      for (const message of early.splice(0)) set(message);
    },
    onClose(set) {
      if (closed) set();
      else port.once('close', set);
    },
    close: () => port.close(),
  };
}
