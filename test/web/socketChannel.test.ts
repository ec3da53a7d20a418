import { implement } from '@orpc/server';
import { assert, asyncProperty, json, oneof, string, uint8Array } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { serveChannel } from '../../src/main/rpc/serveChannel.ts';
import { socketChannel } from '../../src/main/web/socketChannel.ts';
import { AppError } from '../../src/shared/contract/errors.ts';
import { contract } from '../../src/shared/contract/index.ts';
import type { Figures } from '../../src/shared/contract/serving.ts';
import { connectClient } from '../../src/shared/rpc/connectClient.ts';
import { closeCode, openSocket, runWebShell, type RunningWebShell } from './runWebShell.ts';

let made = 0;
const os = implement(contract);
const router = {
  tasks: {
    cancel: os.tasks.cancel.handler(({ input }) => {
      if (input.id !== 'known') throw new AppError('SERVING_NOT_FOUND', { name: input.id, known: 'known' });
    }),
  },
  servings: {
    figures: os.servings.figures.handler(async function* ({ input }) {
      for (let at = 0; ; at++) {
        made = at;
        if (input.id !== 'fast') await new Promise((resolve) => setImmediate(resolve));
        yield { time: String(at), cpuPercent: -0, memoryBytes: at, memoryLimitBytes: 1, networkInBytes: 1, networkOutBytes: 1 };
      }
    }),
  },
};

let running: RunningWebShell;
beforeAll(async () => {
  running = await runWebShell({ serve: (channel) => serveChannel(channel, router) });
});
afterAll(() => running[Symbol.asyncDispose]());

async function openOwn(): Promise<WebSocket> {
  const socket = await openSocket(running.port, `/api/socket?ticket=${await running.ticket()}`);
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
  return socket;
}

const memoryOf = ({ value }: IteratorResult<unknown, unknown>): unknown => (value as Figures).memoryBytes;

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : `no AppError: ${String(error)}`),
  );

describe('the contract over a WebSocket', () => {
  test('calls and failures pass, and a closed socket fails what is under way', async () => {
    const socket = await openOwn();
    const client = connectClient(socketChannel(socket));
    const stream = await client.servings.figures({ id: 'x' });
    const first = await stream.next();
    const outcomes = [await codeOf(client.tasks.cancel({ id: 'known' })), await codeOf(client.tasks.cancel({ id: 'other' }))];
    socket.terminate();
    const drained = (async () => {
      for (;;) if ((await stream.next()).done === true) return;
    })();
    expect([outcomes, memoryOf(first), await codeOf(drained)]).toEqual([['done', 'SERVING_NOT_FOUND'], 0, 'CONNECTION_LOST']);
  });

  test('a stream is made no faster than a page reads it', async () => {
    made = 0;
    const socket = await openOwn();
    socket.pause();
    const client = connectClient(socketChannel(socket));
    const stream = client.servings.figures({ id: 'fast' });
    // What fits into the buffers of both kernels and our own: some megabytes, of messages of some hundred bytes.
    let before = -1;
    const madeSoFar = (): number => made;
    while (madeSoFar() === 0 || madeSoFar() !== before) {
      before = madeSoFar();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    socket.resume();
    expect([memoryOf(await (await stream).next()), made < 200_000]).toEqual([0, true]);
    socket.terminate();
  });

  test('a malformed message closes its own socket with 1007, and another still gets answers', async () => {
    const [broken, whole] = [await openOwn(), await openOwn()];
    const client = connectClient(socketChannel(whole));
    const closed = closeCode(broken);
    broken.send('{"no": "message of ours"');
    expect([await closed, await codeOf(client.tasks.cancel({ id: 'known' }))]).toEqual([1007, 'done']);
    whole.terminate();
  });

  test('no message of any kind ends more than its own socket', async () => {
    await assert(
      asyncProperty(oneof(string(), json(), uint8Array({ maxLength: 300 })), async (message) => {
        const socket = await openOwn();
        socket.send(message);
        // An orderly goodbye: it is answered once the message before it has been read.
        const closed = closeCode(socket);
        socket.close();
        await closed;
      }),
      { numRuns: 200 },
    );
    const socket = await openOwn();
    expect(await codeOf(connectClient(socketChannel(socket)).tasks.cancel({ id: 'known' }))).toBe('done');
    socket.terminate();
  });
});
