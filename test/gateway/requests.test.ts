import { once } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageReader } from '../../src/main/gateway/messageFraming.ts';
import { answerOf, exchange, requestOf } from './messages.ts';
import { gatewayTo, rawClient, rawPlace } from './places.ts';

const signal = AbortSignal.timeout(120_000);

/** Sends bytes in pieces, each in a packet of its own as far as the system lets it. */
async function sendInPieces(socket: Socket, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  let from = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    if (cut <= from || cut > bytes.length) continue;
    await new Promise<void>((resolve) => void socket.write(bytes.subarray(from, cut), () => resolve()));
    from = cut;
  }
}

/** Answers the n-th request over a connection by `answer(n)`, as soon as it has come whole. */
function answering(answer: (index: number) => Buffer, cuts: readonly number[] = []): (socket: Socket) => void {
  let [asked, sent] = [0, Promise.resolve()];
  return (socket) => {
    const reader = new MessageReader('request');
    socket.on('data', (bytes: Buffer) => {
      try {
        for (let at = 0; at < bytes.length;) {
          if (reader.isAtStart && '\r\n'.includes(String.fromCharCode(bytes[at] ?? 0))) at += 1;
          else at = reader.read(bytes, at);
          if (!reader.isAtStart || reader.method === '') continue;
          const index = asked++;
          reader.method = '';
          sent = sent.then(() => sendInPieces(socket, answer(index), cuts));
        }
      } catch {
        // As a server does with what it does not understand.
        socket.destroy();
      }
    });
    socket.on('end', () => void sent.then(() => socket.end()));
  };
}

const ok = (text: string): Buffer => Buffer.from(`HTTP/1.1 200 OK\r\nServer: odd\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
const get = Buffer.from('GET /a HTTP/1.1\r\nhost: x\r\n\r\n');

describe('HTTP/1.1 through the gateway', () => {
  test('what is sent arrives byte by byte in both directions: pipelined, chunked, oddly written, in any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(exchange, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(3_000), { maxLength: 6 }),
        fc.array(fc.nat(1_000), { maxLength: 3 }),
        async (exchanges, cuts, answerCuts) => {
          const answers = exchanges.map((one) => Buffer.concat(answerOf(one)));
          await using place = await rawPlace(answering((index) => answers[index] ?? Buffer.alloc(0), answerCuts));
          await using gateway = await gatewayTo(place.ports);
          const { socket, until } = await rawClient(gateway.address.restPort);
          const requests = Buffer.concat(exchanges.map(requestOf));
          const expected = Buffer.concat(answers);
          await sendInPieces(socket, requests, cuts);
          expect((await until(expected.length)).equals(expected)).toBe(true);
          expect(place.received().equals(requests)).toBe(true);
          socket.destroy();
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a change of place in the middle of a pipeline splits it between two requests, and the client hears every answer in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(exchange, { minLength: 2, maxLength: 6 }), fc.nat(8_000), fc.boolean(), async (exchanges, at, isHeld) => {
        const answers = exchanges.map((one) => Buffer.concat(answerOf(one)));
        let asked = 0;
        const serve = () => answering(() => answers[asked++] ?? Buffer.alloc(0));
        await using first = await rawPlace(serve());
        await using second = await rawPlace(serve());
        await using gateway = await gatewayTo(first.ports);
        const { socket, until } = await rawClient(gateway.address.restPort);
        const requests = Buffer.concat(exchanges.map(requestOf));
        const cut = at % requests.length;
        await sendInPieces(socket, requests.subarray(0, cut), []);
        if (isHeld) gateway.hold();
        gateway.point(second.ports);
        await sendInPieces(socket, requests.subarray(cut), []);
        if (isHeld) gateway.release();
        const expected = Buffer.concat(answers);
        expect((await until(expected.length)).equals(expected)).toBe(true);
        expect(Buffer.concat([first.received(), second.received()]).equals(requests)).toBe(true);
        await gateway.drain({ signal });
        socket.destroy();
      }),
      { numRuns: 500 },
    );
  });

  test('any bytes are answered, refused or ended, and the gateway goes on', async () => {
    await using place = await rawPlace(answering(() => ok('yes')));
    await using gateway = await gatewayTo(place.ports);
    const words = fc.constantFrom(
      'GET / HTTP/1.1\r\n',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '\n',
      '5\r\nhello\r\n',
      '0\r\n\r\n',
      ' ',
      'x',
      '\0',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(words, { maxLength: 12 }), fc.constantFrom('end', 'reset', 'destroy'), async (parts, how) => {
        const { socket, ended } = await rawClient(gateway.address.restPort);
        socket.write(Buffer.from(parts.join(''), 'latin1'));
        if (how === 'end') {
          socket.end();
          await ended;
        } else if (how === 'reset') socket.resetAndDestroy();
        socket.destroy();
      }),
      { numRuns: 1_000 },
    );
    await expect.poll(() => gateway.state(), { timeout: 20_000 }).toMatchObject({ connections: 0, underWay: { now: 0, before: 0 } });
    const { socket, until } = await rawClient(gateway.address.restPort);
    socket.write(get);
    expect((await until(ok('yes').length)).equals(ok('yes'))).toBe(true);
    socket.destroy();
  });

  test('a request whose end cannot be told gets 400 after the answers before it, and nothing of it is obeyed', async () => {
    await using place = await rawPlace(answering(() => ok('first')));
    await using gateway = await gatewayTo(place.ports);
    const { socket, ended, received } = await rawClient(gateway.address.restPort);
    socket.write(Buffer.concat([get, Buffer.from('POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'), get]));
    await ended;
    const [answer = '', refused = ''] = received().toString('latin1').split('HTTP/1.1 400 Bad Request\r\n');
    expect([answer, refused.split('\r\n\r\n')[1]]).toEqual([ok('first').toString(), 'Bad Request: Content-Length is no number\n']);
    expect(place.received().toString('latin1').split('GET').length - 1).toBe(1);
    socket.destroy();
  });

  test('100-continue and an upgrade go through; after the upgrade bytes go both ways until an end', async () => {
    const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n';
    await using place = await rawPlace((socket, received) => {
      socket.on('data', () => {
        const text = received().toString('latin1');
        if (text.endsWith('100-continue\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        else if (text.endsWith('hello')) socket.write(ok('thanks'));
        else if (text.endsWith('Upgrade: echo\r\n\r\n')) socket.write(upgraded);
        else if (text.endsWith('GET GET GET')) socket.end('bye');
      });
    });
    await using gateway = await gatewayTo(place.ports);
    const { socket, until, ended, received } = await rawClient(gateway.address.restPort);
    socket.write('POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    await until(25);
    socket.write('hello');
    await until(25 + ok('thanks').length);
    socket.write('GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
    await until(25 + ok('thanks').length + upgraded.length);
    gateway.point(place.ports);
    socket.write('GET GET GET');
    await ended;
    expect(received().toString('latin1').endsWith(`${upgraded}bye`)).toBe(true);
    socket.end();
    await gateway.drain({ signal });
    socket.destroy();
  });

  test('an answer until the end of the connection, a half-closed client, and a place that resets look as they do without it', async () => {
    await using place = await rawPlace((socket, received) => {
      socket.on('data', () => {
        if (received().includes('/reset')) socket.resetAndDestroy();
        else if (received().includes('/close')) socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end');
      });
      // Answered only when the client has said that it sends no more.
      socket.on('end', () => socket.end(ok('late')));
    });
    await using gateway = await gatewayTo(place.ports);
    const ask = async (path: string, half = false): Promise<{ readonly text: string; readonly how: string }> => {
      const { socket, ended, received } = await rawClient(gateway.address.restPort);
      const how = Promise.withResolvers<string>();
      socket.once('end', () => how.resolve('end'));
      socket.once('error', () => how.resolve('reset'));
      socket.write(`GET ${path} HTTP/1.1\r\n\r\n`);
      if (half) socket.end();
      await ended;
      const told = { text: received().toString('latin1'), how: await how.promise };
      socket.destroy();
      return told;
    };
    expect(await ask('/close')).toEqual({ text: 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end', how: 'end' });
    expect(await ask('/half', true)).toEqual({ text: ok('late').toString(), how: 'end' });
    expect((await ask('/reset')).how).toBe('reset');
  });

  test('an aborted request reaches the place as an abort; a place that is not there ends the client', async () => {
    let ended = Promise.withResolvers<string>();
    const place = await rawPlace((socket) => {
      socket.once('error', () => ended.resolve('reset'));
      socket.once('close', () => ended.resolve('closed'));
    });
    await using gateway = await gatewayTo(place.ports);
    for (const abort of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.destroy()]) {
      ended = Promise.withResolvers();
      const { socket } = await rawClient(gateway.address.restPort);
      socket.write('POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nx');
      await expect.poll(() => place.received().includes('\r\n\r\nx'), { timeout: 20_000 }).toBe(true);
      abort(socket);
      place.connections.at(-1)?.once('end', () => place.connections.at(-1)?.end());
      expect(['reset', 'closed']).toContain(await ended.promise);
    }
    await place[Symbol.asyncDispose]();
    const { socket, ended: gone } = await rawClient(gateway.address.restPort);
    socket.write(get);
    await gone;
    socket.destroy();
    await expect.poll(() => gateway.state().underWay, { timeout: 20_000 }).toEqual({ now: 0, before: 0 });
  });

  test('held requests wait and are answered by the place that is in turn then; idle connections stay open over a change', async () => {
    await using first = await rawPlace(answering(() => ok('first')));
    await using second = await rawPlace(answering(() => ok('second')));
    await using gateway = await gatewayTo(first.ports);
    const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(gateway.address.restPort)));
    for (const { socket, until } of clients) {
      socket.write(get);
      await until(ok('first').length);
    }
    gateway.hold();
    for (const { socket } of clients) socket.write(get);
    gateway.point(second.ports);
    await gateway.drain({ signal });
    expect(gateway.state()).toMatchObject({ isHeld: true, place: second.ports, underWay: { now: 0, before: 0 } });
    await first[Symbol.asyncDispose]();
    gateway.release();
    const both = Buffer.concat([ok('first'), ok('second')]);
    for (const { socket, until } of clients) {
      expect((await until(both.length)).equals(both)).toBe(true);
      socket.destroy();
    }
  });

  test('after the change is drained, the place before is asked nothing more', async () => {
    const inTurn = Promise.withResolvers<void>();
    let [release, done] = [(): void => undefined, false];
    await using first = await rawPlace((socket) => {
      socket.once('data', () => {
        release = () => socket.write(ok('slow'));
        inTurn.resolve();
      });
    });
    await using second = await rawPlace(answering(() => ok('new')));
    await using gateway = await gatewayTo(first.ports);
    const slow = await rawClient(gateway.address.restPort);
    slow.socket.write(Buffer.concat([get, get]));
    await inTurn.promise;
    gateway.point(second.ports);
    const drained = gateway.drain({ signal }).then(() => (done = true));
    const other = await rawClient(gateway.address.restPort);
    other.socket.write(get);
    expect((await other.until(ok('new').length)).equals(ok('new'))).toBe(true);
    expect([done, gateway.state().underWay.before > 0]).toEqual([false, true]);
    release();
    // The second request of the pipeline had begun before the change: it is the first place's, too.
    await slow.until(ok('slow').length);
    expect(first.received().length).toBe(2 * get.length);
    release();
    await drained;
    slow.socket.destroy();
    other.socket.destroy();
  });

  test('a slow reader and a slow place hold the sender back: bodies of 256 MB pass with bounded memory, and whole', async () => {
    const size = 256 * 1024 * 1024;
    const piece = Buffer.alloc(64 * 1024, 'x');
    async function pour(socket: Socket): Promise<void> {
      for (let sent = 0; sent < size; sent += piece.length) if (!socket.write(piece)) await once(socket, 'drain');
    }
    const paused = Promise.withResolvers<Socket>();
    let taken = 0;
    await using place = await rawPlace((socket) => {
      socket.pause();
      paused.resolve(socket);
      socket.removeAllListeners('data');
      socket.on('data', (bytes: Buffer) => {
        taken += bytes.length;
        if (taken === size + head.length) {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
          void pour(socket);
        }
      });
      socket.pause();
    });
    const head = `POST / HTTP/1.1\r\nContent-Length: ${size}\r\n\r\n`;
    await using gateway = await gatewayTo(place.ports);
    const { connect } = await import('node:net');
    const client = connect(gateway.address.restPort, '127.0.0.1');
    client.pause();
    client.write(head);
    let poured = false;
    const pouring = pour(client).then(() => (poured = true));
    const server = await paused.promise;
    // The sender stands still, long before its end, when all buffers between are full.
    const standsStill = async (sent: () => number): Promise<number> => {
      let before = -1;
      await expect
        .poll(
          () => {
            const same = sent() === before;
            before = sent();
            return same;
          },
          { timeout: 30_000, interval: 200 },
        )
        .toBe(true);
      return before;
    };
    expect(await standsStill(() => client.bytesWritten)).toBeLessThan(32 * 1024 * 1024);
    expect(poured).toBe(false);
    server.resume();
    await pouring;
    await expect.poll(() => taken, { timeout: 60_000 }).toBe(size + head.length);
    expect(await standsStill(() => server.bytesWritten)).toBeLessThan(32 * 1024 * 1024);
    let answered = 0;
    client.on('data', (bytes: Buffer) => (answered += bytes.length));
    client.resume();
    await expect.poll(() => answered, { timeout: 60_000 }).toBe(size + `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`.length);
    client.destroy();
  }, 180_000);
});
