import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { frameFlag, frameOf, FrameReader, frameType, type Frame } from './frameReader.ts';
import type { Turn, Turnstile } from './turnstile.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const refusedStream = Buffer.from([0, 0, 0, 7]);
/** "Open no further streams", without a number up to which they count: RFC 9113, section 6.8. */
const goAway = frameOf(frameType.goAway, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
/** A client that does not answer within this time is not there any more. */
const answerMs = 10_000;
/** After its last stream it has so long to close the connection. */
const lingerMs = 2_000;

const loopback = '127.0.0.1';

/**
 * Forwards one client's HTTP/2, which is gRPC, to the place in turn: every frame as it came, in both directions, no faster than it is
 * taken. Headers are compressed with a memory of the whole connection, so one connection stays with one place: when the turn is over,
 * the client is asked as by any server that ends (GOAWAY) to open further streams on a new connection, which goes to the place then in
 * turn, while those under way finish here. A PING after it tells when the client has heard it.
 */
export class StreamRelay {
  readonly #client: Socket;
  readonly #gate: Turnstile;
  readonly #open = new Set<number>();
  readonly #pingData = randomBytes(8);
  readonly #toPlace: FrameReader;
  readonly #toClient: FrameReader;
  #turn: Turn | null = null;
  #place: Socket | null = null;
  #lastStream = 0;
  /** Bytes of the client's preface that have come; what begins otherwise is no HTTP/2, and is forwarded without being read. */
  #prefaceBytes = 0;
  #isOpaque = false;
  #hasAnswered = false;
  #leaving: 'no' | 'wanted' | 'told' | 'heard' | 'done' = 'no';
  #patience: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => undefined;

  constructor(client: Socket, gate: Turnstile) {
    this.#client = client;
    this.#gate = gate;
    this.#toPlace = new FrameReader({ between: () => null, frame: (frame) => this.#fromClient(frame) }, { preface: preface.length });
    this.#toClient = new FrameReader({ between: () => this.#farewell(), frame: (frame) => this.#fromPlace(frame) }, { preface: 0 });
    client.setNoDelay(true);
    client.on('data', (bytes: Buffer) => this.#forward(bytes));
    client.on('end', () => this.#place?.end());
    client.on('drain', () => this.#place?.resume());
    client.on('error', () => this.#place?.resetAndDestroy());
    client.on('close', () => this.#leave());
    this.#enter();
  }

  #enter(): void {
    if (this.#client.destroyed) return;
    const { turn } = this.#gate;
    if (turn === null) {
      this.#client.pause();
      this.#stopListening = this.#gate.onTurn(() => this.#enter());
      return;
    }
    this.#turn = turn;
    this.#stopListening = turn.onOver(() => this.#sayFarewell());
    const place = connect({ port: turn.ports.grpcPort, host: loopback, allowHalfOpen: true, noDelay: true });
    this.#place = place;
    place.on('data', (bytes: Buffer) => this.#answer(bytes));
    place.on('drain', () => this.#client.resume());
    place.on('end', () => this.#client.end());
    place.on('error', () => this.#client.resetAndDestroy());
    place.on('close', () => this.#client.destroySoon());
    this.#client.resume();
  }

  #forward(bytes: Buffer): void {
    const { length } = preface;
    if (this.#prefaceBytes < length && !this.#isOpaque) {
      const begun = bytes.subarray(0, length - this.#prefaceBytes);
      if (!begun.equals(preface.subarray(this.#prefaceBytes, this.#prefaceBytes + begun.length))) this.#becomeOpaque();
      this.#prefaceBytes += begun.length;
    }
    for (const part of this.#isOpaque ? [bytes] : this.#toPlace.read(bytes)) {
      if (this.#place?.writable === true && !this.#place.write(part)) this.#client.pause();
    }
    this.#leaveIfDone();
  }

  #answer(bytes: Buffer): void {
    for (const part of this.#isOpaque ? [bytes] : this.#toClient.read(bytes)) this.#send(part);
    this.#leaveIfDone();
  }

  #send(bytes: Buffer): void {
    if (this.#client.writable && !this.#client.write(bytes)) this.#place?.pause();
  }

  #becomeOpaque(): void {
    this.#isOpaque = true;
    this.#turn?.begin();
  }

  /** A frame of the client: whether it goes on to the place. */
  #fromClient({ type, flags, streamId, ping }: Frame): boolean {
    if (type === frameType.ping && (flags & frameFlag.ack) !== 0 && ping.equals(this.#pingData) && this.#leaving === 'told') {
      this.#leaving = 'heard';
      return false;
    }
    if (type === frameType.headers && streamId > this.#lastStream) {
      if (this.#leaving === 'heard' || this.#leaving === 'done') {
        // It has heard that it should not: refused streams may be sent again elsewhere without harm.
        if (this.#toClient.isBetween) this.#send(frameOf(frameType.resetStream, 0, streamId, refusedStream));
        return false;
      }
      this.#lastStream = streamId;
      this.#open.add(streamId);
      this.#turn?.begin();
    } else if (type === frameType.resetStream) this.#close(streamId);
    return (this.#leaving !== 'heard' && this.#leaving !== 'done') || streamId <= this.#lastStream;
  }

  /** A frame of the place; all of them go on to the client. */
  #fromPlace({ type, flags, streamId }: Frame): boolean {
    this.#hasAnswered = true;
    const isLast = (type === frameType.headers || type === frameType.data) && (flags & frameFlag.endStream) !== 0;
    if (isLast || type === frameType.resetStream) this.#closing.push(streamId);
    return true;
  }
  /** Streams whose last frame is being forwarded. */
  readonly #closing: number[] = [];

  #close(streamId: number): void {
    if (this.#open.delete(streamId)) this.#turn?.end();
  }

  /** The turn is over: the client is to hear it, between two of the place's frames. */
  #sayFarewell(): void {
    if (this.#isOpaque) return;
    // Until it has heard it, it may still bring streams.
    this.#turn?.begin();
    this.#leaving = 'wanted';
    this.#patience = setTimeout(() => {
      if (this.#leaving === 'wanted' || this.#leaving === 'told') this.#client.destroy();
    }, answerMs).unref();
    const bytes = this.#toClient.isBetween ? this.#farewell() : null;
    if (bytes !== null) this.#send(bytes);
  }

  #farewell(): Buffer | null {
    for (const streamId of this.#closing.splice(0)) this.#close(streamId);
    // The place's settings come first.
    if (this.#leaving !== 'wanted' || !this.#hasAnswered) return null;
    this.#leaving = 'told';
    return Buffer.concat([goAway, frameOf(frameType.ping, 0, 0, this.#pingData)]);
  }

  #leaveIfDone(): void {
    if (this.#leaving !== 'heard' || this.#open.size > 0) return;
    this.#leaving = 'done';
    this.#turn?.end();
    this.#client.end();
    this.#patience = setTimeout(() => this.#client.destroy(), lingerMs).unref();
  }

  /** Lets go of the place, when the client has gone. */
  #leave(): void {
    this.#stopListening();
    clearTimeout(this.#patience);
    for (const streamId of this.#open) this.#close(streamId);
    if (this.#isOpaque || this.#leaving === 'wanted' || this.#leaving === 'told' || this.#leaving === 'heard') this.#turn?.end();
    this.#leaving = 'done';
    this.#isOpaque = false;
    this.#turn = null;
    const place = this.#place;
    this.#place = null;
    place?.on('error', () => undefined);
    place?.destroy();
  }
}
