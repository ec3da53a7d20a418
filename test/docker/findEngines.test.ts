import { createServer, type Server } from 'node:http';
import { createServer as createRawServer } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectionOf, isRemote } from '../../src/main/docker/endpoint.ts';
import { createEngineWatch, lookingStatus, type EngineWatch } from '../../src/main/docker/engineWatch.ts';
import { enginePlaces, findEngines } from '../../src/main/docker/findEngines.ts';
import { createStateHub, type StateHub } from '../../src/main/stateHub.ts';
import { defaultSettings } from '../../src/shared/contract/defaultSettings.ts';

const signal = AbortSignal.timeout(60_000);
let home = '';
const servers: Server[] = [];
beforeEach(() => {
  // Short: a socket's path has some hundred bytes.
  home = mkdtempSync(join(tmpdir(), 'sw-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
  rmSync(home, { recursive: true, force: true });
});

/** An engine as far as finding it goes: a socket that answers what is asked at first. */
async function engineAt(path: string, version: string, info: object = {}): Promise<string> {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  const server = createServer((request, answer) => {
    if (request.url?.startsWith('/events') === true) {
      answer.writeHead(200).flushHeaders();
      return;
    }
    const body =
      request.url === '/version'
        ? { Version: version, Os: 'linux', Arch: 'amd64' }
        : { OSType: 'linux', Architecture: 'x86_64', MemTotal: 1, NCPU: 1, ...info };
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(join(home, path), resolve));
  return `unix://${join(home, path)}`;
}
function writeContext(name: string, host: string): void {
  const folder = join(home, '.docker', 'contexts', 'meta', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
}
const env = (more: Record<string, string> = {}) => ({ HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), ...more });
const found = async (more: Record<string, string> = {}) =>
  (await findEngines(env(more), { signal }))
    .filter(({ endpoint }) => endpoint.includes(home) || !endpoint.startsWith('unix'))
    .map(({ origin, state, version }) => [origin, state, version]);

test.each([
  ['.docker/run/docker.sock', 'Docker Desktop'],
  ['.docker/desktop/docker.sock', 'Docker Desktop'],
  ['.colima/default/docker.sock', 'Colima'],
  ['.colima/work/docker.sock', 'Colima'],
  ['.rd/docker.sock', 'Rancher Desktop'],
  ['.orbstack/run/docker.sock', 'OrbStack'],
  ['run/docker.sock', 'rootless Docker'],
  ['run/podman/podman.sock', 'Podman'],
  ['.local/share/containers/podman/machine/qemu/podman.sock', 'Podman'],
])('an engine at %s is found as %s', async (path, origin) => {
  await engineAt(path, '27.1');
  expect(await found()).toContainEqual([origin, 'answers', '27.1']);
});

test('DOCKER_HOST comes first, then the context in use, then the others, and each says why it is not usable', async () => {
  const host = await engineAt('host.sock', '1.0');
  const context = await engineAt('context.sock', '2.0');
  writeContext('mine', context);
  writeContext('far', 'ssh://me@lab');
  writeFileSync(join(home, '.docker', 'config.json'), JSON.stringify({ currentContext: 'mine' }));
  const deaf = createRawServer((socket) => socket.end('hello, this is no engine\r\n'));
  mkdirSync(join(home, '.rd'));
  await new Promise<void>((resolve) => deaf.listen(join(home, '.rd/docker.sock'), resolve));
  const all = await found({ DOCKER_HOST: host });
  deaf.close();
  expect(all.filter(([, state]) => state !== 'absent')).toEqual([
    ['DOCKER_HOST', 'answers', '1.0'],
    ['context mine', 'answers', '2.0'],
    ['Rancher Desktop', 'not-answering', null],
    ['context far', 'remote', null],
  ]);
});

test('engines of other machines are named and not spoken to', async () => {
  expect(['ssh://me@lab', 'tcp://10.0.0.7:2375', 'https://docker.example', 'tcp://localhost:2375', 'unix:///x'].map(isRemote)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  const [first] = await findEngines(env({ DOCKER_HOST: 'ssh://me@lab' }), { signal });
  expect(first).toMatchObject({ state: 'remote', detail: 'not on this machine: not usable yet' });
});

test('on Windows the named pipes are looked at, and spoken to as Node names them', () => {
  const places = enginePlaces({ USERPROFILE: home }, 'win32').map(({ origin, endpoint }) => [origin, connectionOf(endpoint).socketPath]);
  expect(places).toEqual([
    ['Docker Desktop', String.raw`\\.\pipe\docker_engine`],
    ['Docker Desktop', String.raw`\\.\pipe\dockerDesktopLinuxEngine`],
    ['Podman', String.raw`\\.\pipe\podman-machine-default`],
  ]);
  expect(() => connectionOf('fd://')).toThrow('no address of an engine');
});

function watchOf(more: Record<string, string>, getChosen: () => string): { readonly hub: StateHub; readonly watch: EngineWatch } {
  const capabilities = { dropIsLink: false, pickFolderDialog: false, folderTree: false, revealFolder: false };
  const facts = { version: '', platform: '', home: '', capabilities };
  const hub = createStateHub({ models: [], servings: [], tasks: [], engine: lookingStatus, settings: defaultSettings }, facts);
  return { hub, watch: createEngineWatch({ hub, env: env(more), getChosen, signal }) };
}

test('the person’s choice is taken, a choice that does not answer is said, and a remote one is not usable yet', async () => {
  const [one, two] = [await engineAt('.colima/default/docker.sock', '1.0', { Name: 'colima' }), await engineAt('.rd/docker.sock', '2.0')];
  writeContext('far', 'ssh://me@lab');
  let chosen = two;
  const { hub, watch } = watchOf({}, () => chosen);
  await watch.ready;
  expect([hub.state.engine.endpoint, hub.state.engine.version]).toEqual([two, '2.0']);
  chosen = one;
  expect(await watch.choose(one)).toMatchObject({ endpoint: one, product: 'Colima', platform: 'linux/amd64' });
  chosen = 'ssh://me@lab';
  expect(await watch.choose(chosen)).toMatchObject({ state: 'away', problem: { code: 'DOCKER_NOT_LOCAL' } });
  expect(() => watch.engine()).toThrow('not on this machine');
  await watch[Symbol.asyncDispose]();
});

test('an engine that breaks off in the middle of its events is looked for again', async () => {
  const endpoint = await engineAt('host.sock', '1.0');
  const { hub, watch } = watchOf({ DOCKER_HOST: endpoint }, () => '');
  await watch.ready;
  const [server] = servers.splice(0);
  await new Promise<void>((resolve) => {
    server?.close(() => resolve());
    server?.closeAllConnections();
  });
  await expect.poll(() => hub.state.engine.problem?.code, { timeout: 30_000 }).toBe('DOCKER_NOT_RUNNING');
  await engineAt('host.sock', '1.1');
  await expect.poll(() => hub.state.engine.version, { timeout: 30_000 }).toBe('1.1');
  await watch[Symbol.asyncDispose]();
});
