import { once } from 'node:events';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ServerUnaryCall,
  type sendUnaryData,
  type ServerWritableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { frameOf, FrameReader } from '../../src/main/gateway/frameReader.ts';
import { gatewayTo, rawClient, rawPlace } from './places.ts';
import type { PlacePorts } from '../../src/main/gateway/turnstile.ts';

const signal = AbortSignal.timeout(120_000);
const same = (bytes: Buffer): Buffer => bytes;
const path = (method: string): string => `/test.Echo/${method}`;
const method = (name: string, responseStream = false) => ({
  path: path(name),
  requestStream: false,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

interface GrpcPlace {
  readonly ports: PlacePorts;
  readonly asked: () => number;
  readonly cancelled: Promise<void>;
  readonly written: () => number;
}

/** A gRPC server: Echo answers its name and the request, with metadata and a trailer; Fail fails; Wait never answers; Pour streams. */
async function grpcPlace(name: string): Promise<GrpcPlace> {
  let [asked, written] = [0, 0];
  const cancelled = Promise.withResolvers<void>();
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  type Unary = (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => void;
  const handlers: Record<string, Unary | ((call: ServerWritableStream<Buffer, Buffer>) => void)> = {
    Echo(call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) {
      asked += 1;
      const metadata = new Metadata();
      metadata.set('x-place', name);
      metadata.set('x-heard-bin', call.metadata.get('x-said-bin')[0] ?? Buffer.alloc(0));
      call.sendMetadata(metadata);
      const trailer = new Metadata();
      trailer.set('x-trailer', `bye from ${name}`);
      callback(null, Buffer.concat([Buffer.from(`${name}:`), call.request]), trailer);
    },
    Fail(_call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) {
      const metadata = new Metadata();
      metadata.set('x-why-bin', Buffer.from([0, 255]));
      callback({ code: status.FAILED_PRECONDITION, details: 'no — «so» nicht', metadata });
    },
    Wait(call: ServerUnaryCall<Buffer, Buffer>) {
      asked += 1;
      call.once('cancelled', () => cancelled.resolve());
    },
    Pour(call: ServerWritableStream<Buffer, Buffer>) {
      const piece = Buffer.alloc(1024 * 1024);
      const pour = (): void => {
        while (written < 200) {
          written += 1;
          if (!call.write(piece)) {
            call.once('drain', pour);
            return;
          }
        }
        call.end();
      };
      pour();
    },
  };
  server.addService({ Echo: method('Echo'), Fail: method('Fail'), Wait: method('Wait'), Pour: method('Pour', true) }, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  undo.push(() => server.forceShutdown());
  return { ports: { restPort: port, grpcPort: port }, asked: () => asked, cancelled: cancelled.promise, written: () => written };
}

interface Answer {
  readonly bytes: Buffer;
  readonly metadata: Metadata;
  readonly trailer: Metadata;
}

function connectTo(port: number) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.enable_http_proxy': 0,
  });
  undo.push(() => client.close());
  return {
    client,
    call: (name: string, request: Buffer, { metadata = new Metadata(), timeoutMs = 60_000 } = {}): Promise<Answer> =>
      new Promise((resolve, reject) => {
        let [answer, first, trailer] = [Buffer.alloc(0), new Metadata(), new Metadata()];
        const call = client.makeUnaryRequest(
          path(name),
          same,
          same,
          request,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error, bytes) => {
            if (error !== null) reject(error);
            else answer = Buffer.from(bytes ?? []);
          },
        );
        call.on('metadata', (got: Metadata) => (first = got));
        call.on('status', (got) => {
          trailer = got.metadata;
          // The callback comes after the status.
          setImmediate(() => resolve({ bytes: answer, metadata: first, trailer }));
        });
      }),
  };
}

describe('gRPC through the gateway', () => {
  test('messages, metadata, trailers, statuses and their details come as the place sent them', async () => {
    const place = await grpcPlace('a');
    await using gateway = await gatewayTo(place.ports);
    const { call } = connectTo(gateway.address.grpcPort);
    const metadata = new Metadata();
    metadata.set('x-said-bin', Buffer.from([1, 0, 255]));
    const answer = await call('Echo', Buffer.from('hi'), { metadata });
    expect([
      answer.bytes.toString(),
      answer.metadata.get('x-place'),
      answer.metadata.get('x-heard-bin'),
      answer.trailer.get('x-trailer'),
    ]).toEqual(['a:hi', ['a'], [Buffer.from([1, 0, 255])], ['bye from a']]);
    const failed = await call('Fail', Buffer.alloc(0)).catch((error: unknown) => error as ServiceError);
    expect(failed).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'no — «so» nicht' });
    expect((failed as ServiceError).metadata.get('x-why-bin')).toEqual([Buffer.from([0, 255])]);
    await expect(call('Nothing', Buffer.alloc(0))).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });

  test('large messages pass whole in both directions, a hundred calls at once', async () => {
    const place = await grpcPlace('a');
    await using gateway = await gatewayTo(place.ports);
    const { call } = connectTo(gateway.address.grpcPort);
    const large = Buffer.alloc(8 * 1024 * 1024, 'large');
    const answers = await Promise.all([
      call('Echo', large),
      ...Array.from({ length: 100 }, (_, index) => call('Echo', Buffer.from(`${index}`))),
    ]);
    expect(answers.map(({ bytes }) => bytes.equals(Buffer.concat([Buffer.from('a:'), large])) || bytes.toString())).toEqual([
      true,
      ...Array.from({ length: 100 }, (_, index) => `a:${index}`),
    ]);
  });

  test('a deadline and a cancelled call reach the place', async () => {
    const place = await grpcPlace('a');
    await using gateway = await gatewayTo(place.ports);
    const { call, client } = connectTo(gateway.address.grpcPort);
    await expect(call('Wait', Buffer.alloc(0), { timeoutMs: 300 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await place.cancelled;
    const cancelled = Promise.withResolvers<ServiceError | null>();
    const asked = client.makeUnaryRequest(path('Wait'), same, same, Buffer.alloc(0), new Metadata(), {}, cancelled.resolve);
    await expect.poll(() => place.asked(), { timeout: 20_000 }).toBe(2);
    asked.cancel();
    expect(await cancelled.promise).toMatchObject({ code: status.CANCELLED });
    await expect.poll(() => gateway.state().underWay.now, { timeout: 20_000 }).toBe(0);
  });

  test('a place is held back by a client that reads slowly', async () => {
    const place = await grpcPlace('a');
    await using gateway = await gatewayTo(place.ports);
    const { client } = connectTo(gateway.address.grpcPort);
    const stream = client.makeServerStreamRequest(path('Pour'), same, same, Buffer.alloc(0), new Metadata(), {});
    let seen = 0;
    stream.on('data', () => (seen += 1));
    stream.pause();
    let before = -1;
    const standsStill = (): boolean => {
      const isSame = place.written() === before && before > 0;
      before = place.written();
      return isSame;
    };
    await expect.poll(standsStill, { timeout: 30_000, interval: 200 }).toBe(true);
    expect(place.written()).toBeLessThan(100);
    stream.resume();
    await once(stream, 'end');
    expect(seen).toBe(200);
  });

  test('while places change under it, one channel with many calls at once sees no failure, and none of a place that has been drained', async () => {
    const places = [await grpcPlace('a'), await grpcPlace('b')] as const;
    await using gateway = await gatewayTo(places[0].ports);
    const channels = Array.from({ length: 4 }, () => connectTo(gateway.address.grpcPort));
    let [inTurn, answered] = ['a', 0];
    const over = new AbortController();
    const wrong: string[] = [];
    async function keepAsking({ call }: ReturnType<typeof connectTo>): Promise<void> {
      while (!over.signal.aborted) {
        const drainedFor = inTurn;
        const { bytes } = await call('Echo', Buffer.from('x'));
        answered += 1;
        // Asked when only one place was left, and it is still so.
        if (drainedFor !== '' && drainedFor === inTurn && bytes.toString() !== `${drainedFor}:x`) wrong.push(bytes.toString());
      }
    }
    const asking = channels.flatMap((channel) => Array.from({ length: 4 }, () => keepAsking(channel)));
    for (let change = 1; change <= 30; change += 1) {
      const [next, name] = change % 2 === 0 ? [places[0], 'a'] : [places[1], 'b'];
      const before = answered;
      await expect.poll(() => answered, { timeout: 30_000, interval: 2 }).toBeGreaterThan(before + 20);
      inTurn = '';
      if (change % 3 === 0) gateway.hold();
      gateway.point(next.ports);
      await gateway.drain({ signal });
      gateway.release();
      inTurn = name;
    }
    over.abort();
    await Promise.all(asking);
    expect(wrong).toEqual([]);
    expect(answered).toBe(places[0].asked() + places[1].asked());
  }, 120_000);

  test('a held gateway lets a new channel and its call wait', async () => {
    const [first, second] = [await grpcPlace('a'), await grpcPlace('b')];
    await using gateway = await gatewayTo(first.ports);
    gateway.hold();
    const answer = connectTo(gateway.address.grpcPort).call('Echo', Buffer.from('x'));
    await expect.poll(() => gateway.state().connections, { timeout: 20_000 }).toBe(1);
    gateway.point(second.ports);
    gateway.release();
    expect((await answer).bytes.toString()).toBe('b:x');
  });
});

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const settings = frameOf(4, 0, 0, Buffer.alloc(0));
const frame = fc
  .tuple(
    fc.constantFrom(0, 1, 2, 3, 4, 6, 8, 77),
    fc.constantFrom(0, 1, 4, 5, 255),
    fc.constantFrom(0, 1, 3, 5, 2 ** 31 - 1),
    fc.uint8Array({ maxLength: 300 }),
  )
  .map(([type, flags, stream, payload]) =>
    frameOf(
      type,
      type === 1 ? flags | 4 : flags,
      stream,
      Buffer.from(type === 6 ? (payload.slice(0, 8).length === 8 ? payload.slice(0, 8) : new Uint8Array(8)) : payload),
    ),
  );

describe('HTTP/2 as bytes', () => {
  test('every frame, known or not, arrives as it was sent, in any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(frame, { maxLength: 8 }),
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.nat(800), { maxLength: 5 }),
        async (asked, answered, cuts) => {
          const [request, answer] = [Buffer.concat([preface, settings, ...asked]), Buffer.concat([settings, ...answered])];
          await using place = await rawPlace((socket) => void socket.write(answer));
          await using gateway = await gatewayTo(place.ports);
          const { socket, until } = await rawClient(gateway.address.grpcPort);
          let from = 0;
          for (const cut of [...cuts.toSorted((a, b) => a - b), request.length]) {
            if (cut <= from || cut > request.length) continue;
            await new Promise<void>((resolve) => void socket.write(request.subarray(from, cut), () => resolve()));
            from = cut;
          }
          expect((await until(answer.length)).equals(answer)).toBe(true);
          await expect.poll(() => place.received().length, { timeout: 20_000, interval: 1 }).toBe(request.length);
          expect(place.received().equals(request)).toBe(true);
          socket.destroy();
        },
      ),
      { numRuns: 500 },
    );
  });

  test('frames that are not wanted are left out, and the others stay whole, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(frame, fc.boolean()), { maxLength: 10 }),
        fc.array(fc.nat(1_500), { maxLength: 10 }),
        (frames, cuts) => {
          let index = 0;
          const reader = new FrameReader({ between: () => null, frame: () => frames[index++]?.[1] ?? true }, { preface: 0 });
          const bytes = Buffer.concat(frames.map(([one]) => one));
          const out: Buffer[] = [];
          let from = 0;
          for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
            out.push(...reader.read(bytes.subarray(from, Math.max(from, cut))));
            from = Math.max(from, Math.min(cut, bytes.length));
          }
          expect(Buffer.concat(out).equals(Buffer.concat(frames.filter(([, isWanted]) => isWanted).map(([one]) => one)))).toBe(true);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('at a change the client hears GOAWAY and a PING between two frames; what it opens before it has heard goes on, what it opens after is refused', async () => {
    const headers = (stream: number): Buffer => frameOf(1, 5, stream, Buffer.from('block'));
    await using place = await rawPlace(
      (socket) => void socket.write(Buffer.concat([settings, frameOf(0, 0, 1, Buffer.alloc(100)).subarray(0, 60)])),
    );
    await using gateway = await gatewayTo(place.ports);
    const { socket, until, ended } = await rawClient(gateway.address.grpcPort);
    socket.write(Buffer.concat([preface, settings, headers(1)]));
    await until(settings.length + 60);
    await expect.poll(() => gateway.state().underWay.now, { timeout: 20_000 }).toBe(1);
    gateway.point(place.ports);
    // In the middle of a frame nothing is put in.
    place.connections[0]?.write(frameOf(0, 0, 1, Buffer.alloc(100)).subarray(60));
    const told = await until(settings.length + 109 + 17 + 17);
    const tail = told.subarray(settings.length + 109);
    expect([tail.subarray(0, 17).toString('hex'), tail.subarray(17, 26).toString('hex')]).toEqual([
      '0000080700000000007fffffff00000000',
      '000008060000000000',
    ]);
    const heard = frameOf(6, 1, 0, Buffer.from(tail.subarray(26, 34)));
    socket.write(Buffer.concat([headers(3), heard, headers(5), frameOf(0, 1, 5, Buffer.from('x'))]));
    const refused = frameOf(3, 0, 5, Buffer.from([0, 0, 0, 7]));
    expect((await until(told.length + refused.length)).subarray(told.length).equals(refused)).toBe(true);
    expect(gateway.state().underWay).toEqual({ now: 0, before: 3 });
    place.connections[0]?.write(Buffer.concat([frameOf(0, 1, 1, Buffer.alloc(0)), frameOf(1, 5, 3, Buffer.from('t'))]));
    await gateway.drain({ signal });
    await ended;
    expect(place.received().equals(Buffer.concat([preface, settings, headers(1), headers(3)]))).toBe(true);
    socket.destroy();
  });

  test('what is no HTTP/2 is forwarded as it is', async () => {
    await using place = await rawPlace((socket) => void socket.once('data', () => socket.end('no')));
    await using gateway = await gatewayTo(place.ports);
    const { socket, until } = await rawClient(gateway.address.grpcPort);
    socket.write('PRI * nonsense');
    expect((await until(2)).toString()).toBe('no');
    expect(place.received().toString()).toBe('PRI * nonsense');
    socket.destroy();
  });
});
