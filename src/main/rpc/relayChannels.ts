import type { Channel } from '../../shared/rpc/channel.ts';

/** Carries messages both ways, unread, until either end closes; then the other is closed, too. */
export function relayChannels(a: Channel, b: Channel): void {
  const carry = (from: Channel, to: Channel): void => {
    // A failed send means that the other end is closing; its onClose follows, too.
    const failed = (): void => from.close(1001);
    from.onMessage((message) => {
      try {
        to.send(message)?.catch(failed);
      } catch {
        failed();
      }
    });
    from.onClose(() => to.close(1001));
  };
  carry(a, b);
  carry(b, a);
}
