import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataFolder, ownerSocket } from '../../src/main/owner/dataFolder.ts';
import { becomeOwner } from '../../src/main/owner/becomeOwner.ts';
import { reachOwner } from '../../src/main/owner/owner.ts';
import { commandOutside } from '../../src/main/cli/outside.ts';
import { slipway, startSlipway } from '../cli/runSlipway.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-owner-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));
const env = { DOCKER_HOST: 'unix:///nowhere/d.sock' };
const own = () => becomeOwner(commandOutside({ env: { ...process.env, ...env, SLIPWAY_HOME: home } }, 'background'));

test('of processes that race for a data folder one owns it, and the others say so', async () => {
  const racers = [1, 2, 3, 4].map(() => startSlipway(home, ['owner'], env));
  const codes: (number | null)[] = [];
  for (const racer of racers) {
    racer.stderr.resume();
    racer.once('exit', (code: number | null) => codes.push(code));
  }
  await expect.poll(() => codes.length, { timeout: 50_000 }).toBe(3);
  const session = await reachOwner(home, { forMs: 30_000 });
  const facts = await session?.client.local.owner();
  await session?.[Symbol.asyncDispose]();
  const [winner] = racers.filter(({ exitCode }) => exitCode === null);
  expect([codes, facts?.pid]).toEqual([[1, 1, 1], winner?.pid]);
  winner?.kill('SIGTERM');
  if (winner !== undefined) await once(winner, 'exit');
});

test.skipIf(process.platform === 'win32')(
  'an owner killed with -9 leaves a socket that nobody answers; the next one takes the folder',
  async () => {
    const first = startSlipway(home, ['owner'], env);
    first.stderr.resume();
    const reached = await reachOwner(home, { forMs: 50_000 });
    await reached?.[Symbol.asyncDispose]();
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect([existsSync(ownerSocket(home)), await reachOwner(home)]).toEqual([true, null]);
    const next = await own();
    const again = await reachOwner(home);
    expect((await again?.client.local.owner())?.pid).toBe(process.pid);
    await again?.[Symbol.asyncDispose]();
    await next?.[Symbol.asyncDispose]();
  },
);

test.skipIf(process.platform === 'win32')('the socket and the record are this user’s alone', async () => {
  const session = await own();
  const modes = [home, ownerSocket(home), join(home, 'slipway.db')].map((path) => (statSync(path).mode & 0o777).toString(8));
  await session?.[Symbol.asyncDispose]();
  expect([modes, existsSync(ownerSocket(home))]).toEqual([['700', '600', '600'], false]);
});

test('a second owner in the same process is refused, and the folder is free when the first has ended', async () => {
  const first = await own();
  expect(await own()).toBeNull();
  await first?.[Symbol.asyncDispose]();
  const second = await own();
  expect(second).not.toBeNull();
  await second?.[Symbol.asyncDispose]();
});

test('who says nothing that an owner understands is hung up on, and others are still answered', async () => {
  const session = await own();
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0]),
    Buffer.from([0, 0, 0, 2, 0, 0x68, 0x69]),
  ]) {
    const socket = connect(ownerSocket(home));
    socket.on('error', () => undefined);
    socket.write(bytes);
    await once(socket, 'close');
  }
  const reached = await reachOwner(home);
  expect((await reached?.client.local.owner())?.pid).toBe(process.pid);
  await reached?.[Symbol.asyncDispose]();
  await session?.[Symbol.asyncDispose]();
});

test('a folder with a long path has its socket elsewhere, and Windows a pipe of this folder', async () => {
  const long = join(home, 'x'.repeat(120));
  mkdirSync(long);
  expect([ownerSocket('/data'), ownerSocket(long).length < 100]).toEqual(['/data/owner.sock', true]);
  const [one, two] = [ownerSocket('/data', 'win32'), ownerSocket('/other', 'win32')];
  expect([one, one === two]).toEqual([expect.stringMatching(/^\\\\\.\\pipe\\slipway-[0-9a-f]{20}$/), false]);
  expect((await slipway(long, ['ps', '--json'], { env })).code).toBe(0);
});

test('SLIPWAY_HOME names the data folder, else the system does', () => {
  const usual = { linux: join('/h', '.local/share/slipway'), darwin: '/h/Library/Application Support/Slipway' }[
    process.platform as 'linux'
  ];
  expect([dataFolder({ SLIPWAY_HOME: '/a/../b' }), process.platform === 'win32' ? usual : dataFolder({ HOME: '/h' })]).toEqual([
    '/b',
    usual,
  ]);
});
