import { implement } from '@orpc/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { serveChannel } from '../../src/main/rpc/serveChannel.ts';
import { AppError } from '../../src/shared/contract/errors.ts';
import { contract } from '../../src/shared/contract/index.ts';
import { connectClient, type ContractClient } from '../../src/shared/rpc/connectClient.ts';
import { onIncident } from '../../src/main/incident.ts';
import { memoryChannel } from '../../src/shared/rpc/memoryChannel.ts';

function serve() {
  const os = implement(contract);
  const aborted = Promise.withResolvers<void>();
  const router = {
    tasks: {
      cancel: os.tasks.cancel.handler(({ input }) => {
        if (input.id === 'app') throw new AppError('PORT_TAKEN', { port: 8501, owner: 'digits', free: 8503 });
        if (input.id === 'bug') throw new TypeError('secret path /home/somebody');
      }),
    },
    servings: {
      figures: os.servings.figures.handler(async function* ({ signal }) {
        signal?.addEventListener('abort', () => aborted.resolve());
        yield { time: 't', cpuPercent: 1, memoryBytes: 1, memoryLimitBytes: 1, networkInBytes: 1, networkOutBytes: 1 };
        await aborted.promise;
      }),
      logs: os.servings.logs.handler(async function* () {
        yield { time: 't', stream: 'stdout' as const, message: 'one', raw: 'one', level: 'info' as const };
        throw new AppError('SERVING_NOT_FOUND', { name: 'x', known: 'none' });
      }),
    },
  };
  const [mine, theirs] = memoryChannel();
  serveChannel(theirs, router);
  return { client: connectClient<ContractClient>(mine), channel: mine, router, aborted: aborted.promise };
}

const failureOf = async (call: Promise<unknown>): Promise<AppError> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, got ${String(error)}`);
  return error;
};

describe('the binder of contract and channel', () => {
  test('an AppError arrives with its code and data', async () => {
    const error = await failureOf(serve().client.tasks.cancel({ id: 'app' }));
    expect(error.report()).toMatchObject({ code: 'PORT_TAKEN', data: { port: 8501, owner: 'digits', free: 8503 } });
  });

  test('an unknown throw arrives as INTERNAL with an incident, and nothing of its text', async () => {
    const told: unknown[] = [];
    onIncident((_, error) => told.push(error));
    const error = await failureOf(serve().client.tasks.cancel({ id: 'bug' }));
    expect({
      code: error.code,
      hasIncident: String(error.data['incident']).length > 0,
      leaks: JSON.stringify(error.report()).includes('secret'),
    }).toEqual({
      code: 'INTERNAL',
      hasIncident: true,
      leaks: false,
    });
    expect(told).toHaveLength(1);
  });

  test('input that the schema refuses is BAD_INPUT', async () => {
    const error = await failureOf(serve().client.tasks.cancel({ id: 5 } as never));
    expect(error.code).toBe('BAD_INPUT');
  });

  test('a stream that fails says why after what it had sent', async () => {
    const seen: string[] = [];
    const error = await failureOf(
      (async () => {
        for await (const line of await serve().client.servings.logs({ id: 'x' })) seen.push(line.message);
      })(),
    );
    expect([seen, error.code]).toEqual([['one'], 'SERVING_NOT_FOUND']);
  });

  test('leaving a stream aborts it on the other side', async () => {
    const { client, aborted } = serve();
    const abort = new AbortController();
    for await (const _ of await client.servings.figures({ id: 'x' }, { signal: abort.signal })) break;
    abort.abort();
    await aborted;
  });

  test('a closed channel fails what is under way with CONNECTION_LOST', async () => {
    const { client, channel } = serve();
    const stream = await client.servings.figures({ id: 'x' });
    await stream.next();
    const waiting = failureOf(stream.next());
    channel.close();
    expect((await waiting).code).toBe('CONNECTION_LOST');
  });

  test('no frame ends more than its own peer, and others still get answers', async () => {
    const { router } = serve();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json(), fc.uint8Array({ maxLength: 200 })), async (frame) => {
        const [mine, theirs] = memoryChannel();
        serveChannel(theirs, router);
        mine.onMessage(() => undefined);
        await mine.send(typeof frame === 'string' ? frame : new Uint8Array(frame));
        await new Promise((resolve) => setImmediate(resolve));
      }),
      { numRuns: 500 },
    );
    await serve().client.tasks.cancel({ id: 'fine' });
  });
});
