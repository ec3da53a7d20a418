/** What a message is on every transport: JSON text, or bytes where a message holds a Blob. */
export type ChannelMessage = string | Uint8Array<ArrayBuffer>;

/**
 * The one thing a transport must be: whole messages, in order, both ways, until it closes.
 * A MessagePort, a WebSocket and a framed local socket are each wrapped into one.
 */
export interface Channel {
  /**
   * Throws where the channel is closed. A promise means that the other end is slow: it settles when more may be sent,
   * and who makes many messages waits for it.
   */
  send(message: ChannelMessage): void | Promise<void>;
  /** One listener; messages that came before it was set are kept for it. */
  onMessage(listener: (message: ChannelMessage) => void): void;
  /** Called once, also where it is closed already. */
  onClose(listener: () => void): void;
  /** `code` is a WebSocket close code where the transport has such; 1007 for a malformed frame. */
  close(code?: number): void;
}
