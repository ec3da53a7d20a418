import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { AppError } from '../../src/shared/contract/errors.ts';
import { ask, closeCode, openSocket, runWebShell, type RawRequest, type RunningWebShell } from './runWebShell.ts';

let running: RunningWebShell;
let port: number;
beforeAll(async () => {
  running = await runWebShell();
  port = running.port;
});
afterAll(() => running[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const socketPath = async (): Promise<string> => `/api/socket?ticket=${await running.ticket()}`;
async function openOwn(): Promise<WebSocket> {
  const socket = await openSocket(port, await socketPath());
  if (typeof socket === 'number') throw new Error(`the control was refused with ${socket}`);
  return socket;
}

/** Sends bytes that no client would make, and answers the first line that comes back. */
async function rawLine(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write(text);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  await once(socket, 'close');
  return heard.split('\r\n', 1)[0] ?? '';
}

describe('the page and its files', () => {
  test('the page carries the policy, with a new nonce each time', async () => {
    const [one, two] = [await ask(port), await ask(port)];
    const nonce = /nonce-([\w-]{22})'/.exec(String(one.headers['content-security-policy']))?.[1] ?? 'none';
    expect({
      status: one.status,
      policy: String(one.headers['content-security-policy']).replace(nonce, 'N').replaceAll(String(port), 'P'),
      headers: ['cross-origin-resource-policy', 'x-content-type-options', 'referrer-policy', 'cache-control', 'set-cookie'].map(
        (name) => one.headers[name],
      ),
      cors: Object.keys(one.headers).filter((name) => name.startsWith('access-control')),
      inPage: one.body.includes(`nonce="${nonce}"`),
      sameAgain: two.body.includes(nonce),
    }).toEqual({
      status: 200,
      policy:
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; " +
        "worker-src 'self'; connect-src 'self' ws://127.0.0.1:P wss://127.0.0.1:P; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      headers: ['same-origin', 'nosniff', 'no-referrer', 'no-store', undefined],
      cors: [],
      inPage: true,
      sameAgain: false,
    });
  });

  test('hashed assets are kept for good, others are asked for again', async () => {
    const [asset, icon, head] = [
      await ask(port, { path: '/assets/app-abc123.js' }),
      await ask(port, { path: '/icon.svg' }),
      await ask(port, { path: '/icon.svg', method: 'HEAD' }),
    ];
    expect(
      [asset, icon, head].map(({ status, headers, body }) => [status, headers['content-type'], headers['cache-control'], body]),
    ).toEqual([
      [200, 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable', 'export {};\n'],
      [200, 'image/svg+xml', 'no-cache', '<svg/>'],
      [200, 'image/svg+xml', 'no-cache', ''],
    ]);
  });

  test.each([
    '/../secret.js',
    '/..%2fsecret.js',
    '/%2e%2e/secret.js',
    '/assets/../../secret.js',
    '/assets/..%5c..%5csecret.js',
    '/index.desktop.html',
    '/assets/',
    '/.%00./secret.js',
    '/assets/app-abc123.js%00',
    '/etc/passwd',
  ])('%s is not found', async (path) => {
    expect((await ask(port, { path })).status).toBe(404);
  });

  test('only GET and HEAD are answered there', async () => {
    const methods = ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'];
    const answers = await Promise.all(methods.map((method) => ask(port, { method })));
    expect(answers.map(({ status, headers }) => [status, headers['allow']])).toEqual(methods.map(() => [405, 'GET, HEAD']));
  });
});

describe('who gets in', () => {
  test('the control: the code of a link becomes a token, the token a ticket, the ticket an open socket', async () => {
    const socket = await openOwn();
    socket.send('hello');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    socket.terminate();
    expect(answer.toString()).toBe('hello');
  });

  test('a code is worth one token, and the second asker gets none', async () => {
    const code = new URL(running.shell.url()).hash.slice('#code='.length);
    const exchange: RawRequest = { method: 'POST', path: '/api/session', headers: json, body: JSON.stringify({ code }) };
    const answers = [await ask(port, exchange), await ask(port, exchange)];
    expect(answers.map(({ status }) => status)).toEqual([200, 401]);
  });

  test.each<[string, RawRequest, number]>([
    ['a wrong code', { path: '/api/session', headers: json, body: '{"code":"x"}' }, 401],
    ['a code as a form', { path: '/api/session', headers: { 'content-type': 'text/plain' }, body: '{"code":"x"}' }, 400],
    ['a body that is no JSON', { path: '/api/session', headers: json, body: '{' }, 400],
    ['a code of another type', { path: '/api/session', headers: json, body: '{"code":5}' }, 400],
    ['no token', { path: '/api/socket-ticket' }, 401],
    ['a made-up token', { path: '/api/socket-ticket', headers: { authorization: `Bearer ${'A'.repeat(43)}` } }, 401],
    ['a token in a cookie', { path: '/api/socket-ticket', headers: { cookie: `token=${'A'.repeat(43)}` } }, 401],
    ['an unknown place without a token', { path: '/api/anything' }, 401],
  ])('%s is refused', async (_, request, status) => {
    expect((await ask(port, { method: 'POST', ...request })).status).toBe(status);
  });

  test('a right token does not help a forged head', async () => {
    const authorization = `Bearer ${await running.token()}`;
    const forged: readonly Readonly<Record<string, string>>[] = [
      { host: `evil.example:${port}` },
      { host: '127.0.0.1' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    const answers = await Promise.all(
      forged.map((headers) => ask(port, { method: 'POST', path: '/api/socket-ticket', headers: { authorization, ...headers } })),
    );
    const control = await ask(port, {
      method: 'POST',
      path: '/api/socket-ticket',
      headers: { authorization, origin: `http://127.0.0.1:${port}` },
    });
    expect([answers.map(({ status }) => status), control.status]).toEqual([forged.map(() => 403), 200]);
  });

  test('a rebound name does not even get the page', async () => {
    const names = [`evil.example:${port}`, `127.0.0.1.nip.io:${port}`, `[::1]:${port}`, `0.0.0.0:${port}`, 'localhost'];
    const answers = await Promise.all(names.map((host) => ask(port, { headers: { host } })));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 403));
  });

  test('a forged head is refused before the upgrade, and does not spend the ticket', async () => {
    const path = await socketPath();
    const refused = [
      await openSocket(port, path, { host: `evil.example:${port}` }),
      await openSocket(port, path, { origin: 'http://evil.example' }),
      await openSocket(port, path, { 'sec-fetch-site': 'same-site' }),
    ];
    const control = await openSocket(port, path, { origin: `http://127.0.0.1:${port}` });
    expect([refused, control instanceof WebSocket]).toEqual([[403, 403, 403], true]);
    if (control instanceof WebSocket) control.terminate();
  });

  test('a ticket opens one socket; none, a used one and a token open none', async () => {
    const path = await socketPath();
    const first = await openSocket(port, path);
    const others = [
      await openSocket(port, path),
      await openSocket(port, '/api/socket'),
      await openSocket(port, `/api/socket?ticket=${await running.token()}`),
      await openSocket(port, `/elsewhere?ticket=${await running.ticket()}`),
    ];
    expect([first instanceof WebSocket, others]).toEqual([true, [401, 401, 401, 404]]);
    if (first instanceof WebSocket) first.terminate();
  });

  test('an admitted tunnel gets in by its name, and its page by its origin', async () => {
    await using tunnelled = await runWebShell({ allowHosts: ['box.example'] });
    const answers = [
      await ask(tunnelled.port, { headers: { host: 'box.example', origin: 'https://box.example' } }),
      await ask(tunnelled.port, { headers: { host: 'other.example', origin: 'https://other.example' } }),
      await ask(tunnelled.port, { headers: { host: 'box.example', origin: 'https://other.example' } }),
    ];
    expect(
      answers.map(({ status, headers }) => [status, String(headers['content-security-policy']).includes('wss://box.example')]),
    ).toEqual([
      [200, true],
      [403, false],
      [403, false],
    ]);
  });
});

describe('what a hostile client can do', () => {
  test('bytes that are no HTTP are answered with 400, and others still get answers', async () => {
    const lines = [
      await rawLine('\u0016\u0003\u0001\r\n\r\n'),
      await rawLine(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`),
      await rawLine(`GET http://evil.example/ HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n\r\n`),
      await rawLine(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nhost: evil.example\r\nconnection: close\r\n\r\n`),
    ];
    expect([lines.map((line) => line.split(' ')[1]), (await ask(port)).status]).toEqual([['400', '400', '400', '403'], 200]);
  });

  test('no request of any kind, with a right token, fails inside or ends the shell', async () => {
    const authorization = `Bearer ${await running.token()}`;
    const room = fc.constantFrom('socket-ticket', 'uploads', 'uploads/x', 'uploads/x/files', 'uploads/x/finish', 'session', '');
    const tail = fc.oneof(fc.constant(''), fc.webPath(), fc.string({ maxLength: 40 }).map(encodeURIComponent));
    const body = fc.oneof(
      fc.json(),
      fc.uint8Array({ maxLength: 300 }),
      fc.constant('{"name":"m","kind":"folder","files":1,"totalBytes":1e308}'),
    );
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'DELETE', 'PUT'),
        room,
        tail,
        fc.boolean(),
        body,
        async (method, place, rest, isJson, content) => {
          const type = isJson ? 'application/json' : 'application/octet-stream';
          const headers = { authorization, 'content-type': type, 'content-length': String(Buffer.byteLength(content)) };
          statuses.add((await ask(port, { method, path: `/api/${place}${rest}`, headers, body: content })).status);
        },
      ),
      { numRuns: 400 },
    );
    expect([[...statuses].filter((status) => status >= 500), (await ask(port)).status]).toEqual([[], 200]);
  });

  test('text that is no UTF-8 closes the socket with 1007', async () => {
    const socket = await openOwn();
    const closed = closeCode(socket);
    socket.send(Buffer.from([0xff, 0xfe, 0xfd]), { binary: false });
    expect(await closed).toBe(1007);
  });

  test('a frame over the limit closes the socket with 1009, and no other socket', async () => {
    await using small = await runWebShell({ limits: { frameBytes: 1_000 } });
    const open = async (): Promise<WebSocket> => {
      const socket = await openSocket(small.port, `/api/socket?ticket=${await small.ticket()}`);
      if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
      return socket;
    };
    const [greedy, modest] = [await open(), await open()];
    const closed = closeCode(greedy);
    greedy.send('x'.repeat(1_001));
    const code = await closed;
    modest.send('still here');
    const [answer] = (await once(modest, 'message')) as [Buffer];
    modest.terminate();
    expect([code, answer.toString()]).toEqual([1009, 'still here']);
  });

  test('a socket that does not answer pings is closed', async () => {
    await using strict = await runWebShell({ limits: { pingMs: 20 } });
    const socket = new WebSocket(`ws://127.0.0.1:${strict.port}/api/socket?ticket=${await strict.ticket()}`, { autoPong: false });
    socket.on('error', () => undefined);
    expect(await closeCode(socket)).toBe(1006);
  });

  test('a connection on which nothing moves is closed', async () => {
    await using strict = await runWebShell({ limits: { idleMs: 50 } });
    const socket = connect(strict.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\n');
    await once(socket, 'close');
    expect((await ask(strict.port)).status).toBe(200);
  });

  test('sockets over the limit are refused until one closes', async () => {
    await using narrow = await runWebShell({ limits: { sockets: 1 } });
    const open = async (): Promise<WebSocket | number> => openSocket(narrow.port, `/api/socket?ticket=${await narrow.ticket()}`);
    const first = await open();
    const second = await open();
    if (first instanceof WebSocket) {
      first.close();
      await once(first, 'close');
    }
    const third = await open();
    expect([first instanceof WebSocket, second, third instanceof WebSocket]).toEqual([true, 503, true]);
    if (third instanceof WebSocket) third.terminate();
  });
});

describe('the shell itself', () => {
  test('it listens on loopback only, and each link has a new code', () => {
    const [a, b] = [running.shell.url(), running.shell.url()];
    expect([a.replace(/code=.*/, 'code='), a === b]).toEqual([`http://127.0.0.1:${port}/#code=`, false]);
  });

  test('a taken port is said, with one that is free', async () => {
    const error: unknown = await runWebShell({ port }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof AppError)) throw new Error(`expected an AppError, got ${String(error)}`);
    expect([error.code, error.data['port'], error.data['free'] === port]).toEqual(['PORT_TAKEN', port, false]);
  });

  test('ending it closes the sockets, and nothing answers any more', async () => {
    const abort = new AbortController();
    const ending = await runWebShell({ signal: abort.signal });
    const socket = await openSocket(ending.port, `/api/socket?ticket=${await ending.ticket()}`);
    if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
    const closed = closeCode(socket);
    abort.abort();
    await ending[Symbol.asyncDispose]();
    expect([1001, 1006]).toContain(await closed);
    await expect(ask(ending.port)).rejects.toThrow(/ECONNREFUSED/);
  });

  test("no secret is written to this process's output", async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((chunk) => {
        written.push(String(chunk));
        return true;
      }),
    );
    let secrets: readonly string[];
    try {
      await using noisy = await runWebShell({
        adoptUpload: () => Promise.reject(new Error('a bug')),
      });
      const code = new URL(noisy.shell.url()).hash.slice(6);
      const token = await noisy.token();
      const ticket = await noisy.ticket();
      secrets = [code, token, ticket];
      const headers = { authorization: `Bearer ${token}`, ...json };
      const begun = await ask(noisy.port, {
        method: 'POST',
        path: '/api/uploads',
        headers,
        body: JSON.stringify({ name: 'm', kind: 'folder', files: 0, totalBytes: 0 }),
      });
      const { id } = JSON.parse(begun.body) as { id: string };
      await ask(noisy.port, { method: 'POST', path: `/api/uploads/${id}/finish`, headers });
      await ask(noisy.port, {
        method: 'POST',
        path: `/api/uploads/${id}/finish?ticket=${ticket}`,
        headers: { ...headers, host: 'evil.example' },
      });
      await openSocket(noisy.port, `/api/socket?ticket=${ticket}&ticket=${code}`, { origin: 'http://evil.example' });
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    const all = written.join('');
    expect([all.includes('a bug'), ...secrets.map((secret) => all.includes(secret))]).toEqual([true, false, false, false]);
  });
});
