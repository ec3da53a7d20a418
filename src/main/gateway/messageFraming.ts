/** Bytes from which no message's end can be told. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** A head, or a chunked body's trailer, may have so many bytes; a chunk's size line may have fewer. */
const [maxHeadBytes, maxSizeLineBytes] = [64 * 1024, 4 * 1024];
const [cr, lf, space, tab] = [13, 10, 32, 9];

type Reading = 'start' | 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'until-close';

const requestLine = /^([!#$%&'*+\-.^_`|~\w]+) [^\r]+ HTTP\/1\.[01]$/;
const statusLine = /^HTTP\/1\.[01] (\d{3})(?: |$)/;

/**
 * Finds where messages of HTTP/1.1 begin and end in a stream of bytes, and changes none of them. Source: RFC 9112, sections 2 to 7.
 * Lines may end by LF alone; what servers read differently (folded lines, two lengths, a length and a coding) is malformed.
 */
export class MessageReader {
  readonly #isResponse: boolean;
  #reading: Reading = 'start';
  /** The first bytes of a line that goes on in the next piece. */
  #begun: Buffer | null = null;
  /** Bytes of the head, trailer or size line so far. */
  #lineBytes = 0;
  #left = 0;
  #length: number | null = null;
  #isCoded = false;
  #isChunked = false;
  #asked = '';
  /** Of the request that was read last. */
  method = '';
  /** Of the response that was read last. */
  status = 0;

  constructor(kind: 'request' | 'response') {
    this.#isResponse = kind === 'response';
  }

  /** Between two messages. */
  get isAtStart(): boolean {
    return this.#reading === 'start';
  }

  /** The present message ends with the connection. */
  get isUntilClose(): boolean {
    return this.#reading === 'until-close';
  }

  /** Before a response: the method that it answers. */
  expect(method: string): void {
    this.#asked = method;
  }

  /** Reads on from `from` to the end of the message at most; answers where it stopped. Then `isAtStart` tells whether it has ended. MalformedMessage. */
  read(bytes: Buffer, from: number): number {
    let at = from;
    if (this.#reading === 'start') {
      this.#reading = 'head';
      this.#lineBytes = 0;
      this.#length = null;
      this.#isCoded = false;
      this.#isChunked = false;
      this.method = '';
      this.status = 0;
    }
    while (at < bytes.length) {
      switch (this.#reading) {
        case 'start':
          return at;
        case 'until-close':
          return bytes.length;
        case 'length':
        case 'chunk': {
          const taken = Math.min(this.#left, bytes.length - at);
          at += taken;
          this.#left -= taken;
          if (this.#left === 0) this.#reading = this.#reading === 'length' ? 'start' : 'chunk-end';
          break;
        }
        default:
          at = this.#readLine(bytes, at);
      }
    }
    return at;
  }

  #readLine(bytes: Buffer, from: number): number {
    const found = bytes.indexOf(lf, from);
    const end = found < 0 ? bytes.length : found + 1;
    this.#lineBytes += end - from;
    if (this.#lineBytes > (this.#reading === 'chunk-size' || this.#reading === 'chunk-end' ? maxSizeLineBytes : maxHeadBytes))
      throw new MalformedMessage(this.#reading === 'head' ? 'the header is too large' : 'a line of the chunked body is too long');
    const piece = bytes.subarray(from, end);
    const line = this.#begun === null ? piece : Buffer.concat([this.#begun, piece]);
    // A copy: the piece's memory is used again.
    this.#begun = found < 0 ? Buffer.from(line) : null;
    if (found >= 0) this.#take(line, line[line.length - 2] === cr ? line.length - 2 : line.length - 1);
    return end;
  }

  /** A whole line, of which `length` bytes stand before its end. */
  #take(line: Buffer, length: number): void {
    if (this.#reading === 'head') this.#headLine(line, length);
    else if (this.#reading === 'trailer') {
      if (length === 0) this.#reading = 'start';
    } else if (this.#reading === 'chunk-end') {
      if (length > 0) throw new MalformedMessage('a chunk is longer than its size');
      this.#lineBytes = 0;
      this.#reading = 'chunk-size';
    } else this.#sizeLine(line.toString('latin1', 0, length));
  }

  #sizeLine(text: string): void {
    const hex = /^([0-9a-f]{1,13})[ \t]*(?:;[^\r]*)?$/i.exec(text)?.[1];
    if (hex === undefined) throw new MalformedMessage('a chunk has no size');
    this.#left = Number.parseInt(hex, 16);
    this.#lineBytes = 0;
    this.#reading = this.#left === 0 ? 'trailer' : 'chunk';
  }

  #headLine(line: Buffer, length: number): void {
    const returned = line.indexOf(cr);
    if (returned >= 0 && returned < length) throw new MalformedMessage('a line has a carriage return in it');
    if (this.method === '' && this.status === 0) {
      this.#firstLine(line.toString('latin1', 0, length));
      return;
    }
    if (length === 0) {
      this.#endOfHead();
      return;
    }
    const first = line[0] ?? 0;
    if (first === space || first === tab) throw new MalformedMessage('a header is folded');
    // Only Content-Length and Transfer-Encoding say where a message ends.
    const letter = first | 32;
    if (letter === 99 || letter === 116) this.#framingHeader(line.toString('latin1', 0, length));
  }

  #firstLine(text: string): void {
    if (this.#isResponse) this.status = Number(statusLine.exec(text)?.[1] ?? 0);
    else this.method = requestLine.exec(text)?.[1] ?? '';
    if (this.method === '' && this.status === 0) throw new MalformedMessage('the first line is not of HTTP/1.1');
  }

  #framingHeader(text: string): void {
    const [, name = '', gap = '', value = ''] = /^(content-length|transfer-encoding)([ \t]*):[ \t]*(.*?)[ \t]*$/i.exec(text) ?? [];
    if (name === '') return;
    if (gap !== '') throw new MalformedMessage('a space stands before a colon');
    if (name.length === 'content-length'.length) {
      const length = /^\d{1,15}$/.test(value) ? Number(value) : -1;
      if (length < 0 || (this.#length !== null && this.#length !== length)) throw new MalformedMessage('Content-Length is no number');
      this.#length = length;
    } else {
      this.#isCoded = true;
      this.#isChunked = /(?:^|,)[ \t]*chunked$/i.test(value);
    }
  }

  #endOfHead(): void {
    if (this.#isResponse) this.#responseBody();
    else {
      if (this.#isCoded && (!this.#isChunked || this.#length !== null)) throw new MalformedMessage('the body has no one length');
      this.#body(0);
    }
  }

  #responseBody(): void {
    const { status } = this;
    if (status === 101 || (this.#asked === 'CONNECT' && status < 300 && status >= 200)) this.#reading = 'until-close';
    else if (status < 200 || status === 204 || status === 304 || this.#asked === 'HEAD') this.#reading = 'start';
    else if (this.#isCoded && !this.#isChunked) this.#reading = 'until-close';
    else this.#body(null);
  }

  /** `none`: what it means that no header tells a length; null is a body until the connection's end. */
  #body(none: 0 | null): void {
    this.#lineBytes = 0;
    if (this.#isChunked) this.#reading = 'chunk-size';
    else {
      const length = this.#length ?? none;
      this.#left = length ?? 0;
      this.#reading = length === null ? 'until-close' : length === 0 ? 'start' : 'length';
    }
  }
}
