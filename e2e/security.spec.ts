import { readdir, readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from './app.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: only the web shell listens');

/** A page of somebody else on this machine: another port, thus another origin, but the same site. */
async function hostilePage(): Promise<AsyncDisposable & { readonly origin: string }> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>elsewhere</title>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('a page on another origin reads nothing, starts nothing and frames nothing', async ({ app, context }) => {
  await using elsewhere = await hostilePage();
  const address = new URL(app.page.url()).origin;
  app.expectErrors(new RegExp(elsewhere.origin), /CORS|ERR_|WebSocket|X-Frame|frame-ancestors|Failed to load resource|403/);
  const page = await context.newPage();
  await page.goto(elsewhere.origin);

  const outcome = await page.evaluate(async (target) => {
    const attempt = async (init: RequestInit, path: string): Promise<string> => {
      try {
        const response = await fetch(`${target}${path}`, init);
        return `${response.type} ${response.status}`;
      } catch {
        return 'failed';
      }
    };
    const socket = (path: string): Promise<string> =>
      new Promise((resolve) => {
        const opened = new WebSocket(`${target.replace('http', 'ws')}${path}`);
        opened.addEventListener('open', () => resolve('open'));
        opened.addEventListener('error', () => resolve('refused'));
      });
    const json = { 'content-type': 'application/json' };
    return {
      read: await attempt({}, '/'),
      readNoCors: await attempt({ mode: 'no-cors' }, '/api/socket-ticket'),
      code: await attempt({ method: 'POST', headers: json, body: '{"code":"x"}' }, '/api/session'),
      form: await attempt({ method: 'POST', mode: 'no-cors', body: '{"code":"x"}' }, '/api/session'),
      ticket: await attempt({ method: 'POST', headers: { authorization: 'Bearer x' } }, '/api/socket-ticket'),
      socket: await socket('/api/socket'),
      withTicket: await socket('/api/socket?ticket=x'),
    };
  }, address);
  const framed = await page.evaluate(
    (target) =>
      new Promise<string>((resolve) => {
        const frame = document.createElement('iframe');
        frame.src = target;
        frame.addEventListener('load', () => resolve(frame.contentDocument === null ? 'not readable' : 'readable'));
        document.body.append(frame);
      }),
    address,
  );
  await expect(page.frameLocator('iframe').getByRole('main')).toHaveCount(0);
  await page.close();
  expect({ ...outcome, framed }).toEqual({
    read: 'failed',
    readNoCors: 'failed',
    code: 'failed',
    form: 'failed',
    ticket: 'failed',
    socket: 'refused',
    withTicket: 'refused',
    framed: 'not readable',
  });
});

/** The status that a client gets which sends the headers it is told, forged ones too. */
function statusOf(port: string, path: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  asked.on('upgrade', (_response, socket) => {
    socket.destroy();
    resolve(101);
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

test('a name that was bound to this machine gets nothing, in a browser and forged by raw clients; the control connects', async ({
  app,
  context,
}) => {
  const { port, host, origin } = new URL(app.page.url());
  app.expectErrors(/Failed to load resource|403/);
  const page = await context.newPage();
  // Chromium itself leads every name under localhost here.
  const rebound = await page.goto(`http://rebound.localhost:${port}/`);
  const body = await page.locator('body').innerText();
  await page.close();

  const token = await app.page.evaluate(() => Object.values(sessionStorage).find((value) => /^[\w-]{43}$/.test(value)) ?? 'none');
  const authorization = `Bearer ${token}`;
  const ticket = (): Promise<string> =>
    app.page.evaluate(
      async (right) =>
        ((await (await fetch('/api/socket-ticket', { method: 'POST', headers: { authorization: right } })).json()) as { ticket: string })
          .ticket,
      authorization,
    );
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  const forged: readonly Readonly<Record<string, string>>[] = [
    { host: `rebound.localhost:${port}` },
    { host: '127.0.0.1' },
    { host: `0.0.0.0:${port}` },
    { host, origin: 'http://example.org' },
    { host, origin: `http://rebound.localhost:${port}` },
    { host, origin: 'null' },
    { host, 'sec-fetch-site': 'same-site' },
  ];
  const path = `/api/socket?ticket=${await ticket()}`;
  const outcome = {
    rebound: [rebound?.status(), body.includes('Slipway')],
    calls: await Promise.all(forged.map((headers) => statusOf(port, '/api/socket-ticket', { authorization, ...headers }, 'POST'))),
    sockets: await Promise.all(forged.map((headers) => statusOf(port, path, { ...upgrade, ...headers }))),
    tokenAsTicket: await statusOf(port, `/api/socket?ticket=${token}`, { host, ...upgrade }),
    control: await statusOf(port, path, { host, origin, ...upgrade }),
    again: await statusOf(port, path, { host, origin, ...upgrade }),
  };
  expect(outcome).toEqual({
    rebound: [403, false],
    calls: forged.map(() => 403),
    sockets: forged.map(() => 403),
    tokenAsTicket: 401,
    control: 101,
    again: 401,
  });
});

test('neither token nor code stands in any file or output of the program', async ({ app }) => {
  const code = new URL(await app.newLink()).hash.slice('#code='.length);
  const token = await app.page.evaluate(() => Object.values(sessionStorage).find((value) => /^[\w-]{43}$/.test(value)) ?? 'none');
  const home = app.env['SLIPWAY_HOME'] ?? '';
  const texts = [app.errors()];
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) texts.push(await readFile(join(entry.parentPath, entry.name), 'latin1'));
  }
  expect([token.length, code.length, texts.length > 1, texts.some((text) => text.includes(token) || text.includes(code))]).toEqual([
    43,
    43,
    true,
    false,
  ]);
});

test('the control: our own page has its connection, and its policy', async ({ app }) => {
  const { page } = app;
  const response = await page.reload();
  await expect(page.getByRole('main')).toBeVisible();
  const headers = response?.headers() ?? {};
  expect({
    policy: headers['content-security-policy']?.split('; ').slice(0, 2),
    framing: headers['content-security-policy']?.includes("frame-ancestors 'none'"),
    resource: headers['cross-origin-resource-policy'],
    sniffing: headers['x-content-type-options'],
    referrer: headers['referrer-policy'],
    cors: headers['access-control-allow-origin'],
    cookie: headers['set-cookie'],
  }).toEqual({
    policy: ["default-src 'none'", "script-src 'self'"],
    framing: true,
    resource: 'same-origin',
    sniffing: 'nosniff',
    referrer: 'no-referrer',
    cors: undefined,
    cookie: undefined,
  });
});

test('a link works once: its code is gone from the address, and a second page gets nothing by it', async ({ app, browser }) => {
  const link = await app.newLink();
  const stranger = await browser.newContext();
  const [first, second] = [await stranger.newPage(), await stranger.newPage()];
  await first.goto(link);
  await expect(first.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await second.goto(link);
  await expect(second.getByText(/link/i).first()).toBeVisible();
  const seen = {
    address: first.url().includes('code='),
    storage: await first.evaluate(() => JSON.stringify(localStorage) + document.cookie),
    second: await second.evaluate(() => sessionStorage.length),
  };
  await stranger.close();
  expect(seen).toEqual({ address: false, storage: '{}', second: 0 });
});

test('injected markup cannot run: an inline script is refused by the policy', async ({ app }) => {
  app.expectErrors(/policy: script-src/, /Content Security Policy|inline script/i);
  const ran = await app.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.injected = true;';
    document.body.append(script);
    return 'injected' in globalThis;
  });
  expect(ran).toBe(false);
});
