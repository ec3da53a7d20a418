import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenUser, type Credentials } from './dockerEngine.ts';
import type { TypedCredentials } from './typedCredentials.ts';

/** Docker's own key for its hub. */
const hubKey = 'https://index.docker.io/v1/';

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

/** Docker's hub by its own names. */
const hubNames = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** The registry of a reference: its first part where that has a dot, a colon or is localhost; else Docker's hub (empty). */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') && !hubNames.has(first);
  return named ? first : '';
}

/** Asks a credential helper; undefined where it has none for the server or is not there. */
function askHelper(helper: string, server: string): Promise<Credentials | undefined> {
  const { promise, resolve } = Promise.withResolvers<Credentials | undefined>();
  const child = spawn(`docker-credential-${helper}`, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: 10_000 });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.once('error', () => resolve(undefined));
  child.stdin.once('error', () => resolve(undefined));
  child.once('close', (code) => {
    try {
      const { Username = '', Secret = '' } = JSON.parse(code === 0 ? output : '{}') as {
        readonly Username?: string;
        readonly Secret?: string;
      };
      resolve(Username === '' ? undefined : { username: Username, password: Secret, serverAddress: server });
    } catch {
      // Not JSON: not a helper that speaks Docker's protocol.
      resolve(undefined);
    }
  });
  child.stdin.end(server);
  return promise;
}

/**
 * Credentials for an image: typed ones first, then Docker's own configuration and credential helpers. They are handed to the
 * engine and never stored, logged or shown.
 */
export async function credentialsFor(
  reference: string,
  { dockerFolder, typed }: { readonly dockerFolder: string; readonly typed: Pick<TypedCredentials, 'get'> },
): Promise<Credentials | undefined> {
  const registry = registryOf(reference);
  for (const name of registry === '' ? ['', ...hubNames] : [registry]) {
    const known = typed.get(name);
    if (known !== undefined) return known;
  }
  let config: DockerConfig;
  try {
    config = JSON.parse(await readFile(join(dockerFolder, 'config.json'), 'utf8')) as DockerConfig;
  } catch {
    // No configuration, or one that Docker itself would not read: an anonymous pull.
    return undefined;
  }
  for (const key of registry === '' ? [hubKey] : [registry, `https://${registry}`]) {
    const helper = config.credHelpers?.[key] ?? config.credsStore;
    const asked = helper === undefined || helper === '' ? undefined : await askHelper(helper, key);
    if (asked !== undefined) return asked;
    const entry = config.auths?.[key];
    if (entry?.identitytoken !== undefined && entry.identitytoken !== '')
      return { username: tokenUser, password: entry.identitytoken, serverAddress: key };
    if (entry?.auth !== undefined && entry.auth !== '') {
      const [username = '', ...password] = Buffer.from(entry.auth, 'base64').toString('utf8').split(':');
      return { username, password: password.join(':'), serverAddress: key };
    }
  }
  return undefined;
}
