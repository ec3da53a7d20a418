import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedMessage, MessageReader } from '../../src/main/gateway/messageFraming.ts';
import { answerOf, exchange, requestOf } from './messages.ts';

/** Where messages end in bytes that come in pieces of these lengths. */
function endsOf(kind: 'request' | 'response', bytes: Buffer, cuts: readonly number[], methods: readonly string[] = []): number[] {
  const reader = new MessageReader(kind);
  const ends: number[] = [];
  let [from, next] = [0, 0];
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    const piece = bytes.subarray(from, Math.min(cut, bytes.length));
    let at = 0;
    while (at < piece.length) {
      if (reader.isAtStart) reader.expect(methods[next] ?? '');
      at = reader.read(piece, at);
      if (!reader.isAtStart) continue;
      if (kind === 'request' || reader.status >= 200) next += 1;
      ends.push(from + at);
    }
    from = Math.max(from, Math.min(cut, bytes.length));
  }
  return ends;
}

function outcomeOf(read: () => unknown): string {
  try {
    read();
    return 'ends';
  } catch (error) {
    return (error as Error).name;
  }
}

const ends = (messages: readonly Buffer[]): number[] => {
  let sum = 0;
  return messages.map(({ length }) => (sum += length));
};

describe('the framing of HTTP/1.1', () => {
  test('each message ends where it was made to end, however its bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(4_000), { maxLength: 12 }), (exchanges, cuts) => {
        const requests = exchanges.map(requestOf);
        expect(endsOf('request', Buffer.concat(requests), cuts)).toEqual(ends(requests));
        const answers = exchanges.flatMap(answerOf);
        const methods = exchanges.map(({ method }) => method);
        expect(endsOf('response', Buffer.concat(answers), cuts, methods)).toEqual(ends(answers));
      }),
      { numRuns: 3_000 },
    );
  });

  test('any bytes end in messages or are malformed, and never hold more than a head', () => {
    const words = fc.constantFrom(
      'GET / HTTP/1.1\r\n',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '\n',
      '5\r\n',
      '0\r\n',
      ' ',
      'x',
      ':',
      '\r',
      '\0',
      'HTTP/1.1 200 OK\r\n',
    );
    fc.assert(
      fc.property(
        fc.constantFrom('request' as const, 'response' as const),
        fc.array(words, { maxLength: 40 }),
        fc.array(fc.nat(200)),
        (kind, parts, cuts) => {
          expect(['ends', 'MalformedMessage']).toContain(outcomeOf(() => endsOf(kind, Buffer.from(parts.join(''), 'latin1'), cuts)));
        },
      ),
      { numRuns: 5_000 },
    );
    const reader = new MessageReader('request');
    expect(() => {
      for (;;) reader.read(Buffer.alloc(1_000, 'a'), 0);
    }).toThrow('the header is too large');
  });

  test.each([
    ['two lengths that differ', 'GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['a length and a coding', 'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a coding that is not chunked', 'POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['a coding after chunked', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n'],
    ['a length that is no number', 'POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n'],
    ['a length as a list', 'POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n'],
    ['a space before the colon', 'POST / HTTP/1.1\r\nContent-Length : 5\r\n\r\n'],
    ['a folded header', 'POST / HTTP/1.1\r\nX: a\r\n Content-Length: 5\r\n\r\n'],
    ['a carriage return within a line', 'POST / HTTP/1.1\r\nX: a\rContent-Length: 5\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\n'],
    ['a chunk without a size', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n'],
    ['a chunk longer than its size', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
    ['a negative chunk', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n'],
  ])('a request with %s is malformed', (_, text) => {
    expect(() => endsOf('request', Buffer.from(text, 'latin1'), [])).toThrow(MalformedMessage);
  });
});
