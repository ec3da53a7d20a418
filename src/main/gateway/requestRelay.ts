import { connect, type Socket } from 'node:net';
import { MalformedMessage, MessageReader } from './messageFraming.ts';
import type { Turn, Turnstile } from './turnstile.ts';

/** So many requests may be sent ahead of their answers; further ones wait in the client's socket. */
const maxAhead = 256;
/** A refused client has so long to read why. */
const lingerMs = 2_000;
const [cr, lf] = [13, 10];

const loopback = '127.0.0.1';

const refusal = (reason: string): string => {
  const body = `Bad Request: ${reason}\n`;
  return `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
};

/**
 * Forwards one client's HTTP/1.1 to the place in turn: every byte as it came, in both directions, no faster than it is taken. Between
 * two requests the connection may change to another place, or wait for one. A request whose end cannot be told is answered with 400.
 */
export class RequestRelay {
  readonly #client: Socket;
  readonly #gate: Turnstile;
  readonly #requests = new MessageReader('request');
  #responses = new MessageReader('response');
  #turn: Turn | null = null;
  #place: Socket | null = null;
  /** Methods of the requests whose answers have not ended, oldest first; that of one under way is not known yet. */
  #ahead: string[] = [];
  /** What came from the client and waits for its turn. */
  #waiting: Buffer | null = null;
  #clientEnded = false;
  /** Answers without a framing that we know are forwarded until the connection ends. */
  #isOpaque = false;
  /** After an upgrade bytes go both ways without requests. */
  get #isTunnel(): boolean {
    return this.#isOpaque && this.#responses.status === 101;
  }
  #refused: string | null = null;
  #stopListening: () => void = () => undefined;

  constructor(client: Socket, gate: Turnstile) {
    this.#client = client;
    this.#gate = gate;
    client.setNoDelay(true);
    client.on('data', (bytes: Buffer) => this.#forward(bytes));
    client.on('end', () => {
      this.#clientEnded = true;
      this.#passEnd();
    });
    client.on('drain', () => this.#place?.resume());
    client.on('error', () => this.#place?.resetAndDestroy());
    client.on('close', () => this.#leave('close'));
  }

  #forward(bytes: Buffer): void {
    let at = 0;
    try {
      while (at < bytes.length) {
        if (this.#refused !== null) return;
        if (this.#isTunnel) {
          this.#write(bytes.subarray(at));
          return;
        }
        if (this.#requests.isAtStart) {
          let next = at;
          // Empty lines between two requests belong to neither.
          while (next < bytes.length && (bytes[next] === cr || bytes[next] === lf)) next += 1;
          if (next > at) this.#write(bytes.subarray(at, next));
          at = next;
          if (at === bytes.length) return;
          if (this.#ahead.length >= maxAhead || this.#isOpaque || !this.#enter()) {
            this.#wait(bytes.subarray(at));
            return;
          }
          this.#turn?.begin();
          this.#ahead.push('');
        }
        const end = this.#requests.read(bytes, at);
        if (this.#ahead.length > 0) this.#ahead[this.#ahead.length - 1] ||= this.#requests.method;
        this.#write(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        at = end;
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#refuse(error.message);
    }
  }

  #write(bytes: Buffer): void {
    if (this.#place?.writable === true && !this.#place.write(bytes)) this.#client.pause();
  }

  #wait(bytes: Buffer): void {
    this.#waiting = bytes;
    this.#client.pause();
  }

  /** Goes on with what waited, and with the client. */
  readonly #goOn = (): void => {
    const bytes = this.#waiting;
    if (this.#client.destroyed) return;
    this.#waiting = null;
    this.#client.resume();
    if (bytes !== null) this.#forward(bytes);
    if (this.#waiting === null) this.#passEnd();
  };

  /** Whether the next request may go on now, to the place in turn. */
  #enter(): boolean {
    if (this.#turn !== null && !this.#turn.isOver) return true;
    if (this.#turn !== null) {
      // The answers of the place before come first.
      if (this.#ahead.length > 0) return false;
      this.#leave('change');
    }
    const { turn } = this.#gate;
    if (turn === null) {
      this.#stopListening = this.#gate.onTurn(this.#goOn);
      return false;
    }
    this.#turn = turn;
    this.#stopListening = turn.onOver(() => this.#changeIfIdle());
    this.#connect(turn);
    return true;
  }

  #connect({ ports }: Turn): void {
    const place = connect({ port: ports.restPort, host: loopback, allowHalfOpen: true, noDelay: true });
    this.#place = place;
    this.#responses = new MessageReader('response');
    place.on('data', (bytes: Buffer) => {
      if (this.#place === place) this.#answer(bytes);
    });
    place.on('drain', () => {
      if (this.#place === place && this.#waiting === null) this.#client.resume();
    });
    place.on('end', () => {
      if (this.#place === place) this.#client.end();
    });
    place.on('error', () => {
      if (this.#place === place) this.#client.resetAndDestroy();
    });
    place.on('close', () => {
      if (this.#place === place) this.#client.destroySoon();
    });
  }

  #answer(bytes: Buffer): void {
    if (!this.#client.destroyed && !this.#client.write(bytes)) this.#place?.pause();
    let at = 0;
    try {
      while (at < bytes.length && !this.#isOpaque) {
        const [method] = this.#ahead;
        if (method === undefined) throw new MalformedMessage('an answer to no request');
        this.#responses.expect(method);
        at = this.#responses.read(bytes, at);
        if (this.#responses.isUntilClose) this.#isOpaque = true;
        else if (this.#responses.isAtStart && this.#responses.status >= 200) this.#answered();
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#isOpaque = true;
    }
    // After an upgrade there are no more requests: what waited goes on, too.
    if (this.#isTunnel && this.#waiting !== null) this.#goOn();
  }

  #answered(): void {
    this.#ahead.shift();
    this.#turn?.end();
    this.#changeIfIdle();
    if (this.#refused !== null) this.#refuse(this.#refused);
    else if (this.#waiting !== null && !(this.#turn?.isOver === true && this.#ahead.length > 0)) this.#goOn();
  }

  #changeIfIdle(): void {
    if (this.#turn?.isOver !== true || this.#ahead.length > 0 || !this.#requests.isAtStart || this.#isOpaque) return;
    this.#leave('change');
  }

  /** Lets go of the place; nothing of it reaches the client any more. */
  #leave(why: 'change' | 'close'): void {
    this.#stopListening();
    for (const _ of this.#ahead) this.#turn?.end();
    this.#ahead = [];
    this.#turn = null;
    const place = this.#place;
    this.#place = null;
    if (why === 'close') this.#waiting = null;
    // Its errors are nobody's any more.
    place?.on('error', () => undefined);
    place?.destroy();
  }

  #passEnd(): void {
    if (!this.#clientEnded || this.#refused !== null) return;
    if (this.#place === null) this.#client.end();
    else this.#place.end();
  }

  /** Answers 400 after the answers that are still to come, and ends the connection. */
  #refuse(reason: string): void {
    const isFirst = this.#refused === null;
    this.#refused = reason;
    // The refused request itself is the last one ahead; it will never be answered.
    if (isFirst && !this.#requests.isAtStart && this.#ahead.length > 0) {
      this.#ahead.pop();
      this.#turn?.end();
    }
    if (this.#ahead.length > 0) return;
    this.#leave('change');
    this.#client.end(refusal(reason));
    // What it still sends is read away: a reset could take the answer from it.
    this.#client.resume();
    setTimeout(() => this.#client.destroy(), lingerMs).unref();
  }
}
