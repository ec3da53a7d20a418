import type { Channel, ChannelMessage } from './channel.ts';

/** Two ends of a channel within one process, delivering asynchronously and in order. */
export function memoryChannel(): readonly [Channel, Channel] {
  const closers: (() => void)[] = [];
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    for (const listener of closers) listener();
  };
  function end(): { channel: Channel; deliver: (message: ChannelMessage) => void; peer: { deliver?: (message: ChannelMessage) => void } } {
    const peer: { deliver?: (message: ChannelMessage) => void } = {};
    const waiting: ChannelMessage[] = [];
    let listener: ((message: ChannelMessage) => void) | undefined;
    return {
      peer,
      deliver: (message) => void Promise.resolve().then(() => (listener === undefined ? waiting.push(message) : listener(message))),
      channel: {
        send(message) {
          if (closed) throw new Error('closed');
          peer.deliver?.(message);
        },
        onMessage(set) {
          listener = set;
          for (const message of waiting.splice(0)) set(message);
        },
        onClose(set) {
          if (closed) set();
          else closers.push(set);
        },
        close,
      },
    };
  }
  const [a, b] = [end(), end()];
  a.peer.deliver = b.deliver;
  b.peer.deliver = a.deliver;
  return [a.channel, b.channel];
}
