import { EventEmitter } from 'node:events';

export type Packed = { readonly text: string } | { readonly base64: string };

/** A message as it can be handed to a page: JSON alone. */
export const pack = (data: unknown): Packed =>
  typeof data === 'string' ? { text: data } : { base64: Buffer.from(data as Uint8Array).toString('base64') };
export const unpack = (data: Packed): string | Uint8Array =>
  'text' in data ? data.text : new Uint8Array(Buffer.from(data.base64, 'base64'));

/** One end of a channel; what comes before `start` waits. `peer` takes what is posted: the other end, or a page. */
export class Port extends EventEmitter {
  peer: { take(data: unknown): void; end(): void } | undefined;
  private waiting: unknown[] | undefined = [];
  readonly postMessage = (data: unknown): void => this.peer?.take(data);
  start(): void {
    for (const data of this.waiting?.splice(0) ?? []) this.emit('message', { data });
    this.waiting = undefined;
  }
  take(data: unknown): void {
    if (this.waiting === undefined) queueMicrotask(() => this.emit('message', { data }));
    else this.waiting.push(data);
  }
  end(): void {
    this.peer = undefined;
    this.emit('close');
  }
  close(): void {
    const { peer } = this;
    this.end();
    peer?.end();
  }
}
export class MessageChannelMain {
  readonly port1 = new Port();
  readonly port2 = new Port();
  constructor() {
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
  }
}
