import type { MessagePortMain } from 'electron';
import type { Channel, ChannelMessage } from '../../shared/rpc/channel.ts';

/** Messages that may come before anybody listens, while the owner is being reached. */
const maxEarly = 256;

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
    if (listener !== undefined) listener(message);
    else if (early.push(message) > maxEarly) port.close();
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
