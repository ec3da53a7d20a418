/** One frame of HTTP/2 by its header; source: RFC 9113, section 4.1. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  /** A PING's eight bytes; empty for other frames. */
  readonly ping: Buffer;
}

export const frameType = { data: 0, headers: 1, resetStream: 3, settings: 4, ping: 6, goAway: 7, continuation: 9 } as const;
export const frameFlag = { endStream: 1, ack: 1, endHeaders: 4 } as const;

const headerBytes = 9;
const pingBytes = 8;
const none = Buffer.alloc(0);

/** A whole frame as bytes. */
export function frameOf(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(headerBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  payload.copy(bytes, headerBytes);
  return bytes;
}

export interface FrameVisitor {
  /** Between two frames that have been forwarded whole; what it answers is sent there. */
  readonly between: () => Buffer | null;
  /** Whether a frame is forwarded. */
  readonly frame: (frame: Frame) => boolean;
}

/** Walks a stream of frames, and forwards their bytes as they are but for frames that are not wanted. */
export class FrameReader {
  readonly #visitor: FrameVisitor;
  #left: number;
  #isForwarded = true;
  /** The first bytes of a frame's header. */
  #begun: Buffer = none;
  /** A block of headers is never interrupted. */
  #isInHeaders = false;

  /** `preface`: so many bytes come before the first frame. */
  constructor(visitor: FrameVisitor, { preface }: { readonly preface: number }) {
    this.#visitor = visitor;
    this.#left = preface;
  }

  /** What was forwarded last was a whole frame, and another may follow it. */
  get isBetween(): boolean {
    return this.#left === 0 && !this.#isInHeaders;
  }

  /** What is to be forwarded of these bytes, in order. */
  read(piece: Buffer): Buffer[] {
    const bytes = this.#begun.length === 0 ? piece : Buffer.concat([this.#begun, piece]);
    this.#begun = none;
    const forwarded: Buffer[] = [];
    let [from, at] = [0, 0];
    const forwardTo = (end: number): void => {
      if (end > from) forwarded.push(bytes.subarray(from, end));
    };
    for (;;) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.length - at);
        at += taken;
        this.#left -= taken;
        if (!this.#isForwarded) from = at;
        if (this.#left > 0) break;
      }
      const sent = this.#isInHeaders ? null : this.#visitor.between();
      if (sent !== null) {
        forwardTo(at);
        from = at;
        forwarded.push(sent);
      }
      const rest = bytes.length - at;
      const isPing = rest >= headerBytes && bytes[at + 3] === frameType.ping;
      if (rest < headerBytes + (isPing ? pingBytes : 0)) {
        // A copy: the piece's memory is used again.
        this.#begun = Buffer.from(bytes.subarray(at));
        break;
      }
      const [type = 0, flags = 0] = [bytes[at + 3], bytes[at + 4]];
      this.#isForwarded = this.#visitor.frame({
        type,
        flags,
        streamId: bytes.readUInt32BE(at + 5) & 0x7fffffff,
        ping: isPing ? bytes.subarray(at + headerBytes, at + headerBytes + pingBytes) : none,
      });
      if (type === frameType.headers || type === frameType.continuation || type === 5)
        this.#isInHeaders = (flags & frameFlag.endHeaders) === 0;
      if (!this.#isForwarded) forwardTo(at);
      this.#left = bytes.readUIntBE(at, 3);
      at += headerBytes;
      if (!this.#isForwarded) from = at;
    }
    forwardTo(at);
    return forwarded;
  }
}
