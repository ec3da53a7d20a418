import { globSync, readFileSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { EngineCandidate } from '../../shared/contract/state.ts';
import { connectionOf, isRemote } from './endpoint.ts';

const pingMs = 1_500;

interface Place {
  readonly endpoint: string;
  readonly origin: string;
}

interface DockerConfig {
  readonly currentContext?: string;
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    // Absent or damaged: then it names no engine.
    return undefined;
  }
}

/** Every place where an engine of this user may listen, the likeliest first: DOCKER_HOST, contexts, then the products' own sockets. */
export function enginePlaces(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): readonly Place[] {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  const dockerFolder = env['DOCKER_CONFIG'] ?? join(home, '.docker');
  const places: Place[] = [];
  const add = (origin: string, endpoint: string): void => {
    if (!places.some((place) => place.endpoint === endpoint)) places.push({ endpoint, origin });
  };
  const host = env['DOCKER_HOST'];
  if (host !== undefined && host !== '') add('DOCKER_HOST', host);
  const current = env['DOCKER_CONTEXT'] ?? readJson<DockerConfig>(join(dockerFolder, 'config.json'))?.currentContext;
  const contexts = globSync('contexts/meta/*/meta.json', { cwd: dockerFolder })
    .map((path) =>
      readJson<{ readonly Name?: string; readonly Endpoints?: { readonly docker?: { readonly Host?: string } } }>(join(dockerFolder, path)),
    )
    .flatMap((meta) =>
      meta?.Name !== undefined && meta.Endpoints?.docker?.Host !== undefined ? [{ name: meta.Name, host: meta.Endpoints.docker.Host }] : [],
    )
    .toSorted((a, b) => Number(b.name === current) - Number(a.name === current));
  for (const context of contexts.filter(({ name }) => name === current)) add(`context ${context.name}`, context.host);
  if (platform === 'win32') {
    add('Docker Desktop', 'npipe:////./pipe/docker_engine');
    add('Docker Desktop', 'npipe:////./pipe/dockerDesktopLinuxEngine');
    add('Podman', 'npipe:////./pipe/podman-machine-default');
  } else {
    const run = env['XDG_RUNTIME_DIR'];
    add('system socket', 'unix:///var/run/docker.sock');
    if (run !== undefined) add('rootless Docker', `unix://${run}/docker.sock`);
    add('Docker Desktop', `unix://${join(home, '.docker/run/docker.sock')}`);
    add('Docker Desktop', `unix://${join(home, '.docker/desktop/docker.sock')}`);
    const colima = globSync('.colima/*/docker.sock', { cwd: home });
    for (const path of colima.length > 0 ? colima : ['.colima/default/docker.sock']) add('Colima', `unix://${join(home, path)}`);
    add('Rancher Desktop', `unix://${join(home, '.rd/docker.sock')}`);
    add('OrbStack', `unix://${join(home, '.orbstack/run/docker.sock')}`);
    if (run !== undefined) add('Podman', `unix://${run}/podman/podman.sock`);
    add('Podman', 'unix:///run/podman/podman.sock');
    for (const path of globSync('.local/share/containers/podman/machine/**/podman.sock', { cwd: home }))
      add('Podman', `unix://${join(home, path)}`);
  }
  for (const context of contexts) add(`context ${context.name}`, context.host);
  return places;
}

interface Ping {
  readonly state: EngineCandidate['state'];
  readonly detail: string | null;
  readonly version: string | null;
}

/** Asks an endpoint for its version; every outcome is a value. */
export async function pingEngine(endpoint: string, { signal }: { readonly signal: AbortSignal }): Promise<Ping> {
  if (isRemote(endpoint)) return { state: 'remote', detail: 'not on this machine: not usable yet', version: null };
  let target;
  try {
    target = connectionOf(endpoint);
  } catch {
    return { state: 'absent', detail: 'not an address that Slipway understands', version: null };
  }
  if (target.socketPath !== undefined && process.platform !== 'win32') {
    try {
      await access(target.socketPath, constants.F_OK);
    } catch {
      return { state: 'absent', detail: 'no socket there', version: null };
    }
  }
  const { promise, resolve } = Promise.withResolvers<Ping>();
  const where =
    target.socketPath === undefined ? { host: target.host ?? 'localhost', port: Number(target.port) } : { socketPath: target.socketPath };
  const asked = request({ ...where, path: '/version', signal: AbortSignal.any([signal, AbortSignal.timeout(pingMs)]) }, (answer) => {
    let body = '';
    answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
    answer.once('error', () => resolve({ state: 'not-answering', detail: 'its answer broke off', version: null }));
    answer.once('end', () => {
      const version = /"Version"\s*:\s*"([^"]+)"/.exec(body)?.[1];
      resolve(
        answer.statusCode === 200 && version !== undefined
          ? { state: 'answers', detail: null, version }
          : { state: 'not-answering', detail: `it answers ${answer.statusCode ?? ''}, not as an engine`, version: null },
      );
    });
  });
  asked.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES' || error.code === 'EPERM')
      resolve({ state: 'forbidden', detail: 'this user may not use the socket', version: null });
    else if (error.code === 'ENOENT') resolve({ state: 'absent', detail: 'no socket there', version: null });
    else
      resolve({
        state: 'not-answering',
        detail: error.code === 'ECONNREFUSED' ? 'the socket is there, but nothing listens' : 'no answer in time',
        version: null,
      });
  });
  asked.end();
  return promise;
}

/** All places with what was found there, in order of preference. */
export async function findEngines(
  env: Readonly<Record<string, string | undefined>>,
  options: { readonly signal: AbortSignal },
): Promise<readonly EngineCandidate[]> {
  return Promise.all(enginePlaces(env).map(async (place) => ({ ...place, ...(await pingEngine(place.endpoint, options)) })));
}
